"""Orders whose answer was lost, at a provider that can be asked for an id of ours: they are found, and delay nobody."""

import asyncio
from typing import Any

import pytest

from providers.outcomes import Accepted, Operation, Unanswered, Unclear
from tasks.jobs.model import Job
from tasks.jobs.repository import JobRepository
from tests.tasks.acme import in_turn
from tests.tasks.world import Clock, World, new_job, until

SILENCE = Unanswered("it could not be reached")


async def hang(_: str) -> Any:
    await asyncio.Event().wait()


def break_off(_: str) -> Any:
    raise OverflowError("a number that nobody thought of")


async def lose_some(world: World) -> list[Job]:
    """Five orders whose worker died while it waited for the answer."""
    lost = [await world.order(hint=False) for _ in range(5)]
    for job in lost:
        await world.jobs.transition(job, "submitting", "test", lease_until=0.0)
    return lost


async def test_an_outage_that_also_swallows_the_question_only_delays_the_job(world: World) -> None:
    world.acme.on_submit = lambda _: Unclear("the connection was dropped")
    world.acme.on_find = in_turn(SILENCE, SILENCE, SILENCE, Accepted(Operation("op-found")))
    async with world.worker():
        done = await world.until(await world.order(), "succeeded")
    assert len(world.acme.submitted) == 1
    assert (done.provider_job_id, done.billing, done.error) == ("op-found", "billed", None)


@pytest.mark.parametrize("answer", [hang, break_off], ids=["hangs", "breaks off"])
async def test_a_question_that_ends_badly_leaves_the_order_unconfirmed(world: World, answer: Any) -> None:
    world.acme.on_submit = lambda _: Unclear("the connection was dropped")
    world.acme.on_find = answer
    async with world.worker(lookup_limit=0.3):
        await world.until(await world.order(), "unconfirmed")


@pytest.mark.parametrize("answer", [hang, break_off], ids=["hangs", "breaks off"])
async def test_lost_orders_that_cannot_be_told_of_do_not_stop_the_sweep(world: World, answer: Any) -> None:
    world.acme.on_find = answer
    lost = await lose_some(world)
    async with world.worker(lookup_limit=0.3):
        for job in lost:
            await world.until(job, "unconfirmed")
        await world.until(await world.order(hint=False), "succeeded")


async def test_all_lost_orders_are_asked_for_at_once(world: World) -> None:
    asked: list[str] = []

    async def when_all_are_asked_for(job_id: str) -> Any:
        asked.append(job_id)
        await until(lambda: len(asked) >= 5, "the others are asked for")
        return SILENCE

    world.acme.on_find = when_all_are_asked_for
    lost = await lose_some(world)
    async with world.worker():
        for job in lost:
            await world.until(job, "unconfirmed")
    assert set(asked) == {job.id for job in lost}


async def test_the_question_is_put_ever_more_rarely_and_for_a_day(jobs: JobRepository, clock: Clock) -> None:
    began, asked = clock.now, []
    job = await jobs.create(new_job(clock.now))
    sent = await jobs.transition(job, "submitting", "test")  # type: ignore[arg-type]
    await jobs.transition(sent, "unconfirmed", "test")  # type: ignore[arg-type]
    while clock.now < began + 2 * 86_400:
        if await jobs.claims.claim_lookups(("acme",), 10.0, 86_400.0):
            asked.append(clock.now - began)
        clock.now += 5 if clock.now < began + 60 else 60
    assert asked[:2] == [0, 10]
    assert 25 < len(asked) < 70
    assert asked[-1] - asked[-2] > 3600
    assert asked[-1] < 86_400
    assert not await jobs.claims.claim_lookups((), 10.0, 1e9)
