"""Who may submit what and when: slots, fairness, pauses, leases; with a clock that stands still."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from providers.outcomes import Operation
from tasks.jobs.model import Job
from tasks.jobs.repository import Cadence, JobRepository
from tests.tasks.world import Clock, new_job

CADENCE = Cadence(1.0, 2.0, 10.0)


async def _order(jobs: JobRepository, clock: Clock, owner: str, times: int = 1, **facts: Any) -> list[Job]:
    made = []
    for _ in range(times):
        clock.now += 0.001
        job = await jobs.create(new_job(clock.now, owner=owner, **facts))
        assert isinstance(job, Job)
        made.append(job)
    return made


async def _submit(jobs: JobRepository, slots: int) -> Job | None:
    """Claim a job and let the provider have it."""
    claimed = await jobs.claims.claim_submission("acme", slots, 30.0)
    if claimed is None:
        return None
    sent = await jobs.transition(claimed, "submitting", "test", lease_until=jobs.clock() + 30)
    assert sent is not None
    return await jobs.outcomes.accepted(sent.id, Operation(f"op-{sent.id}"), CADENCE)


async def _drain(jobs: JobRepository, slots: int) -> list[str]:
    owners = []
    while (job := await _submit(jobs, slots)) is not None:
        owners.append(job.owner)
    return owners


async def test_the_oldest_job_goes_first(jobs: JobRepository, clock: Clock) -> None:
    made = await _order(jobs, clock, "ann", 3)
    taken = [await jobs.claims.claim_submission("acme", 5, 30.0) for _ in range(4)]
    assert [job and job.id for job in taken] == [*(job.id for job in made), None]


async def test_one_owners_500_jobs_do_not_delay_anothers_first(jobs: JobRepository, clock: Clock) -> None:
    await _order(jobs, clock, "ann", 500)
    assert (await _submit(jobs, 5)) is not None
    await _order(jobs, clock, "bob")
    assert await _drain(jobs, 3) == ["bob", "ann"]


async def test_slots_go_round_between_owners(jobs: JobRepository, clock: Clock) -> None:
    for owner in ("ann", "bob", "cat"):
        await _order(jobs, clock, owner, 5)
    assert sorted(await _drain(jobs, 6)) == ["ann", "ann", "bob", "bob", "cat", "cat"]


async def test_one_owner_alone_leaves_a_reserve_for_others(jobs: JobRepository, clock: Clock) -> None:
    await _order(jobs, clock, "ann", 50)
    assert len(await _drain(jobs, 16)) == 14
    await _order(jobs, clock, "bob")
    assert await _drain(jobs, 16) == ["bob"]


async def test_a_full_provider_gives_no_job_until_one_ends(jobs: JobRepository, clock: Clock) -> None:
    await _order(jobs, clock, "ann", 3)
    first = await _submit(jobs, 2)
    assert first is not None
    assert await _submit(jobs, 2) is not None
    assert await _submit(jobs, 2) is None
    assert await jobs.claims.free_slots("acme", 2) == 0
    await jobs.transition(first, "saving", "test")
    assert await jobs.claims.free_slots("acme", 2) == 1
    assert await _submit(jobs, 2) is not None


async def test_unconfirmed_jobs_hold_no_slot(jobs: JobRepository, clock: Clock) -> None:
    await _order(jobs, clock, "ann", 2)
    claimed = await jobs.claims.claim_submission("acme", 1, 30.0)
    assert claimed is not None
    sent = await jobs.transition(claimed, "submitting", "test")
    assert sent is not None
    assert await _submit(jobs, 1) is None
    await jobs.transition(sent, "unconfirmed", "test", billing="unknown")
    assert await _submit(jobs, 1) is not None


async def test_many_claims_at_once_never_take_a_job_twice_or_a_slot_too_many(
    jobs: JobRepository, clock: Clock
) -> None:
    await _order(jobs, clock, "ann", 30)
    taken = await asyncio.gather(*(jobs.claims.claim_submission("acme", 7, 30.0) for _ in range(25)))
    ids = [job.id for job in taken if job]
    assert len(ids) == len(set(ids)) == 7


async def test_a_claim_is_free_again_when_its_lease_has_run_out(jobs: JobRepository, clock: Clock) -> None:
    (job,) = await _order(jobs, clock, "ann")
    assert await jobs.claims.claim_submission("acme", 5, 30.0) is not None
    clock.now += 29
    assert await jobs.claims.claim_submission("acme", 5, 30.0) is None
    assert await jobs.claims.renew_lease(job, 30.0)
    clock.now += 29
    assert await jobs.claims.claim_submission("acme", 5, 30.0) is None
    clock.now += 2
    assert await jobs.claims.claim_submission("acme", 5, 30.0) is not None


async def test_the_slower_of_two_claimers_cannot_submit(jobs: JobRepository, clock: Clock) -> None:
    await _order(jobs, clock, "ann")
    slow = await jobs.claims.claim_submission("acme", 5, 30.0)
    clock.now += 31
    quick = await jobs.claims.claim_submission("acme", 5, 30.0)
    assert slow is not None
    assert quick is not None
    assert await jobs.transition(quick, "submitting", "quick") is not None
    assert await jobs.transition(slow, "submitting", "slow") is None
    assert not await jobs.claims.renew_lease(slow, 30.0)


async def test_the_sandbox_and_the_real_provider_have_slots_of_their_own(
    jobs: JobRepository, clock: Clock
) -> None:
    await _order(jobs, clock, "ann")
    await _order(jobs, clock, "ann", sandbox=True)
    real = await jobs.claims.claim_submission("acme", 1, 30.0)
    sandbox = await jobs.claims.claim_submission("acme (sandbox)", 1, 30.0)
    assert real is not None
    assert not real.sandbox
    assert sandbox is not None
    assert sandbox.sandbox


async def test_three_unanswered_submissions_pause_the_provider_longer_each_time(
    jobs: JobRepository, clock: Clock
) -> None:
    await _order(jobs, clock, "ann", 5)
    assert await _submit(jobs, 5) is not None
    pauses = [await jobs.claims.count_no_answer("acme", 3, 30.0, 100.0) for _ in range(6)]
    assert [pause and pause - clock.now for pause in pauses] == [None, None, 30.0, 60.0, 100.0, 100.0]
    assert await _submit(jobs, 5) is None
    clock.now += 101
    assert await _submit(jobs, 5) is not None
    await jobs.claims.count_answer("acme")
    assert await jobs.claims.count_no_answer("acme", 3, 30.0, 100.0) is None


async def test_after_silence_one_job_at_a_time_is_tried(jobs: JobRepository, clock: Clock) -> None:
    await _order(jobs, clock, "ann", 5)
    assert await _submit(jobs, 5) is not None
    await jobs.claims.count_no_answer("acme", 3, 30.0, 100.0)
    assert await jobs.claims.claim_submission("acme", 5, 30.0) is not None
    assert await jobs.claims.claim_submission("acme", 5, 30.0) is None
    await jobs.claims.count_answer("acme")
    assert await jobs.claims.claim_submission("acme", 5, 30.0) is not None


async def test_a_job_put_back_waits_and_has_a_new_revision(jobs: JobRepository, clock: Clock) -> None:
    await _order(jobs, clock, "ann")
    claimed = await jobs.claims.claim_submission("acme", 5, 30.0)
    assert claimed is not None
    hint = await jobs.claims.release(claimed, clock.now + 10)
    assert hint is not None
    assert hint.revision == claimed.revision + 1
    assert await jobs.claims.claim_submission("acme", 5, 30.0) is None
    clock.now += 11
    again = await jobs.claims.claim_submission("acme", 5, 30.0)
    assert again is not None
    assert again.attempts == 1


async def test_hints_are_sent_again_only_for_jobs_that_were_silent_and_nobody_holds(
    jobs: JobRepository, clock: Clock
) -> None:
    first, second, third = await _order(jobs, clock, "ann", 3)
    assert not await jobs.claims.renew_submit_wakeups("acme", 10.0, 5)
    clock.now += 11
    held = await jobs.claims.claim_submission("acme", 5, 30.0)
    assert held is not None
    assert held.id == first.id
    await jobs.request_cancel("ann", third.id)
    assert [hint.job_id for hint in await jobs.claims.renew_submit_wakeups("acme", 10.0, 5)] == [second.id]
    assert not await jobs.claims.renew_submit_wakeups("acme", 10.0, 5)


async def test_a_due_look_is_taken_once_and_the_next_ones_come_slower(
    jobs: JobRepository, clock: Clock
) -> None:
    await _order(jobs, clock, "ann")
    await _submit(jobs, 5)
    assert not await jobs.claims.claim_due_polls(500, 1.5)
    clock.now += 1.0
    assert len(await jobs.claims.claim_due_polls(500, 1.5)) == 1
    assert not await jobs.claims.claim_due_polls(500, 1.5)
    waits = []
    for _ in range(8):
        before = clock.now
        while not await jobs.claims.claim_due_polls(500, 1.5):
            clock.now += 0.25
        waits.append(clock.now - before)
    assert 1.75 <= waits[0] <= 3.5
    assert all(later >= 0.8 * before for before, later in pairwise(waits))
    assert 9.0 <= waits[-1] <= 11.25


async def test_jobs_looked_at_together_do_not_stay_together(jobs: JobRepository, clock: Clock) -> None:
    for _ in range(20):
        await _order(jobs, clock, "ann")
        await _submit(jobs, 50)
    clock.now += 10.0
    assert len(await jobs.claims.claim_due_polls(500, 1.0)) == 20
    rows = await jobs.database.rows("SELECT DISTINCT next_look_at FROM job")
    assert len(rows) > 10


async def test_looks_are_taken_longest_overdue_first_and_no_more_than_asked_for(
    jobs: JobRepository, clock: Clock
) -> None:
    await _order(jobs, clock, "ann", 3)
    for _ in range(3):
        clock.now += 1
        await _submit(jobs, 5)
    clock.now += 60
    taken = [(await jobs.claims.claim_due_polls(1, 1.2))[0].id for _ in range(3)]
    assert taken == sorted(taken)
    assert len(set(taken)) == 3


async def test_no_plan_of_the_database_takes_more_than_asked_for(jobs: JobRepository, clock: Clock) -> None:
    await _order(jobs, clock, "ann", 3)
    for _ in range(3):
        await _submit(jobs, 5)
    await _order(jobs, clock, "bob", 3)
    clock.now += 60
    async with jobs.database.transaction():
        if not jobs.database.is_sqlite:
            for way in ("hashjoin", "mergejoin", "hashagg", "material", "sort"):
                await jobs.database.rows(f"SET LOCAL enable_{way} = off")
        assert len(await jobs.claims.claim_due_polls(1, 1.2)) == 1
        assert len(await jobs.claims.renew_submit_wakeups("acme", 1.0, 1)) == 1


async def test_a_worker_that_is_alone_takes_over_at_once_what_the_dead_one_held(
    jobs: JobRepository, clock: Clock
) -> None:
    await _order(jobs, clock, "ann")
    await jobs.claims.claim_submission("acme", 5, 30.0)
    clock.now += 1
    await jobs.claims.take_over()
    assert await jobs.claims.claim_submission("acme", 5, 30.0) is not None


async def test_a_cancel_is_sent_once_and_again_only_after_a_while(jobs: JobRepository, clock: Clock) -> None:
    (job,) = await _order(jobs, clock, "ann")
    sent = await asyncio.gather(*(jobs.claims.claim_cancel(job.id, 60.0) for _ in range(5)))
    assert sorted(sent) == [False, False, False, False, True]
    clock.now += 59
    assert not await jobs.claims.claim_cancel(job.id, 60.0)
    clock.now += 2
    assert await jobs.claims.claim_cancel(job.id, 60.0)


@pytest.mark.parametrize("times", [1, 3])
async def test_what_was_told_to_wait_waits_for_all_workers(
    jobs: JobRepository, clock: Clock, times: int
) -> None:
    await _order(jobs, clock, "ann", times)
    await jobs.claims.claim_submission("acme", 0, 30.0)  # makes the lane's row
    await jobs.claims.pause("acme", clock.now + 20)
    assert await jobs.claims.claim_submission("acme", 5, 30.0) is None
    assert await jobs.claims.free_slots("acme", 5) == 0
    clock.now += 21
    assert await jobs.claims.claim_submission("acme", 5, 30.0) is not None


async def test_a_pause_that_the_provider_asked_for_is_cut_short_by_nothing(
    jobs: JobRepository, clock: Clock
) -> None:
    """Five orders under way at once may be answered "wait a minute", "wait", and not at all."""
    await _order(jobs, clock, "ann")
    await jobs.claims.claim_submission("acme", 0, 30.0)  # makes the lane's row
    await jobs.claims.pause("acme", clock.now + 60)
    await jobs.claims.pause("acme", clock.now + 2)
    for _ in range(3):
        await jobs.claims.count_no_answer("acme", 3, 5.0, 100.0)
    clock.now += 59
    assert await jobs.claims.claim_submission("acme", 5, 30.0) is None
    clock.now += 2
    assert await jobs.claims.claim_submission("acme", 5, 30.0) is not None
