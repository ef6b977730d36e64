"""What plays to its end is kept, whatever its title, its clock and its sound; truncated is what lacks bytes."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from tasks.storage.media import Probed, UnreadableMedia, probe, probe_result, write_poster
from tasks.storage.truncation import open_leniently
from tests.clips import (
    FRAGMENTS,
    INDEX_FIRST,
    TITLE,
    in_latin_1,
    make_clip,
    make_sound,
    patched,
    with_cover,
    with_length,
)
from tests.media_files import make_image, make_video

Make = Callable[[Path], Path]

WHOLE: dict[str, tuple[str, Make]] = {
    "sound that outlasts the picture": ("webm", lambda at: make_clip(at, sound=5)),
    "sound that outlasts it, in Matroska": ("mkv", lambda at: make_clip(at, sound=2.9)),
    "sound that outlasts it, in MP4": ("mp4", lambda at: make_clip(at, sound=5)),
    "sound that ends first": ("webm", lambda at: make_clip(at, sound=0.5)),
    "time stamps that start late": ("mkv", lambda at: make_clip(at, start=30)),
    "time stamps that start late, in MP4": ("mp4", lambda at: make_clip(at, start=30, sound=2)),
    "time stamps that start late, in a stream": ("ts", lambda at: make_clip(at, start=30)),
    "a title that is no UTF-8": ("mp4", lambda at: in_latin_1(make_clip(at, title=TITLE))),
    "a title that is no UTF-8, in QuickTime": ("mov", lambda at: in_latin_1(make_clip(at, title=TITLE))),
    "a title that is no UTF-8, in WebM": ("webm", lambda at: in_latin_1(make_clip(at, title=TITLE))),
    "a title that is no UTF-8, in Matroska": ("mkv", lambda at: in_latin_1(make_clip(at, title=TITLE))),
    "fragments without a length": ("mp4", lambda at: make_clip(at, options=FRAGMENTS, sound=1)),
    "a live stream": ("webm", lambda at: make_clip(at, live=True)),
    "a live stream, in Matroska": ("mkv", lambda at: make_clip(at, live=True, sound=2.5)),
    "artwork before the picture": ("mov", lambda at: make_clip(at, artwork=True, sound=1)),
    "a length of nothing": ("mp4", lambda at: with_length(make_clip(at), movie=0, media=0)),
    "a stream that says it is longer": ("mp4", lambda at: with_length(make_clip(at), media=160_000)),
    "Flash": ("flv", lambda at: make_clip(at, sound=3)),
    "AVI": ("avi", lambda at: make_clip(at, sound=3)),
    "bytes behind its end": ("mp4", lambda at: _and_more(make_clip(at), b"\0\0\xff\xffjunk and more of it")),
    "bytes behind its end, in Matroska": ("mkv", lambda at: _and_more(make_clip(at), b"\xa3\x8fjunk")),
}


def _and_more(path: Path, junk: bytes) -> Path:
    path.write_bytes(path.read_bytes() + junk)
    return path


@pytest.mark.parametrize("name", WHOLE)
def test_a_video_that_plays_to_its_end_is_whole(tmp_path: Path, name: str) -> None:
    suffix, make = WHOLE[name]
    path = make(tmp_path / f"video.{suffix}")
    found = probe(path)
    assert isinstance(found, Probed), found
    assert (found.kind, found.width, found.height, found.doubt) == ("video", 96, 64, "")
    assert found.duration == pytest.approx(2.0, abs=0.15), "as long as its picture"
    assert probe_result(path) == found
    assert write_poster(path, tmp_path / "poster.jpg")
    with Image.open(tmp_path / "poster.jpg") as poster:
        assert poster.size == (96, 64)
    assert msgspec.json.encode(found), "nothing of its metadata is kept that no text can hold"


def test_what_lies_before_its_beginning_is_not_played_and_not_counted(tmp_path: Path) -> None:
    found = probe(make_clip(tmp_path / "a.mp4", seconds=3, start=-1))
    assert isinstance(found, Probed)
    assert (found.duration, found.doubt) == (2.0, "")


CUT: dict[str, tuple[str, Make]] = {
    "MP4": ("mp4", lambda at: make_clip(at, sound=2)),
    "MP4 with its index first": ("mp4", lambda at: make_clip(at, sound=2, options=INDEX_FIRST)),
    "MP4 in fragments": ("mp4", lambda at: make_clip(at, sound=2, options=FRAGMENTS)),
    "QuickTime": ("mov", lambda at: make_clip(at, sound=2)),
    "WebM": ("webm", lambda at: make_clip(at, sound=2)),
    "Matroska": ("mkv", lambda at: make_clip(at, sound=5)),
    "a live stream": ("webm", lambda at: make_clip(at, live=True)),
    "a live stream in Matroska": ("mkv", lambda at: make_clip(at, live=True, sound=2)),
    "AVI": ("avi", lambda at: make_clip(at, sound=2)),
    "JPEG": ("jpg", lambda at: make_image(at, (600, 400), "JPEG")),
    "PNG": ("png", lambda at: make_image(at, (600, 400), "PNG")),
    "WebP": ("webp", lambda at: make_image(at, (600, 400), "WEBP")),
    "WAV": ("wav", make_sound),
}


@pytest.mark.parametrize("part", [0.5, 0.75, 0.97])
@pytest.mark.parametrize("name", CUT)
def test_a_file_that_lacks_bytes_is_truncated_and_says_so(tmp_path: Path, name: str, part: float) -> None:
    suffix, make = CUT[name]
    path = make(tmp_path / f"whole.{suffix}")
    assert isinstance(probe(path), Probed)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    found = probe_result(path)
    assert isinstance(found, UnreadableMedia), found
    assert found.missing
    assert found == probe(path)
    assert found.reason.startswith(("ends in the middle: ", "lacks its index"))


def test_an_mp4_whose_index_was_never_written_lacks_it(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4")
    path.write_bytes(path.read_bytes().partition(b"moov")[0][:-4])
    found = probe_result(path)
    assert isinstance(found, UnreadableMedia)
    assert (found.missing, "index" in found.reason) == (True, True)


def test_a_box_that_announces_more_than_is_there_but_holds_all_frames_is_a_doubt(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", options=INDEX_FIRST)
    announced = path.stat().st_size - path.read_bytes().find(b"mdat") + 4 + 100
    found = probe(patched(path, (b"mdat", -4, announced.to_bytes(4, "big"))))
    assert isinstance(found, Probed)
    assert found.doubt.startswith("The file may be incomplete: it announces")


def test_a_file_that_says_it_plays_longer_than_all_of_it_does_is_a_doubt(tmp_path: Path) -> None:
    ten_seconds = b"\x44\x89\x88" + struct.pack(">d", 10_000)
    found = probe(patched(make_clip(tmp_path / "a.mkv", sound=2), (b"\x44\x89\x88", 0, ten_seconds)))
    assert isinstance(found, Probed)
    assert found.doubt == "The file may be incomplete: it says that it plays 10.0 s, and ends after 2.0 s."
    assert found.duration == 2.0


@pytest.mark.parametrize("suffix", [".ts", ".flv"])
def test_a_stream_without_sizes_that_ends_early_is_accepted(tmp_path: Path, suffix: str) -> None:
    path = make_clip(tmp_path / f"a{suffix}", seconds=4)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    assert isinstance(probe(path), Probed)


@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".ogg", ".wav"])
def test_sound_is_measured(tmp_path: Path, suffix: str) -> None:
    found = probe(make_sound(tmp_path / f"a{suffix}"))
    assert isinstance(found, Probed)
    assert (found.kind, found.format) == ("audio", suffix[1:])
    assert found.duration == pytest.approx(2.0, abs=0.1)


def test_a_song_with_the_picture_of_its_record_is_sound(tmp_path: Path) -> None:
    found = probe(with_cover(make_sound(tmp_path / "a.mp3"), tmp_path / "b.mp3"))
    assert isinstance(found, Probed)
    assert (found.kind, found.format) == ("audio", "mp3")


def test_a_wav_written_to_a_pipe_does_not_know_its_size_and_is_whole(tmp_path: Path) -> None:
    path = patched(make_sound(tmp_path / "a.wav"), (b"RIFF", 4, b"\xff\xff\xff\xff"))
    found = probe(patched(path, (b"data", 4, b"\xff\xff\xff\xff")))
    assert isinstance(found, Probed)
    assert found.duration == pytest.approx(2.0, abs=0.1)


def test_a_phones_picture_of_several_is_a_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    first, second = (Image.new("RGB", (64, 48), colour) for colour in ("red", "blue"))
    first.save(path, "MPO", save_all=True, append_images=[second])
    assert probe(path) == Probed("image", "jpeg", 64, 48)


@pytest.mark.parametrize(("name", "fmt"), [("BMP", "bmp"), ("TIFF", "tiff"), ("PPM", "ppm")])
def test_a_picture_that_no_provider_takes_is_kept_where_it_was_paid_for(
    tmp_path: Path, name: str, fmt: str
) -> None:
    path = make_image(tmp_path / "a.mp4", (64, 48), name)
    assert isinstance(probe(path), UnreadableMedia)
    assert probe_result(path) == Probed("image", fmt, 64, 48)


@pytest.mark.parametrize("size", [(13_000, 10_000), (40_000, 30_000)])
def test_a_picture_too_large_to_decode_is_refused_and_kept_where_it_was_paid_for(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = make_image(tmp_path / "a.png")
    width, height = (side.to_bytes(4, "big") for side in size)
    header = b"IHDR" + width + height + path.read_bytes()[24:29]
    patched(path, (b"IHDR", 0, header + zlib.crc32(header).to_bytes(4, "big")))
    found, kept = probe(path), probe_result(path)
    assert isinstance(found, UnreadableMedia)
    assert "more than we decode" in found.reason
    assert isinstance(kept, Probed)
    assert (kept.kind, kept.format) == ("image", "png")
    assert "could not be checked" in kept.doubt


def test_a_video_for_which_there_is_no_decoder_is_kept_where_it_was_paid_for(tmp_path: Path) -> None:
    path = patched(make_clip(tmp_path / "a.mp4", sound=2), (b"avc1", 0, b"xyz9"))
    assert isinstance(probe(path), UnreadableMedia)
    kept = probe_result(path)
    assert isinstance(kept, Probed)
    assert (kept.kind, kept.format) in (("video", "mp4"), ("audio", "mp4"))
    assert not write_poster(path, tmp_path / "poster.jpg")


def test_a_damaged_picture_of_which_nothing_is_missing_is_kept_where_it_was_paid_for(tmp_path: Path) -> None:
    path = make_image(tmp_path / "a.png", (600, 400))
    content = path.read_bytes()
    at = content.find(b"IDAT")
    path.write_bytes(content[: at + 4] + b"\x55" * 40 + content[at + 44 :])
    assert isinstance(probe(path), UnreadableMedia)
    kept = probe_result(path)
    assert isinstance(kept, Probed)
    assert "could not be checked" in kept.doubt


@pytest.mark.parametrize("content", [b"", b"<html>no</html>", b"{}", bytes(5000), b"\x1aE\xdf\xa3", b"RIFF"])
def test_what_is_no_media_is_not_kept_either(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    found = probe_result(path)
    assert isinstance(found, UnreadableMedia) or found.doubt


def test_whatever_its_bytes_are_a_file_is_answered_for(tmp_path: Path) -> None:
    whole = [
        make_clip(tmp_path / f"a{suffix}", sound=1).read_bytes()
        for suffix in (".mp4", ".webm", ".mkv", ".avi")
    ]
    whole += [make_image(tmp_path / "a", (64, 48), name).read_bytes() for name in ("JPEG", "PNG", "WEBP")]
    path = tmp_path / "b"
    for content in whole:
        for at in range(0, len(content), max(1, len(content) // 40)):
            path.write_bytes(
                content[:at] + bytes(each ^ 0x5A for each in content[at : at + 7]) + content[at + 7 :]
            )
            assert isinstance(probe_result(path), Probed | UnreadableMedia)
            write_poster(path, tmp_path / "poster.jpg")


def test_both_generations_of_pyav_are_told_not_to_mind_metadata(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []

    def newer(name: str, *, mode: str, options: dict[str, str]) -> Any:
        """PyAV 19 knows no such word, and does not mind."""
        asked.append({"name": name, "mode": mode})
        return "container"

    def older(name: str, *, mode: str, options: dict[str, str], metadata_errors: str = "strict") -> Any:
        asked.append({"name": name, "mode": mode, "metadata_errors": metadata_errors})
        return "container"

    assert open_leniently(newer, "a.mp4") == open_leniently(older, "a.mp4")
    assert asked == [
        {"name": "a.mp4", "mode": "r"},
        {"name": "a.mp4", "mode": "r", "metadata_errors": "replace"},
    ]


def test_an_ordinary_video_is_read_as_before(tmp_path: Path) -> None:
    assert probe(make_video(tmp_path / "a.mp4")) == Probed("video", "mp4", 96, 64, 2.0)
