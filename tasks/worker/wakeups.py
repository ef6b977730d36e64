"""Telling the queue what can go on."""

from typing import Protocol

from providers.description.catalogue import DescriptionCatalogue
from providers.description.schema import Limits
from tasks.errors import DatabaseAway
from tasks.jobs.claims import Wakeup
from tasks.jobs.model import Job, provider_queue
from tasks.jobs.repository import JobRepository
from tasks.worker.queue import Queue


class WakeupContext(Protocol):
    """What of an `AppContext` it takes to know what can go on, and to say so."""

    @property
    def jobs(self) -> JobRepository: ...

    @property
    def queue(self) -> Queue: ...

    @property
    def descriptions(self) -> DescriptionCatalogue: ...


def slots(context: WakeupContext, provider: str) -> int:
    """How many of our jobs this provider may have at once."""
    return limits(context, provider).concurrency


def limits(context: WakeupContext, provider: str) -> Limits:
    """A provider that is not described just now gets one job at a time, which then waits for its description."""
    description = context.descriptions.get(provider)
    return description.limits if description else Limits(concurrency=1)


async def wake_new(context: WakeupContext, job: Job) -> None:
    """A new job goes at once where a slot is free; elsewhere `wake` tells of it when one is.

    The job is there already, so nothing is raised: a database that goes away now must not look like a refusal.
    """
    name = provider_queue(job.provider, job.sandbox)
    try:
        free = await context.jobs.claims.has_slot(name, job.owner, slots(context, job.provider))
    except DatabaseAway:
        free = True
    if free:
        await wake_submit(context, job)


async def wake_submit(context: WakeupContext, job: Job, after: float = 0.0) -> None:
    await context.queue.enqueue_submit(Wakeup(job.id, job.revision), job.provider, job.sandbox, after)


async def wake_save(context: WakeupContext, job: Job) -> None:
    await context.queue.enqueue_save(Wakeup(job.id, job.revision))


async def wake(context: WakeupContext, provider: str, sandbox: bool, silent_for: float = 0.0) -> None:
    """Send as many hints as there are free slots, for jobs of which none was sent for `silent_for` seconds."""
    name = provider_queue(provider, sandbox)
    free = await context.jobs.claims.free_slots(name, slots(context, provider))
    if free:
        for wakeup in await context.jobs.claims.renew_submit_wakeups(name, silent_for, free):
            await context.queue.enqueue_submit(wakeup, provider, sandbox)


async def wake_one(context: WakeupContext, provider: str, sandbox: bool, after: float) -> None:
    """Something held all jobs of this provider back: let one of them go again in so many seconds."""
    for wakeup in await context.jobs.claims.renew_submit_wakeups(provider_queue(provider, sandbox), 0.0, 1):
        await context.queue.enqueue_submit(wakeup, provider, sandbox, after=after)
