"""Videos as the world makes them: sound of another length, late clocks, fragments, streams, artwork, odd titles."""

import io
import struct
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from PIL import Image

SIZE = (96, 64)
FPS = 8
CODECS = {
    ".mp4": ("libx264", "aac"),
    ".mov": ("libx264", "aac"),
    ".mkv": ("libx264", "aac"),
    ".webm": ("libvpx", "libopus"),
    ".avi": ("mpeg4", "libmp3lame"),
    ".ts": ("libx264", "aac"),
    ".flv": ("libx264", "aac"),
}
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
INDEX_FIRST = {"movflags": "+faststart"}
TITLE = "Caf- -"
LATIN_TITLE = "Café ü".encode("latin-1")


def make_clip(
    path: Path,
    *,
    seconds: float = 2.0,
    sound: float | None = None,
    start: float = 0.0,
    options: Mapping[str, str] | None = None,
    title: str = "",
    artwork: bool = False,
    live: bool = False,
) -> Path:
    """A video of `seconds`, with `sound` of that many seconds, whose clock begins at `start`.

    `artwork`: a picture stands before the video as a stream of its own. `live`: written to where nothing can be
    corrected afterwards, so that no length and no size is stated.
    """
    suffix = path.suffix
    target: Any = _Pipe() if live else str(path)
    wanted = {**(options or {}), **({"live": "1"} if live and suffix == ".webm" else {})}
    names = {".ts": "mpegts", ".mkv": "matroska"}
    with av.open(target, "w", format=names.get(suffix, suffix[1:]), options=wanted) as container:
        if title:
            container.metadata["title"] = title
        if artwork:
            _mux_artwork(container)
        video = _video_stream(container, CODECS[suffix][0])
        audio = container.add_stream(CODECS[suffix][1], rate=48000) if sound is not None else None
        container.start_encoding()
        if artwork:
            _picture(container)
        if audio is not None:
            _sound(container, audio, sound or 0.0, start)
        for number in range(round(seconds * FPS)):
            image = Image.new("RGB", SIZE, (number * 16 % 256, 90, 160))
            frame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
            frame.pts, frame.time_base = number + round(start * FPS), Fraction(1, FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode())
    if live:
        path.write_bytes(target.getvalue())
    return path


class _Pipe:
    """Takes bytes, and cannot go back."""

    def __init__(self) -> None:
        self._content = bytearray()

    def write(self, data: bytes) -> int:
        self._content += data
        return len(data)

    def getvalue(self) -> bytes:
        return bytes(self._content)


def _video_stream(container: Any, codec: str) -> Any:
    stream = container.add_stream(codec, rate=FPS)
    stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
    stream.time_base = Fraction(1, FPS)
    return stream


def _mux_artwork(container: Any) -> None:
    stream = container.add_stream("mjpeg", rate=1)
    stream.width, stream.height, stream.pix_fmt = 32, 32, "yuvj420p"


def _picture(container: Any) -> None:
    stream = container.streams.video[0]
    frame = av.VideoFrame.from_image(Image.new("RGB", (32, 32), (200, 30, 30)))  # type: ignore[no-untyped-call]
    frame.pts = 0
    container.mux(stream.encode(frame))
    container.mux(stream.encode())


def _sound(container: Any, stream: Any, seconds: float, start: float) -> None:
    at, size = round(start * 48000), 1024
    resampler = av.AudioResampler(stream.format, "stereo", 48000, frame_size=stream.frame_size or size)
    end = at + round(seconds * 48000)
    while at < end:
        frame = av.AudioFrame(format="s16", layout="stereo", samples=min(size, end - at))
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.pts, frame.time_base = 48000, at, Fraction(1, 48000)
        at += frame.samples
        for ready in resampler.resample(frame):
            container.mux(stream.encode(ready))
    for ready in resampler.resample(None):
        container.mux(stream.encode(ready))
    container.mux(stream.encode())


def in_latin_1(path: Path) -> Path:
    """The title that was `TITLE`, in bytes that are no UTF-8."""
    content = path.read_bytes()
    assert content.count(TITLE.encode()) == 1
    path.write_bytes(content.replace(TITLE.encode(), LATIN_TITLE))
    return path


def patched(path: Path, *changes: tuple[bytes, int, bytes]) -> Path:
    """The file with bytes written at so many bytes after each place of a mark."""
    content = bytearray(path.read_bytes())
    for mark, after, written in changes:
        at = content.find(mark)
        assert at >= 0, mark
        while at >= 0:
            content[at + after : at + after + len(written)] = written
            at = content.find(mark, at + 1)
    path.write_bytes(bytes(content))
    return path


def with_length(path: Path, *, movie: int | None = None, media: int | None = None) -> Path:
    """An MP4 whose headers state other lengths, in their own ticks."""
    changes = []
    if movie is not None:
        changes += [(b"mvhd", 20, struct.pack(">I", movie)), (b"tkhd", 24, struct.pack(">I", movie))]
    if media is not None:
        changes.append((b"mdhd", 20, struct.pack(">I", media)))
    return patched(path, *changes)


def with_cover(sound: Path, path: Path) -> Path:
    """An MP3 with the picture of its record in front (an ID3 tag)."""
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), (20, 90, 20)).save(picture, "JPEG")
    frame = b"\0image/jpeg\0\x03\0" + picture.getvalue()
    body = b"APIC" + struct.pack(">I", len(frame)) + b"\0\0" + frame
    size = bytes((len(body) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3\x03\0\0" + size + body + sound.read_bytes())
    return path


def make_sound(path: Path, seconds: float = 2.0) -> Path:
    """Silence."""
    codecs = {".mp3": "libmp3lame", ".wav": "pcm_s16le", ".flac": "flac", ".ogg": "libopus"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codecs[path.suffix], rate=48000)
        container.start_encoding()
        _sound(container, stream, seconds, 0.0)
    return path
