"""A job at its provider: looks, what they write, and what a failure there means."""

import logging

import pytest

from providers.outcomes import Cost, PollResult, Unanswered, make_error
from tests.tasks.acme import DONE, in_turn
from tests.tasks.world import World, until

BUSY = PollResult("processing")


async def test_a_job_goes_from_queued_to_a_file_in_our_store(world: World) -> None:
    world.acme.on_look = in_turn(
        PollResult("queued", position=3),
        PollResult("processing", progress=0.25, log="step 1"),
        PollResult("succeeded", outputs=DONE.outputs, cost=Cost("0.77", "USD", "acme"), billing="billed"),
    )
    async with world.worker():
        job = await world.order()
        done = await world.until(job, "succeeded")
    (output,) = done.outputs
    assert (output.width, output.height, output.duration, output.format) == (96, 64, 2.0, "mp4")
    async with world.parts.media.store.local(f"{job.id}/{output.name}") as stored:
        assert stored is not None
        assert stored.read_bytes() == world.acme.video
    assert await world.parts.media.find(job.id, output.poster) is not None
    assert (done.billing, done.cost, done.progress) == ("billed", Cost("0.77", "USD", "acme"), 1.0)
    assert done.started_at is not None
    assert done.ended_at is not None
    assert job.created_at <= done.started_at <= done.ended_at


async def test_progress_place_and_log_are_seen_while_it_runs(world: World) -> None:
    heard = PollResult("processing", progress=0.25, position=2, log="step 1")
    world.acme.on_look = in_turn(heard, PollResult("processing", position=2))
    async with world.worker():
        job = await world.order()
        now = await world.sees(job, lambda found: found.progress is not None, "under way with its progress")
        assert (now.progress, now.queue_position, now.log, now.billing) == (0.25, 2, "step 1", None)
        seen = world.acme.looks
        await until(lambda: world.acme.looks > seen + 3, "it is looked at again")
        later = await world.now(job)
        assert (later.progress, later.queue_position, later.log) == (0.25, 2, "step 1")
        assert later.revision == now.revision


async def test_every_move_is_one_readable_line_without_the_prompt(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "shotlist.jobs")
    async with world.worker():
        job = await world.order(values={"prompt": "a secret wish"})
        await world.until(job, "succeeded")
    lines = [record.getMessage() for record in caplog.records if record.name == "shotlist.jobs"]
    moves = [line.split(": ")[1] for line in lines]
    assert moves == [
        "new → queued",
        "queued → submitting",
        "submitting → processing",
        "processing → saving",
        "saving → succeeded",
    ]
    assert all(job.id in line for line in lines)
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("sandbox", "billing"), [(False, "billed"), (True, "not_billed")], ids=["real", "sandbox"]
)
async def test_a_failure_at_the_provider_tells_why_and_whether_it_was_billed(
    world: World, sandbox: bool, billing: str
) -> None:
    error = make_error("moderation", "Acme", "too wet", billing="billed")
    world.acme.on_look = in_turn(BUSY, PollResult("failed", error=error))
    async with world.worker():
        job = await world.order(sandbox=sandbox)
        done = await world.until(job, "failed")
        await world.sweeps()
        assert await world.now(job) == done
    assert done.billing == await world.billing(job) == billing
    assert done.error is not None
    assert done.error.message == "too wet"
    assert ("It was not billed." if sandbox else "It was billed.") in done.error.sentence


async def test_silence_of_the_provider_changes_nothing(world: World) -> None:
    world.acme.on_look = in_turn(*[Unanswered("time-out")] * 8, DONE)
    async with world.worker():
        await world.until(await world.order(), "succeeded")


async def test_a_fault_in_a_look_does_not_end_the_loop(world: World) -> None:
    times = 0

    def look(_: str) -> PollResult:
        nonlocal times
        times += 1
        if times < 3:
            raise ZeroDivisionError
        return DONE

    world.acme.on_look = look
    async with world.worker():
        await world.until(await world.order(), "succeeded")


async def test_no_such_job_is_believed_after_several_times_in_a_row(world: World) -> None:
    gone = Unanswered("404", gone=True)
    answers = iter([gone, gone, BUSY, gone, gone, gone])
    world.acme.on_look = lambda _: next(answers)
    async with world.worker():
        job = await world.order()
        done = await world.until(job, "failed")
    assert next(answers, None) is None
    assert done.error is not None
    assert (done.error.kind, done.billing) == ("expired", "unknown")
