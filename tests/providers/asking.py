"""A look on the pure interpreter, for tests: canned answers in, the outcome and what was asked out."""

from typing import TypeAlias

from msgspec import json

from providers.client.polling import poll_steps
from providers.client.requests import Request
from providers.client.responses import HTTPResponse
from providers.description.schema import ProviderDescription
from providers.outcomes import Operation, PollOutcome, PollResult

# HTTP status and body of an answer, and its headers where they matter
Told: TypeAlias = tuple[int, object] | tuple[int, object, dict[str, str]]

PREDICTION = Operation("gm3", {"get": "/v1/predictions/gm3"}, endpoint="minimax/hailuo-02", mode="t2v")
FAL_LINKS = {
    "status": "/fal-ai/veo3.1/requests/r1/status",
    "result": "/fal-ai/veo3.1/requests/r1",
    "cancel": "/fal-ai/veo3.1/requests/r1/cancel",
}
QUEUED = Operation("r1", FAL_LINKS, endpoint="fal-ai/veo3.1/image-to-video", mode="i2v")
TASK = Operation("t1", endpoint="m", mode="t2v", kept={"group": "g1"})


def look(
    wire: ProviderDescription, operation: Operation, *answers: Told, cancel_sent: bool = False
) -> tuple[PollOutcome, list[Request]]:
    """The look's outcome and what was asked, given these answers in turn."""
    steps, asked = poll_steps(wire, operation, [wire.base], cancel_sent=cancel_sent), []
    told = iter(answers)
    try:
        asked.append(next(steps))
        while True:
            status, body, *headers = next(told)
            content = body if isinstance(body, bytes) else json.encode(body)
            asked.append(steps.send(HTTPResponse.read(status, headers[0] if headers else {}, content)))
    except StopIteration as end:
        assert next(told, None) is None
        outcome: PollOutcome = end.value
        return outcome, asked


def seen(
    wire: ProviderDescription, operation: Operation, *answers: Told, cancel_sent: bool = False
) -> PollResult:
    outcome, _ = look(wire, operation, *answers, cancel_sent=cancel_sent)
    assert isinstance(outcome, PollResult)
    return outcome


COMPLETED = (200, {"status": "COMPLETED", "logs": []})
