"""A row that cannot be read (damaged, or of another version) keeps nobody from the others."""

from msgspec.structs import replace

from providers.outcomes import Operation
from tasks.jobs.model import Job
from tasks.jobs.repository import Cadence, JobRepository
from tasks.worker.sweep import sweep
from tests.tasks.world import Clock, World, new_job


async def two(jobs: JobRepository) -> tuple[Job, Job]:
    """Two jobs; the first one is going to be unreadable."""
    made = [await jobs.create(new_job(jobs.clock())) for _ in range(2)]
    damaged, whole = (job for job in made if isinstance(job, Job))
    return damaged, whole


async def damage(jobs: JobRepository, job: Job) -> None:
    await jobs.database.rows("UPDATE job SET estimate = {}, operation = {} WHERE id = {}", "{", "{", job.id)


async def test_the_other_jobs_are_looked_at(jobs: JobRepository, clock: Clock) -> None:
    damaged, whole = await two(jobs)
    for job in (damaged, whole):
        await jobs.transition(job, "submitting", "test")
        await jobs.outcomes.accepted(job.id, Operation(f"op-{job.id}"), Cadence(1.0, 2.0, 10.0))
    await damage(jobs, damaged)
    clock.now += 2
    assert [job.id for job in await jobs.claims.claim_due_polls(10, 1.2)] == [whole.id]


async def test_the_sweep_finds_the_other_lost_submissions(world: World) -> None:
    damaged, whole = await two(world.jobs)
    for job in (damaged, whole):
        await world.jobs.transition(job, "submitting", "test", lease_until=0.0)
    await damage(world.jobs, damaged)
    await sweep(world.parts)
    assert (await world.now(whole)).state == "unconfirmed"


async def test_the_other_jobs_are_ordered(world: World) -> None:
    world.acme.description = replace(
        world.acme.description, limits=replace(world.acme.description.limits, concurrency=2)
    )
    damaged, whole = await two(world.jobs)
    await damage(world.jobs, damaged)
    async with world.worker():
        await world.until(whole, "succeeded")


async def test_their_owner_sees_the_other_jobs(jobs: JobRepository) -> None:
    damaged, whole = await two(jobs)
    await damage(jobs, damaged)
    assert [job.id for job in await jobs.list_page("ann")] == [whole.id]
    assert [job.id for job in await jobs.list_live("ann")] == [whole.id]
