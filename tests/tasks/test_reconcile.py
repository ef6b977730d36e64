"""An order that got no clear answer is found again: by a message or by a person; for one day."""

from typing import Any

import pytest

from providers.outcomes import PollResult, Unanswered
from tasks.jobs.model import FINDABLE, Job
from tasks.reconcile import NotFound, record_job_id, record_webhook
from tests.tasks.world import World

AWAY = Unanswered("no answer")
GONE = Unanswered("there is no such job", gone=True)


async def lost(world: World, **facts: Any) -> Job:
    """An order without a clear answer; no worker runs."""
    job = await world.order(hint=False, **facts)
    sent = await world.jobs.transition(job, "submitting", "test", lease_until=0.0)
    assert sent is not None
    unclear = await world.jobs.transition(sent, "unconfirmed", "test", billing="unknown")
    assert unclear is not None
    return unclear


async def day_later(world: World, job: Job) -> None:
    await world.jobs.record_facts(job.id, ended_at=world.jobs.clock() - FINDABLE - 1)


async def test_a_message_brings_the_id_for_a_day(world: World) -> None:
    old, new = await lost(world), await lost(world)
    await day_later(world, old)
    for job in (old, new):
        await record_webhook(world.parts, await world.now(job), "op-1")
    assert [(await world.now(job)).state for job in (old, new)] == ["unconfirmed", "processing"]


async def test_a_person_who_gives_the_providers_id_gets_the_video(world: World) -> None:
    job = await lost(world)
    looked: list[str] = []

    def look(name: str) -> PollResult:
        looked.append(name)
        return PollResult("processing", progress=0.5)

    world.acme.on_look = look
    found = await record_job_id(world.parts, "ann", job.id, "  op-theirs\n")
    assert isinstance(found, Job)
    assert (found.state, found.provider_job_id, found.billing) == ("processing", "op-theirs", None)
    assert looked == ["theirs"]
    assert await record_job_id(world.parts, "ann", job.id, "op-theirs") == found, "twice is once"
    world.acme.on_look = type(world.acme)().on_look
    async with world.worker():
        done = await world.until(job, "succeeded")
    assert world.acme.submitted == []
    assert done.billing == await world.billing(job) == "billed"


@pytest.mark.parametrize(
    ("given", "answer", "says"),
    [
        ("op-1", GONE, "knows no job op-1"),
        ("op-1", AWAY, "could not be asked"),
        ("", None, "Give the id"),
        ("two words", None, "Give the id"),
        ("x" * 201, None, "Give the id"),
        ("a\x07b", None, "Give the id"),
    ],
)
async def test_an_id_that_leads_nowhere_changes_nothing(
    world: World, given: str, answer: Any, says: str
) -> None:
    job = await lost(world)
    world.acme.on_look = lambda _: answer or pytest.fail("it was asked for")
    found = await record_job_id(world.parts, "ann", job.id, given)
    assert isinstance(found, NotFound)
    assert says in found.sentence
    assert await world.now(job) == job


async def test_the_id_of_another_persons_job_is_not_taken(world: World) -> None:
    theirs, ours = await lost(world, owner="bob"), await lost(world)
    assert isinstance(await record_job_id(world.parts, "bob", theirs.id, "op-1"), Job)
    refused = await record_job_id(world.parts, "ann", ours.id, "op-1")
    assert isinstance(refused, NotFound)
    assert "already" in refused.sentence
    assert await record_job_id(world.parts, "ann", theirs.id, "op-2") is None, "another's job does not exist"


async def test_only_an_unconfirmed_job_is_found_and_only_for_a_day(world: World) -> None:
    old, waiting = await lost(world), await world.order(hint=False)
    await day_later(world, old)
    for job in (old, waiting):
        refused = await record_job_id(world.parts, "ann", job.id, "op-1")
        assert isinstance(refused, NotFound)
        assert "within a day" in refused.sentence
