"""What a media file really is: opened, measured, and read to its end, because a name and a header can lie."""

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

IMAGE_FORMATS = {"JPEG": "jpeg", "PNG": "png", "WEBP": "webp"}
CONTAINERS = "mov,matroska,avi,mpegts,mpeg,flv,asf,gif,mp3,wav,ogg,flac,aac,aiff"
"""Of video and sound, by FFmpeg's names; not its playlists and scripts, which open other files and addresses."""

MAX_PIXELS = 120_000_000  # beyond this an image is refused before it is decoded (a decompression bomb)
POSTER_WIDTH = 1280


class Probed(msgspec.Struct, frozen=True):
    """Width and height in pixels as shown (rotation applied), duration in seconds; absent facts are None."""

    kind: str  # image, video, audio
    format: str  # jpeg png webp · mp4 mov webm mkv … · mp3 wav …
    width: int | None = None
    height: int | None = None
    duration: float | None = None


class Unreadable(msgspec.Struct, frozen=True):
    """The file is not whole media that we know; `reason` is a clause that fits after "it"."""

    reason: str


def probe(path: Path) -> Probed | Unreadable:
    """Image, video or audio by content, never by name. Blocks: call it in a thread."""
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (
        head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    ):
        return probe_image(path)
    return probe_av(path)


def probe_image(path: Path) -> Probed | Unreadable:
    """Decode all of it: a truncated picture is refused here, not by a provider after the money is spent."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path, formats=list(IMAGE_FORMATS)) as image:
            if image.width * image.height > MAX_PIXELS:
                return Unreadable(f"has {image.width} × {image.height} pixels, more than we decode")
            name = IMAGE_FORMATS[image.format or ""]
            image.load()
            turned = ImageOps.exif_transpose(image)
            return Probed("image", name, turned.width, turned.height)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return Unreadable("is damaged or not a JPEG, PNG or WebP image")


def probe_av(path: Path) -> Probed | Unreadable:
    """Read every packet: a file whose data ends before its stated length is truncated."""
    import av

    try:
        with _opened(path) as container:
            streams = container.streams
            if not streams.video and not streams.audio:
                return Unreadable("holds neither video nor sound")
            stream = streams.video[0] if streams.video else streams.audio[0]
            stated = _stated_seconds(container, stream)
            end = _last_second(container, stream)
            if end is None:
                return Unreadable("holds no frames")
            if stated is not None and end < stated - max(0.5, stated * 0.1):
                return Unreadable(f"ends after {end:.1f} of {stated:.1f} s, so it is truncated")
            name = _format_name(container)
            duration = round(stated if stated is not None else end, 3)
            if not streams.video:
                return Probed("audio", name, duration=duration)
            width, height = _shown_size(path)
            return Probed("video", name, width, height, duration)
    except (av.FFmpegError, OSError, ValueError, EOFError):
        return Unreadable("is damaged, or no image, video or sound file that we can read")


def write_poster(video: Path, poster: Path) -> bool:
    """Save the first frame as a JPEG; False where no frame decodes. Blocks: call it in a thread."""
    import av

    try:
        with _opened(video) as container:
            frame = next(container.decode(video=0))
            image = frame.to_image()  # type: ignore[no-untyped-call]
    except (av.FFmpegError, StopIteration, OSError, ValueError):
        return False
    if frame.rotation:
        image = image.rotate(frame.rotation, expand=True)
    image.thumbnail((POSTER_WIDTH, POSTER_WIDTH * 2))
    image.convert("RGB").save(poster, "JPEG", quality=82, optimize=True)
    return True


def _opened(path: Path) -> "InputContainer":
    import av

    return av.open(
        str(path), mode="r", options={"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
    )


def _shown_size(path: Path) -> tuple[int, int]:
    """Width and height of the first frame after its rotation; a frame that does not decode is an error."""
    with _opened(path) as container:
        for frame in container.decode(video=0):
            turned = frame.rotation % 180 != 0
            return (frame.height, frame.width) if turned else (frame.width, frame.height)
    raise ValueError("no frame decodes")


def _stated_seconds(container: "InputContainer", stream: "VideoStream | AudioStream") -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1_000_000 if container.duration else None


def _last_second(container: "InputContainer", stream: "VideoStream | AudioStream") -> float | None:
    """Where the last whole packet of the stream ends, in seconds from its start; None without packets."""
    start = stream.start_time or 0
    end: float | None = None
    for packet in container.demux(stream):
        if packet.pts is None or packet.time_base is None or packet.is_corrupt:
            continue
        here = float((packet.pts - start + (packet.duration or 0)) * packet.time_base)
        end = here if end is None else max(end, here)
    return end


def _format_name(container: "InputContainer") -> str:
    names = container.format.name.split(",")
    if "mp4" in names:
        return "mov" if container.metadata.get("major_brand", "").strip() == "qt" else "mp4"
    if "webm" in names:
        codecs = {stream.codec_context.name for stream in container.streams.video}
        return "webm" if codecs <= {"vp8", "vp9", "libvpx", "libvpx-vp9", "av1", "libdav1d"} else "mkv"
    return names[0]
