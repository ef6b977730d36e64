"""Every answer to a submission, and what becomes of the job, the money and the number of requests."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from providers.outcomes import (
    Accepted,
    Limited,
    NotSent,
    Operation,
    ProviderError,
    Refused,
    Unclear,
    make_error,
)
from tasks.errors import DatabaseAway
from tasks.jobs.model import Job
from tasks.worker.submit import record_outcome
from tests.support import PATIENCE
from tests.tasks.acme import in_turn
from tests.tasks.world import NEVER, World, until

REFUSAL = make_error("moderation", "Acme", "no boats", billing="not_billed")
LIMIT = make_error("rate_limited", "Acme", billing="not_billed")


def accept(job_id: str) -> Accepted:
    return Accepted(Operation(f"op-{job_id}"))


ANSWERS: dict[str, tuple[list[Any], str, str, int]] = {
    "accepted": ([accept], "succeeded", "billed", 1),
    "refused": ([Refused(REFUSAL)], "failed", "not_billed", 1),
    "told to wait, then accepted": ([Limited(LIMIT, 0.05), Limited(LIMIT), accept], "succeeded", "billed", 3),
    "not sent, then accepted": ([NotSent("refused connection"), accept], "succeeded", "billed", 2),
    "no clear answer": ([Unclear("the connection was dropped")], "unconfirmed", "unknown", 1),
    "a fault of our own": ([ZeroDivisionError()], "unconfirmed", "unknown", 1),
}


def script(answers: list[Any]) -> Any:
    turn = in_turn(*answers)

    def answer(job_id: str) -> Any:
        now = turn(job_id)
        if isinstance(now, Exception):
            raise now
        return now(job_id) if callable(now) else now

    return answer


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("sandbox", [False, True])
async def test_an_answer_decides_state_money_and_number_of_requests(
    world: World, name: str, sandbox: bool
) -> None:
    answers, state, billing, requests = ANSWERS[name]
    world.acme.on_submit = script(answers)
    async with world.worker():
        job = await world.order(sandbox=sandbox)
        done = await world.until(job, "succeeded", "failed", "unconfirmed")
        world.skip(NEVER)  # longer than the lease
        await world.sweeps()
        assert await world.now(job) == done
    assert done.state == state
    assert world.acme.submitted == [job.id] * requests
    assert done.billing == await world.billing(job) == ("not_billed" if sandbox else billing)
    assert (done.error is None) == (state == "succeeded")


async def test_a_refusal_tells_why_in_words_for_people(world: World) -> None:
    world.acme.on_submit = lambda _: Refused(REFUSAL)
    async with world.worker():
        done = await world.until(await world.order(), "failed")
    assert done.error is not None
    assert (done.error.kind, done.error.message) == ("moderation", "no boats")
    assert "was not billed" in done.error.sentence


async def test_an_unconfirmed_job_says_that_it_may_be_billed_and_was_not_sent_again(world: World) -> None:
    world.acme.on_submit = lambda _: Unclear("the connection was dropped")
    async with world.worker():
        done = await world.until(await world.order(), "unconfirmed")
    assert done.error is not None
    assert "may have been billed and was not sent again" in done.error.sentence
    assert not done.live


async def test_a_request_that_hangs_ends_as_unconfirmed(world: World) -> None:
    world.acme.on_submit = lambda _: asyncio.Event().wait()
    async with world.worker(submit_limit=0.2):
        done = await world.until(await world.order(), "unconfirmed")
    assert done.error is not None
    assert "no answer within 0.2 s" in done.error.message


async def held_for(world: World, job: Job, seconds: float) -> bool:
    """Whether its lease runs for so long from now."""
    rows = await world.jobs.database.rows("SELECT lease_until FROM job WHERE id = {}", job.id)
    return bool(rows[0]["lease_until"] > world.jobs.clock() + seconds)


async def test_a_slow_answer_outlasts_the_lease_because_it_is_renewed(world: World) -> None:
    let_go = asyncio.Event()

    async def slow(job_id: str) -> Any:
        await let_go.wait()
        return accept(job_id)

    world.acme.on_submit = slow
    async with world.worker():
        job = await world.order()
        sent = await world.until(job, "submitting")
        for _ in range(3):
            world.skip(0.6 * NEVER)  # of the lease
            await until(lambda: held_for(world, job, 0.5 * NEVER), "it is held on to")
            await world.sweeps()
        assert (await world.now(job)).revision == sent.revision
        let_go.set()
        done = await world.until(job, "succeeded", "unconfirmed")
    assert done.state == "succeeded"
    assert len(world.acme.submitted) == 1


async def test_a_job_whose_worker_died_while_ordering_is_unconfirmed_and_never_sent_again(
    world: World,
) -> None:
    job = await world.order(hint=False)
    claimed = await world.jobs.claims.claim_submission("acme", 5, 0.3)
    assert claimed is not None
    sent = await world.jobs.transition(
        claimed, "submitting", "about to send", durable=True, lease_until=world.jobs.clock() + NEVER
    )
    assert sent is not None
    async with world.worker():
        await world.sweeps()
        assert (await world.now(job)).state == "submitting"  # the lease still runs
        world.skip(NEVER)
        done = await world.until(job, "unconfirmed")
        world.skip(NEVER)
        await world.sweeps()
    assert world.acme.submitted == []
    assert done.billing == "unknown"


async def test_an_answer_that_comes_after_the_sweep_gave_up_is_still_recorded(world: World) -> None:
    job = await world.order(hint=False)
    claimed = await world.jobs.claims.claim_submission("acme", 5, 0.1)
    assert claimed is not None
    sent = await world.jobs.transition(claimed, "submitting", "about to send", lease_until=0.0)
    assert sent is not None
    async with world.worker():
        await world.until(job, "unconfirmed")
        await record_outcome(world.parts, world.acme, sent, accept(job.id))
        done = await world.until(job, "succeeded")
    assert done.billing == "billed"
    assert done.error is None


@pytest.mark.parametrize("late", [Refused(REFUSAL), NotSent("no route"), Limited(LIMIT)])
async def test_a_late_no_turns_unconfirmed_into_failed_and_not_billed(world: World, late: Any) -> None:
    job = await world.order(hint=False)
    sent = await world.jobs.transition(job, "submitting", "about to send", lease_until=0.0)
    assert sent is not None
    async with world.worker():
        await world.until(job, "unconfirmed")
        await record_outcome(world.parts, world.acme, sent, late)
        world.skip(NEVER)
        await world.sweeps()
        done = await world.now(job)
    assert (done.state, done.billing) == ("failed", "not_billed")
    assert await world.billing(job) == "not_billed"
    assert world.acme.submitted == []


async def test_an_answer_is_written_again_and_again_until_the_database_takes_it(world: World) -> None:
    answers = world.jobs.outcomes
    left = 3

    class Stubborn(type(answers)):  # type: ignore[misc]
        async def accepted(self, *args: Any) -> Any:
            nonlocal left
            left -= 1
            if left >= 0:
                raise DatabaseAway
            return await answers.accepted(*args)

    world.jobs.outcomes = Stubborn(answers.database, answers.ledger, answers.clock)
    async with world.worker():
        done = await world.until(await world.order(), "succeeded", "unconfirmed")
    assert done.state == "succeeded"
    assert left < 0


async def test_a_worker_that_is_stopped_while_it_waits_for_the_answer_writes_down_what_it_knows(
    world: World,
) -> None:
    world.acme.on_submit = lambda _: asyncio.Event().wait()
    async with world.worker(shutdown=0.2):
        job = await world.order()
        await until(lambda: world.acme.submitted == [job.id], "it is sent")
    await world.until(job, "unconfirmed")


async def test_a_worker_that_is_stopped_lets_a_quick_answer_come_in(world: World) -> None:
    async def once_stopped(job_id: str) -> Any:
        await stop.wait()
        return accept(job_id)

    world.acme.on_submit = once_stopped
    async with world.worker(shutdown=PATIENCE) as stop:
        job = await world.order()
        await until(lambda: world.acme.submitted == [job.id], "it is sent")
    assert (await world.now(job)).state == "processing"


async def test_an_outage_does_not_burn_the_queue(world: World) -> None:
    world.acme.description = replace(
        world.acme.description, limits=replace(world.acme.description.limits, concurrency=1)
    )
    world.acme.on_submit = lambda _: Unclear("the connection was dropped")
    async with world.worker(pause=NEVER, pause_max=NEVER):
        made = [await world.order() for _ in range(8)]
        await until(lambda: len(world.acme.submitted) == 3, "some are sent")
        await world.until(made[2], "unconfirmed")
        await world.sweeps()
        states = [(await world.now(job)).state for job in made]
    assert len(world.acme.submitted) == 3
    assert sorted(states) == ["queued"] * 5 + ["unconfirmed"] * 3


async def test_after_the_pause_the_rest_of_the_queue_goes_through(world: World) -> None:
    answers = iter([Unclear("dropped")] * 3)
    world.acme.on_submit = lambda job_id: next(answers, None) or accept(job_id)
    async with world.worker():
        made = [await world.order() for _ in range(6)]
        ended = [await world.until(job, "succeeded", "unconfirmed") for job in made]
    assert sorted(job.state for job in ended) == ["succeeded"] * 3 + ["unconfirmed"] * 3
    assert len(world.acme.submitted) == 6


async def test_a_job_whose_provider_is_not_set_up_waits_until_it_is(world: World) -> None:
    world.lines.there = False
    async with world.worker():
        job = await world.order()
        waiting = await world.sees(job, lambda found: found.attempts > 2, "put back again and again")
        assert waiting.state == "queued"
        world.lines.there = True
        await world.until(job, "succeeded")


async def test_a_sandbox_job_never_asks_for_a_real_origin(world: World) -> None:
    async with world.worker():
        await world.until(await world.order(sandbox=True), "succeeded")
    assert {(origin, sandbox) for _, origin, sandbox in world.lines.asked_for} == {("", True)}


def test_the_errors_of_these_tests_are_of_real_classes() -> None:
    assert isinstance(REFUSAL, ProviderError)
    assert LIMIT.retryable


async def test_an_order_without_an_answer_that_the_provider_knows_is_no_loss(world: World) -> None:
    """Where a provider can be asked for an id of ours, a dropped answer costs one look, not a person's doubt."""
    accept = world.acme.on_submit
    world.acme.on_submit = lambda _: Unclear("the connection was dropped")
    world.acme.on_find = accept
    async with world.worker():
        await world.until(await world.order(), "succeeded")
    assert len(world.acme.submitted) == 1
