"""A provider made of answers: it counts what it is asked, and answers as a test tells it."""

import asyncio
import itertools
from collections.abc import Callable
from datetime import date
from typing import Any

from models.payload import MediaLeaf
from providers.client.provider_client import ProviderClient
from providers.description.catalogue import DescriptionCatalogue
from providers.description.schema import Errors, Limits, Poll, ProviderDescription, Status, Submit
from providers.description.schema import OutputPlaces as OutputAt
from providers.outcomes import (
    Accepted,
    Canceled,
    CancelOutcome,
    Fetched,
    FetchOutcome,
    FindOutcome,
    Handle,
    LocalFile,
    NotUploaded,
    Operation,
    OutputFile,
    PollOutcome,
    PollResult,
    Submission,
    SubmitOutcome,
    Unanswered,
)
from providers.registry import Choice, ProviderRegistry

DONE = PollResult("succeeded", outputs=(OutputFile("https://acme.test/1.mp4"),))


def wire(slots: int = 5) -> ProviderDescription:
    return ProviderDescription(
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


class Acme(ProviderClient):
    """A provider that counts what it is asked and answers as it is told; by default everything goes well."""

    def __init__(self) -> None:
        self.description = wire()
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

    def whole_video(self, to: Any) -> FetchOutcome:
        to.write(self.video)
        return Fetched("video/mp4", len(self.video))

    async def upload_media(
        self, leaf: MediaLeaf, file: LocalFile | None, order: Submission | None = None
    ) -> Handle | NotUploaded:
        self.delivered.append(leaf.ref)
        answer: Handle | NotUploaded = await _answer(self.on_deliver(leaf))
        return answer

    async def submit(
        self, order: Submission, handles: Any, *, job_id: str, webhook: str | None = None
    ) -> SubmitOutcome:
        self.submitted.append(job_id)
        answer: SubmitOutcome = await _answer(self.on_submit(job_id))
        return answer

    async def find(self, order: Submission, *, job_id: str) -> FindOutcome:
        answer: FindOutcome = await _answer(self.on_find(job_id))
        return answer

    async def poll(self, operation: Operation, *, cancel_sent: bool = False) -> PollOutcome:
        self.looks += 1
        answer: PollOutcome = await _answer(self.on_look(operation.id.removeprefix("op-")))
        return answer

    async def cancel(self, operation: Operation) -> CancelOutcome:
        self.cancels.append(operation.id)
        answer: CancelOutcome = await _answer(self.on_cancel(operation.id.removeprefix("op-")))
        return answer

    async def fetch(self, output: OutputFile, to: Any, limit_bytes: int) -> FetchOutcome:
        self.fetches += 1
        self.limit = limit_bytes
        answer: FetchOutcome = await _answer(self.on_fetch(to))
        return answer


async def _answer(given: Any) -> Any:
    return await given if asyncio.iscoroutine(given) else given


def in_turn(*answers: Any) -> Callable[[Any], Any]:
    """Each call gets the next answer, and the last one for ever."""
    left = itertools.chain(answers, itertools.repeat(answers[-1]))
    return lambda _: next(left)


class OnlyAcme(DescriptionCatalogue):
    """One provider without a file."""

    def __init__(self, acme: Acme) -> None:
        self.acme = acme

    def get(self, name: str) -> ProviderDescription | None:
        return self.acme.description if name in ("acme", "replicate", "fal") else None

    def all(self) -> tuple[ProviderDescription, ...]:
        return (self.acme.description,)


class AcmeLines(ProviderRegistry):
    """All lines lead to Acme; `sandbox` and `there` are what a test wants."""

    def __init__(self, acme: Acme) -> None:
        self.acme = acme
        self.sandbox = False
        self.there = True
        self.asked_for: list[tuple[str, str, bool]] = []

    def choose(self, provider: str) -> Choice | None:
        return Choice("" if self.sandbox else "https://acme.test", self.sandbox) if self.there else None

    def client(self, provider: str, origin: str, sandbox: bool) -> ProviderClient | None:
        self.asked_for.append((provider, origin, sandbox))
        return self.acme if self.there else None
