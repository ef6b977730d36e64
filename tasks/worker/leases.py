"""Keeping hold of a job while a step works on it, and getting a write into a database that is away."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

from tasks.errors import DatabaseAway
from tasks.jobs.model import Job
from tasks.jobs.repository import JobRepository
from tasks.worker.retry import is_believed, next_wait
from tasks.worker.timing import WorkerTiming

log = logging.getLogger("shotlist.jobs")

Written = TypeVar("Written")


class LeaseContext(Protocol):
    """What of an `AppContext` it takes to hold a lease."""

    @property
    def jobs(self) -> JobRepository: ...

    @property
    def timing(self) -> WorkerTiming: ...


@asynccontextmanager
async def hold_lease(context: LeaseContext, job: Job) -> AsyncIterator[None]:
    """Renew the lease of `job` until the block ends, so that a short lease means "dead" and never "slow"."""
    renewing = asyncio.create_task(_renew(context, job))
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)


async def retry_write(timing: WorkerTiming, job_id: str, write: Callable[[], Awaitable[Written]]) -> Written:
    """Try for as long as the database is away: what a provider answered is worth money, and is told only once.

    Any other exception is a fault of ours. It is raised after a few tries, and the job left to its lease.
    """
    away = faults = 0
    while True:
        try:
            return await write()
        except DatabaseAway as error:
            away += 1
            wait = next_wait(timing, "database away", away)
            log.warning("job %s: the answer could not be written (%s); trying again", job_id, error)
        except Exception:
            faults += 1
            if is_believed(timing, "fault of ours", faults):
                raise
            wait = next_wait(timing, "fault of ours", faults)
            log.exception("job %s: writing the answer broke off inside Shotlist; trying again", job_id)
        await asyncio.sleep(wait)


async def uncancelled(work: Coroutine[Any, Any, Written]) -> Written:
    """Do all of it, even where the task that asks is canceled half-way; the cancel is raised afterwards."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled() and (error := task.exception()):
            log.error("what a stopped worker was writing broke off inside Shotlist", exc_info=error)
        raise


async def _renew(context: LeaseContext, job: Job) -> None:
    """Where a fault of ours comes again and again, the lease runs out, and the sweep goes on from there."""
    faults = 0
    while not is_believed(context.timing, "fault of ours", faults):
        await asyncio.sleep(context.timing.renew)
        try:
            if not await context.jobs.claims.renew_lease(job, context.timing.lease):
                return
            faults = 0
        except DatabaseAway as error:
            log.warning("job %s: its lease could not be renewed (%s)", job.id, error)
        except Exception:
            faults += 1
            log.exception("job %s: renewing its lease broke off inside Shotlist", job.id)
