"""Probing: real files are measured, everything else is refused with its reason."""

from pathlib import Path

import pytest
from PIL import Image

from tasks.storage.media import Probed, UnreadableMedia, probe, write_poster
from tests.media_files import make_image, make_video


@pytest.mark.parametrize(("name", "fmt"), [("JPEG", "jpeg"), ("PNG", "png"), ("WEBP", "webp")])
def test_an_image_is_known_by_its_content(tmp_path: Path, name: str, fmt: str) -> None:
    path = make_image(tmp_path / "picture.mp4", (64, 48), name)
    assert probe(path) == Probed("image", fmt, 64, 48)


def test_a_photo_taken_upright_is_measured_as_shown(tmp_path: Path) -> None:
    assert probe(make_image(tmp_path / "a.jpg", (64, 48), "JPEG", turned=True)) == Probed(
        "image", "jpeg", 48, 64
    )


@pytest.mark.parametrize(
    ("suffix", "codec", "fmt"),
    [(".mp4", "libx264", "mp4"), (".mov", "libx264", "mov"), (".webm", "libvpx", "webm")],
)
def test_a_video_has_its_size_length_and_format(tmp_path: Path, suffix: str, codec: str, fmt: str) -> None:
    found = probe(make_video(tmp_path / f"a{suffix}", (96, 64), 2.0, codec=codec))
    assert isinstance(found, Probed)
    assert (found.kind, found.format, found.width, found.height) == ("video", fmt, 96, 64)
    assert found.duration == pytest.approx(2.0, abs=0.13)


def test_a_video_cut_off_in_transfer_is_not_a_video(tmp_path: Path) -> None:
    whole = make_video(tmp_path / "whole.mp4", (320, 240), 4.0).read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) * 6 // 10])
    found = probe(cut)
    assert isinstance(found, UnreadableMedia)


@pytest.mark.parametrize(
    "script",
    ["#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile {}\n"],
)
def test_a_list_that_names_other_files_is_not_followed(tmp_path: Path, script: str) -> None:
    make_video(tmp_path / "theirs.ts", (96, 64), 2.0)
    path = tmp_path / "list.mp4"
    path.write_text(script.format("theirs.ts"))
    assert isinstance(probe(path), UnreadableMedia)
    assert not write_poster(path, tmp_path / "poster.jpg")


@pytest.mark.parametrize("name", ["BMP", "TIFF", "PPM"])
def test_a_picture_of_another_format_is_not_taken_for_a_video(tmp_path: Path, name: str) -> None:
    found = probe(make_image(tmp_path / "a.mp4", (64, 48), name))
    assert isinstance(found, UnreadableMedia)
    assert "no image, video or sound" in found.reason


def test_an_image_cut_off_in_transfer_is_not_an_image(tmp_path: Path) -> None:
    whole = make_image(tmp_path / "whole.png", (600, 400)).read_bytes()
    cut = tmp_path / "cut.png"
    cut.write_bytes(whole[: len(whole) // 2])
    assert isinstance(probe(cut), UnreadableMedia)


@pytest.mark.parametrize(
    "content", [b"", b"<html>Service Unavailable</html>", b"\x89PNG\r\n\x1a\nnothing", b"\x00" * 5000]
)
def test_anything_else_is_refused_with_a_reason(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(content)
    found = probe(path)
    assert isinstance(found, UnreadableMedia)
    assert found.reason


def test_the_poster_is_the_first_frame(tmp_path: Path) -> None:
    poster = tmp_path / "poster.jpg"
    assert write_poster(make_video(tmp_path / "a.mp4", (96, 64)), poster)
    with Image.open(poster) as image:
        assert image.size == (96, 64)


def test_a_file_without_frames_has_no_poster(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"no video")
    assert not write_poster(path, tmp_path / "poster.jpg")
    assert not (tmp_path / "poster.jpg").exists()
