"""The JSON API: the same checks and sentences as the page, for programs.

GET    /api/video/models              the catalogue
GET    /api/video/models/{key}        one model: fields, rules, limits, price, examples, JSON Schema
POST   /api/video/jobs                order a video: {"model": key, "values": {…}}
GET    /api/video/jobs                the owner's jobs, newest first
GET    /api/video/jobs/{id}           one job
POST   /api/video/jobs/{id}/cancel    ask for a stop
POST   /api/video/jobs/{id}/found     the provider's id of an order that got no clear answer
DELETE /api/video/jobs/{id}           remove a job that is over, and its files

Ordering by the JSON API: POST /api/video/jobs, and what is said to a program that sends no order.

Data URIs in file fields become uploads at the door, so that further in there are only ids and addresses.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.exceptions import ClientException, SerializationException, ValidationException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter

from models.spec.fields import Field, GroupField, MediaField, RowsField
from models.spec.suggest import did_you_mean_sentence
from models.spec.values import JSON, Values
from providers.data_uri import read_data_uri
from providers.registry import ProviderSnapshots
from tasks.context import AppContext
from tasks.create_job import (
    NO_JOB,
    CreateOutcome,
    Invalid,
    JobCreated,
    JobRequest,
    create_job,
    delete_job,
)
from tasks.jobs.model import Job
from tasks.reconcile import NotFound, record_job_id
from tasks.storage.uploads import BadUpload, Uploads
from web.api.schemas import (
    JobAnswer,
    JobsAnswer,
    ModelAnswer,
    ModelsAnswer,
    job_answer,
    model_answer,
    model_entry,
)
from web.errors import (
    AnyRequest,
    ErrorAnswer,
    FieldErrors,
    RequestRefused,
    Unfit,
    answer,
    documented,
    on_http_exception,
    on_unfit,
    refusal,
)

Take = Callable[[str, str], Awaitable[JSON]]


class Taken(msgspec.Struct, frozen=True):
    """The values with an upload's id for each data URI, and a sentence by field for each that was no good."""

    values: Values
    errors: dict[str, str]


async def take_data_uris(uploads: Uploads, owner: str, fields: Sequence[Field], values: Values) -> Taken:
    """Store the data URIs of all file fields, also inside rows and groups; everything else stays as it is."""
    errors: dict[str, str] = {}

    async def take(name: str, uri: str) -> JSON:
        accepted = await _accept(uploads, owner, uri)
        if isinstance(accepted, BadUpload):
            errors[name] = accepted.sentence
            return None
        return accepted

    return Taken(await _walk(fields, values, "", take), errors)


async def _accept(uploads: Uploads, owner: str, uri: str) -> str | BadUpload:
    decoded = read_data_uri(uri)
    if decoded is None:
        return BadUpload(
            "This data URI cannot be read: write data:image/png;base64, and then the file in base64."
        )
    mime, content = decoded
    accepted = await uploads.accept(owner, f"the {mime.partition('/')[0] or 'file'}", _once(content))
    return accepted if isinstance(accepted, BadUpload) else accepted.id


async def _walk(fields: Sequence[Field], values: Values, prefix: str, take: Take) -> Values:
    by_name = {field.name: field for field in fields}
    return {name: await _one(by_name.get(name), value, prefix + name, take) for name, value in values.items()}


async def _one(field: Field | None, value: JSON, name: str, take: Take) -> JSON:
    match field, value:
        case MediaField(), str() if value[:5].lower() == "data:":
            return await take(name, value)
        case MediaField(), list():
            return [await _one(field, item, name, take) for item in value]
        case RowsField(), list():
            return [
                await _walk(field.fields, row, f"{name}.{number}.", take) if isinstance(row, dict) else row
                for number, row in enumerate(value)
            ]
        case GroupField(), dict():
            return await _walk(field.fields, value, f"{name}.", take)
        case _:
            return value


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


MAX_JSON_REQUEST = 70_000_000
"""Bytes of an order: a file of 50 MB as a data URI and some. Larger files are uploaded first."""


class NewJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to make: the model's key, and its fields as GET /api/video/models/{key} describes them.

    A file field takes an upload's id, an https URL or a data URI.
    """

    model: str
    values: dict[str, Any] = {}


async def json_only(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A page of another site can post forms and plain text without asking; it cannot post JSON."""
    media_type = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        sent = media_type or "no content type"
        raise RequestRefused(
            415,
            "unsupported_media_type",
            f"Send JSON with the header Content-Type: application/json; this was {sent}. Nothing was ordered.",
        )


def on_wrong_shape(_: AnyRequest, error: ValidationException) -> Response[FieldErrors]:
    """JSON, but not an order: a sentence for each part that is wrong."""
    found = error.extra if isinstance(error.extra, list) else []
    errors = dict(_shape_error(str(each.get("key", "")), str(each.get("message", ""))) for each in found)
    return on_unfit(_, Unfit(errors or dict([_shape_error("", "")])))


def on_not_json(_: AnyRequest, error: Exception) -> Response[ErrorAnswer]:
    why = (
        "it is nested too deeply"
        if isinstance(error, RecursionError)
        else str(getattr(error, "detail", error))
    )
    return answer(
        400, "malformed_json", f"The body is not JSON that can be read ({why}). Nothing was ordered."
    )


def _shape_error(key: str, message: str) -> tuple[str, str]:
    if key == "model" or "required field `model`" in message:
        return "model", "Say which model, by its key as text: GET /api/video/models lists them."
    if key == "values":
        return "values", 'Give the fields as an object, such as {"prompt": "A paper boat"}.'
    if "unknown field" in message:
        name = message.split("`")[1]
        return (
            name,
            f'An order has "model" and "values"; the model\'s fields go inside "values". Move {name} there.',
        )
    return "", 'Send an object such as {"model": "…", "values": {"prompt": "…"}}.'


@post(
    "/jobs",
    summary="Order a video",
    tags=["jobs"],
    guards=[json_only],
    request_max_body_size=MAX_JSON_REQUEST,
    exception_handlers={
        ValidationException: on_wrong_shape,
        SerializationException: on_not_json,
        ClientException: on_not_json,
        RequestEntityTooLarge: on_http_exception,
        RecursionError: on_not_json,
        UnicodeDecodeError: on_not_json,
    },
    responses={
        400: documented(ErrorAnswer, "Not JSON"),
        404: documented(ErrorAnswer, "Unknown model"),
        409: documented(ErrorAnswer, "The model is not ready, or the Idempotency-Key was used before"),
        413: documented(ErrorAnswer, "Too large: upload the files first"),
        415: documented(ErrorAnswer, "Not application/json"),
        422: documented(FieldErrors, "A sentence for each field that is wrong"),
    },
)
async def post_job(
    data: JSONBody[NewJob],
    context: NamedDependency[AppContext],
    owner: NamedDependency[str],
    idempotency_key: Annotated[
        str,
        HeaderParameter(name="Idempotency-Key", description="The same key again replays the first answer."),
    ] = "",
) -> JobAnswer:
    """Check and accept an order; the job then runs by itself. Nothing is paid for before it is accepted."""
    if len(idempotency_key) > 255:
        raise RequestRefused(
            400, "bad_request", "The Idempotency-Key is longer than 255 characters. Nothing was ordered."
        )
    spec, values = context.catalogue.get(data.model), data.values
    if spec is not None:
        taken = await take_data_uris(context.uploads, owner, spec.fields, values)
        if taken.errors:
            raise Unfit(taken.errors)
        values = taken.values
    request = JobRequest(
        owner=owner,
        model=data.model,
        values=values,
        from_form=False,
        idempotency_key=idempotency_key or None,
        body_hash=_fingerprint(data),
    )
    return _answer(await create_job(context, request))


def _answer(placed: CreateOutcome) -> JobAnswer:
    match placed:
        case JobCreated(job):
            return job_answer(job)
        case Invalid(errors):
            raise Unfit(errors)
        case refused:
            raise refusal(refused)


def _fingerprint(data: NewJob) -> str:
    """Of what was asked for, however it was spaced or ordered, before data URIs became uploads."""
    return hashlib.sha256(msgspec.json.encode(data, order="deterministic")).hexdigest()


UNREADABLE = documented(ErrorAnswer, "The request cannot be read")
NOT_THERE = documented(ErrorAnswer, "Unknown, or not yours")
MISSING = {400: UNREADABLE, 404: NOT_THERE}


class FoundJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The id that the provider shows for an order of ours."""

    provider_job_id: str


@get("/models", summary="The catalogue", tags=["models"])
async def list_models(
    context: NamedDependency[AppContext], providers: NamedDependency[ProviderSnapshots]
) -> ModelsAnswer:
    """All models that can be read, in the order of the page."""
    return ModelsAnswer([model_entry(providers, spec) for spec in context.catalogue.all()])


@get("/models/{key:str}", summary="One model", tags=["models"], responses=MISSING)
async def get_model(
    key: FromPath[str],
    context: NamedDependency[AppContext],
    providers: NamedDependency[ProviderSnapshots],
) -> ModelAnswer:
    """Its fields, rules, limits, price and examples, and the JSON Schema of its values."""
    spec = context.catalogue.get(key)
    if spec is None:
        keys = [known.key for known in context.catalogue.all()]
        hint = did_you_mean_sentence(key, keys, " GET /api/video/models lists them.")
        raise RequestRefused(404, "unknown_model", f"There is no model {key}.{hint}")
    return model_answer(providers, spec)


@get("/jobs", summary="Your jobs", tags=["jobs"], responses={400: UNREADABLE})
async def list_jobs(
    context: NamedDependency[AppContext],
    owner: NamedDependency[str],
    limit: Annotated[int, QueryParameter(ge=1, le=200, description="How many, at most.")] = 50,
    before: Annotated[str, QueryParameter(description="The `next` of the page before.")] = "",
) -> JobsAnswer:
    """Newest first, a page at a time."""
    if before and await context.jobs.get(owner, before) is None:
        gone = f"There is no job {before} any more: begin again without `before`."
        raise RequestRefused(400, "bad_request", gone)
    jobs = await context.jobs.list_page(owner, limit=limit + 1, before=before or None)
    page = jobs[:limit]
    return JobsAnswer([job_answer(job) for job in page], page[-1].id if len(jobs) > limit else None)


@get("/jobs/{job_id:str}", summary="One job", tags=["jobs"], responses=MISSING)
async def get_job(
    job_id: FromPath[str], context: NamedDependency[AppContext], owner: NamedDependency[str]
) -> JobAnswer:
    """As it is now. `status` ends as succeeded, failed, canceled or unconfirmed."""
    return job_answer(_found(await context.jobs.get(owner, job_id)))


@post(
    "/jobs/{job_id:str}/cancel",
    status_code=200,
    summary="Ask for a stop",
    tags=["jobs"],
    responses=MISSING,
)
async def cancel_job(
    job_id: FromPath[str], context: NamedDependency[AppContext], owner: NamedDependency[str]
) -> JobAnswer:
    """A job that was never sent stops at once; otherwise the provider is asked, and what it has made is kept."""
    return job_answer(_found(await context.jobs.request_cancel(owner, job_id)))


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
    context: NamedDependency[AppContext],
    owner: NamedDependency[str],
) -> JobAnswer:
    """Where an order got no clear answer and the provider has it: it is asked for, and the job goes on from there."""
    match await record_job_id(context, owner, job_id, data.provider_job_id):
        case NotFound() as refused:
            raise refusal(refused)
        case job:
            return job_answer(_found(job))


@delete(
    "/jobs/{job_id:str}",
    summary="Remove a job and its files",
    tags=["jobs"],
    responses={**MISSING, 409: documented(ErrorAnswer, "It still runs")},
)
async def delete_one(
    job_id: FromPath[str], context: NamedDependency[AppContext], owner: NamedDependency[str]
) -> None:
    """For good. A job that still runs is refused: cancel it first."""
    refused = await delete_job(context, owner, job_id)
    if refused is not None:
        raise refusal(refused)


def _found(job: Job | None) -> Job:
    if job is None:
        raise refusal(NO_JOB)
    return job


routes = [
    Router(
        "/api/video",
        route_handlers=[
            list_models,
            get_model,
            post_job,
            list_jobs,
            get_job,
            cancel_job,
            find_job,
            delete_one,
        ],
    )
]
