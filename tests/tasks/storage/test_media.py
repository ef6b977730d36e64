"""Finished videos, in a folder and in a bucket: only whole ones get a name, and names cannot lead elsewhere."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from tasks.jobs.model import Output
from tasks.storage.media import BadOutput, MediaStorage
from tasks.storage.store import FolderStorage, Store
from tests.media_files import make_image, make_video


def fetching(content: bytes) -> Callable[[BinaryIO], Awaitable[str | None]]:
    async def fetch(file: BinaryIO) -> str | None:
        file.write(content)
        return None

    return fetch


async def held(media: MediaStorage, *names: str) -> list[str]:
    """Those of the names that are there."""
    return [name for name in names if await media.find("job1", name)]


def left(tmp_path: Path) -> list[Path]:
    """Temporary files."""
    return list(tmp_path.rglob("*.part"))


async def test_a_video_is_measured_and_stored_with_its_poster(store: Store, tmp_path: Path) -> None:
    media = MediaStorage(store)
    video = make_video(tmp_path / "a.mp4", (96, 64), 2.0).read_bytes()
    saved = await media.save("job1", 0, fetching(video))
    assert isinstance(saved, Output)
    assert (saved.kind, saved.name, saved.poster, saved.format) == ("video", "video.mp4", "video.jpg", "mp4")
    assert (saved.width, saved.height, saved.bytes) == (96, 64, len(video))
    assert await held(media, "video.jpg", "video.mp4") == ["video.jpg", "video.mp4"]
    assert left(tmp_path) == []


async def test_a_second_output_has_a_name_of_its_own(store: Store, tmp_path: Path) -> None:
    media = MediaStorage(store)
    video = make_video(tmp_path / "a.mp4").read_bytes()
    await media.save("job1", 0, fetching(video))
    second = await media.save("job1", 1, fetching(video))
    assert isinstance(second, Output)
    assert second.name == "video-2.mp4"


async def test_saving_again_after_a_crash_replaces_and_leaves_nothing_over(
    store: Store, tmp_path: Path
) -> None:
    media = MediaStorage(store)
    video = make_video(tmp_path / "a.mp4").read_bytes()
    assert await media.save("job1", 0, fetching(video)) == await media.save("job1", 0, fetching(video))
    assert await held(media, "video.jpg", "video.mp4") == ["video.jpg", "video.mp4"]
    assert left(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"<html>Not found</html>", b"\x00" * 10_000])
async def test_what_is_no_video_is_refused_and_leaves_nothing(
    store: Store, tmp_path: Path, content: bytes
) -> None:
    media = MediaStorage(store)
    assert isinstance(await media.save("job1", 0, fetching(content)), BadOutput)
    assert await media.store.is_empty()
    assert left(tmp_path) == []


async def test_a_truncated_video_is_refused(store: Store, tmp_path: Path) -> None:
    media = MediaStorage(store)
    video = make_video(tmp_path / "a.mp4", (320, 240), 4.0).read_bytes()
    assert isinstance(await media.save("job1", 0, fetching(video[: len(video) // 2])), BadOutput)
    assert await media.store.is_empty()
    assert left(tmp_path) == []


async def test_a_failed_fetch_is_handed_back_and_leaves_nothing(store: Store, tmp_path: Path) -> None:
    media = MediaStorage(store)

    async def fetch(file: BinaryIO) -> str | None:
        file.write(b"half")
        return "the connection broke"

    assert await media.save("job1", 0, fetch) == "the connection broke"
    assert await media.store.is_empty()
    assert left(tmp_path) == []


async def test_an_image_output_keeps_its_kind(store: Store, tmp_path: Path) -> None:
    media = MediaStorage(store)
    saved = await media.save("job1", 0, fetching(make_image(tmp_path / "a.png").read_bytes()))
    assert isinstance(saved, Output)
    assert (saved.kind, saved.name) == ("image", "image.png")


@pytest.mark.parametrize(
    ("job_id", "name"),
    [
        ("..", "secret"),
        ("job1", "../../secret"),
        ("job1", "/etc/passwd"),
        ("", "x"),
        ("job1", ".x"),
        (".incoming", "x"),
    ],
)
async def test_a_name_that_could_lead_elsewhere_is_not_there(tmp_path: Path, job_id: str, name: str) -> None:
    (tmp_path / "secret").write_text("x")
    for folder in ("job1", ".incoming"):
        (tmp_path / "media" / folder).mkdir(parents=True)
        for file in ("x", ".x"):
            (tmp_path / "media" / folder / file).write_text("x")
    assert await MediaStorage(FolderStorage(tmp_path / "media")).find(job_id, name) is None


async def test_deleting_removes_every_file_of_that_job_only(store: Store, tmp_path: Path) -> None:
    media = MediaStorage(store)
    video = make_video(tmp_path / "a.mp4").read_bytes()
    for job_id in ("job1", "job2", "job10"):
        await media.save(job_id, 0, fetching(video))
    await media.delete("job1")
    await media.delete("job1")
    assert await media.find("job1", "video.mp4") is None
    assert await media.find("job2", "video.mp4") is not None
    assert await media.find("job10", "video.mp4") is not None


async def test_nothing_is_seen_under_its_name_before_it_is_whole_and_probed(
    store: Store, tmp_path: Path
) -> None:
    media = MediaStorage(store)
    video = make_video(tmp_path / "a.mp4").read_bytes()

    async def fetch(file: BinaryIO) -> str | None:
        for at in range(0, len(video), 1000):
            file.write(video[at : at + 1000])
            assert await media.store.is_empty()
        return None

    assert isinstance(await media.save("job1", 0, fetch), Output)
    assert not await media.store.is_empty()
