"""A provider made of answers: it counts what it is asked, and answers as a test tells it."""

import asyncio
import itertools
from collections.abc import Callable
from datetime import date
from typing import Any

from models.payload import MediaLeaf
from providers.client.provider_client import Line
from providers.description.catalogue import Wires
from providers.description.schema import Errors, Limits, Poll, Status, Submit, Wire
from providers.description.schema import Output as OutputAt
from providers.outcomes import (
    Accepted,
    CancelAnswer,
    Canceled,
    FetchAnswer,
    Fetched,
    FindAnswer,
    Handle,
    LocalFile,
    Look,
    LookAnswer,
    NotDelivered,
    Operation,
    Order,
    OutputFile,
    SubmitAnswer,
    Unanswered,
)
from providers.registry import Choice, Lines

DONE = Look("succeeded", outputs=(OutputFile("https://acme.test/1.mp4"),))


def wire(slots: int = 5) -> Wire:
    return Wire(
        name="acme",
        display_name="Acme",
        base="https://acme.test",
        source="made up",
        checked=date(2026, 1, 1),
        submit=Submit(path="/jobs", id="/id", lookup="{idem}"),
        status=Status(path="/jobs/{id}", state="/state", map={}),
        output=OutputAt(),
        error=Errors(),
        poll=Poll(first=0.02, every=0.04, max=0.08),
        limits=Limits(concurrency=slots),
    )


class Acme(Line):
    """A provider that counts what it is asked and answers as it is told; by default everything goes well."""

    def __init__(self) -> None:
        self.wire = wire()
        self.video = b""
        self.submitted: list[str] = []  # job ids, one for each request
        self.delivered: list[str] = []  # references
        self.cancels: list[str] = []
        self.looks = 0
        self.fetches = 0
        self.limit = 0  # bytes, of the last one
        self.on_submit: Callable[[str], Any] = lambda job_id: Accepted(Operation(f"op-{job_id}"))
        self.on_find: Callable[[str], Any] = lambda _: Unanswered("it cannot be asked for an id of ours")
        self.on_look: Callable[[str], Any] = lambda _: DONE
        self.on_cancel: Callable[[str], Any] = lambda _: Canceled()
        self.on_fetch: Callable[[Any], Any] = self.whole_video
        self.on_deliver: Callable[[MediaLeaf], Any] = lambda leaf: Handle(f"acme:{leaf.ref}")

    def whole_video(self, to: Any) -> FetchAnswer:
        to.write(self.video)
        return Fetched("video/mp4", len(self.video))

    async def deliver(
        self, leaf: MediaLeaf, file: LocalFile | None, order: Order | None = None
    ) -> Handle | NotDelivered:
        self.delivered.append(leaf.ref)
        answer: Handle | NotDelivered = await _answer(self.on_deliver(leaf))
        return answer

    async def submit(
        self, order: Order, handles: Any, *, job_id: str, webhook: str | None = None
    ) -> SubmitAnswer:
        self.submitted.append(job_id)
        answer: SubmitAnswer = await _answer(self.on_submit(job_id))
        return answer

    async def find(self, order: Order, *, job_id: str) -> FindAnswer:
        answer: FindAnswer = await _answer(self.on_find(job_id))
        return answer

    async def look(self, operation: Operation, *, cancel_sent: bool = False) -> LookAnswer:
        self.looks += 1
        answer: LookAnswer = await _answer(self.on_look(operation.id.removeprefix("op-")))
        return answer

    async def cancel(self, operation: Operation) -> CancelAnswer:
        self.cancels.append(operation.id)
        answer: CancelAnswer = await _answer(self.on_cancel(operation.id.removeprefix("op-")))
        return answer

    async def fetch(self, output: OutputFile, to: Any, limit_bytes: int) -> FetchAnswer:
        self.fetches += 1
        self.limit = limit_bytes
        answer: FetchAnswer = await _answer(self.on_fetch(to))
        return answer


async def _answer(given: Any) -> Any:
    return await given if asyncio.iscoroutine(given) else given


def in_turn(*answers: Any) -> Callable[[Any], Any]:
    """Each call gets the next answer, and the last one for ever."""
    left = itertools.chain(answers, itertools.repeat(answers[-1]))
    return lambda _: next(left)


class OnlyAcme(Wires):
    """One provider without a file."""

    def __init__(self, acme: Acme) -> None:
        self.acme = acme

    def get(self, name: str) -> Wire | None:
        return self.acme.wire if name in ("acme", "replicate", "fal") else None

    def all(self) -> tuple[Wire, ...]:
        return (self.acme.wire,)


class AcmeLines(Lines):
    """All lines lead to Acme; `sandbox` and `there` are what a test wants."""

    def __init__(self, acme: Acme) -> None:
        self.acme = acme
        self.sandbox = False
        self.there = True
        self.asked_for: list[tuple[str, str, bool]] = []

    def choose(self, provider: str) -> Choice | None:
        return Choice("" if self.sandbox else "https://acme.test", self.sandbox) if self.there else None

    def line(self, provider: str, origin: str, sandbox: bool) -> Line | None:
        self.asked_for.append((provider, origin, sandbox))
        return self.acme if self.there else None
