"""Jobs on the page: one poll for all live cards, a page for each job, and what can be done with it.

GET  /video/live              the cards named in ?watch=…, as they are now; the last answer ends the polling
GET  /video/jobs/{id}         the page of one job; with htmx its card
POST /video/jobs/{id}/cancel  ask the provider to stop
POST /video/jobs/{id}/retry   the same order once more, as a new job
POST /video/jobs/{id}/found   the provider's id of an order that got no clear answer
POST /video/jobs/{id}/delete  remove a finished job and its files
GET  /video/library           every job by day, newest first; ?before=ID pages on
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Response, Template
from litestar.types import ControllerRouterHandler

from providers.registry import ProviderSnapshots
from tasks.context import AppContext
from tasks.create_job import NO_JOB, JobCreated, JobRequest, create_job, delete_job
from tasks.jobs.model import Job
from tasks.reconcile import NotFound, record_job_id
from web.errors import AnyRequest, RequestRefused, refusal
from web.layout import is_htmx, shell, show
from web.pages.cards import Card, Watch, card, days, detail, ended_words, watched
from web.pages.form import new_nonce
from web.pages.form_data import parse_form_data

PAGE = 24  # jobs on a page of the library
WITH_FORM = "/video"  # the one page where a new card can be put on top


@get("/video/live", include_in_schema=False)
async def live_cards(
    context: NamedDependency[AppContext],
    owner: NamedDependency[str],
    providers: NamedDependency[ProviderSnapshots],
    watch: FromQuery[str] = "",
) -> Template:
    ids = tuple(watch.split())
    jobs = await context.jobs.list_live(owner, ids)
    return show(
        "_live.html",
        cards=cards(providers, jobs),
        gone=sorted({*ids} - {job.id for job in jobs}),
        watch=watched(jobs, time.time()),
        said=ended_words(jobs),
    )


@get("/video/jobs/{job_id:str}", include_in_schema=False)
async def job_page(
    request: AnyRequest,
    job_id: FromPath[str],
    context: NamedDependency[AppContext],
    owner: NamedDependency[str],
    providers: NamedDependency[ProviderSnapshots],
) -> Template:
    job = await _job(context, owner, job_id)
    (shown,) = cards(providers, [job])
    if is_htmx(request):
        return show("_card.html", card=shown)
    more = {
        "detail": detail(job, providers.get(job.provider)),
        "watch": watched([job], time.time()),
    }
    return show("job.html", **shell(providers, "library"), card=shown, alone=True, **more)


@post("/video/jobs/{job_id:str}/cancel", include_in_schema=False, status_code=200)
async def cancel(
    request: AnyRequest,
    job_id: FromPath[str],
    context: NamedDependency[AppContext],
    owner: NamedDependency[str],
    providers: NamedDependency[ProviderSnapshots],
) -> Response[Any]:
    job = await context.jobs.request_cancel(owner, job_id)
    if job is None:
        raise _missing()
    return await _changed(request, context, owner, providers, job)


@post("/video/jobs/{job_id:str}/retry", include_in_schema=False, status_code=200)
async def retry(
    request: AnyRequest,
    job_id: FromPath[str],
    context: NamedDependency[AppContext],
    owner: NamedDependency[str],
    providers: NamedDependency[ProviderSnapshots],
) -> Response[Any]:
    """The price was on the button; where it rose, or the model changed or went away, the filled form comes instead."""
    old = await _job(context, owner, job_id)
    form = parse_form_data(await _pairs(request))
    wanted = JobRequest(
        owner=owner,
        model=old.model,
        values=old.values,
        from_form=True,
        idempotency_key=form.nonce or None,
        shown_estimate=old.estimate.shown or old.estimate.high or "",
        shown_free=old.sandbox,
        retry_of=old.id,
    )
    answer = await create_job(context, wanted)
    if not isinstance(answer, JobCreated):
        return _go(request, f"/video?again={old.id}")
    if not is_htmx(request):
        return Redirect(f"/video/jobs/{answer.job.id}", status_code=303)
    (shown,) = cards(providers, [answer.job])
    return show(
        "_added.html",
        card=shown,
        known=answer.job.id in form.watch,
        replayed=answer.replayed,
        watch=await _watch(request, context, owner, answer.job),
        said=f"Ordered once: {old.display_name}" if answer.repeated else f"Ordered: {old.display_name}",
    )


@post("/video/jobs/{job_id:str}/found", include_in_schema=False, status_code=200)
async def found(
    request: AnyRequest,
    job_id: FromPath[str],
    context: NamedDependency[AppContext],
    owner: NamedDependency[str],
    providers: NamedDependency[ProviderSnapshots],
) -> Response[Any]:
    given = dict(await _pairs(request)).get("provider_job_id", "")
    match await record_job_id(context, owner, job_id, given):
        case None:
            raise _missing()
        case NotFound() as refused:
            raise refusal(refused)
        case job:
            return await _changed(request, context, owner, providers, job)


@post("/video/jobs/{job_id:str}/delete", include_in_schema=False, status_code=200)
async def delete(
    request: AnyRequest,
    job_id: FromPath[str],
    context: NamedDependency[AppContext],
    owner: NamedDependency[str],
) -> Response[Any]:
    refused = await delete_job(context, owner, job_id)
    if refused is not None:
        raise refusal(refused)
    return Response("", media_type="text/html") if is_htmx(request) else _back(request, "")


@get("/video/library", include_in_schema=False)
async def library(
    context: NamedDependency[AppContext],
    owner: NamedDependency[str],
    providers: NamedDependency[ProviderSnapshots],
    before: FromQuery[str] = "",
) -> Template:
    jobs = await context.jobs.list_page(owner, limit=PAGE + 1, before=before or None)
    page = jobs[:PAGE]
    return show(
        "library.html",
        **shell(providers, "library"),
        alone=True,
        days=days(list(zip(page, cards(providers, page), strict=True)), date.today()),
        older=page[-1].id if len(jobs) > PAGE else "",
        first=not before,
        watch=watched(page, time.time()),
    )


def cards(providers: ProviderSnapshots, jobs: Iterable[Job]) -> tuple[Card, ...]:
    """Jobs as their cards, each retry button with a nonce of its own."""
    now = time.time()
    return tuple(card(job, providers.get(job.provider), now, new_nonce()) for job in jobs)


async def _watch(request: AnyRequest, context: AppContext, owner: str, *new: Job) -> Watch:
    """What the page watched when a button on it was pressed, and the new job."""
    ids = parse_form_data(await _pairs(request)).watch
    return watched((*new, *await context.jobs.list_live(owner, ids)), time.time(), ids)


async def _pairs(request: AnyRequest) -> list[tuple[str, str]]:
    return [(name, str(text or "")) for name, text in (await request.form()).multi_items()]


async def _job(context: AppContext, owner: str, job_id: str) -> Job:
    job = await context.jobs.get(owner, job_id)
    if job is None:
        raise _missing()
    return job


async def _changed(
    request: AnyRequest, context: AppContext, owner: str, providers: ProviderSnapshots, job: Job
) -> Response[Any]:
    """The card as it is now, and a poll that watches it as long as it is live."""
    if not is_htmx(request):
        return _back(request, job.id)
    (shown,) = cards(providers, [job])
    return show("_changed.html", card=shown, watch=await _watch(request, context, owner, job))


def _missing() -> RequestRefused:
    return refusal(NO_JOB)


def _back(request: AnyRequest, job_id: str) -> Response[Any]:
    """To the page where the button was, if that is one with cards; of its address only the path is believed."""
    came = urlsplit(request.headers.get("referer", "")).path
    known = came if came in (WITH_FORM, "/video/library") else ""
    at = f"#job-{job_id}" if job_id else ""
    return Redirect(
        f"{known}{at}" if known else f"/video/jobs/{job_id}" if job_id else WITH_FORM, status_code=303
    )


def _go(request: AnyRequest, href: str) -> Response[Any]:
    if is_htmx(request):
        return Response("", headers={"HX-Redirect": href}, media_type="text/html")
    return Redirect(href, status_code=303)


routes: list[ControllerRouterHandler] = [live_cards, job_page, cancel, retry, found, delete, library]
