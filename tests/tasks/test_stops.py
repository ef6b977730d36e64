"""A worker ends in time whatever hangs just then, and an outage of the queue holds nothing up afterwards."""

import asyncio
from typing import Any

import pytest

from providers.answers import Accepted, Operation
from tasks.embedded import EmbeddedQueue
from tasks.overdue import Overdue
from tests.tasks.world import World

STEP_ENDS = 2.5  # seconds: `shutdown` of the tests, half a second for what is canceled, and some


async def hang(_: Any) -> Any:
    await asyncio.sleep(60)


async def test_a_database_that_hangs_does_not_hold_up_the_end(world: World) -> None:
    class Hanging(Overdue):
        async def submissions(self) -> Any:
            await hang(None)

    world.jobs.overdue = Hanging(world.jobs.database, world.jobs.clock)
    async with world.worker():
        await asyncio.sleep(0.3)
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < STEP_ENDS


@pytest.mark.parametrize("engines", ["embedded"])
async def test_an_outage_of_the_queue_leaves_nobody_waiting_behind_a_slow_answer(
    world: World, queue_server: EmbeddedQueue
) -> None:
    """arq's worker gives up after some ten seconds; the one after it works on, and both end in time."""

    def answer(job_id: str) -> Any:
        return hang(job_id) if len(world.acme.submitted) == 1 else Accepted(Operation(f"op-{job_id}"))

    world.acme.on_submit = answer
    async with world.worker(submit_limit=60.0):
        slow = await world.order()
        await world.until(slow, "submitting")
        await queue_server.stop()
        await asyncio.sleep(15)
        await queue_server.start()
        await world.until(await world.order(), "succeeded")
        assert (await world.now(slow)).state == "submitting"
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < STEP_ENDS
    assert (await world.now(slow)).state == "unconfirmed"
