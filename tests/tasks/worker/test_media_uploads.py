"""Media on their way to the provider: before the order, how often it is tried, and what cannot be delivered."""

import pytest

from models.payload import MediaLeaf
from providers.outcomes import Accepted, Handle, NotSent, NotUploaded, Operation
from tests.tasks.acme import in_turn
from tests.tasks.world import World

PICTURE = (MediaLeaf("/image", "image", "https://example.test/a.png"),)
ACCEPTED = Accepted(Operation("op-of-the-job"))


async def test_media_are_delivered_before_the_order_and_not_again_when_it_is_repeated(world: World) -> None:
    world.acme.on_submit = in_turn(NotSent("no route"), ACCEPTED)
    async with world.worker():
        done = await world.until(await world.order(media=PICTURE), "succeeded")
    assert len(world.acme.submitted) == 2
    assert world.acme.delivered == ["https://example.test/a.png"]
    assert done.handles == {"/image": Handle("acme:https://example.test/a.png")}


async def test_a_handle_that_has_expired_is_delivered_again(world: World) -> None:
    world.acme.on_submit = in_turn(NotSent("no route"), ACCEPTED)
    world.acme.on_deliver = lambda leaf: Handle(leaf.ref, expires_at=world.jobs.clock() + 60)
    async with world.worker():
        await world.until(await world.order(media=PICTURE), "succeeded")
    assert len(world.acme.delivered) == 2


@pytest.mark.parametrize(
    ("refusal", "times"),
    [(NotUploaded("Too large.", retryable=False), 1), (NotUploaded("Acme is away.", retryable=True), 4)],
)
async def test_media_that_cannot_be_delivered_end_the_job_before_anything_is_ordered(
    world: World, refusal: NotUploaded, times: int
) -> None:
    world.acme.on_deliver = lambda _: refusal
    async with world.worker():
        done = await world.until(await world.order(media=PICTURE), "failed")
    assert world.acme.submitted == []
    assert len(world.acme.delivered) == times
    assert done.billing == "not_billed"
    assert done.error is not None
    assert done.error.sentence.startswith(refusal.sentence)


async def test_an_upload_that_is_gone_fails_the_job_before_anything_is_ordered(world: World) -> None:
    async with world.worker():
        job = await world.order(media=(MediaLeaf("/image", "image", "up_gone"),))
        done = await world.until(job, "failed")
    assert world.acme.submitted == []
    assert done.error is not None
    assert "choose it again" in done.error.sentence


async def test_a_job_that_waited_for_other_reasons_has_all_its_tries_left(world: World) -> None:
    world.acme.on_submit = in_turn(*[NotSent("no route")] * 5, ACCEPTED)
    delivered = iter([NotUploaded("Acme is away.", retryable=True)] * 3)
    world.acme.on_deliver = lambda leaf: (
        Handle(leaf.ref, expires_at=0.0)
        if len(world.acme.submitted) < 5
        else next(delivered, None) or Handle(leaf.ref)
    )
    async with world.worker():
        done = await world.until(await world.order(media=PICTURE), "succeeded", "failed")
    assert done.state == "succeeded"
    assert len(world.acme.submitted) == 6
