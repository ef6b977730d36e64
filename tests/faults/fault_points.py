"""Named points in the life of a job: what a process works with is wrapped, so that something can happen at each.

A step has up to three points: `NAME: before`, `NAME: written` (in the database, not committed), `NAME: after`.
Nothing in the code that is tested knows of this.
"""

import errno
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

import msgspec

from models.spec.values import Values
from tasks.context import AppContext
from tasks.database.database import Statement
from tasks.database.sqlite import PooledSQLite

Reach = Callable[[str], None]

UNDER: ContextVar[str] = ContextVar("step", default="")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to go wrong in one process, and how much shorter its waits are than in real life (`pace`)."""

    kill_at: str = ""  # the point at which it ends itself with SIGKILL
    disk_full: int = 0  # how many times the disk is full when a video is stored
    clock: float = 0.0  # seconds that its clock is ahead
    pace: Values = {}


def tap_all(context: AppContext, reach: Reach) -> AppContext:
    """Call `reach` with the name of every point that is passed."""
    jobs, claims = context.jobs, context.jobs.claims
    _tap(jobs, "create", "insert", reach)
    _tap(jobs, "transition", lambda _job, to, *_: f"move to {to}", reach)
    _tap(jobs.outcomes, "accepted", "record accepted", reach)
    _tap(jobs.outcomes, "refused", "record refused", reach)
    _tap(claims, "claim_submission", "claim to submit", reach)
    _tap(claims, "claim_save", "claim to save", reach)
    _tap(claims, "claim_due_polls", "claim looks", reach)
    _tap(claims, "claim_cancel", "claim to cancel", reach)
    _tap(claims, "release", "put back", reach)
    _tap(context.queue, "enqueue_submit", "hint to submit", reach)
    _tap(context.queue, "enqueue_save", "hint to save", reach)
    _tap(context.media, "save", "store", reach)
    _tap_transactions(context, reach)
    _tap_writes(context, reach)
    _tap_lines(context, reach)
    return context


def fill_disk(context: AppContext, times: int) -> None:
    """The first `times` attempts to store a video find the disk full, half-way through the download."""
    left = [times]
    save: Any = context.media.save

    async def full(job_id: str, number: int, fetch: Any) -> Any:
        if left[0] <= 0:
            return await save(job_id, number, fetch)
        left[0] -= 1

        async def fetch_some(to: Any) -> Any:
            return await fetch(_Full())

        return await save(job_id, number, fetch_some)

    context.media.save = full  # type: ignore[method-assign]


class _Full:
    def write(self, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def _tap(target: Any, method: str, named: str | Callable[..., str], reach: Reach) -> None:
    inner = getattr(target, method)

    async def tapped(*args: Any, **facts: Any) -> Any:
        name = named if isinstance(named, str) else named(*args)
        token = UNDER.set(name)
        try:
            reach(f"{name}: before")
            answer = await inner(*args, **facts)
        finally:
            UNDER.reset(token)
        if answer != ():  # no look was due
            reach(f"{name}: after")
        return answer

    setattr(target, method, tapped)


def _tap_transactions(context: AppContext, reach: Reach) -> None:
    inner = context.database.transaction

    @asynccontextmanager
    async def tapped(*, durable: bool = False) -> AsyncIterator[None]:
        async with inner(durable=durable):
            yield
            reach(f"{UNDER.get()}: written")

    context.database.transaction = tapped  # type: ignore[method-assign]


def _tap_writes(context: AppContext, reach: Reach) -> None:
    """SQLite writes several statements in one visit; the last of them is then ours. Postgres has its transactions."""
    inner, engine = context.database.write_all, context.database.engine
    if not isinstance(engine, PooledSQLite):
        return

    async def tapped(*statements: Statement, durable: bool = False) -> bool:
        point = f"{UNDER.get()}: written"
        for connection in (engine._quick, engine._durable):
            await connection.create_function("reached", 0, lambda: reach(point))
        return await inner(*statements, ("SELECT coalesce(reached(), 1)", ()), durable=durable)

    context.database.write_all = tapped  # type: ignore[method-assign]


METHODS = (
    ("upload_media", "deliver"),
    ("submit", "submit"),
    ("poll", "look"),
    ("cancel", "cancel"),
    ("fetch", "fetch"),
)


def _tap_lines(context: AppContext, reach: Reach) -> None:
    inner = context.registry.client

    def line(*key: Any) -> Any:
        found = inner(*key)
        if found is not None:
            for method, point in METHODS:
                _tap(found, method, point, reach)
            _tap_download(found, reach)
        return found

    context.registry.client = line  # type: ignore[assignment, method-assign]


def _tap_download(line: Any, reach: Reach) -> None:
    inner = line.fetch

    async def fetch(output: Any, to: Any, limit: int) -> Any:
        return await inner(output, _Halfway(to, reach), limit)

    line.fetch = fetch


class _Halfway:
    """Passes a download on; a point is reached with its first bytes."""

    def __init__(self, to: Any, reach: Reach) -> None:
        self._to = to
        self._reach = reach

    def write(self, data: bytes) -> None:
        self._to.write(data[: len(data) // 2])
        self._reach("fetch: half-way")
        self._to.write(data[len(data) // 2 :])
