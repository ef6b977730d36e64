"""Media on their way to the provider: how often it is tried, whatever else the job has waited for."""

from models.payload import MediaLeaf
from providers.answers import Accepted, NotSent, Operation
from providers.order import Handle, NotDelivered
from tests.tasks.world import World

PICTURE = (MediaLeaf("/image", "image", "https://example.test/a.png"),)


async def test_a_job_that_waited_for_other_reasons_has_all_its_tries_left(world: World) -> None:
    answers = iter([NotSent("no route")] * 5)
    world.acme.on_submit = lambda job_id: next(answers, None) or Accepted(Operation(f"op-{job_id}"))
    delivered = iter([NotDelivered("Acme is away.", retryable=True)] * 3)
    world.acme.on_deliver = lambda leaf: (
        Handle(leaf.ref, expires_at=0.0)
        if len(world.acme.submitted) < 5
        else next(delivered, None) or Handle(leaf.ref)
    )
    async with world.worker():
        done = await world.until(await world.order(media=PICTURE), "succeeded", "failed")
    assert done.state == "succeeded"
    assert len(world.acme.submitted) == 6
