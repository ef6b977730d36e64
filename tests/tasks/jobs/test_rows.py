"""Jobs as rows: owners, pages, moves that race, facts beside them, deletion, money."""

import asyncio
from decimal import Decimal

import msgspec

from models.payload import MediaLeaf
from providers.outcomes import Cost, Handle, Operation, OutputFile
from tasks.database.database import Database
from tasks.jobs.model import Amounts, Job, JobError, Output
from tasks.jobs.repository import Cadence, IdempotencyKey, JobRepository, KnownKey
from tests.tasks.world import Clock, new_job

CADENCE = Cadence(1.0, 2.0, 10.0)


async def _order(jobs: JobRepository, clock: Clock, **facts: object) -> Job:
    clock.now += 1
    job = await jobs.create(new_job(clock.now, **facts))  # type: ignore[arg-type]
    assert isinstance(job, Job)
    return job


async def _ledger(database: Database, job: Job) -> dict[str, object]:
    return (await database.rows("SELECT * FROM ledger WHERE job = {}", job.id))[0]


async def test_a_job_comes_back_from_its_row_as_it_went_in(jobs: JobRepository, clock: Clock) -> None:
    full = msgspec.structs.replace(
        new_job(clock.now, media=(MediaLeaf("/image", "image", "up_1"),)),
        values={"prompt": "ä 🎬", "n": 5, "x": 2.5, "flag": True, "rows": [{"a": None}]},
        handles={"/image": Handle({"id": 7}, 12.5)},
        operation=Operation("op", {"status": "/s"}, "e", "v", "t2v"),
        found=(OutputFile("/a.mp4", width=3),),
        cost=Cost("0.10", "USD", "acme"),
        billing="billed",
        error=JobError("moderation", "no", "No.", "prompt", True),
        outputs=(Output("video", "video.mp4", "video.jpg", 1, 2, 3.0, "mp4", 4),),
        progress=0.5,
        queue_position=3,
        log="hello",
        sandbox=True,
    )
    assert await jobs.create(full) == full
    assert await jobs.get_any(full.id) == full


async def test_only_the_owner_sees_cancels_and_deletes_a_job(jobs: JobRepository, clock: Clock) -> None:
    job = await _order(jobs, clock, owner="ann")
    assert await jobs.get("bob", job.id) is None
    assert await jobs.request_cancel("bob", job.id) is None
    assert await jobs.delete("bob", job.id) == "missing"
    assert await jobs.list_page("bob") == ()
    assert await jobs.list_live("bob", [job.id]) == ()
    assert await jobs.get("ann", job.id) == job


async def test_pages_follow_each_other_without_gaps(jobs: JobRepository, clock: Clock) -> None:
    made = [await _order(jobs, clock) for _ in range(5)]
    clock.now -= 1
    twin = await _order(jobs, clock)  # created in the same moment as the last
    newest = sorted([*made, twin], key=lambda job: (job.created_at, job.id), reverse=True)
    first = await jobs.list_page("ann", limit=2)
    second = await jobs.list_page("ann", limit=2, before=first[-1].id)
    third = await jobs.list_page("ann", limit=9, before=second[-1].id)
    assert [*first, *second, *third] == newest


async def test_live_jobs_are_those_that_still_change(jobs: JobRepository, clock: Clock) -> None:
    running, ended = await _order(jobs, clock), await _order(jobs, clock)
    await jobs.transition(ended, "canceled", "test", billing="not_billed")
    assert [job.id for job in await jobs.list_live("ann")] == [running.id]
    assert {job.id for job in await jobs.list_live("ann", [running.id, ended.id, "nobody"])} == {
        running.id,
        ended.id,
    }


async def test_of_many_movers_exactly_one_moves_the_job(jobs: JobRepository, clock: Clock) -> None:
    job = await _order(jobs, clock)
    moved = await asyncio.gather(*(jobs.transition(job, "submitting", "race") for _ in range(20)))
    assert len([one for one in moved if one]) == 1
    after = await jobs.get_any(job.id)
    assert after is not None
    assert after.revision == job.revision + 1


async def test_a_note_neither_counts_as_a_move_nor_swallows_a_cancel(
    jobs: JobRepository, clock: Clock
) -> None:
    job = await _order(jobs, clock)
    sent = await jobs.transition(job, "submitting", "test")
    assert sent is not None
    await jobs.request_cancel("ann", job.id)
    await jobs.record_facts(job.id, progress=0.5, log="half")
    after = await jobs.get_any(job.id)
    assert after is not None
    assert (after.revision, after.progress, after.log) == (sent.revision, 0.5, "half")
    assert after.cancel_requested_at == clock.now


async def test_a_job_that_was_never_sent_is_canceled_at_once_and_costs_nothing(
    jobs: JobRepository, clock: Clock
) -> None:
    job = await _order(jobs, clock)
    canceled = await jobs.request_cancel("ann", job.id)
    assert canceled is not None
    assert (canceled.state, canceled.billing) == ("canceled", "not_billed")
    assert (await _ledger(jobs.database, job))["billing"] == "not_billed"


async def test_a_job_whose_cancel_was_asked_for_is_not_sent_any_more(
    jobs: JobRepository, clock: Clock
) -> None:
    job = await _order(jobs, clock)
    claimed = await jobs.claims.claim_submission("acme", 5, 30.0)
    assert claimed is not None
    await jobs.database.rows("UPDATE job SET cancel_requested_at = {} WHERE id = {}", clock.now, job.id)
    assert await jobs.transition(claimed, "submitting", "test", unless_canceled=True) is None
    assert await jobs.claims.claim_submission("acme", 5, 30.0) is None


async def test_a_live_job_cannot_be_deleted_and_a_resting_one_leaves_its_ledger_row(
    jobs: JobRepository, clock: Clock
) -> None:
    job = await _order(jobs, clock)
    for state in ("queued", "submitting", "processing", "saving"):
        await jobs.database.rows("UPDATE job SET state = {} WHERE id = {}", state, job.id)
        assert await jobs.delete("ann", job.id) == "live"
    for state in ("unconfirmed", "failed", "canceled", "succeeded"):
        job = await _order(jobs, clock)
        await jobs.database.rows("UPDATE job SET state = {} WHERE id = {}", state, job.id)
        assert await jobs.delete("ann", job.id) == "deleted"
        assert await jobs.get_any(job.id) is None
        assert (await _ledger(jobs.database, job))["owner"] == "ann"


async def test_the_ledger_holds_no_prompt(jobs: JobRepository, clock: Clock) -> None:
    job = await _order(jobs, clock, values={"prompt": "a secret wish"})
    assert "secret" not in str(await _ledger(jobs.database, job))


async def test_what_is_unknown_counts_as_spent_and_what_is_not_billed_does_not(
    jobs: JobRepository, clock: Clock
) -> None:
    running = await _order(jobs, clock)
    refused = await _order(jobs, clock)
    await jobs.transition(refused, "canceled", "test", billing="not_billed")
    dear = await _order(jobs, clock)
    for state in ("submitting", "processing", "saving"):
        dear = await jobs.transition(dear, state, "test") or dear
    await jobs.transition(dear, "succeeded", "test", billing="billed", cost=Cost("0.10", "USD", "acme"))
    await _order(jobs, clock, estimate=Amounts(None, None, "USD", "price unknown"))
    await _order(jobs, clock, sandbox=True)
    await _order(jobs, clock, owner="bob")
    assert running.estimate.high == "1.40"
    assert await jobs.spent_since("ann", 0.0) == {"USD": Decimal("1.50")}
    assert await jobs.spent_since("ann", clock.now + 1) == {}


async def test_of_many_requests_with_one_key_exactly_one_makes_a_job(
    jobs: JobRepository, clock: Clock
) -> None:
    key = IdempotencyKey("k", "body")
    made = await asyncio.gather(*(jobs.create(new_job(clock.now), key=key) for _ in range(10)))
    jobs_made = [one for one in made if isinstance(one, Job)]
    assert len(jobs_made) == 1
    assert [one for one in made if isinstance(one, KnownKey)] == [KnownKey(jobs_made[0].id, same=True)] * 9
    assert len(await jobs.list_page("ann")) == 1
    assert len(await jobs.database.rows("SELECT job FROM ledger")) == 1


async def test_an_answer_is_recorded_whatever_became_of_the_job(jobs: JobRepository, clock: Clock) -> None:
    for state, after in {
        "queued": "processing",
        "submitting": "processing",
        "unconfirmed": "processing",
        "canceled": "canceled",
        "failed": "failed",
    }.items():
        job = await _order(jobs, clock)
        await jobs.database.rows("UPDATE job SET state = {}, revision = 7 WHERE id = {}", state, job.id)
        recorded = await jobs.outcomes.accepted(job.id, Operation("op"), CADENCE)
        assert recorded is not None
        assert (recorded.state, recorded.provider_job_id) == (after, "op")
        assert await jobs.outcomes.accepted(job.id, Operation("other"), CADENCE) is None
        clock.now += 2
        assert job.id in [one.id for one in await jobs.claims.claim_due_polls(500, 1.2)]


async def test_an_answer_to_a_deleted_job_is_no_error(jobs: JobRepository) -> None:
    assert await jobs.outcomes.accepted("gone", Operation("op"), CADENCE) is None


async def test_forgetting_keys_and_late_looks_spares_the_young(jobs: JobRepository, clock: Clock) -> None:
    await jobs.create(new_job(clock.now), key=IdempotencyKey("old", "b"))
    clock.now += 100
    job = new_job(clock.now)
    await jobs.create(job, key=IdempotencyKey("young", "b"))
    await jobs.stale.forget_keys(50.0)
    assert await jobs.get_by_key(IdempotencyKey("old", "b")) is None
    assert await jobs.get_by_key(IdempotencyKey("young", "b")) is not None
    await jobs.database.rows(
        "UPDATE job SET state = 'failed', next_look_at = {}, deadline_at = {} WHERE id = {}",
        *(clock.now, clock.now, job.id),
    )
    clock.now += 9
    await jobs.stale.stop_late_looks(10.0)
    assert len(await jobs.claims.claim_due_polls(5, 1.0)) == 1
    clock.now += 2
    await jobs.stale.stop_late_looks(10.0)
    assert not await jobs.claims.claim_due_polls(5, 1.0)
