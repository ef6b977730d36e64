"""Telling the queue what can go on."""

from providers.description.schema import Limits
from tasks.context import Parts
from tasks.errors import DatabaseAway
from tasks.jobs.claims import Hint
from tasks.jobs.model import Job, lane


def slots(parts: Parts, provider: str) -> int:
    """How many of our jobs this provider may have at once."""
    return limits(parts, provider).concurrency


def limits(parts: Parts, provider: str) -> Limits:
    """A provider that is not described just now gets one job at a time, which then waits for its description."""
    wire = parts.wires.get(provider)
    return wire.limits if wire else Limits(concurrency=1)


async def hint_new(parts: Parts, job: Job) -> None:
    """A new job goes at once where a slot is free; elsewhere `wake` tells of it when one is.

    The job is there already, so nothing is raised: a database that goes away now must not look like a refusal.
    """
    name = lane(job.provider, job.sandbox)
    try:
        free = await parts.jobs.claims.has_slot(name, job.owner, slots(parts, job.provider))
    except DatabaseAway:
        free = True
    if free:
        await hint_submit(parts, job)


async def hint_submit(parts: Parts, job: Job, after: float = 0.0) -> None:
    await parts.queue.hint_submit(Hint(job.id, job.revision), job.provider, job.sandbox, after)


async def hint_save(parts: Parts, job: Job) -> None:
    await parts.queue.hint_save(Hint(job.id, job.revision))


async def wake(parts: Parts, provider: str, sandbox: bool, silent_for: float = 0.0) -> None:
    """Send as many hints as there are free slots, for jobs of which none was sent for `silent_for` seconds."""
    name = lane(provider, sandbox)
    free = await parts.jobs.claims.free_slots(name, slots(parts, provider))
    if free:
        for hint in await parts.jobs.claims.lost_hints(name, silent_for, free):
            await parts.queue.hint_submit(hint, provider, sandbox)


async def hint_one(parts: Parts, provider: str, sandbox: bool, after: float) -> None:
    """Something held all jobs of this provider back: let one of them go again in so many seconds."""
    for hint in await parts.jobs.claims.lost_hints(lane(provider, sandbox), 0.0, 1):
        await parts.queue.hint_submit(hint, provider, sandbox, after=after)
