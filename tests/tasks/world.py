"""A small world for the life of a job: real database, real queue server, real worker, and Acme as the provider."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from models.payload import MediaLeaf
from models.values import JSON
from providers.order import Order
from tasks.claims import Hint
from tasks.job import Amounts, Job
from tasks.pace import Pace
from tasks.parts import Parts
from tasks.worker import run_worker
from tests.tasks.acme import Acme, AcmeLines

QUICK = Pace(
    lease=0.8,
    renew=0.15,
    submit_limit=5.0,
    lookup_limit=0.3,
    lookup_first=0.1,
    sweep_every=0.1,
    hint_after=0.3,
    look_idle=0.02,
    retry_first=0.05,
    retry_max=0.2,
    pause=0.3,
    pause_max=0.5,
    cancel_again=0.2,
    gone_looks=3,
    shutdown=1.0,
)


class World:
    """Parts with Acme in them, and a few verbs that tests share."""

    def __init__(self, parts: Parts, acme: Acme, lines: AcmeLines) -> None:
        self.parts = parts
        self.acme = acme
        self.lines = lines
        self.jobs = parts.jobs

    async def order(self, owner: str = "ann", *, hint: bool = True, **facts: Any) -> Job:
        """A job as `place` would insert it."""
        job = await self.jobs.create(new_job(self.jobs.clock(), owner=owner, **facts))
        assert isinstance(job, Job)
        if hint:
            await self.parts.queue.hint_submit(Hint(job.id, job.revision), job.provider, job.sandbox)
        return job

    async def now(self, job: Job) -> Job:
        found = await self.jobs.find(job.id)
        assert found is not None
        return found

    async def until(self, job: Job, *states: str, seconds: float = 8.0) -> Job:
        """The job as soon as it is in one of `states`."""
        deadline = asyncio.get_running_loop().time() + seconds
        found = await self.now(job)
        while found.state not in states:
            if asyncio.get_running_loop().time() > deadline:
                pytest.fail(f"the job is {found.state}, not {' or '.join(states)}")
            await asyncio.sleep(0.01)
            found = await self.now(job)
        return found

    async def billing(self, job: Job) -> str:
        rows = await self.parts.database.rows("SELECT billing FROM ledger WHERE job = {}", job.id)
        return str(rows[0]["billing"])

    @contextlib.asynccontextmanager
    async def worker(self, *, alone: bool = False, **pace: Any) -> AsyncIterator[asyncio.Event]:
        """A worker beside the test, stopped at the end of the block."""
        stop = asyncio.Event()
        parts = replace(self.parts, pace=replace(self.parts.pace, **pace))
        running = asyncio.create_task(run_worker(parts, stop, alone=alone))
        try:
            yield stop
        finally:
            stop.set()
            await asyncio.wait_for(running, 5.0)


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
            "order": Order("acme", "boats", "", "t2v", body, media),
            "typical_sec": 60.0,
            "deadline_sec": 600.0,
            "created_at": now,
            "updated_at": now,
            **facts,
        }
    )
