"""Lost and doubled messages, several workers, slots, stops and starts."""

import asyncio
from collections import Counter
from typing import Any

from msgspec.structs import replace

from providers.outcomes import Accepted, Limited, Operation, PollResult, Unclear, make_error
from tasks.database.database import Database, Statement
from tasks.embedded import EmbeddedQueue
from tasks.jobs.claims import Wakeup
from tasks.jobs.model import Job
from tasks.jobs.repository import JobRepository
from tasks.jobs.stale import StaleJobs
from tasks.worker.sweep import sweep
from tests.tasks.acme import DONE
from tests.tasks.world import NEVER, World, until

BUSY = PollResult("processing")


async def test_a_job_whose_message_was_lost_is_found_by_the_sweep(world: World) -> None:
    job = await world.order(hint=False)
    world.skip(NEVER)
    async with world.worker(wakeup_after=NEVER):
        done = await world.until(job, "succeeded")
    assert done.revision == 5  # four moves, and one for the message that was sent again


async def test_all_messages_may_be_flushed_at_any_time(world: World) -> None:
    async with world.worker():
        made = [await world.order() for _ in range(10)]
        for _ in range(5):
            await world.parts.queue._client.flushall()
            await asyncio.sleep(0.1)
        for job in made:
            await world.until(job, "succeeded")
    assert sorted(world.acme.submitted) == sorted(job.id for job in made)


async def test_messages_that_come_twice_do_nothing_twice(world: World) -> None:
    async with world.worker():
        job = await world.order()
        for revision in range(5):
            await world.parts.queue.enqueue_submit(Wakeup(job.id, 100 + revision), "acme", False)
            await world.parts.queue.enqueue_save(Wakeup(job.id, 100 + revision))
        await world.until(job, "succeeded")
        await world.sweeps()
    assert len(world.acme.submitted) == 1
    assert world.acme.fetches == 1


async def test_two_workers_share_the_work_and_do_nothing_twice(world: World) -> None:
    async with world.worker(), world.worker():
        made = [await world.order(owner) for owner in ("ann", "bob") for _ in range(15)]
        for job in made:
            await world.until(job, "succeeded")
    assert Counter(world.acme.submitted) == Counter(job.id for job in made)
    assert world.acme.fetches == 30


async def test_never_more_jobs_at_the_provider_than_it_has_slots(world: World) -> None:
    at_once: list[int] = []
    there: set[str] = set()

    def submit(job_id: str) -> Any:
        there.add(job_id)
        at_once.append(len(there))
        return Accepted(Operation(f"op-{job_id}"))

    def look(job_id: str) -> PollResult:
        if max(at_once) < 5:  # nothing ends before all slots were taken once
            return BUSY
        there.discard(job_id)
        return DONE

    world.acme.on_submit, world.acme.on_look = submit, look
    async with world.worker(), world.worker():
        made = [await world.order() for _ in range(20)]
        for job in made:
            await world.until(job, "succeeded")
    assert max(at_once) == 5


async def test_the_queue_server_may_be_away_when_a_job_is_ordered(
    world: World, queue_server: EmbeddedQueue
) -> None:
    await queue_server.stop()
    async with world.worker():
        job = await world.order()
        await world.sweeps()
        assert (await world.now(job)).state == "queued"
        assert not await world.parts.queue.answers()
        await queue_server.start()
        await world.until(job, "succeeded")
        await until(world.parts.queue.answers, "it answers")


async def test_a_worker_stops_while_a_job_is_looked_at_and_the_next_one_carries_on(world: World) -> None:
    world.acme.on_look = lambda _: asyncio.Event().wait()
    async with world.worker():
        job = await world.order()
        await until(lambda: world.acme.looks == 1, "it is looked at")
    assert (await world.now(job)).state == "processing"
    world.acme.on_look = lambda _: DONE
    async with world.worker():
        await world.until(job, "succeeded")
    assert len(world.acme.submitted) == 1


async def test_an_unconfirmed_job_can_be_deleted_and_what_comes_later_is_ignored(world: World) -> None:
    world.acme.on_submit = lambda _: Unclear("dropped")
    async with world.worker():
        job = await world.order()
        await world.until(job, "unconfirmed")
        assert await world.jobs.delete("ann", job.id) == "deleted"
        await world.sweeps()
    assert await world.jobs.get_any(job.id) is None
    assert await world.billing(job) == "unknown"


async def test_a_worker_that_is_alone_goes_on_at_once_where_the_dead_one_was(world: World) -> None:
    waiting = await world.order(hint=False)
    asked = await world.order(hint=False)
    far = world.jobs.clock() + NEVER
    assert await world.jobs.transition(asked, "submitting", "about to send", lease_until=far) is not None
    async with world.worker(alone=True, sweep_every=NEVER, wakeup_after=NEVER):
        await world.until(waiting, "succeeded")
        await world.until(asked, "unconfirmed")
    assert world.acme.submitted == [waiting.id]


async def test_a_worker_among_others_leaves_alone_what_another_holds(world: World) -> None:
    job = await world.order(hint=False)
    far = world.jobs.clock() + NEVER
    assert await world.jobs.transition(job, "submitting", "about to send", lease_until=far) is not None
    async with world.worker():
        await world.sweeps()
        assert (await world.now(job)).state == "submitting"


async def test_the_sweep_does_not_move_a_job_whose_lease_was_renewed_meanwhile(world: World) -> None:
    class Slow(StaleJobs):
        async def submissions(self) -> tuple[Job, ...]:
            found = await super().submissions()
            for job in found:
                await world.jobs.claims.renew_lease(job, 60.0)
            return found

    job = await world.order(hint=False)
    assert await world.jobs.transition(job, "submitting", "about to send", lease_until=0.0) is not None
    world.jobs.stale = Slow(world.parts.database, world.jobs.clock)
    await sweep(world.parts)
    assert (await world.now(job)).state == "submitting"


async def test_the_commits_that_guard_money_reach_the_disk_before_the_request_leaves(world: World) -> None:
    noted: list[str] = []

    class Noting(Database):
        async def rows(self, sql: str, *args: Any) -> list[dict[str, Any]]:
            inside = self.engine.current_transaction.get()
            if inside is not None and getattr(inside, "_is_durable", True):  # Postgres: always
                noted.append(f"{sql} {args}")
            return await super().rows(sql, *args)

        async def write_all(self, *statements: Statement, durable: bool = False) -> bool:
            if durable and self.is_sqlite:  # on Postgres the statements pass through `rows`
                noted.extend(f"{sql} {args}" for sql, args in statements)
            return await super().write_all(*statements, durable=durable)

    database = Noting(world.parts.database.engine)
    context = replace(world.parts, database=database, jobs=JobRepository(database, world.jobs.clock))
    noting = World(context, world.acme, world.lines)
    at_submit: list[int] = []

    def submit(job_id: str) -> Accepted:
        at_submit.append(sum("SET" in written and "'submitting'" in written for written in noted))
        return Accepted(Operation(f"op-{job_id}"))

    world.acme.on_submit = submit
    async with noting.worker():
        await noting.until(await noting.order(), "succeeded")
    assert at_submit == [1]
    assert any("INSERT INTO job " in written for written in noted)
    assert any("SET operation" in written for written in noted)


async def test_the_queue_goes_on_by_itself_after_a_provider_told_to_wait(world: World) -> None:
    told = iter([Limited(make_error("rate_limited", "Acme"), 0.5)])
    world.acme.on_submit = lambda job_id: next(told, None) or Accepted(Operation(f"op-{job_id}"))
    world.acme.on_look = lambda _: BUSY  # no job ends, so that none makes room for the next
    async with world.worker(sweep_every=NEVER):
        made = [await world.order()]
        await world.sees(made[0], lambda found: found.attempts > 0, "told to wait")
        made += [await world.order() for _ in range(4)]
        for job in made:
            await world.until(job, "processing")


async def test_the_queue_goes_on_by_itself_after_a_pause(world: World) -> None:
    silent = iter([Unclear("dropped")] * 3)
    world.acme.on_submit = lambda job_id: next(silent, None) or Accepted(Operation(f"op-{job_id}"))
    async with world.worker(sweep_every=NEVER):
        made = [await world.order() for _ in range(8)]
        for job in made:
            await world.until(job, "succeeded", "unconfirmed")
