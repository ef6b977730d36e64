"""An answer → what it means for the job; pure.  The rules of DESIGN, and the places that the wire names."""

import logging
import re
from collections.abc import Collection
from functools import cache
from typing import Literal

from msgspec import UNSET

from models.spec.values import JSON
from providers.client.responses import (
    Answer,
    cost,
    envelope_refuses,
    error_of,
    is_refusal,
    message_of,
    named_kind,
    told_by,
    wait_of,
)
from providers.client.urls import relative
from providers.description.pointers import find_any, first, first_number, first_text
from providers.description.schema import Judgement, Pointers, Wire
from providers.outcomes import (
    Accepted,
    Billing,
    CancelAnswer,
    CancelAsked,
    Canceled,
    CannotCancel,
    ErrorKind,
    Limited,
    Look,
    LookAnswer,
    Operation,
    Refused,
    State,
    SubmitAnswer,
    Unanswered,
    Unclear,
    kind_of_status,
    tell,
)

log = logging.getLogger(__name__)

LONGEST_LOG_LINE = 200  # characters
MOST_IN_QUEUE = 1e9  # a number that every database holds
WARNING = "warning"  # under which an operation keeps what its submission warned of


def judge_submit(wire: Wire, answer: Answer, order: Operation, origins: Collection[str]) -> SubmitAnswer:
    """What became of an order.  `order` is the operation without its id; links under `origins` become relative."""
    kind = named_kind(wire, answer) or kind_of_status(answer.status)
    if 200 <= answer.status < 300 and not envelope_refuses(wire, answer):
        return _accepted(wire, answer, order, origins)
    if answer.status < 200 or 300 <= answer.status < 400:
        return Unclear(f"{wire.display_name} answered {answer.status} to the order")
    error = error_of(wire, answer, kind, billing="not_billed")
    if kind == "rate_limited":
        return Limited(error, wait_of(wire, answer))
    if is_refusal(wire, answer) or (kind != "provider_down" and answer.status < 500):
        return Refused(error)
    return Unclear(f"{wire.display_name} answered {answer.status} to the order", error.message)


def _accepted(wire: Wire, answer: Answer, order: Operation, origins: Collection[str]) -> Accepted | Unclear:
    number = first_text(answer.document, wire.submit.id)
    if not number:
        what = "without an id" if answer.body is not UNSET else "with something that is not JSON"
        return Unclear(f"{wire.display_name} answered {answer.status} to the order {what}")
    links = {}
    for name, pointers in wire.submit.links.items():
        link = relative(first_text(answer.document, pointers), origins)
        if link:
            links[name] = link
    kept = keep(wire.submit.keep, answer.document)
    if warning := first_text(answer.document, wire.submit.warning):
        kept[WARNING] = warning[:LONGEST_LOG_LINE]
    return Accepted(Operation(number, links, order.endpoint, order.version, order.mode, kept))


def keep(wanted: dict[str, Pointers], document: JSON) -> dict[str, JSON]:
    """The values of an answer that later calls may name."""
    found = {name: first(document, pointers) for name, pointers in wanted.items()}
    return {name: value for name, value in found.items() if value is not None}


def judge_status(wire: Wire, answer: Answer, *, cancel_sent: bool = False) -> LookAnswer:
    """Where a job stands.  "succeeded" still lacks its outputs; an HTTP error leaves the job as it was."""
    state = "gone" if is_gone(wire, answer) else _state(wire, answer)
    if state == "gone":
        return gone(wire, cancel_sent)
    if state is None:
        return _not_told(wire, answer)
    state, kind = _overruled(wire, answer, state)
    if state == "failed":
        return _failed(wire, answer, kind)
    return Look(
        state,
        progress=_progress(wire, answer.document, state),
        position=_position(wire, answer.document),
        log=_log(wire, answer.document),
        billing=wire.billing.get("canceled", "unknown") if state == "canceled" else None,
        retry_after=wait_of(wire, answer) or _hint(wire, answer),
    )


def _failed(wire: Wire, answer: Answer, kind: ErrorKind | None) -> Look:
    charged = cost(wire, answer.document) if wire.cost and wire.cost.failures else None
    billing: Billing | None = None if charged is None else "not_billed" if charged.amount == "0" else "billed"
    error = error_of(wire, answer, kind, billing)
    log_line = _log(wire, answer.document)
    return Look("failed", error=error, billing=error.billing, cost=charged, log=log_line)


def _hint(wire: Wire, answer: Answer) -> float | None:
    """When the provider wants the next look; more often than the wire says, we do not ask."""
    told = answer.headers.get(wire.poll.hint, "") if wire.poll.hint else ""
    return max(float(told) / 1000, wire.poll.every) if told.isdecimal() else None


def is_gone(wire: Wire, answer: Answer) -> bool:
    """Whether the provider says that it does not know this job."""
    if answer.status in (404, 410):
        return True
    return any(re.search(pattern, told_by(wire, answer)) for pattern in wire.status.gone)


def gone(wire: Wire, cancel_sent: bool) -> LookAnswer:
    """What an unknown job is, also by whether we had asked to cancel it."""
    reason = f"{wire.display_name} does not know this job any more"
    meaning = wire.cancel.gone if cancel_sent and wire.cancel else None
    billing = wire.billing.get("expired", "unknown")  # a cancel may have met a finished job
    if meaning == "canceled":
        return Look("canceled", billing=billing)
    if meaning == "failed":
        return Look("failed", error=tell("expired", wire.display_name, billing=billing), billing=billing)
    return Unanswered(reason, gone=True)


def _state(wire: Wire, answer: Answer) -> State | Literal["gone"] | None:
    """The state the answer names; None if it is no answer about the job at all."""
    if answer.status >= 300:
        return None
    by_status = wire.status.http.get(str(answer.status))
    if answer.body is UNSET:
        return by_status
    raw = first(answer.document, wire.status.state)
    name = "absent" if raw is None else str(raw).lower() if isinstance(raw, bool) else str(raw)
    if name in wire.status.map:
        return wire.status.map[name]
    if by_status or envelope_refuses(wire, answer) or (raw is None and not isinstance(answer.body, dict)):
        return by_status
    _log_unknown(wire.name, name)
    return "processing"


@cache
def _log_unknown(wire: str, state: str) -> None:
    log.warning("%s: unknown state %r is taken for processing; add it to status.map", wire, state[:80])


def _not_told(wire: Wire, answer: Answer) -> LookAnswer:
    """An error instead of a status is no verdict on the job, unless it names the content rules."""
    if named_kind(wire, answer) == "moderation":
        error = error_of(wire, answer, "moderation")
        return Look("failed", error=error, billing=error.billing)
    reason = f"{wire.display_name} answered {answer.status} to a look: {message_of(wire, answer)}".rstrip(
        ": "
    )
    return Unanswered(reason, wait_of(wire, answer))


def _overruled(wire: Wire, answer: Answer, state: State) -> tuple[State, ErrorKind | None]:
    for rule in wire.status.rules:
        if _holds(rule, answer):
            return rule.then, rule.kind
    return state, None


def _holds(rule: Judgement, answer: Answer) -> bool:
    if rule.unless and first(answer.document, rule.unless) is not None:
        return False
    found = [value for value in find_any(answer.document, rule.at) if value not in ("", [], {})]
    if rule.equals is not UNSET:
        return any(
            value == rule.equals and isinstance(value, bool) == isinstance(rule.equals, bool)
            for value in found
        )
    return any(re.search(rule.match, str(value)) for value in found)


def _progress(wire: Wire, document: JSON, state: State) -> float | None:
    """0 to 1, as a field gives it or as the log's last percentage does."""
    if state == "succeeded":
        return 1.0
    number = first_number(document, wire.status.progress)
    if number is not None:
        return min(max(number / wire.status.full, 0.0), 1.0)
    if wire.status.progress_in_log:
        found = (re.search(wire.status.progress_in_log, line) for line in reversed(_lines(wire, document)))
        return next((min(float(percent[1]) / 100, 1.0) for percent in found if percent), None)
    return None


def _position(wire: Wire, document: JSON) -> int | None:
    number = first_number(document, wire.status.position)
    return int(number) if number is not None and 0 <= number < MOST_IN_QUEUE else None


def _lines(wire: Wire, document: JSON) -> list[str]:
    """The log's lines that say something; a progress bar rewrites its own, so "\r" ends one too."""
    texts = (text for text in find_any(document, wire.status.log) if isinstance(text, str))
    return [line.strip() for text in texts for line in text.splitlines() if line.strip()]


def _log(wire: Wire, document: JSON) -> str | None:
    lines = _lines(wire, document)
    return lines[-1][:LONGEST_LOG_LINE] if lines else None


def judge_cancel(wire: Wire, answer: Answer) -> CancelAnswer:
    """What the provider made of a cancel; only `Canceled` is certain."""
    if wire.cancel and answer.status in wire.cancel.over:
        return CancelAsked()
    if 200 <= answer.status < 300:
        told = first_text(answer.document, wire.cancel.state if wire.cancel else ())
        return Canceled() if wire.status.map.get(told) == "canceled" else CancelAsked()
    reason = f"{wire.display_name} answered {answer.status} to the cancel"
    said = message_of(wire, answer)
    later = (401, 408, 425, 429) if said else (401, 403, 408, 425, 429)
    if answer.status < 400 or answer.status >= 500 or answer.status in later:
        return Unanswered(reason, wait_of(wire, answer), gone=False)
    return CannotCancel(f"{wire.display_name} would not stop this job{f': {said}' if said else ''}.")
