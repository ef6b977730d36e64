"""Keeping hold of a job while a step works on it, and getting a write into the database whatever it takes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from tasks.context import AppContext
from tasks.jobs.model import Job

log = logging.getLogger("shotlist.jobs")

Written = TypeVar("Written")


@asynccontextmanager
async def hold_lease(context: AppContext, job: Job) -> AsyncIterator[None]:
    """Renew the lease of `job` until the block ends, so that a short lease means "dead" and never "slow"."""
    renewing = asyncio.create_task(_renew(context, job))
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)


async def retry_write(job_id: str, write: Callable[[], Awaitable[Written]], longest: float = 5.0) -> Written:
    """Try until the database takes it: what a provider answered is worth money, and is told only once."""
    wait = 0.1
    while True:
        try:
            return await write()
        except Exception as error:
            log.warning(
                "job %s: the answer could not be written (%s); trying again", job_id, type(error).__name__
            )
        await asyncio.sleep(wait)
        wait = min(longest, wait * 2)


async def uncancelled(work: Coroutine[Any, Any, Written]) -> Written:
    """Do all of it, even where the task that asks is canceled half-way; the cancel is raised afterwards."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


async def _renew(context: AppContext, job: Job) -> None:
    while True:
        await asyncio.sleep(context.timing.renew)
        try:
            if not await context.jobs.claims.renew_lease(job, context.timing.lease):
                return
        except Exception as error:
            log.warning("job %s: its lease could not be renewed (%s)", job.id, type(error).__name__)
