"""A small world for the life of a job: real database, real queue server, real worker, and Acme as the provider."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from models.payload import MediaLeaf
from models.spec.values import JSON
from providers.outcomes import Submission
from tasks.context import AppContext
from tasks.jobs.claims import Wakeup
from tasks.jobs.model import Amounts, Job
from tasks.jobs.stale import StaleJobs
from tasks.worker.run import run_worker
from tasks.worker.timing import WorkerTiming
from tests.support import PATIENCE
from tests.tasks.acme import Acme, AcmeLines

NEVER = WorkerTiming().longest_wait
"""Seconds, more than any test waits for: what comes of itself comes from elsewhere. A longer pause would count as one
of a clock that went back."""
assert NEVER > 2 * PATIENCE

QUICK = WorkerTiming(
    # What is tried again is tried again soon …
    renew=0.15,
    lookup_first=0.1,
    sweep_every=0.1,
    wakeup_after=0.3,
    poll_idle=0.02,
    retry_first=0.05,
    retry_max=0.2,
    pause=0.3,
    pause_max=0.5,
    gone_polls=3,
    shutdown=1.0,
    # … and nobody is given up because the machine is slow: tests of these skip some time, or set their own.
    lease=NEVER,
    submit_limit=NEVER,
    lookup_limit=NEVER,
    cancel_again=NEVER,
)


class Ahead:
    """The machine's clock, and as far ahead of it as a test has skipped."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def skip(self, seconds: float) -> None:
        self.ahead += seconds


class Counted(StaleJobs):
    """Counts the sweeps that began."""

    sweeps = 0

    async def submissions(self) -> tuple[Job, ...]:
        self.sweeps += 1
        return await super().submissions()


async def until(found: Callable[[], bool | Awaitable[bool]], what: str) -> None:
    """Until that is so; fail saying that `what` did not happen."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not (await answer if isinstance(answer := found(), Awaitable) else answer):
        assert asyncio.get_running_loop().time() < deadline, f"{what}: not within {PATIENCE:g} s"
        await asyncio.sleep(0.01)


class World:
    """Parts with Acme in them, and a few verbs that tests share."""

    def __init__(self, context: AppContext, acme: Acme, lines: AcmeLines) -> None:
        self.parts = context
        self.acme = acme
        self.lines = lines
        self.jobs = context.jobs

    async def order(self, owner: str = "ann", *, hint: bool = True, **facts: Any) -> Job:
        """A job as `place` would insert it."""
        job = await self.jobs.create(new_job(self.jobs.clock(), owner=owner, **facts))
        assert isinstance(job, Job)
        if hint:
            await self.parts.queue.enqueue_submit(Wakeup(job.id, job.revision), job.provider, job.sandbox)
        return job

    async def now(self, job: Job) -> Job:
        found = await self.jobs.get_any(job.id)
        assert found is not None
        return found

    async def until(self, job: Job, *states: str) -> Job:
        """The job as soon as it is in one of `states`."""
        return await self.sees(job, lambda found: found.state in states, " or ".join(states))

    async def sees(self, job: Job, right: Callable[[Job], bool], what: str) -> Job:
        """The job as soon as that is so; fail saying that it is not `what`."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not right(found := await self.now(job)):
            if found.state == "succeeded" or asyncio.get_running_loop().time() > deadline:
                pytest.fail(f"the job is not {what}, but {found}")
            await asyncio.sleep(0.01)
        return found

    def skip(self, seconds: float) -> None:
        """So much time passes, as far as jobs are concerned."""
        assert isinstance(self.jobs.clock, Ahead)
        self.jobs.clock.skip(seconds)

    async def sweeps(self, times: int = 3) -> None:
        """So many whole sweeps later: what one of them would do is done."""
        counted = self.jobs.stale
        assert isinstance(counted, Counted)
        last = counted.sweeps + times + 1
        await until(lambda: counted.sweeps >= last, "a worker sweeps")

    async def billing(self, job: Job) -> str:
        rows = await self.parts.database.rows("SELECT billing FROM ledger WHERE job = {}", job.id)
        return str(rows[0]["billing"])

    @contextlib.asynccontextmanager
    async def worker(self, *, alone: bool = False, **pace: Any) -> AsyncIterator[asyncio.Event]:
        """A worker beside the test, stopped at the end of the block."""
        stop = asyncio.Event()
        context = replace(self.parts, timing=replace(self.parts.timing, **pace))
        running = asyncio.create_task(run_worker(context, stop, alone=alone))
        try:
            yield stop
        finally:
            stop.set()
            await asyncio.wait_for(running, PATIENCE)


class Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


_numbers = itertools.count(1)


def new_job(now: float, *, owner: str = "ann", sandbox: bool = False, **facts: Any) -> Job:
    number = next(_numbers)
    media: tuple[MediaLeaf, ...] = facts.pop("media", ())
    body: dict[str, JSON] = {"prompt": "a boat"}
    return Job(
        **{
            "id": f"job{number:06d}",
            "owner": owner,
            "model": "boats",
            "display_name": "Boats",
            "provider": "acme",
            "sandbox": sandbox,
            "origin": "" if sandbox else "https://acme.test",
            "mode": "t2v",
            "values": {"prompt": "a boat"},
            "labels": (("Prompt", "a boat"),),
            "frame": (16, 9),
            "estimate": Amounts("1.40", "1.40", "USD", "about $1.40"),
            "order": Submission("acme", "boats", "", "t2v", body, media),
            "typical_sec": 60.0,
            "deadline_sec": 600.0,
            "created_at": now,
            "updated_at": now,
            **facts,
        }
    )
