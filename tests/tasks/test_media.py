"""The media store: only whole videos get a name, and names cannot leave the folder."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from tasks.job import Output
from tasks.media import BadOutput, Media
from tests.media_files import make_image, make_video


def fetching(content: bytes) -> Callable[[BinaryIO], Awaitable[str | None]]:
    async def fetch(file: BinaryIO) -> str | None:
        file.write(content)
        return None

    return fetch


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


async def test_a_video_is_measured_and_stored_with_its_poster(tmp_path: Path) -> None:
    media = Media(tmp_path / "media")
    video = make_video(tmp_path / "a.mp4", (96, 64), 2.0).read_bytes()
    saved = await media.save("job1", 0, fetching(video))
    assert isinstance(saved, Output)
    assert (saved.kind, saved.name, saved.poster, saved.format) == ("video", "video.mp4", "video.jpg", "mp4")
    assert (saved.width, saved.height, saved.bytes) == (96, 64, len(video))
    assert left(media.folder) == ["video.jpg", "video.mp4"]


async def test_a_second_output_has_a_name_of_its_own(tmp_path: Path) -> None:
    media = Media(tmp_path / "media")
    video = make_video(tmp_path / "a.mp4").read_bytes()
    await media.save("job1", 0, fetching(video))
    second = await media.save("job1", 1, fetching(video))
    assert isinstance(second, Output)
    assert second.name == "video-2.mp4"


async def test_saving_again_after_a_crash_replaces_and_leaves_nothing_over(tmp_path: Path) -> None:
    media = Media(tmp_path / "media")
    video = make_video(tmp_path / "a.mp4").read_bytes()
    assert await media.save("job1", 0, fetching(video)) == await media.save("job1", 0, fetching(video))
    assert left(media.folder) == ["video.jpg", "video.mp4"]


@pytest.mark.parametrize("content", [b"", b"<html>Not found</html>", b"\x00" * 10_000])
async def test_what_is_no_video_is_refused_and_leaves_nothing(tmp_path: Path, content: bytes) -> None:
    media = Media(tmp_path / "media")
    assert isinstance(await media.save("job1", 0, fetching(content)), BadOutput)
    assert left(media.folder) == []


async def test_a_truncated_video_is_refused(tmp_path: Path) -> None:
    media = Media(tmp_path / "media")
    video = make_video(tmp_path / "a.mp4", (320, 240), 4.0).read_bytes()
    assert isinstance(await media.save("job1", 0, fetching(video[: len(video) // 2])), BadOutput)
    assert left(media.folder) == []


async def test_a_failed_fetch_is_handed_back_and_leaves_nothing(tmp_path: Path) -> None:
    media = Media(tmp_path / "media")

    async def fetch(file: BinaryIO) -> str | None:
        file.write(b"half")
        return "the connection broke"

    assert await media.save("job1", 0, fetch) == "the connection broke"
    assert left(media.folder) == []


async def test_an_image_output_keeps_its_kind(tmp_path: Path) -> None:
    media = Media(tmp_path / "media")
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
        ("job1", "1-ab.part"),
        ("job1", ".x"),
    ],
)
def test_a_name_that_could_leave_the_folder_is_not_there(tmp_path: Path, job_id: str, name: str) -> None:
    (tmp_path / "secret").write_text("x")
    folder = tmp_path / "media" / "job1"
    folder.mkdir(parents=True)
    (folder / "1-ab.part").write_text("x")
    (folder / ".x").write_text("x")
    assert Media(tmp_path / "media").path(job_id, name) is None


async def test_deleting_removes_every_file_of_that_job_only(tmp_path: Path) -> None:
    media = Media(tmp_path / "media")
    video = make_video(tmp_path / "a.mp4").read_bytes()
    await media.save("job1", 0, fetching(video))
    await media.save("job2", 0, fetching(video))
    await media.delete("job1")
    await media.delete("job1")
    assert media.path("job1", "video.mp4") is None
    assert media.path("job2", "video.mp4") is not None
