"""A job that carries an earlier one on: by its id at the provider, or by its video as a file."""

import pytest
from msgspec.structs import replace

from models.payload import MediaLeaf
from providers.outcomes import Handle
from tasks.jobs.model import Job
from tasks.worker.submit import NO_EARLIER, NOT_THEIRS, MediaNotUploaded, MediaUploaded, upload_media
from tests.tasks.world import World


async def carried_on(
    world: World, earlier: str, kind: str, owner: str = "ann"
) -> MediaUploaded | MediaNotUploaded:
    """Deliver for a new job of Ann's whose request names `earlier`."""
    job = await world.order(owner=owner)
    order = replace(job.order, body={"earlier": earlier}, media=(MediaLeaf("/earlier", kind, earlier),))
    return await upload_media(world.parts, world.acme, replace(job, order=order))


async def finished(world: World) -> Job:
    async with world.worker():
        job = await world.order(owner="ann")
        await world.until(job, "succeeded")
    return await world.now(job)


async def test_an_earlier_job_goes_along_as_its_id_at_the_provider(world: World) -> None:
    earlier = await finished(world)
    assert await carried_on(world, earlier.id, "job") == MediaUploaded(
        {"/earlier": Handle(f"op-{earlier.id}")}
    )


async def test_its_video_goes_along_as_a_file(world: World) -> None:
    earlier = await finished(world)
    given = await carried_on(world, earlier.id, "job-video")
    assert given == MediaUploaded({"/earlier": Handle(f"acme:{earlier.id}")})


@pytest.mark.parametrize("kind", ["job", "job-video"])
async def test_another_owners_job_does_not_exist(world: World, kind: str) -> None:
    earlier = await finished(world)
    given = await carried_on(world, earlier.id, kind, owner="bob")
    assert given == MediaNotUploaded(NO_EARLIER, retryable=False)


async def test_a_job_that_has_not_succeeded_cannot_be_carried_on(world: World) -> None:
    earlier = await world.order(owner="ann")
    assert await carried_on(world, earlier.id, "job") == MediaNotUploaded(NOT_THEIRS, retryable=False)
    assert await carried_on(world, earlier.id, "job-video") == MediaNotUploaded(NO_EARLIER, retryable=False)
