"""A worker ends whatever hangs just then, and an outage of the queue holds nothing up afterwards."""

import asyncio
from typing import Any

import pytest

from providers.outcomes import Accepted, Operation
from tasks.embedded import EmbeddedQueue
from tasks.jobs.stale import StaleJobs
from tests.tasks.world import World, until


class Hanging:
    """Never answers; `asked` is set as soon as somebody waits, `canceled` when that was broken off."""

    def __init__(self) -> None:
        self.asked, self.canceled = asyncio.Event(), False

    async def answer(self) -> Any:
        self.asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.canceled = True
            raise


async def test_a_database_that_hangs_does_not_hold_up_the_end(world: World) -> None:
    hanging = Hanging()

    class Hangs(StaleJobs):
        async def submissions(self) -> Any:
            return await hanging.answer()

    world.jobs.stale = Hangs(world.jobs.database, world.jobs.clock)
    async with world.worker():
        await hanging.asked.wait()
    assert hanging.canceled, "it was waited for"


@pytest.mark.parametrize("engines", ["embedded"])
async def test_an_outage_of_the_queue_leaves_nobody_waiting_behind_a_slow_answer(
    world: World, queue_server: EmbeddedQueue, caplog: pytest.LogCaptureFixture
) -> None:
    """arq's worker gives up after some ten seconds; the one after it works on, and both end."""
    hanging = Hanging()

    def answer(job_id: str) -> Any:
        return hanging.answer() if len(world.acme.submitted) == 1 else Accepted(Operation(f"op-{job_id}"))

    world.acme.on_submit = answer
    async with world.worker():
        slow = await world.order()
        await hanging.asked.wait()
        await queue_server.stop()
        await until(lambda: "shotlist:submit: the queue is away" in caplog.text, "arq's worker gives up")
        await queue_server.start()
        await world.until(await world.order(), "succeeded")
        assert (await world.now(slow)).state == "submitting"
    assert hanging.canceled, "it was waited for"
    await world.until(slow, "unconfirmed")
