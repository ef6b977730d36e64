"""The page: choose a model, fill in its form, order, and watch.

GET  /video        the whole page; ?model=… and any field fill the form, ?again=ID takes an earlier job's settings
POST /video/form   the form again for what is typed so far: other model, dependent fields, checks, price
POST /video/jobs   the order, from the form
The rest of the routes is in `web.pages.jobs`.
"""

from __future__ import annotations

import time
from datetime import date
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Response, Template
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from models.form.encoding import read_form
from models.spec.schema import Spec
from providers.registry import ProviderSnapshots
from tasks.context import AppContext
from tasks.create_job import Invalid, JobCreated, JobRequest, PriceRose, create_job
from tasks.jobs.model import Job
from web.errors import AnyRequest
from web.layout import is_htmx, shell, show
from web.pages import jobs as jobs_pages
from web.pages import picker
from web.pages.card_text import prompt_of
from web.pages.cards import days, watched
from web.pages.fields import OptionView
from web.pages.form import (
    FormErrors,
    FormView,
    Setting,
    Typed,
    draw,
    files_in,
    from_job,
    from_link,
    from_posted,
    set_pairs,
    switched,
)
from web.pages.form_data import FormData, loose_pairs, parse_form_data, read_form_data
from web.pages.jobs import cards
from web.pages.missing_model import draw_missing
from web.security import MAX_UPLOAD_REQUEST

RECENT = 12  # finished jobs on the page; the library has all
ORDERED_ONCE = (
    "Pressed twice in quick succession, so this was ordered once. Press Generate again to order another."
)


class Visit(Struct, frozen=True):
    """One request for the page: who asks, and how the providers stand while it is answered."""

    request: AnyRequest
    context: AppContext
    owner: str
    providers: ProviderSnapshots


@get("/video", include_in_schema=False)
async def video_page(
    request: AnyRequest,
    context: NamedDependency[AppContext],
    owner: NamedDependency[str],
    providers: NamedDependency[ProviderSnapshots],
) -> Template:
    visit = Visit(request, context, owner, providers)
    recent = await context.jobs.list_page(owner, limit=RECENT)
    pairs = tuple(request.query_params.multi_items())
    asked = dict(pairs)
    before = await context.jobs.get(owner, asked["again"]) if "again" in asked else None
    key = before.model if before else asked.get("model", "")
    if key and context.catalogue.get(key) is None:
        missing = await _missing_asked(visit, key, before)
        return await _page(visit, missing, recent)
    spec = _first_spec(visit, key, recent)
    if spec is None:
        return await _page(visit, None, recent)
    typed = from_job(spec, before) if before else from_link(spec, pairs)
    setting = await _setting(visit, spec, typed)
    return await _page(visit, draw(providers, spec, typed, setting), recent)


@post("/video/form", include_in_schema=False, status_code=200, request_max_body_size=MAX_UPLOAD_REQUEST)
async def form_again(
    request: AnyRequest,
    context: NamedDependency[AppContext],
    owner: NamedDependency[str],
    providers: NamedDependency[ProviderSnapshots],
) -> Template:
    visit = Visit(request, context, owner, providers)
    form = await read_form_data(request, context, owner)
    spec = context.catalogue.get(form.model) if form.drawn.missing else None
    returned = f"{spec.display_name} is here again." if spec and form.model == form.drawn_model else ""
    refused = FormErrors(form.errors, returned)
    return await _answer(visit, await _redraw(visit, form, refused))


@post("/video/jobs", include_in_schema=False, status_code=200, request_max_body_size=MAX_UPLOAD_REQUEST)
async def order(
    request: AnyRequest,
    context: NamedDependency[AppContext],
    owner: NamedDependency[str],
    providers: NamedDependency[ProviderSnapshots],
) -> Response[Any]:
    visit = Visit(request, context, owner, providers)
    form = await read_form_data(request, context, owner)
    spec = context.catalogue.get(form.model)
    if spec is None or form.drawn.missing:  # its price was never shown
        return await _refuse(visit, form, {}, _look_first(spec))
    if form.errors:
        return await _refuse(visit, form, form.errors)
    wanted = JobRequest(
        owner=owner,
        model=spec.key,
        values=read_form(spec, form.pairs),
        from_form=True,
        idempotency_key=form.nonce or None,
        shown_estimate=form.shown_estimate,
        shown_free=form.shown_free,
    )
    match await create_job(context, wanted):
        case JobCreated() as placed:
            return await _placed(visit, form, placed)
        case Invalid(errors):
            return await _refuse(visit, form, errors)
        case PriceRose() as rose:
            return await _refuse(visit, form, {}, rose.sentence)
        case refused:
            return await _refuse(visit, form, {"": refused.sentence})


async def _placed(visit: Visit, form: FormData, placed: JobCreated) -> Response[Any]:
    job = placed.job
    if not is_htmx(visit.request):
        return Redirect(f"/video/jobs/{job.id}", status_code=303)  # it reloads itself until the end
    watching = (job, *await visit.context.jobs.list_live(visit.owner, form.watch))
    (shown,) = cards(visit.providers, [job])
    shown_card = {
        "card": shown,
        "known": job.id in form.watch,
        "replayed": placed.replayed,
        "watch": watched(watching, time.time(), form.watch),
    }
    once = FormErrors(notice=ORDERED_ONCE) if placed.repeated else None
    drawn = await _redraw(visit, form, once, fresh=True)
    said = "" if once else f"Ordered: {job.display_name}"  # the notice is a status of its own
    return show("_placed.html", form=drawn, **shown_card, said=said)


async def _refuse(
    visit: Visit,
    form: FormData,
    errors: dict[str, str],
    notice: str = "",
) -> Response[Any]:
    """The form again with its sentences. The status is 200: a browser would log a 422 as a failure of ours."""
    refused = FormErrors(errors, notice)
    drawn = await _redraw(visit, form, refused, fresh="" in errors, tried=bool(errors))
    return await _answer(visit, drawn)


async def _redraw(
    visit: Visit,
    form: FormData,
    refused: FormErrors | None = None,
    *,
    fresh: bool = False,
    tried: bool = False,
) -> FormView | None:
    """The form as it was posted, settled; `fresh` gives it a nonce of its own, `tried` shows every error."""
    old = None if form.drawn.missing else visit.context.catalogue.get(form.drawn_model)
    spec = visit.context.catalogue.get(form.model) if form.model else _first_spec(visit, None, ())
    nonce = "" if fresh else form.nonce
    if spec is None:
        return await _missing_posted(visit, old, form, nonce) if form.model else None
    uploads = await files_in(
        visit.context, visit.owner, [text for _, text in (*form.pairs, *form.drawn.kept)]
    )
    facts = {name: upload.facts for name, upload in uploads.items()}
    same_model = old is not None and old.key == spec.key
    typed = from_posted(spec, form, facts) if same_model else switched(old, spec, form, facts)
    setting = Setting(
        origin=_origin(visit.request),
        uploads=uploads,
        videos=await _videos(visit, spec),
        nonce=nonce,
    )
    tried = tried or (form.drawn.tried and same_model and not fresh)
    return draw(visit.providers, spec, typed, setting, tried=tried, refused=refused)


async def _answer(visit: Visit, form: FormView | None) -> Template:
    """The form alone for htmx, else the whole page with it."""
    if is_htmx(visit.request):
        return show("_form.html", form=form)
    return await _page(visit, form, await visit.context.jobs.list_page(visit.owner, limit=RECENT))


async def _page(visit: Visit, form: FormView | None, recent: tuple[Job, ...]) -> Template:
    live = await visit.context.jobs.list_live(visit.owner)
    ended = [job for job in recent if not job.live]
    return show(
        "video.html",
        **shell(visit.providers, "video"),
        form=form,
        problems=[
            str(each) for each in (*visit.context.catalogue.problems, *visit.context.descriptions.problems)
        ][:20],
        now=cards(visit.providers, live),
        days=days(list(zip(ended, cards(visit.providers, ended), strict=True)), date.today()),
        more=len(recent) == RECENT,
        watch=watched(live, time.time()),
    )


def _first_spec(visit: Visit, key: str | None, recent: tuple[Job, ...]) -> Spec | None:
    """The model asked for, the one used last, else one that runs, from words, for real where there is a key."""
    asked = visit.context.catalogue.get(key) if key else None
    last = visit.context.catalogue.get(recent[0].model) if recent else None
    return (
        asked
        or last
        or max(visit.context.catalogue.all(), key=lambda spec: _inviting(visit.providers, spec), default=None)
    )


def _inviting(providers: ProviderSnapshots, spec: Spec) -> tuple[bool, ...]:
    provider = providers.get(spec.provider)
    worded = spec.modes[0] == "t2v" and any(field.name == "prompt" for field in spec.fields)
    priced = any(rate.usd for rate in spec.price.rates)
    return provider.ready, worded, provider.real, priced, spec.status == "reviewed"


def _look_first(spec: Spec | None) -> str:
    if spec is None:
        return ""  # the form itself says what is missing
    return f"This is {spec.display_name} now. Nothing was ordered yet: look at it, then press Generate."


async def _missing_asked(visit: Visit, key: str, before: Job | None) -> FormView:
    """The form of a model that a link or an earlier job names and that is not here."""
    pairs = (
        tuple(loose_pairs(before.values))
        if before
        else parse_form_data(visit.request.query_params.multi_items()).pairs
    )
    why = f"There is no model {key} {'any more' if before else 'here'}."
    uploads = await files_in(visit.context, visit.owner, [text for _, text in pairs])
    return draw_missing(visit.context, key, pairs, Setting(_origin(visit.request), uploads), why)


async def _missing_posted(visit: Visit, old: Spec | None, form: FormData, nonce: str) -> FormView:
    """The form of a model that has gone while it was open, or while it was chosen."""
    uploads = await files_in(
        visit.context, visit.owner, [text for _, text in (*form.pairs, *form.drawn.kept)]
    )
    facts = {name: upload.facts for name, upload in uploads.items()}
    setting = Setting(_origin(visit.request), uploads, nonce=nonce)
    why = f"There is no model {form.model} any more."
    return draw_missing(visit.context, form.model, set_pairs(old, form, facts), setting, why)


async def _setting(visit: Visit, spec: Spec, typed: Typed) -> Setting:
    uploads = await files_in(visit.context, visit.owner, typed.values.values())
    return Setting(origin=_origin(visit.request), uploads=uploads, videos=await _videos(visit, spec))


async def _videos(visit: Visit, spec: Spec) -> tuple[OptionView, ...]:
    """The owner's finished videos, for a model that takes one."""
    if not any(field.kind == "job" for field in spec.form.fields):
        return ()
    jobs = await visit.context.jobs.list_page(visit.owner, limit=50)
    return tuple(
        OptionView(job.id, f"{prompt_of(job)[:60]} ({job.display_name})")
        for job in jobs
        if job.state == "succeeded"
    )


def _origin(request: AnyRequest) -> str:
    return str(request.base_url).rstrip("/")


routes: list[ControllerRouterHandler] = [video_page, form_again, order, *picker.routes, *jobs_pages.routes]
