"""The exchanges of more than one request, as generators without I/O: they yield requests and are sent answers."""

import re
from collections.abc import Collection, Generator
from typing import TypeAlias

from msgspec import UNSET, structs

from providers.answer import Answer, code_of, envelope_refuses, error_of, told_by, wait_of
from providers.answers import Cost, Look, LookAnswer, Operation, OutputFile, Unanswered
from providers.calls import Result
from providers.errors import tell
from providers.judge import WARNING, is_gone, judge_status, keep
from providers.outputs import cost, outputs
from providers.pointer import first
from providers.queueing import in_queue
from providers.request import Request, build, names_of
from providers.wire import Wire

Looking: TypeAlias = Generator[Request, Answer, LookAnswer]


def looking(
    wire: Wire, operation: Operation, origins: Collection[str], *, cancel_sent: bool = False
) -> Looking:
    """Ask for the status, and once that is a success for the result: only with an output has a job succeeded."""
    look = yield from _asking(wire, operation, origins, cancel_sent)
    warning = operation.kept.get(WARNING)
    if isinstance(look, Look) and look.log is None and isinstance(warning, str):
        return structs.replace(look, log=warning)
    return look


def _asking(wire: Wire, operation: Operation, origins: Collection[str], cancel_sent: bool) -> Looking:
    names = names_of(operation)
    if found := (yield from in_queue(wire, names)):
        return found
    request = build(wire, wire.status, names)
    if request is None:
        return _no_address(wire)
    answer = status = yield request
    look = judge_status(wire, answer, cancel_sent=cancel_sent)
    if isinstance(look, Unanswered) or look.state != "succeeded":
        return look
    charged = cost(wire, answer.document)
    names |= keep(wire.status.keep, answer.document)
    for call in wire.then:
        if first(answer.document, call.unless) is not None:
            continue
        request = build(wire, call, names)
        if request is None:
            return _no_address(wire)
        answer = yield request
        if verdict := _no_result(wire, call, answer):
            return verdict
        names |= keep(call.keep, answer.document)
    charged = charged or cost(wire, answer.document)
    files = outputs(wire, operation, (answer.document, status.document), origins)
    return _finished(wire, look, files, charged)


def _no_address(wire: Wire) -> Unanswered:
    return Unanswered(f"the description of {wire.display_name} gives no address to ask about this job")


def _no_result(wire: Wire, call: Result, answer: Answer) -> LookAnswer | None:
    """What an answer means that is no result; None for a result.

    A readable refusal is the job's own failure (fal), but an outage, a used-up rate or a bad key says nothing of it.
    """
    if answer.status < 300 and answer.body is not UNSET and not envelope_refuses(wire, answer):
        return None
    told = told_by(wire, answer)
    if call.pending and re.search(call.pending, told):
        return Look("processing")
    if call.canceled and re.search(call.canceled, told):
        return Look("canceled", billing=wire.billing.get("canceled", "unknown"))
    error = error_of(wire, answer)
    readable = answer.body is not UNSET and (answer.status < 300 or answer.status >= 400)
    meant = answer.status < 500 or code_of(wire, answer)
    if readable and meant and not is_gone(wire, answer) and error.kind not in ("auth", "rate_limited"):
        return Look("failed", error=error, billing=error.billing)
    reason = f"{wire.display_name} answered {answer.status} when asked for the result"
    return Unanswered(reason, wait_of(wire, answer), gone=is_gone(wire, answer))


def _finished(wire: Wire, look: Look, files: tuple[OutputFile, ...], charged: Cost | None) -> Look:
    if not files:
        billing = wire.billing.get("bad_output", "unknown")
        error = tell("bad_output", wire.display_name, "there is no file in its answer", billing=billing)
        return Look("failed", log=look.log, error=error, cost=charged, billing=billing)
    billing = wire.billing.get("succeeded", "billed")
    return Look("succeeded", progress=1.0, log=look.log, outputs=files, cost=charged, billing=billing)
