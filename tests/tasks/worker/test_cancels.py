"""A cancel in each state: sent or not, confirmed or not, and results that come all the same."""

import asyncio
from typing import Any

from providers.outcomes import (
    Accepted,
    CancelAsked,
    Canceled,
    CannotCancel,
    NotSent,
    Operation,
    PollResult,
    Unanswered,
)
from tests.tasks.acme import DONE, in_turn
from tests.tasks.world import NEVER, World

BUSY = PollResult("processing")


async def test_a_cancel_while_it_runs_is_sent_once_and_confirmed(world: World) -> None:
    canceled = False

    def cancel(_: str) -> Canceled:
        nonlocal canceled
        canceled = True
        return Canceled()

    world.acme.on_cancel = cancel
    world.acme.on_look = lambda _: PollResult("canceled", billing="not_billed") if canceled else BUSY
    async with world.worker():
        job = await world.order()
        await world.until(job, "processing")
        asked = await world.jobs.request_cancel("ann", job.id)
        assert asked is not None
        assert asked.state == "processing"
        done = await world.until(job, "canceled")
        await world.sweeps()
        assert await world.now(job) == done
    assert world.acme.cancels == [f"op-{job.id}"]
    assert done.billing == await world.billing(job) == "not_billed"


async def test_a_cancel_looks_first_and_keeps_what_has_succeeded(world: World) -> None:
    world.acme.on_look = lambda _: BUSY
    async with world.worker(poll_idle=0.5):
        job = await world.order()
        await world.until(job, "processing")
        world.acme.on_look = lambda _: DONE
        await world.jobs.request_cancel("ann", job.id)
        done = await world.until(job, "succeeded")
    assert world.acme.cancels == []
    assert done.billing == "billed"


async def test_a_cancel_that_comes_too_late_keeps_the_result(world: World) -> None:
    def too_late(_: str) -> CannotCancel:
        world.acme.on_look = lambda _: DONE
        return CannotCancel("Acme cannot stop a job that is nearly done.")

    world.acme.on_look = lambda _: BUSY
    world.acme.on_cancel = too_late
    async with world.worker():
        job = await world.order()
        await world.until(job, "processing")
        await world.jobs.request_cancel("ann", job.id)
        await world.until(job, "succeeded")


async def test_a_canceled_job_that_finished_after_all_is_kept(world: World) -> None:
    world.acme.on_look = lambda _: (
        BUSY
    )  # even after the cancel: the provider confirms and goes on for a while
    async with world.worker():
        job = await world.order()
        await world.until(job, "processing")
        await world.jobs.request_cancel("ann", job.id)
        canceled = await world.until(job, "canceled")
        assert canceled.billing == "unknown"
        world.acme.on_look = lambda _: DONE
        done = await world.until(job, "succeeded")
    assert done.billing == await world.billing(job) == "billed"


async def test_a_cancel_that_the_provider_takes_note_of_waits_for_the_next_look(world: World) -> None:
    def noted(_: str) -> CancelAsked:
        world.acme.on_look = in_turn(BUSY, BUSY, PollResult("canceled"))
        return CancelAsked()

    world.acme.on_look = lambda _: BUSY
    world.acme.on_cancel = noted
    async with world.worker():
        job = await world.order()
        await world.until(job, "processing")
        await world.jobs.request_cancel("ann", job.id)
        done = await world.until(job, "canceled")
    assert done.billing == "unknown"
    assert len(world.acme.cancels) == 1


async def test_a_cancel_without_an_answer_is_sent_again(world: World) -> None:
    world.acme.on_look = lambda _: BUSY
    world.acme.on_cancel = in_turn(Unanswered("time-out"), Canceled())
    async with world.worker(cancel_again=0.2):
        job = await world.order()
        await world.until(job, "processing")
        await world.jobs.request_cancel("ann", job.id)
        await world.until(job, "canceled")
    assert len(world.acme.cancels) == 2


async def test_a_cancel_while_it_is_being_sent_is_passed_on_when_it_was_accepted(world: World) -> None:
    let_go = asyncio.Event()

    async def slow(job_id: str) -> Any:
        await let_go.wait()
        return Accepted(Operation(f"op-{job_id}"))

    world.acme.on_submit = slow
    world.acme.on_look = lambda _: (
        PollResult("canceled", billing="not_billed") if world.acme.cancels else BUSY
    )
    async with world.worker():
        job = await world.order()
        await world.until(job, "submitting")
        await world.jobs.request_cancel("ann", job.id)
        let_go.set()
        await world.until(job, "canceled")
    assert len(world.acme.cancels) == 1


async def test_a_cancel_while_it_is_being_sent_ends_a_job_that_was_not_sent(world: World) -> None:
    let_go = asyncio.Event()

    async def slow(_: str) -> Any:
        await let_go.wait()
        return NotSent("no route")

    world.acme.on_submit = slow
    async with world.worker(sweep_every=NEVER):
        job = await world.order()
        await world.until(job, "submitting")
        await world.jobs.request_cancel("ann", job.id)
        let_go.set()
        done = await world.until(job, "canceled")
    assert len(world.acme.submitted) == 1
    assert done.billing == "not_billed"


async def test_a_cancel_asked_for_in_the_queue_is_done_by_the_sweep_too(world: World) -> None:
    job = await world.order(hint=False)
    await world.jobs.database.rows("UPDATE job SET cancel_requested_at = 1 WHERE id = {}", job.id)
    async with world.worker():
        await world.until(job, "canceled")
    assert world.acme.submitted == []
