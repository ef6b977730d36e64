"""Named points in the life of a job: what a process works with is wrapped, so that something can happen at each.

A step has up to three points: `NAME: before`, `NAME: written` (in the database, not committed), `NAME: after`.
Nothing in the code that is tested knows of this: a process gets a context of objects that pass every call on.
"""

import errno
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from typing import Any, BinaryIO, TypeVar

import msgspec
from msgspec.structs import replace

from models.spec.values import Values
from providers.client.provider_client import ProviderClient
from providers.outcomes import (
    CancelOutcome,
    FetchOutcome,
    FindOutcome,
    Handle,
    KeyCheck,
    NotUploaded,
    Operation,
    PollOutcome,
    SubmitOutcome,
)
from providers.registry import ProviderRegistry
from tasks.context import AppContext
from tasks.database.database import Database, Statement
from tasks.jobs.claims import JobClaims, Wakeup
from tasks.jobs.model import Job, PolledJob, State
from tasks.jobs.repository import JobRepository, KnownKey, Repeat, SubmitOutcomes
from tasks.storage.media import MediaStorage
from tasks.storage.store import Store
from tasks.worker.queue import Queue

Reach = Callable[[str], None]
Answer = TypeVar("Answer")

UNDER: ContextVar[str] = ContextVar("step", default="")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to go wrong in one process, and how much shorter its waits are than in real life (`pace`)."""

    kill_at: str = ""  # the point at which it ends itself with SIGKILL
    disk_full: int = 0  # how many times the disk is full when a video is stored
    clock: float = 0.0  # seconds that its clock is ahead
    pace: Values = {}


async def planned(context: AppContext, plan: Plan, reach: Reach) -> AppContext:
    """The context as this process is to have it; `reach` is called with the name of every point that is passed."""

    def clock() -> float:
        return time.time() + plan.clock

    context = replace(
        context,
        jobs=JobRepository(context.database, clock),
        media=FullDisk(context.media.store, plan.disk_full),
        timing=replace(context.timing, **plan.pace),
    )
    return await wrapped(context, reach, clock) if plan.kill_at else context


async def wrapped(context: AppContext, reach: Reach, clock: Callable[[], float]) -> AppContext:
    """The same context, with every step of a job's life going through `reach`."""
    database = WrappedDatabase(context.database, reach)
    await context.queue.close()
    return replace(
        context,
        database=database,
        jobs=WrappedJobs(database, clock, reach),
        queue=WrappedQueue(context.queue.url, reach),
        media=WrappedMedia(context.media, reach),
        registry=WrappedRegistry(context.registry, reach),
    )


async def step(reach: Reach, name: str, work: Awaitable[Answer]) -> Answer:
    """Do the work between its two points; what it writes meanwhile is written under its name."""
    token = UNDER.set(name)
    try:
        reach(f"{name}: before")
        answer = await work
    finally:
        UNDER.reset(token)
    if answer != ():  # no look was due
        reach(f"{name}: after")
    return answer


class WrappedDatabase(Database):
    """Has a point between the last statement of a transaction and its commit."""

    def __init__(self, inner: Database, reach: Reach) -> None:
        super().__init__(inner.engine)
        self.reach = reach

    @asynccontextmanager
    async def _to_the_commit(self, inner: AbstractAsyncContextManager[object]) -> AsyncIterator[None]:
        async with inner:
            yield
            self.reach(f"{UNDER.get()}: written")

    def transaction(self, *, durable: bool = False) -> AbstractAsyncContextManager[object]:
        return self._to_the_commit(super().transaction(durable=durable))

    async def write_all(self, *statements: Statement, durable: bool = False) -> bool:
        """SQLite writes all in one visit; the last statement is then ours. Postgres has its transaction."""
        ours = [("SELECT {}", (_WhenBound(UNDER.get(), self.reach),))] if self.is_sqlite else []
        return await super().write_all(*statements, *ours, durable=durable)


class _WhenBound:
    """An argument of a statement, by which SQLite asks for its value when it runs that statement."""

    def __init__(self, name: str, reach: Reach) -> None:
        self.name, self.reach = name, reach

    def __conform__(self, _: object) -> int:
        self.reach(f"{self.name}: written")
        return 1


class WrappedJobs(JobRepository):
    def __init__(self, database: Database, clock: Callable[[], float], reach: Reach) -> None:
        super().__init__(database, clock)
        self.reach = reach
        self.claims = WrappedClaims(database, clock, reach)
        self.outcomes = WrappedOutcomes(self, reach)

    async def create(self, job: Job, **facts: Any) -> Job | KnownKey | Repeat:
        return await step(self.reach, "insert", super().create(job, **facts))

    async def transition(self, job: Job | PolledJob, to: State, why: str, **facts: Any) -> Job | None:
        return await step(self.reach, f"move to {to}", super().transition(job, to, why, **facts))


class WrappedOutcomes(SubmitOutcomes):
    def __init__(self, jobs: JobRepository, reach: Reach) -> None:
        super().__init__(jobs.database, jobs.ledger, jobs.clock)
        self.reach = reach

    async def accepted(self, *args: Any) -> Job | None:
        return await step(self.reach, "record accepted", super().accepted(*args))

    async def refused(self, *args: Any) -> Job | None:
        return await step(self.reach, "record refused", super().refused(*args))


class WrappedClaims(JobClaims):
    def __init__(self, database: Database, clock: Callable[[], float], reach: Reach) -> None:
        super().__init__(database, clock)
        self.reach = reach

    async def claim_submission(self, *args: Any, **facts: Any) -> Job | None:
        return await step(self.reach, "claim to submit", super().claim_submission(*args, **facts))

    async def claim_save(self, *args: Any) -> Job | None:
        return await step(self.reach, "claim to save", super().claim_save(*args))

    async def claim_due_polls(self, *args: Any) -> tuple[PolledJob, ...]:
        return await step(self.reach, "claim looks", super().claim_due_polls(*args))

    async def claim_cancel(self, *args: Any) -> bool:
        return await step(self.reach, "claim to cancel", super().claim_cancel(*args))

    async def release(self, *args: Any) -> Wakeup | None:
        return await step(self.reach, "put back", super().release(*args))


class WrappedQueue(Queue):
    def __init__(self, url: str, reach: Reach) -> None:
        super().__init__(url)
        self.reach = reach

    async def enqueue_submit(self, *args: Any, **facts: Any) -> None:
        await step(self.reach, "hint to submit", super().enqueue_submit(*args, **facts))

    async def enqueue_save(self, *args: Any, **facts: Any) -> None:
        await step(self.reach, "hint to save", super().enqueue_save(*args, **facts))


class WrappedMedia(MediaStorage):
    def __init__(self, inner: MediaStorage, reach: Reach) -> None:
        super().__init__(inner.store)
        self.inner, self.reach = inner, reach

    async def save(self, job_id: str, number: int, fetch: Callable[[BinaryIO], Awaitable[Any]]) -> Any:
        return await step(self.reach, "store", self.inner.save(job_id, number, fetch))


class FullDisk(MediaStorage):
    """The first `times` attempts to store a video find the disk full, half-way through the download."""

    def __init__(self, store: Store, times: int) -> None:
        super().__init__(store)
        self.left = times

    async def save(self, job_id: str, number: int, fetch: Callable[[Any], Awaitable[Any]]) -> Any:
        if self.left <= 0:
            return await super().save(job_id, number, fetch)
        self.left -= 1
        return await super().save(job_id, number, lambda _: fetch(_Full()))


class _Full:
    def write(self, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


class WrappedRegistry(ProviderRegistry):
    """The inner registry, with what it knows; only the clients that it gives are wrapped."""

    def __init__(self, inner: ProviderRegistry, reach: Reach) -> None:
        self.__dict__.update(vars(inner))
        self.reach = reach

    def client(self, provider: str, origin: str, sandbox: bool) -> ProviderClient | None:
        found = super().client(provider, origin, sandbox)
        return WrappedClient(found, self.reach) if found is not None else None


class WrappedClient(ProviderClient):
    def __init__(self, inner: ProviderClient, reach: Reach) -> None:
        self.inner, self.reach = inner, reach
        self.description, self.caller = inner.description, inner.caller

    def webhook_keys(self) -> tuple[str, ...]:
        return self.inner.webhook_keys()

    async def upload_media(self, *args: Any) -> Handle | NotUploaded:
        return await step(self.reach, "deliver", self.inner.upload_media(*args))

    async def submit(self, *args: Any, **facts: Any) -> SubmitOutcome:
        return await step(self.reach, "submit", self.inner.submit(*args, **facts))

    async def poll(self, operation: Operation, *, cancel_sent: bool = False) -> PollOutcome:
        return await step(self.reach, "look", self.inner.poll(operation, cancel_sent=cancel_sent))

    async def find(self, *args: Any, **facts: Any) -> FindOutcome:
        return await self.inner.find(*args, **facts)

    async def cancel(self, operation: Operation) -> CancelOutcome:
        return await step(self.reach, "cancel", self.inner.cancel(operation))

    async def fetch(self, output: Any, to: Any, limit_bytes: int) -> FetchOutcome:
        halfway = _Halfway(to, self.reach)
        return await step(self.reach, "fetch", self.inner.fetch(output, halfway, limit_bytes))

    async def check_key(self) -> KeyCheck:
        return await self.inner.check_key()


class _Halfway:
    """Passes a download on; a point is reached with its first bytes."""

    def __init__(self, to: Any, reach: Reach) -> None:
        self._to = to
        self._reach = reach

    def write(self, data: bytes) -> None:
        self._to.write(data[: len(data) // 2])
        self._reach("fetch: half-way")
        self._to.write(data[len(data) // 2 :])
