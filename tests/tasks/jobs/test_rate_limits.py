"""A provider's orders a minute, counted on its lane for all workers together."""

import asyncio

import pytest
from msgspec.structs import replace

from tasks.jobs.repository import JobRepository
from tests.tasks.world import NEVER, Clock, World, new_job


async def order(jobs: JobRepository, clock: Clock, times: int) -> None:
    for _ in range(times):
        clock.now += 0.001
        await jobs.create(new_job(clock.now))


async def test_a_rate_limit_lets_a_few_go_at_once_and_then_one_at_a_time(
    jobs: JobRepository, clock: Clock
) -> None:
    await order(jobs, clock, 30)

    async def taken() -> int:
        count = 0
        while await jobs.claims.claim_submission("acme", 100, 900.0, per_minute=20) is not None:
            count += 1
        return count

    assert await jobs.claims.rate_limit_wait("acme") == 0
    assert await taken() == 3  # six seconds' worth, and the one that is due
    assert await jobs.claims.rate_limit_wait("acme") == pytest.approx(3.0)
    clock.now += 3.0
    assert await taken() == 1
    clock.now += 60.0
    assert await taken() == 3


async def test_two_workers_share_a_rate_limit(jobs: JobRepository, clock: Clock) -> None:
    await order(jobs, clock, 10)
    asked = (jobs.claims.claim_submission("acme", 100, 30.0, per_minute=20) for _ in range(10))
    assert sum(job is not None for job in await asyncio.gather(*asked)) == 3


async def test_jobs_over_the_rate_limit_go_by_themselves_when_it_lets_them(world: World) -> None:
    limits = replace(world.acme.description.limits, per_minute=600)
    world.acme.description = replace(world.acme.description, limits=replace(limits, concurrency=100))
    async with world.worker(sweep_every=NEVER):  # no sweep finds them
        began = asyncio.get_running_loop().time()
        jobs = [await world.order() for _ in range(64)]
        for job in jobs:
            await world.until(job, "succeeded")
    assert asyncio.get_running_loop().time() - began > 0.29  # 61 go at once, three more at ten a second
    assert len(world.acme.submitted) == 64
