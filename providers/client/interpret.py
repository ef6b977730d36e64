"""An answer → what it means for the job; pure. Its places are those that the provider's description names."""

import logging
import re
from collections.abc import Collection
from functools import cache
from typing import Literal

from msgspec import UNSET

from models.spec.values import JSON
from providers.client.responses import (
    HTTPResponse,
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
from providers.description.schema import Judgement, Pointers, ProviderDescription
from providers.outcomes import (
    Accepted,
    Billing,
    CancelAsked,
    Canceled,
    CancelOutcome,
    CannotCancel,
    ErrorKind,
    Limited,
    Operation,
    PollOutcome,
    PollResult,
    Refused,
    State,
    SubmitOutcome,
    Unanswered,
    Unclear,
    kind_of_status,
    make_error,
)

log = logging.getLogger(__name__)

LONGEST_LOG_LINE = 200  # characters
MOST_IN_QUEUE = 1e9  # a number that every database holds
WARNING = "warning"  # under which an operation keeps what its submission warned of


def interpret_submit(
    description: ProviderDescription, answer: HTTPResponse, order: Operation, origins: Collection[str]
) -> SubmitOutcome:
    """What became of an order.  `order` is the operation without its id; links under `origins` become relative."""
    kind = named_kind(description, answer) or kind_of_status(answer.status)
    if 200 <= answer.status < 300 and not envelope_refuses(description, answer):
        return _accepted(description, answer, order, origins)
    if answer.status < 200 or 300 <= answer.status < 400:
        return Unclear(f"{description.display_name} answered {answer.status} to the order")
    error = error_of(description, answer, kind, billing="not_billed")
    if kind == "rate_limited":
        return Limited(error, wait_of(description, answer))
    if is_refusal(description, answer) or (kind != "provider_down" and answer.status < 500):
        return Refused(error)
    return Unclear(f"{description.display_name} answered {answer.status} to the order", error.message)


def _accepted(
    description: ProviderDescription, answer: HTTPResponse, order: Operation, origins: Collection[str]
) -> Accepted | Unclear:
    number = first_text(answer.document, description.submit.id)
    if not number:
        what = "without an id" if answer.body is not UNSET else "with something that is not JSON"
        return Unclear(f"{description.display_name} answered {answer.status} to the order {what}")
    links = {}
    for name, pointers in description.submit.links.items():
        link = relative(first_text(answer.document, pointers), origins)
        if link:
            links[name] = link
    kept = keep(description.submit.keep, answer.document)
    if warning := first_text(answer.document, description.submit.warning):
        kept[WARNING] = warning[:LONGEST_LOG_LINE]
    return Accepted(Operation(number, links, order.endpoint, order.version, order.mode, kept))


def keep(wanted: dict[str, Pointers], document: JSON) -> dict[str, JSON]:
    """The values of an answer that later calls may name."""
    found = {name: first(document, pointers) for name, pointers in wanted.items()}
    return {name: value for name, value in found.items() if value is not None}


def interpret_status(
    description: ProviderDescription, answer: HTTPResponse, *, cancel_sent: bool = False
) -> PollOutcome:
    """Where a job stands.  "succeeded" still lacks its outputs; an HTTP error leaves the job as it was."""
    state = "gone" if is_gone(description, answer) else _state(description, answer)
    if state == "gone":
        return gone(description, cancel_sent)
    if state is None:
        return _not_told(description, answer)
    state, kind = _overruled(description, answer, state)
    if state == "failed":
        return _failed(description, answer, kind)
    return PollResult(
        state,
        progress=_progress(description, answer.document, state),
        position=_position(description, answer.document),
        log=_log(description, answer.document),
        billing=description.billing.get("canceled", "unknown") if state == "canceled" else None,
        retry_after=wait_of(description, answer) or _hint(description, answer),
    )


def _failed(description: ProviderDescription, answer: HTTPResponse, kind: ErrorKind | None) -> PollResult:
    charged = cost(description, answer.document) if description.cost and description.cost.failures else None
    billing: Billing | None = None if charged is None else "not_billed" if charged.amount == "0" else "billed"
    error = error_of(description, answer, kind, billing)
    log_line = _log(description, answer.document)
    return PollResult("failed", error=error, billing=error.billing, cost=charged, log=log_line)


def _hint(description: ProviderDescription, answer: HTTPResponse) -> float | None:
    """When the provider wants the next look; more often than the wire says, we do not ask."""
    told = answer.headers.get(description.poll.hint, "") if description.poll.hint else ""
    return max(float(told) / 1000, description.poll.every) if told.isdecimal() else None


def is_gone(description: ProviderDescription, answer: HTTPResponse) -> bool:
    """Whether the provider says that it does not know this job."""
    if answer.status in (404, 410):
        return True
    return any(re.search(pattern, told_by(description, answer)) for pattern in description.status.gone)


def gone(description: ProviderDescription, cancel_sent: bool) -> PollOutcome:
    """What an unknown job is, also by whether we had asked to cancel it."""
    reason = f"{description.display_name} does not know this job any more"
    meaning = description.cancel.gone if cancel_sent and description.cancel else None
    billing = description.billing.get("expired", "unknown")  # a cancel may have met a finished job
    if meaning == "canceled":
        return PollResult("canceled", billing=billing)
    if meaning == "failed":
        return PollResult(
            "failed", error=make_error("expired", description.display_name, billing=billing), billing=billing
        )
    return Unanswered(reason, gone=True)


def _state(description: ProviderDescription, answer: HTTPResponse) -> State | Literal["gone"] | None:
    """The state the answer names; None if it is no answer about the job at all."""
    if answer.status >= 300:
        return None
    by_status = description.status.http.get(str(answer.status))
    if answer.body is UNSET:
        return by_status
    raw = first(answer.document, description.status.state)
    name = "absent" if raw is None else str(raw).lower() if isinstance(raw, bool) else str(raw)
    if name in description.status.map:
        return description.status.map[name]
    if (
        by_status
        or envelope_refuses(description, answer)
        or (raw is None and not isinstance(answer.body, dict))
    ):
        return by_status
    _log_unknown(description.name, name)
    return "processing"


@cache
def _log_unknown(wire: str, state: str) -> None:
    log.warning("%s: unknown state %r is taken for processing; add it to status.map", wire, state[:80])


def _not_told(description: ProviderDescription, answer: HTTPResponse) -> PollOutcome:
    """An error instead of a status is no verdict on the job, unless it names the content rules."""
    if named_kind(description, answer) == "moderation":
        error = error_of(description, answer, "moderation")
        return PollResult("failed", error=error, billing=error.billing)
    reason = f"{description.display_name} answered {answer.status} to a look: {message_of(description, answer)}".rstrip(
        ": "
    )
    return Unanswered(reason, wait_of(description, answer))


def _overruled(
    description: ProviderDescription, answer: HTTPResponse, state: State
) -> tuple[State, ErrorKind | None]:
    for rule in description.status.rules:
        if _holds(rule, answer):
            return rule.then, rule.kind
    return state, None


def _holds(rule: Judgement, answer: HTTPResponse) -> bool:
    if rule.unless and first(answer.document, rule.unless) is not None:
        return False
    found = [value for value in find_any(answer.document, rule.at) if value not in ("", [], {})]
    if rule.equals is not UNSET:
        return any(
            value == rule.equals and isinstance(value, bool) == isinstance(rule.equals, bool)
            for value in found
        )
    return any(re.search(rule.match, str(value)) for value in found)


def _progress(description: ProviderDescription, document: JSON, state: State) -> float | None:
    """0 to 1, as a field gives it or as the log's last percentage does."""
    if state == "succeeded":
        return 1.0
    number = first_number(document, description.status.progress)
    if number is not None:
        return min(max(number / description.status.full, 0.0), 1.0)
    if description.status.progress_in_log:
        found = (
            re.search(description.status.progress_in_log, line)
            for line in reversed(_lines(description, document))
        )
        return next((min(float(percent[1]) / 100, 1.0) for percent in found if percent), None)
    return None


def _position(description: ProviderDescription, document: JSON) -> int | None:
    number = first_number(document, description.status.position)
    return int(number) if number is not None and 0 <= number < MOST_IN_QUEUE else None


def _lines(description: ProviderDescription, document: JSON) -> list[str]:
    """The log's lines that say something; a progress bar rewrites its own, so "\r" ends one too."""
    texts = (text for text in find_any(document, description.status.log) if isinstance(text, str))
    return [line.strip() for text in texts for line in text.splitlines() if line.strip()]


def _log(description: ProviderDescription, document: JSON) -> str | None:
    lines = _lines(description, document)
    return lines[-1][:LONGEST_LOG_LINE] if lines else None


def interpret_cancel(description: ProviderDescription, answer: HTTPResponse) -> CancelOutcome:
    """What the provider made of a cancel; only `Canceled` is certain."""
    if description.cancel and answer.status in description.cancel.over:
        return CancelAsked()
    if 200 <= answer.status < 300:
        told = first_text(answer.document, description.cancel.state if description.cancel else ())
        return Canceled() if description.status.map.get(told) == "canceled" else CancelAsked()
    reason = f"{description.display_name} answered {answer.status} to the cancel"
    said = message_of(description, answer)
    later = (401, 408, 425, 429) if said else (401, 403, 408, 425, 429)
    if answer.status < 400 or answer.status >= 500 or answer.status in later:
        return Unanswered(reason, wait_of(description, answer), gone=False)
    return CannotCancel(f"{description.display_name} would not stop this job{f': {said}' if said else ''}.")
