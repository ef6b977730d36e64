"""The faults that can be asked for: one table, and how a request or a prompt names them.

Three ways to ask:
    ?fault=NAME in the address, or the header X-Sandbox-Fault: NAME   this very request (at a submission: also its job)
    [fault: NAME] anywhere in the prompt                              the submission, or the job it starts
    [fault: NAME on look x2]                                          the first two looks; also `on cancel`, `on output`
"""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from providers.sandbox.server.asgi import Answer, HangUp, Reply, Silence, text_answer

BEFORE, AFTER, JOB, OUTPUT, WEBHOOK = "before", "after", "job", "output", "webhook"


class Fault(Struct, frozen=True):
    """One fault. `when` says where it strikes: before a request is acted on, after, in the job, at its output, or in
    its webhooks; `times` is how often a prompt's marker strikes when it gives no number (None: always)."""

    name: str
    when: str
    says: str
    times: int | None = None


TABLE = (
    Fault("refuse", BEFORE, "400: refused, nothing accepted"),
    Fault("bad_key", BEFORE, "401: the key is not known"),
    Fault("no_credit", BEFORE, "402, or what the service says when the balance is empty"),
    Fault("not_found", BEFORE, "404: no such model, job or file"),
    Fault("invalid_input", BEFORE, "422: an input is wrong, said at once"),
    Fault("blocked", BEFORE, "the content filter refuses the prompt at once"),
    Fault("rate_limit", BEFORE, "429, with Retry-After: 2 where the service sends one", times=2),
    Fault("busy", BEFORE, "429, or what the service says to more jobs at once than it allows", times=2),
    Fault("error_before", BEFORE, "500, nothing accepted"),
    Fault("drop_before", BEFORE, "the connection closes, nothing accepted"),
    Fault("error_after", AFTER, "500, although it was accepted"),
    Fault("drop_after", AFTER, "accepted, then the connection closes without an answer"),
    Fault("stall", AFTER, "accepted, then no answer ever comes"),
    Fault("malformed", AFTER, "accepted, answered with broken JSON"),
    Fault("html", AFTER, "accepted, answered with an HTML page and 200"),
    Fault("moderation", JOB, "the job ends: the content filter refused it"),
    Fault("fail", JOB, "the job fails midway on the service's side"),
    Fault(
        "expired_job", JOB, "the service gives the job up: expired where it has a word for it, or else failed"
    ),
    Fault("rejected_input", JOB, "accepted, then an input is found wrong when the job runs"),
    Fault("unknown_state", JOB, "while it runs, the job shows a state that nobody documented; it ends well"),
    Fault("endless", JOB, "the job runs for ever, until it is canceled"),
    Fault("ignored_cancel", JOB, "a cancel is answered as usual, and changes nothing"),
    Fault("expired_output", OUTPUT, "success, but the clip is gone (404)"),
    Fault("truncated_output", OUTPUT, "the connection ends at half of the announced length"),
    Fault("damaged_output", OUTPUT, "half of the clip, announced as the whole"),
    Fault("wrong_type", OUTPUT, "an HTML page, served as text/html, in place of the clip"),
    Fault("slow_download", OUTPUT, "the clip comes at some 30 KB a second"),
    Fault("duplicate_webhook", WEBHOOK, "each webhook comes twice, the same to the last byte"),
    Fault("reordered_webhook", WEBHOOK, "the webhook of the start comes after the one of the end"),
)
FAULTS = {fault.name: fault for fault in TABLE}
PLACES = {BEFORE: "submit", AFTER: "submit", JOB: "job", OUTPUT: "job", WEBHOOK: "job"}
MARKER = re.compile(r"\[fault:\s*(\w+)(?:\s+on\s+(\w+))?(?:\s+x(\d+))?\s*\]")


class Mark(Struct, frozen=True):
    """A fault asked for: where it strikes (submit, look, cancel, output, or the job itself) and how often."""

    fault: Fault
    place: str
    times: int | None


class UnknownFaultError(Exception):
    """A fault, or a place for one, that is not in the table; the message says which is near."""


def asked_by(query: Mapping[str, str], headers: Mapping[str, str]) -> Fault | None:
    """The fault that a request asks for itself; raises `UnknownFaultError`."""
    name = query.get("fault") or headers.get("x-sandbox-fault")
    return _named(name) if name else None


def marks_in(prompt: str) -> tuple[Mark, ...]:
    """The faults that a prompt asks for, in order; raises `UnknownFaultError`."""
    return tuple(_mark(*found) for found in MARKER.findall(prompt))


def goes_with_job(name: str) -> bool:
    """Whether the fault of this name strikes in the job or at its output, not at the submission."""
    return PLACES[FAULTS[name].when] == "job"


def _mark(name: str, place: str, times: str) -> Mark:
    fault = _named(name)
    if place and place not in ("submit", "look", "cancel", "output"):
        raise UnknownFaultError(f"A fault strikes on submit, look, cancel or output, not on {place!r}.")
    return Mark(fault, place or PLACES[fault.when], int(times) if times else fault.times)


def _named(name: str) -> Fault:
    if fault := FAULTS.get(name):
        return fault
    near = difflib.get_close_matches(name, FAULTS, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(FAULTS)}."
    raise UnknownFaultError(f"There is no fault named {name!r}. {hint}")


def struck(marks: Sequence[Mark], before: int) -> Fault | None:
    """Which of these strikes when there were `before` attempts: each has its turn, one without a number for ever."""
    for mark in marks:
        if mark.times is None or before < mark.times:
            return mark.fault
        before -= mark.times
    return None


def instead(fault: Fault, refusal: Callable[[str], Answer]) -> Reply:
    """What a fault answers when nothing is to be accepted; `refusal` speaks the provider's own envelope."""
    return HangUp() if fault.name == "drop_before" else refusal(fault.name)


def spoiled(reply: Reply, fault: Fault, refusal: Callable[[str], Answer]) -> Reply:
    """What leaves the house in place of `reply`, after the request was acted on."""
    match fault.name:
        case "error_after":
            return refusal(fault.name)
        case "drop_after":
            return HangUp()
        case "stall":
            return Silence()
        case "html":
            return text_answer(200, "<!doctype html><title>Just a moment</title><p>Checking.", "text/html")
        case "malformed":
            body = reply.body if isinstance(reply, Answer) else b'{"status": "malformed"}'
            return Answer(200, body[: max(1, len(body) * 2 // 3)], {"content-type": "application/json"})
        case _:
            return reply
