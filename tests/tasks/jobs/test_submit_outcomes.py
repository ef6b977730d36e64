"""What is made of an answer that comes late, twice, or beside another one."""

import logging

import pytest
from msgspec.structs import replace

from providers.client.interpret import interpret_submit
from providers.client.responses import HTTPResponse
from providers.description.schema import Errors
from providers.outcomes import Accepted, Limited, Operation, Refused, make_error
from tasks.jobs.model import Job
from tasks.jobs.repository import Cadence, Ledger
from tasks.reconcile import record_webhook
from tasks.worker.submit import record_outcome
from tests.tasks.acme import wire
from tests.tasks.world import World

LIMIT = Limited(make_error("rate_limited", "Acme", billing="not_billed"), 0.0)
REFUSAL = Refused(make_error("moderation", "Acme", billing="not_billed"))


async def send(world: World, job: Job) -> Job:
    sent = await world.jobs.transition(job, "submitting", "test", lease_until=world.jobs.clock() + 60)
    assert sent is not None
    return sent


@pytest.mark.parametrize("answer", [LIMIT, REFUSAL], ids=["told to wait", "refused"])
async def test_an_answer_written_once_more_says_nothing_of_the_order_after_it(
    world: World, answer: Limited | Refused
) -> None:
    """A commit that seemed to fail had landed: by the next try another worker may have sent the job again."""
    first = await send(world, await world.order(hint=False))
    await record_outcome(world.parts, world.acme, first, LIMIT)
    await send(world, await world.now(first))
    await record_outcome(world.parts, world.acme, first, answer)
    assert (await world.now(first)).state == "submitting"


async def test_an_answer_after_a_message_that_told_the_id_adds_its_links(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A wire may look by links alone; and nothing was deleted, so the log does not say so."""
    sent = await send(world, await world.order(hint=False))
    await record_webhook(world.parts, sent, "op-1")
    whole = Operation("op-1", {"get": "/jobs/op-1"}, kept={"batch": 7})
    await record_outcome(world.parts, world.acme, sent, Accepted(whole))
    await world.jobs.outcomes.accepted(sent.id, Operation("op-1"), Cadence(0.0, 1.0, 1.0))
    await world.jobs.outcomes.accepted(
        sent.id, Operation("op-2", {"get": "/jobs/op-2"}), Cadence(0.0, 1.0, 1.0)
    )
    assert (await world.now(sent)).operation == whole
    assert "deleted" not in caplog.text


async def test_what_a_late_failure_cost_is_in_job_and_ledger_or_in_neither(world: World) -> None:
    sent = await send(world, await world.order(hint=False))
    accepted = await world.jobs.outcomes.accepted(sent.id, Operation("op"), Cadence(0.0, 1.0, 1.0))
    assert accepted is not None
    await world.jobs.transition(accepted, "failed", "test", billing="unknown")
    (job,) = await world.jobs.claims.claim_due_polls(5, 1.0)

    class Broken(Ledger):
        async def settle(self, job: Job) -> None:
            raise ConnectionError

    whole, world.jobs.ledger = world.jobs.ledger, Broken()
    with pytest.raises(ConnectionError):
        await world.jobs.record_cost(job, "not_billed", None, "Acme")
    assert (await world.now(sent)).billing == await world.billing(sent) == "unknown"
    world.jobs.ledger = whole
    await world.jobs.record_cost(job, "not_billed", None, "Acme")
    assert (await world.now(sent)).billing == await world.billing(sent) == "not_billed"


async def test_what_a_provider_says_of_a_failure_reaches_the_owner_and_no_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    acme = replace(wire(), error=Errors(message="/error"))
    answer = HTTPResponse(500, {}, {"error": "worker 7 gave up on 'a secret boat'"})
    world.acme.on_submit = lambda _: interpret_submit(acme, answer, Operation(""), ())
    async with world.worker():
        done = await world.until(await world.order(), "unconfirmed")
    assert "secret boat" not in caplog.text
    assert "Acme answered 500 to the order" in caplog.text
    assert done.error is not None
    assert "a secret boat" in done.error.sentence
