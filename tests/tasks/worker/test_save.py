"""Deadlines, late results, and how a result becomes ours or an honest end."""

import asyncio
from typing import Any

from msgspec.structs import replace

from providers.outcomes import FetchFailed, OutputFile, PollResult
from tasks.jobs.claims import Wakeup
from tasks.worker.sweep import sweep
from tests.tasks.acme import DONE
from tests.tasks.world import NEVER, World, until

BUSY = PollResult("processing")
HOUR = 3600.0


async def test_past_its_deadline_a_job_fails_and_a_late_success_is_still_collected(world: World) -> None:
    world.acme.on_look = lambda _: BUSY
    async with world.worker():
        job = await world.order(deadline_sec=0.3)
        failed = await world.until(job, "failed")
        assert failed.error is not None
        assert (failed.error.kind, failed.billing) == ("timeout", "unknown")
        assert "may have been billed" in failed.error.sentence
        world.acme.on_look = lambda _: DONE
        done = await world.until(job, "succeeded")
    assert done.error is None
    assert done.billing == await world.billing(job) == "billed"


async def test_a_job_that_timed_out_here_learns_later_what_it_cost(world: World) -> None:
    world.acme.on_look = lambda _: BUSY
    async with world.worker():
        job = await world.order(deadline_sec=0.3)
        await world.until(job, "failed")
        world.acme.on_look = lambda _: PollResult("failed", billing="not_billed")
        done = await world.sees(job, lambda found: found.billing != "unknown", "told what it cost")
    assert (done.state, done.billing) == ("failed", "not_billed")
    assert await world.billing(job) == "not_billed"
    assert done.error is not None
    assert "was not billed" in done.error.sentence


async def test_a_job_that_waited_too_long_in_the_queue_is_given_up_unbilled(world: World) -> None:
    world.lines.there = False
    async with world.worker(queued_at_most=0.3):
        done = await world.until(await world.order(), "failed")
    assert done.billing == "not_billed"
    assert world.acme.submitted == []


async def test_a_job_that_waits_its_turn_in_a_long_queue_is_not_given_up(world: World) -> None:
    world.acme.description = replace(
        world.acme.description, limits=replace(world.acme.description.limits, concurrency=1)
    )
    made: set[str] = set()
    world.acme.on_look = lambda job_id: DONE if job_id in made else BUSY
    async with world.worker(queued_at_most=HOUR):
        jobs = [await world.order(deadline_sec=HOUR) for _ in range(5)]
        for job in jobs:
            await world.until(job, "processing")
            world.skip(HOUR / 2)
            await world.sweeps()
            made.add(job.id)
            await world.until(job, "succeeded")
    last = await world.now(jobs[-1])
    assert last.started_at
    assert last.started_at - last.created_at > HOUR, "it waited longer than a job may that nobody can send"


async def test_a_download_is_tried_for_as_long_as_the_provider_keeps_the_file(world: World) -> None:
    kept = replace(world.acme.description.output, ttl=2)
    world.acme.description = replace(world.acme.description, output=kept)
    world.acme.on_fetch = lambda _: FetchFailed("its server is away")
    async with world.worker(save_tries=2, retry_max=0.2):
        done = await world.until(await world.order(), "failed")
    assert world.acme.fetches == 10
    assert done.error is not None
    assert (done.error.kind, done.billing) == ("storage", "billed")


async def test_a_broken_download_is_tried_again(world: World) -> None:
    def broken(_: Any) -> FetchFailed:
        world.acme.on_fetch = world.acme.whole_video
        return FetchFailed("connection dropped")

    world.acme.on_fetch = broken
    async with world.worker():
        await world.until(await world.order(), "succeeded")
    assert world.acme.fetches == 2


async def test_a_file_that_is_no_video_is_fetched_again_and_then_refused_as_billed(world: World) -> None:
    world.acme.video = b"<html>oops</html>" * 100
    async with world.worker():
        job = await world.order()
        done = await world.until(job, "failed")
        await world.sweeps()
        assert await world.now(job) == done
    assert world.acme.fetches == 3
    assert done.error is not None
    assert (done.error.kind, done.billing) == ("bad_output", "billed")
    assert done.outputs == ()
    assert await world.parts.media.store.is_empty()


async def test_a_truncated_video_is_not_stored_as_success(world: World) -> None:
    world.acme.video = world.acme.video[: len(world.acme.video) * 2 // 3]
    async with world.worker():
        done = await world.until(await world.order(), "failed")
    assert done.error is not None
    assert done.error.kind == "bad_output"


async def test_a_dead_link_is_replaced_by_a_fresh_one(world: World) -> None:
    links: list[str] = []

    def fetch(to: Any) -> Any:
        if world.acme.fetches == 1:
            return FetchFailed("410", expired=True)
        return world.acme.whole_video(to)

    world.acme.on_fetch = fetch

    def fresh(_: str) -> PollResult:
        links.append("x")
        return PollResult("succeeded", outputs=(OutputFile(f"https://acme.test/{len(links)}.mp4"),))

    world.acme.on_look = fresh
    async with world.worker():
        done = await world.until(await world.order(), "succeeded")
    assert [file.url for file in done.found] == ["https://acme.test/2.mp4"]


async def test_a_result_that_has_expired_is_an_honest_end(world: World) -> None:
    world.acme.on_fetch = lambda _: FetchFailed("410", expired=True)
    async with world.worker():
        done = await world.until(await world.order(), "failed")
    assert done.error is not None
    assert (done.error.kind, done.billing) == ("expired", "billed")


async def test_a_success_without_a_file_is_a_bad_output(world: World) -> None:
    world.acme.on_look = lambda _: PollResult("succeeded")
    async with world.worker():
        done = await world.until(await world.order(), "failed")
    assert done.error is not None
    assert done.error.kind == "bad_output"
    assert world.acme.fetches == 0


async def test_a_full_disk_is_waited_out(world: World) -> None:
    def full(_: Any) -> Any:
        world.acme.on_fetch = world.acme.whole_video
        raise OSError(28, "No space left on device")

    world.acme.on_fetch = full
    async with world.worker():
        await world.until(await world.order(), "succeeded")


async def test_a_result_whose_worker_died_while_saving_is_saved_by_the_next(world: World) -> None:
    job = await world.order()
    world.acme.on_fetch = lambda to: asyncio.Event().wait()
    async with world.worker(shutdown=0.1):
        await until(lambda: world.acme.fetches == 1, "it is fetched")
    assert (await world.now(job)).state == "saving"
    world.acme.on_fetch = world.acme.whole_video
    world.skip(NEVER)  # nobody renews its lease
    async with world.worker():
        await world.until(job, "succeeded")


async def test_a_job_that_finished_while_nobody_looked_is_not_called_too_late(world: World) -> None:
    world.acme.on_look = lambda _: BUSY
    async with world.worker():
        job = await world.order(deadline_sec=HOUR)
        await world.until(job, "processing")
    world.acme.on_look = lambda _: DONE
    world.skip(HOUR + 1)
    await sweep(world.parts)
    assert (await world.now(job)).state == "processing"
    async with world.worker():
        await world.until(job, "succeeded")


async def test_of_several_messages_about_a_result_one_fetches_it(world: World) -> None:
    let_go = asyncio.Event()

    async def slow(to: Any) -> Any:
        await let_go.wait()
        return world.acme.whole_video(to)

    world.acme.on_fetch = slow
    async with world.worker():
        job = await world.order()
        await until(lambda: world.acme.fetches == 1, "it is fetched")
        await tell(world, *(Wakeup(job.id, revision) for revision in range(100, 105)), but_for=1)
        let_go.set()
        await world.until(job, "succeeded")
        await tell(world, Wakeup(job.id, 200))
    assert world.acme.fetches == 1


async def tell(world: World, *hints: Wakeup, but_for: int = 0) -> None:
    """Send these, and wait until all that the queue has is done, but for so many that are under way."""
    for hint in hints:
        await world.parts.queue.enqueue_save(hint)

    async def done() -> bool:
        return bool(await world.parts.queue._client.zcard("shotlist:save") <= but_for)

    await until(done, "they are heard")


async def test_a_result_of_a_provider_that_was_taken_away_does_not_wait_for_ever(world: World) -> None:
    """A job that saves can neither be canceled nor deleted, so it has to end by itself."""

    def take_away(_: Any) -> FetchFailed:
        world.lines.there = False
        return FetchFailed("its server is away")

    world.acme.on_fetch = take_away
    async with world.worker(save_tries=5):
        done = await world.until(await world.order(), "failed")
    assert world.acme.fetches == 1
    assert (done.billing, done.error and done.error.kind) == ("billed", "expired")


async def test_a_fault_of_our_own_while_saving_is_tried_again_and_then_told(world: World) -> None:
    def break_off(_: Any) -> Any:
        raise ZeroDivisionError

    world.acme.on_fetch = break_off
    async with world.worker(save_tries=3):
        done = await world.until(await world.order(), "failed")
    assert world.acme.fetches == 3
    assert (done.billing, done.error and done.error.kind) == ("billed", "storage")
