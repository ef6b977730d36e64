"""The JSON API: the same checks and sentences as the page, for programs. Ordering is in `web.api_orders`.

GET    /api/video/models              the catalogue
GET    /api/video/models/{key}        one model: fields, rules, limits, price, examples, JSON Schema
POST   /api/video/jobs                order a video: {"model": key, "values": {…}}
GET    /api/video/jobs                the owner's jobs, newest first
GET    /api/video/jobs/{id}           one job
POST   /api/video/jobs/{id}/cancel    ask for a stop
POST   /api/video/jobs/{id}/found     the provider's id of an order that got no clear answer
DELETE /api/video/jobs/{id}           remove a job that is over, and its files
"""

from typing import Annotated

import msgspec
from litestar import Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from models.spec.suggest import nearest
from tasks.context import Parts
from tasks.create_job import remove
from tasks.jobs.model import Job
from tasks.reconcile import NotFound, told
from web.api_orders import create_job, json_only
from web.errors import (
    ErrorAnswer,
    Refused,
    documented,
)
from web.shapes import JobAnswer, JobsAnswer, ModelAnswer, ModelsAnswer, job_answer, model_answer, model_entry

UNREADABLE = documented(ErrorAnswer, "The request cannot be read")
NOT_THERE = documented(ErrorAnswer, "Unknown, or not yours")
MISSING = {400: UNREADABLE, 404: NOT_THERE}


class FoundJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The id that the provider shows for an order of ours."""

    provider_job_id: str


@get("/models", summary="The catalogue", tags=["models"])
async def list_models(parts: NamedDependency[Parts]) -> ModelsAnswer:
    """All models that can be read, in the order of the page."""
    return ModelsAnswer([model_entry(parts, spec) for spec in parts.catalogue.all()])


@get("/models/{key:str}", summary="One model", tags=["models"], responses=MISSING)
async def get_model(key: FromPath[str], parts: NamedDependency[Parts]) -> ModelAnswer:
    """Its fields, rules, limits, price and examples, and the JSON Schema of its values."""
    spec = parts.catalogue.get(key)
    if spec is None:
        near = nearest(key, [known.key for known in parts.catalogue.all()])
        hint = f" Did you mean {near}?" if near else " GET /api/video/models lists them."
        raise Refused(404, "unknown_model", f"There is no model {key}.{hint}")
    return model_answer(parts, spec)


@get("/jobs", summary="Your jobs", tags=["jobs"], responses={400: UNREADABLE})
async def list_jobs(
    parts: NamedDependency[Parts],
    owner: NamedDependency[str],
    limit: Annotated[int, QueryParameter(ge=1, le=200, description="How many, at most.")] = 50,
    before: Annotated[str, QueryParameter(description="The `next` of the page before.")] = "",
) -> JobsAnswer:
    """Newest first, a page at a time."""
    if before and await parts.jobs.get(owner, before) is None:
        gone = f"There is no job {before} any more: begin again without `before`."
        raise Refused(400, "bad_request", gone)
    jobs = await parts.jobs.listing(owner, limit=limit + 1, before=before or None)
    page = jobs[:limit]
    return JobsAnswer([job_answer(job) for job in page], page[-1].id if len(jobs) > limit else None)


@get("/jobs/{job_id:str}", summary="One job", tags=["jobs"], responses=MISSING)
async def get_job(
    job_id: FromPath[str], parts: NamedDependency[Parts], owner: NamedDependency[str]
) -> JobAnswer:
    """As it is now. `status` ends as succeeded, failed, canceled or unconfirmed."""
    return job_answer(_found(await parts.jobs.get(owner, job_id)))


@post(
    "/jobs/{job_id:str}/cancel",
    status_code=200,
    summary="Ask for a stop",
    tags=["jobs"],
    responses=MISSING,
)
async def cancel_job(
    job_id: FromPath[str], parts: NamedDependency[Parts], owner: NamedDependency[str]
) -> JobAnswer:
    """A job that was never sent stops at once; otherwise the provider is asked, and what it has made is kept."""
    return job_answer(_found(await parts.jobs.request_cancel(owner, job_id)))


@post(
    "/jobs/{job_id:str}/found",
    status_code=200,
    summary="Tell the provider's id of an unconfirmed job",
    tags=["jobs"],
    guards=[json_only],
    responses={
        **MISSING,
        409: documented(ErrorAnswer, "It is not there, or not ours to find"),
        415: documented(ErrorAnswer, "Not application/json"),
    },
)
async def find_job(
    job_id: FromPath[str],
    data: JSONBody[FoundJob],
    parts: NamedDependency[Parts],
    owner: NamedDependency[str],
) -> JobAnswer:
    """Where an order got no clear answer and the provider has it: it is asked for, and the job goes on from there."""
    match await told(parts, owner, job_id, data.provider_job_id):
        case NotFound(sentence):
            raise Refused(409, "not_found_there", sentence)
        case job:
            return job_answer(_found(job))


@delete(
    "/jobs/{job_id:str}",
    summary="Remove a job and its files",
    tags=["jobs"],
    responses={**MISSING, 409: documented(ErrorAnswer, "It still runs")},
)
async def delete_job(
    job_id: FromPath[str], parts: NamedDependency[Parts], owner: NamedDependency[str]
) -> None:
    """For good. A job that still runs is refused: cancel it first."""
    match await remove(parts, owner, job_id):
        case "live":
            raise Refused(
                409, "still_running", "This job still runs, so it was not removed: cancel it first."
            )
        case "missing":
            _found(None)


def _found(job: Job | None) -> Job:
    if job is None:
        raise Refused(404, "not_found", "There is no such job, or it is not yours.")
    return job


routes = [
    Router(
        "/api/video",
        route_handlers=[
            list_models,
            get_model,
            create_job,
            list_jobs,
            get_job,
            cancel_job,
            find_job,
            delete_job,
        ],
    )
]
