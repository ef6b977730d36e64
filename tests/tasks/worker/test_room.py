"""The disk is full, or the storage away: nothing is ordered that could not be stored, and what is paid for is kept."""

import errno
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from providers.outcomes import FetchFailed
from tasks.storage.media import MediaStorage
from tasks.storage.store import FolderStorage, StorageAway
from tasks.storage.uploads import Uploads
from tests.media_files import make_image
from tests.tasks.world import World


class Troubled(FolderStorage):
    """A folder on a disk that is full, or fails: while `full_for_now`, and then as often as it was told."""

    full = False
    full_for_now = False

    def __init__(self, folder: Path, *failures: OSError) -> None:
        super().__init__(folder)
        self.failures = list(failures)

    def has_room(self) -> bool:
        return not self.full

    async def put(self, part: Path, key: str) -> None:
        if self.full_for_now:
            raise OSError(errno.ENOSPC, "No space left on device")
        if self.failures:
            raise self.failures.pop(0)
        await super().put(part, key)


def on(world: World, store: Troubled) -> World:
    return World(replace(world.parts, media=MediaStorage(store)), world.acme, world.lines)


async def test_a_job_waits_for_room_before_it_is_ordered_and_says_so(world: World, tmp_path: Path) -> None:
    store = Troubled(tmp_path / "disk")
    store.full = True
    world = on(world, store)
    async with world.worker():
        job = await world.order()
        waiting = await world.sees(job, lambda found: found.attempts > 2, "put back again and again")
        assert (waiting.state, world.acme.submitted) == ("queued", [])
        assert "nearly full" in (waiting.log or "")
        assert "Nothing was ordered yet" in (waiting.log or "")
        store.full = False
        done = await world.until(job, "succeeded")
    assert world.acme.submitted == [job.id]
    assert done.log is None


async def test_a_disk_that_is_full_while_saving_delays_the_video_and_says_so(
    world: World, tmp_path: Path
) -> None:
    store = Troubled(tmp_path / "disk", StorageAway("the bucket does not answer"))
    store.full_for_now = True
    world = on(world, store)
    async with world.worker():
        job = await world.order()
        waiting = await world.sees(
            job, lambda found: "No space left" in (found.log or ""), "told of the disk"
        )
        await world.sees(job, lambda found: found.attempts > 3, "tried again and again")
        assert waiting.state == "saving"
        store.full_for_now = False
        done = await world.until(job, "succeeded")
    assert store.failures == []
    assert (done.log, done.error, done.billing) == (None, None, "billed")
    assert world.acme.submitted == [job.id]


async def test_trouble_with_our_disk_does_not_use_up_the_tries_of_a_dead_link(
    world: World, tmp_path: Path
) -> None:
    store = Troubled(tmp_path / "disk", *(OSError(errno.ENOSPC, "full") for _ in range(5)))
    world = on(world, store)
    dead = iter([FetchFailed("the file's link is dead (403)", expired=True, retryable=False)] * 2)

    def fetch(to: Any) -> Any:
        return (
            world.acme.whole_video(to) if store.failures else next(dead, None) or world.acme.whole_video(to)
        )

    world.acme.on_fetch = fetch
    async with world.worker():
        done = await world.until(await world.order(), "succeeded")
    assert done.error is None
    assert world.acme.fetches == 8


async def test_a_link_that_stays_dead_is_an_honest_end(world: World) -> None:
    world.acme.on_fetch = lambda _: FetchFailed(
        "the file's link is dead (410)", expired=True, retryable=False
    )
    async with world.worker():
        done = await world.until(await world.order(), "failed")
    assert world.acme.fetches == 3
    assert done.error is not None
    assert (done.error.kind, done.billing) == ("expired", "billed")
    assert await world.parts.media.store.is_empty()


async def test_a_file_that_cannot_be_stored_is_not_taken(world: World, tmp_path: Path) -> None:
    async def picture() -> Any:
        yield make_image(tmp_path / "a.png").read_bytes()

    store = Troubled(tmp_path / "disk", OSError(errno.ENOSPC, "No space left on device"))
    uploads = Uploads(store)
    told = []
    for store.full in (False, True):
        try:
            await uploads.accept("ann", "a.png", picture())
        except StorageAway as away:
            told.append(str(away))
    assert told == ["No space left on device", "the disk is nearly full"]
    assert await store.is_empty()
    assert await world.parts.database.rows("SELECT id FROM upload") == []
