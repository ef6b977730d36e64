"""A database that is away is waited for; a fault of ours is logged as one and given up, and loses no paid order."""

import logging
from typing import Any

import pytest
from msgspec.structs import replace

from providers.outcomes import Accepted, Operation
from tasks.errors import DatabaseAway
from tasks.jobs.claims import JobClaims
from tasks.jobs.model import Job
from tasks.jobs.repository import JobRepository, SubmitOutcomes
from tasks.jobs.stale import StaleJobs
from tasks.reconcile import record_job_id
from tasks.worker.leases import retry_write
from tasks.worker.timing import WorkerTiming
from tests.tasks.acme import in_turn
from tests.tasks.world import NEVER, World, until

AT_ONCE = WorkerTiming(write_first=0.0, write_max=0.0, retry_first=0.0, retry_max=0.0)


class Write:
    """A write that raises these, one a try, and then is done."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.tries = 0

    async def __call__(self) -> str:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return "written"


async def test_a_write_is_tried_for_as_long_as_the_database_is_away(caplog: pytest.LogCaptureFixture) -> None:
    write = Write(*[DatabaseAway("it is locked")] * 10)
    assert await retry_write(AT_ONCE, "job1", write) == "written"
    assert write.tries == 11
    assert caplog.text.count("could not be written (it is locked)") == 10
    assert "Traceback" not in caplog.text


async def test_a_write_that_is_a_fault_of_ours_is_given_up_after_a_few_tries(
    caplog: pytest.LogCaptureFixture,
) -> None:
    write = Write(*[ValueError("not a number")] * 10)
    with pytest.raises(ValueError, match="not a number"):
        await retry_write(AT_ONCE, "job1", write)
    assert write.tries == AT_ONCE.fault_tries == 3
    assert caplog.text.count("broke off inside Shotlist") == caplog.text.count("Traceback") == 2


async def test_an_outage_uses_up_none_of_the_tries_of_a_fault() -> None:
    fault, away = ValueError(), DatabaseAway()
    write = Write(fault, *[away] * 5, fault, *[away] * 5)
    assert await retry_write(AT_ONCE, "job1", write) == "written"


@pytest.mark.parametrize("engines", ["embedded"])
async def test_an_accepted_order_that_cannot_be_written_down_is_unconfirmed_and_its_id_is_in_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(SubmitOutcomes):
        async def accepted(self, *_: Any) -> Any:
            raise ValueError("not a number")

    whole, jobs = world.jobs.outcomes, world.jobs
    jobs.outcomes = Broken(jobs.database, jobs.ledger, jobs.clock)
    async with world.worker():
        job = await world.order()
        await until(lambda: "was not written down" in caplog.text, "it is given up")
        assert (await world.now(job)).state == "submitting"
        world.skip(NEVER)  # longer than the lease
        await world.until(job, "unconfirmed")
        (told,) = [each for each in caplog.records if "was not written down" in each.message]
        assert (told.levelno, f"op-{job.id}" in told.message) == (logging.ERROR, True)
        jobs.outcomes = whole
        await record_job_id(world.parts, "ann", job.id, f"op-{job.id}")
        await world.until(job, "succeeded")
    assert world.acme.submitted == [job.id]


@pytest.mark.parametrize("engines", ["embedded"])
async def test_a_found_order_that_cannot_be_written_down_keeps_no_other_from_being_found(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    class BrokenForOne(SubmitOutcomes):
        async def accepted(self, job_id: str, *rest: Any) -> Any:
            if job_id == poor.id:
                raise ValueError("not a number")
            return await super().accepted(job_id, *rest)

    world.acme.on_find = lambda job_id: Accepted(Operation(f"op-{job_id}"))
    poor, other = await world.order(hint=False), await world.order(hint=False)
    for job in (poor, other):
        await world.jobs.transition(job, "submitting", "test", lease_until=0.0)
    world.jobs.outcomes = BrokenForOne(world.jobs.database, world.jobs.ledger, world.jobs.clock)
    async with world.worker():
        await world.until(other, "succeeded")
        await world.until(poor, "unconfirmed")
    assert f"op-{poor.id}" in caplog.text


@pytest.mark.parametrize("engines", ["embedded"])
async def test_a_stored_video_that_cannot_be_written_down_is_tried_again_later(world: World) -> None:
    class Broken(JobRepository):
        left = 4

        async def transition(self, job: Any, to: Any, why: str, **facts: Any) -> Job | None:
            if to == "succeeded" and self.left:
                self.left -= 1
                raise ValueError("not a number")
            return await super().transition(job, to, why, **facts)

    broken = Broken(world.jobs.database, world.jobs.clock)
    world.parts = replace(world.parts, jobs=broken)
    async with world.worker():
        done = await world.until(await world.order(), "succeeded", "failed")
    assert (done.state, broken.left, world.acme.fetches) == ("succeeded", 0, 2)


class Failing(JobClaims):
    """Raises what `errors` gives before it claims polls."""

    def __init__(self, claims: JobClaims, *errors: Exception) -> None:
        super().__init__(claims.database, claims.clock)
        self.errors = in_turn(*errors, None)

    async def claim_due_polls(self, limit: int, growth: float) -> Any:
        error = self.errors(None)
        if error is not None:
            raise error
        return await super().claim_due_polls(limit, growth)


@pytest.mark.parametrize("engines", ["embedded"])
@pytest.mark.parametrize(
    ("error", "says", "traces"),
    [
        (DatabaseAway("it is locked"), "the database gives no polls (it is locked)", 0),
        (KeyError("look_every"), "claiming polls broke off inside Shotlist", 4),
    ],
    ids=["database away", "fault of ours"],
)
async def test_the_loop_of_polls_outlives_what_claiming_them_raises_and_tells_which_it_was(
    world: World, caplog: pytest.LogCaptureFixture, error: Exception, says: str, traces: int
) -> None:
    world.jobs.claims = Failing(world.jobs.claims, *[error] * 4)
    async with world.worker():
        await world.until(await world.order(), "succeeded")
    assert caplog.text.count(says) == 4
    assert caplog.text.count("Traceback") == traces


@pytest.mark.parametrize("engines", ["embedded"])
async def test_a_part_of_the_sweep_that_is_a_fault_of_ours_is_logged_as_one_and_keeps_no_other_from_its_work(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(StaleJobs):
        async def submissions(self) -> Any:
            raise KeyError("lease_until")

    world.jobs.stale = Broken(world.jobs.database, world.jobs.clock)
    async with world.worker():
        await world.until(await world.order(hint=False), "succeeded")
    assert "lost_submissions broke off inside Shotlist" in caplog.text
    assert "KeyError: 'lease_until'" in caplog.text
    assert "the database is away" not in caplog.text


@pytest.mark.parametrize("engines", ["embedded"])
async def test_a_lease_that_cannot_be_renewed_for_a_fault_of_ours_runs_out(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(JobClaims):
        async def renew_lease(self, *_: Any) -> bool:
            raise KeyError("lease")

    async def slow(job_id: str) -> Any:
        await until(lambda: caplog.text.count("renewing its lease broke off") == 3, "it is tried three times")
        return Accepted(Operation(f"op-{job_id}"))

    world.jobs.claims = Broken(world.jobs.database, world.jobs.clock)
    world.acme.on_submit = slow
    async with world.worker(renew=0.02):
        await world.until(await world.order(), "succeeded")
    assert caplog.text.count("Traceback") >= 3
