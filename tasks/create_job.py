"""From a wish to a job: the one place where a form and the API alike become a row that will be ordered.

The price that was shown before an order, as a form carries it, and whether the price at the order is higher.

"1.40"          an upper bound of the whole
"0.50+"         a lower bound of the whole: "at least $0.50"
"0.14/second"   a price for each unit of what was not known yet; "0.05+/second" one that is open upwards
""              no figure: the price was not known
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar

import msgspec
from msgspec import Struct

from models.describe import frame_state, labels
from models.form.state import FormState, form_state, posted_state
from models.form.validate import check_state
from models.payload import BodyConflictError, Mapped, map_state
from models.pricing import Estimate, UnitPrice, estimate_state
from models.spec.schema import Spec
from models.spec.suggest import did_you_mean_sentence
from models.spec.values import JSON, Values
from providers.outcomes import Submission
from providers.registry import Choice
from tasks.context import AppContext
from tasks.idempotency import digest, first_job, is_same_but_files, note_answer, press_for
from tasks.jobs.model import Amounts, Job
from tasks.jobs.repository import IdempotencyKey, KnownKey, Press, Repeat
from tasks.worker.wakeups import wake_new

_SHOWN = re.compile(r"(?P<usd>\d+(?:\.\d+)?)(?P<open>\+?)(?:/(?P<per>.+))?")


class _Figure(Struct, frozen=True):
    usd: Decimal
    is_open: bool
    per: str = ""


def shown_price(price: Estimate) -> str:
    """What a form carries as `shown_estimate`: the figure that binds most, "" where there is none."""
    if price.high is not None:
        return f"{price.high:f}"
    if price.unit is not None:
        return f"{_bound(price.unit):f}{'+' if price.unit.high is None else ''}/{price.unit.per}"
    return f"{price.low:f}+" if price.low else ""


def rose(shown: str, price: Estimate) -> bool:
    """Whether whoever orders must see the price first.

    A price that was never known cannot rise. One that was known and is not any more counts as risen, and so does one
    that was shown for each unit and is now known as a whole: nobody has seen that figure.
    """
    if shown == "":
        return False
    figure = _read(shown)
    if figure is None:
        return True
    if figure.per:
        return price.high is not None or price.unit is None or _unit_rose(figure, price.unit)
    if figure.is_open:
        return (price.low or price.high) is None or (price.low or Decimal(0)) > figure.usd
    return price.high is None or price.high > figure.usd


def _read(shown: str) -> _Figure | None:
    found = _SHOWN.fullmatch(shown)
    return _Figure(Decimal(found["usd"]), bool(found["open"]), found["per"] or "") if found else None


def _unit_rose(figure: _Figure, unit: UnitPrice) -> bool:
    if figure.per != unit.per or (unit.high is None and not figure.is_open):
        return True
    return (unit.low if figure.is_open else _bound(unit)) > figure.usd


def _bound(unit: UnitPrice) -> Decimal:
    """The upper bound, or the lower one of a price that is open upwards."""
    return unit.low if unit.high is None else unit.high


class JobCreated(msgspec.Struct, frozen=True):
    """The job exists; `replayed`: it did already, from the same request sent before, or (`repeated`) from the same
    button pressed a moment before."""

    job: Job
    replayed: bool
    repeated: bool = False


class Invalid(msgspec.Struct, frozen=True):
    """A sentence by field name; "" is the whole form."""

    code: ClassVar[str] = "invalid"
    errors: dict[str, str]

    @property
    def sentence(self) -> str:
        """All of them, for whoever has no fields to put them beside."""
        return "; ".join(self.errors.values())


class UnknownModel(msgspec.Struct, frozen=True):
    """No model has this key."""

    code: ClassVar[str] = "unknown_model"
    sentence: str


class NotReady(msgspec.Struct, frozen=True):
    """The model cannot be ordered just now; nothing was sent."""

    code: ClassVar[str] = "not_ready"
    sentence: str


class KeyReused(msgspec.Struct, frozen=True):
    """The idempotency key was used for something else."""

    code: ClassVar[str] = "idempotency_key_reused"
    sentence: str


class PriceRose(msgspec.Struct, frozen=True):
    """The price is higher than the one that was shown; nothing was ordered."""

    code: ClassVar[str] = "price_rose"
    estimate: Estimate
    sentence: str


CreateRefused = Invalid | UnknownModel | NotReady | KeyReused | PriceRose
"""Each has a `code` for programs and a `sentence` for people, which page, API and command line give as they are."""

CreateOutcome = JobCreated | CreateRefused


class JobRefusal(msgspec.Struct, frozen=True):
    """What cannot be done with a job: a code for programs, a sentence for people."""

    code: str
    sentence: str


NO_JOB = JobRefusal("not_found", "There is no such job, or it is not yours.")
STILL_RUNNING = JobRefusal("still_running", "This job still runs, so it was not deleted: cancel it first.")


class JobRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks to be made, by whichever door.

    `values` from a form may hold what is hidden now; it is dropped. `shown_estimate` is what `shown_price` gave when
    the form was drawn, None where nothing was shown. `shown_free`: whoever orders was told that it runs in the sandbox
    and costs nothing. `body_hash` is compared for the same `idempotency_key` instead of model and values, where a door
    changes values before it comes here. `from_form` requests are made once for two presses of a button, as
    `tasks.idempotency` says.
    """

    owner: str
    model: str
    values: Values
    from_form: bool
    idempotency_key: str | None = None
    shown_estimate: str | None = None
    retry_of: str | None = None
    body_hash: str | None = None
    shown_free: bool = False


async def create_job(context: AppContext, request: JobRequest) -> CreateOutcome:
    """Check, price, freeze and insert; then tell the queue. Nothing is sent to a provider here."""
    arrived, owner = context.jobs.clock(), request.owner
    body = request.body_hash or digest(request.model, request.values)
    key = _key(owner, request.idempotency_key, body)
    known = await context.jobs.get_by_key(key) if key else None
    if known is not None and (known.same or not request.from_form):
        return await _replay(context, owner, known, None)
    job = await _prepare(context, request)
    if known is not None:
        return await _replay(context, owner, known, job if isinstance(job, Job) else None)
    if not isinstance(job, Job):
        return job
    retry_of = request.retry_of
    retried = await context.jobs.get(owner, retry_of) if retry_of else None
    job = msgspec.structs.replace(job, retry_of=retried.id if retried else None)
    pressed = f"retry {retry_of}" if retry_of else "form"
    press = press_for(job, pressed, arrived) if request.from_form else None
    return await _insert(context, job, key, press)


async def _insert(
    context: AppContext, job: Job, key: IdempotencyKey | None, press: Press | None
) -> JobCreated | KeyReused:
    """The job, or the one that there is already for this key or press."""
    created = await context.jobs.create(job, uploads=_uploads(job.order), key=key, press=press)
    if isinstance(created, KnownKey):
        return await _replay(context, job.owner, created, job if press else None)
    if isinstance(created, Repeat) and press is not None:
        first = await first_job(context, created.job_id, press, key, job.owner)
        if first is None:
            return await _insert(context, job, key, press)
        return JobCreated(first, replayed=True, repeated=True)
    await wake_new(context, job)
    if press is not None:
        await note_answer(context, job, press)
    return JobCreated(job, replayed=False)


async def delete_job(context: AppContext, owner: str, job_id: str) -> JobRefusal | None:
    """Delete a job that rests, with its files; what it cost stays in the ledger."""
    match await context.jobs.delete(owner, job_id):
        case "live":
            return STILL_RUNNING
        case "missing":
            return NO_JOB
    await context.media.delete(job_id)
    return None


async def _prepare(context: AppContext, request: JobRequest) -> Job | CreateRefused:
    """The job as it will be inserted, or why there is none."""
    spec = context.catalogue.get(request.model)
    if spec is None:
        return _unknown(context, request.model)
    facts = await context.uploads.facts(request.owner, _texts(request.values))
    state = (posted_state if request.from_form else form_state)(spec, request.values, facts)
    checked = check_state(spec, state)
    if checked.errors:
        return Invalid(checked.errors)
    price = estimate_state(spec, state)
    if request.shown_estimate is not None and rose(request.shown_estimate, price):
        return PriceRose(
            price, f"The price is {price.text} now. Nothing was ordered: run it again to accept that."
        )
    choice = context.registry.choose(spec.provider)
    if choice is None:
        return NotReady(_not_ready(spec))
    if request.shown_free and not choice.sandbox:
        return PriceRose(price, _not_free(spec, price))
    if not context.media.has_room():
        return NotReady(
            "The disk of this server is nearly full, so a video could not be stored. Nothing was ordered."
        )
    try:
        return _freeze(spec, state, price, choice, request.owner, context.jobs.clock())
    except BodyConflictError as error:
        return NotReady(
            f"The file of {spec.display_name} sends two values to one place ({error}). Nothing was ordered: "
            "choose another model, and see `shotlist models check`."
        )


def _freeze(spec: Spec, state: FormState, price: Estimate, choice: Choice, owner: str, now: float) -> Job:
    """All that the worker will ever need: it does not read specs, which may change or vanish under a job."""
    values = state.values
    mode = str(values.get("mode") or spec.modes[0])
    return Job(
        id=secrets.token_hex(8),
        owner=owner,
        model=spec.key,
        display_name=spec.display_name,
        provider=spec.provider,
        sandbox=choice.sandbox,
        origin=choice.origin,
        mode=mode,
        values=values,
        labels=labels(spec, values),
        frame=frame_state(spec, state),
        estimate=Amounts(_text(price.low), _text(price.high), price.currency, price.text, shown_price(price)),
        order=_submission(spec, mode, map_state(spec, state)),
        typical_sec=spec.timing.typical_sec,
        deadline_sec=spec.timing.deadline_sec,
        created_at=now,
        updated_at=now,
    )


def _submission(spec: Spec, mode: str, mapped: Mapped) -> Submission:
    return Submission(
        provider=spec.provider,
        endpoint=spec.endpoint_for(mode),
        version=spec.version,
        mode=mode,
        body=mapped.body,
        media=mapped.media,
        encode=mapped.encode,
    )


async def _replay(
    context: AppContext, owner: str, known: KnownKey, asked: Job | None
) -> JobCreated | KeyReused:
    """`asked`: what a form asks for now, whose files may have been handed in once more."""
    job = await context.jobs.get(owner, known.job_id)
    same = known.same or (job and asked and await is_same_but_files(context.uploads, asked, job))
    if not same:
        return KeyReused(
            "This was sent before with other values, and ran with those. Nothing new was ordered."
        )
    if job is None:
        return KeyReused("This was ordered before, and its job was deleted since. Nothing new was ordered.")
    return JobCreated(job, replayed=True)


def _key(owner: str, key: str | None, body: str) -> IdempotencyKey | None:
    return IdempotencyKey(digest(owner, key), body) if key else None


def _unknown(context: AppContext, model: str) -> UnknownModel:
    hint = did_you_mean_sentence(model, (spec.key for spec in context.catalogue.all()))
    return UnknownModel(f"There is no model {model!r}.{hint} Nothing was ordered.")


def _not_ready(spec: Spec) -> str:
    return (
        f"{spec.display_name} runs at {spec.provider}, which is not set up here. Nothing was ordered: "
        "choose another model, or set its key on the page Keys."
    )


def _not_free(spec: Spec, price: Estimate) -> str:
    return (
        f"{spec.display_name} does not run in the sandbox any more: this would be a real video, {price.text}, billed "
        "by its provider. Nothing was ordered: run it again to accept that."
    )


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _texts(value: JSON) -> Iterator[str]:
    """Every text in the values: among them are the ids of uploads."""
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _texts(item)
        case dict():
            for item in value.values():
                yield from _texts(item)


def _uploads(order: Submission) -> set[str]:
    return {leaf.ref for leaf in order.media if leaf.ref.startswith("up_")}
