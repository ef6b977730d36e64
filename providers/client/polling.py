"""The exchanges of more than one request, as generators without I/O: they yield requests and are sent answers.

A job's place in a queue that the provider lists as a whole, and its progress, told on a websocket; no I/O here.
"""

import re
from collections.abc import Collection, Generator
from typing import TypeAlias

from msgspec import UNSET, structs

from models.spec.values import JSON
from providers.client.interpret import WARNING, interpret_status, is_gone, keep
from providers.client.requests import LISTEN, Request, build, names_of
from providers.client.responses import (
    HTTPResponse,
    code_of,
    cost,
    envelope_refuses,
    error_of,
    outputs,
    told_by,
    wait_of,
)
from providers.description.pointers import find, first, first_number, first_text
from providers.description.schema import Listen, ProviderDescription, QueueListing, Result
from providers.description.templates import Names, fill_path, fill_text
from providers.outcomes import Cost, Operation, OutputFile, PollOutcome, PollResult, Unanswered, make_error

InQueue: TypeAlias = Generator[Request, HTTPResponse, PollOutcome | None]


def in_queue(description: ProviderDescription, names: Names) -> InQueue:
    """Where the job waits or how far it runs; None for a wire without such a list, or a job that is not in it.

    An unreadable list leaves the job as it was: without it, "not finished" would be taken for "unknown".
    """
    queue = description.status.queue
    request = build(description, queue, names) if queue else None
    if queue is None or request is None:
        return None
    answer = yield request
    if answer.status >= 300 or answer.body is UNSET:
        reason = f"{description.display_name} answered {answer.status} when asked for its queue"
        return Unanswered(reason, wait_of(description, answer))
    job = str(names["id"])
    if (place := _place(queue, answer.document, job)) is not None:
        return PollResult("queued", position=place)
    for entry in find(answer.document, queue.running):
        if first_text(entry, queue.id) == job:
            progress = (yield from _listening(queue.listen, entry, names)) if queue.listen else None
            return PollResult("processing", progress=progress)
    return None


def _place(queue: QueueListing, document: JSON, job: str) -> int | None:
    """1 for the next; the list itself need not be in order."""
    waiting = sorted(find(document, queue.waiting), key=lambda entry: first_number(entry, queue.order) or 0.0)
    places = (place for place, entry in enumerate(waiting, 1) if first_text(entry, queue.id) == job)
    return next(places, None)


def _listening(listen: Listen, entry: JSON, names: Names) -> Generator[Request, HTTPResponse, float | None]:
    url = fill_path(listen.path, names)
    if url is None:
        return None

    def fits(message: JSON) -> bool:
        return _fits(listen, message, names)

    answer = yield Request(method=LISTEN, url=url, patience=listen.seconds, enough=fits)
    told = [message for message in find(answer.document, "/*") if fits(message)]
    return _progress(listen, told[-1], entry) if told else None


def _fits(listen: Listen, message: JSON, names: Names) -> bool:
    """Whether this message tells of progress, and of this job's."""
    wanted = {pointer: fill_text(pattern, names) for pointer, pattern in listen.where.items()}
    return all(
        pattern is not None and re.search(pattern, first_text(message, pointer))
        for pointer, pattern in wanted.items()
    )


def _progress(listen: Listen, message: JSON, entry: JSON) -> float | None:
    members = first(entry, listen.of)
    if not isinstance(members, dict | list) or not members:
        return None
    done = 0.0
    for part in find(message, listen.each):
        value, full = first_number(part, listen.value), first_number(part, listen.full)
        done += min(value / full, 1.0) if value is not None and full else 0.0
    return min(done / len(members), 1.0)


Looking: TypeAlias = Generator[Request, HTTPResponse, PollOutcome]


def poll_steps(
    description: ProviderDescription,
    operation: Operation,
    origins: Collection[str],
    *,
    cancel_sent: bool = False,
) -> Looking:
    """Ask for the status, and once that is a success for the result: only with an output has a job succeeded."""
    look = yield from _asking(description, operation, origins, cancel_sent)
    warning = operation.kept.get(WARNING)
    if isinstance(look, PollResult) and look.log is None and isinstance(warning, str):
        return structs.replace(look, log=warning)
    return look


def _asking(
    description: ProviderDescription, operation: Operation, origins: Collection[str], cancel_sent: bool
) -> Looking:
    names = names_of(operation)
    if found := (yield from in_queue(description, names)):
        return found
    request = build(description, description.status, names)
    if request is None:
        return _no_address(description)
    answer = status = yield request
    look = interpret_status(description, answer, cancel_sent=cancel_sent)
    if isinstance(look, Unanswered) or look.state != "succeeded":
        return look
    charged = cost(description, answer.document)
    names |= keep(description.status.keep, answer.document)
    for call in description.then:
        if first(answer.document, call.unless) is not None:
            continue
        request = build(description, call, names)
        if request is None:
            return _no_address(description)
        answer = yield request
        if verdict := _no_result(description, call, answer):
            return verdict
        names |= keep(call.keep, answer.document)
    charged = charged or cost(description, answer.document)
    files = outputs(description, operation, (answer.document, status.document), origins)
    return _finished(description, look, files, charged)


def _no_address(description: ProviderDescription) -> Unanswered:
    return Unanswered(f"the description of {description.display_name} gives no address to ask about this job")


def _no_result(description: ProviderDescription, call: Result, answer: HTTPResponse) -> PollOutcome | None:
    """What an answer means that is no result; None for a result.

    A readable refusal is the job's own failure (fal), but an outage, a used-up rate or a bad key says nothing of it.
    """
    if answer.status < 300 and answer.body is not UNSET and not envelope_refuses(description, answer):
        return None
    told = told_by(description, answer)
    if call.pending and re.search(call.pending, told):
        return PollResult("processing")
    if call.canceled and re.search(call.canceled, told):
        return PollResult("canceled", billing=description.billing.get("canceled", "unknown"))
    error = error_of(description, answer)
    readable = answer.body is not UNSET and (answer.status < 300 or answer.status >= 400)
    meant = answer.status < 500 or code_of(description, answer)
    if readable and meant and not is_gone(description, answer) and error.kind not in ("auth", "rate_limited"):
        return PollResult("failed", error=error, billing=error.billing)
    reason = f"{description.display_name} answered {answer.status} when asked for the result"
    return Unanswered(reason, wait_of(description, answer), gone=is_gone(description, answer))


def _finished(
    description: ProviderDescription, look: PollResult, files: tuple[OutputFile, ...], charged: Cost | None
) -> PollResult:
    if not files:
        billing = description.billing.get("bad_output", "unknown")
        error = make_error(
            "bad_output", description.display_name, "there is no file in its answer", billing=billing
        )
        return PollResult("failed", log=look.log, error=error, cost=charged, billing=billing)
    billing = description.billing.get("succeeded", "billed")
    return PollResult("succeeded", progress=1.0, log=look.log, outputs=files, cost=charged, billing=billing)
