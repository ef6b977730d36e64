"""A clock that was wrong, a server that was off for days: nothing waits for ever, no result is given up unasked."""

from providers.outcomes import Operation, Unanswered
from tasks.jobs.model import DAY, Job
from tasks.jobs.repository import Cadence, JobRepository
from tests.tasks.acme import DONE, in_turn
from tests.tasks.world import Clock, World, new_job

CADENCE = Cadence(0.02, 0.04, 0.08)


async def at_provider(jobs: JobRepository) -> Job:
    job = await jobs.create(new_job(jobs.clock()))
    assert isinstance(job, Job)
    await jobs.transition(job, "submitting", "test")
    accepted = await jobs.outcomes.accepted(job.id, Operation(f"op-{job.id}"), CADENCE)
    assert accepted is not None
    return accepted


async def test_a_deadline_that_a_wrong_clock_set_is_set_anew(jobs: JobRepository, clock: Clock) -> None:
    right = await at_provider(jobs)
    clock.now += 3 * 365 * DAY
    wrong = await at_provider(jobs)
    clock.now -= 3 * 365 * DAY
    await jobs.stale.bring_back(30.0, 3600.0)
    for job in (right, wrong):
        found = await jobs.get_any(job.id)
        assert found is not None
        assert found.deadline_at == clock.now + job.deadline_sec


async def test_a_server_that_was_off_for_days_asks_again_when_its_first_look_is_not_answered(
    world: World,
) -> None:
    job = await at_provider(world.jobs)
    await world.jobs.record_facts(job.id, deadline_at=world.jobs.clock() - 3 * DAY)
    world.acme.on_look = in_turn(*[Unanswered("the network is not there yet")] * 10, DONE)
    async with world.worker(tidy_every=0.05):
        await world.until(job, "failed")
        await world.until(job, "succeeded")
