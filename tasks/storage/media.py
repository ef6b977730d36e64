"""Where finished videos are kept: `<job>/<name>` in the store of media, each probed before it gets its name.

What a media file really is: opened, measured, and read to its end, because a name and a header can lie.

Nothing here raises for what a file holds: a decoder's complaint is an answer. A file counts as truncated only where
bytes of it are known to be missing; any other doubt is told beside what was found.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, TypeVar

import msgspec

from tasks.jobs.model import Output
from tasks.storage.store import Store, Stored
from tasks.storage.truncation import (
    Announced,
    announced,
    bytes_indexed,
    codec_name,
    demux,
    ends_early,
    first_frame,
    format_name,
    open_media,
    picture,
    seconds,
    stated_seconds,
)

if TYPE_CHECKING:
    from av import VideoStream
    from av.container import InputContainer
    from PIL.Image import Image as Picture


log = logging.getLogger("shotlist.media")

IMAGE_FORMATS: Final = {"JPEG": "jpeg", "PNG": "png", "WEBP": "webp"}
"""What every provider takes, by Pillow's names. A phone's MPO, a JPEG with a second picture behind it, is read as JPEG
and called MPO."""

OTHER_IMAGES: Final = {
    "AVIF": "avif",
    "BMP": "bmp",
    "GIF": "gif",
    "JPEG2000": "jp2",
    "PPM": "ppm",
    "TIFF": "tiff",
}
HEIF_BRANDS: Final = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")

MAX_PIXELS = 120_000_000  # beyond this an image is refused before it is decoded (a decompression bomb)
POSTER_WIDTH = 1280

NO_MEDIA: Final = "is damaged, or no image, video or sound file that we can read"
NOT_CHECKED: Final = "The file could not be checked: {why}. It is kept as it came."
MAY_LACK: Final = "The file may be incomplete: {why}."


class Probed(msgspec.Struct, frozen=True):
    """Width and height in pixels as shown (rotation applied), duration in seconds; absent facts are None.

    `doubt`: a sentence for people about what could not be made sure of, or "".
    """

    kind: str  # image, video, audio
    format: str  # jpeg png webp · mp4 mov webm mkv … · mp3 wav …
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    doubt: str = ""


class UnreadableMedia(msgspec.Struct, frozen=True):
    """The file is not whole media that we know; `reason` is a clause that fits after "it".

    `missing`: bytes of it are known to be missing. `likely`: what it is by all that could be read, where that is media.
    """

    reason: str
    missing: bool = False
    likely: Probed | None = None


def probe(path: Path) -> Probed | UnreadableMedia:
    """Image, video or audio by content, never by name. Blocks: call it in a thread."""
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (
        head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    ):
        return probe_image(path)
    if head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS:
        return _probe_heif(path)
    return probe_av(path)


def probe_result(path: Path) -> Probed | UnreadableMedia:
    """The same for what was paid for: whatever is media and lacks no byte is kept, and the doubt is told."""
    match probe(path):
        case UnreadableMedia(missing=False, likely=Probed() as likely):
            return likely
        case UnreadableMedia(missing=False) as found:
            return _other_image(path) or found
        case found:
            return found


def probe_image(path: Path) -> Probed | UnreadableMedia:
    """Decode all of it: a truncated picture is refused here, not by a provider after the money is spent."""
    from PIL import Image

    try:
        with Image.open(path, formats=list(IMAGE_FORMATS)) as image:
            name = IMAGE_FORMATS.get(image.format or "", "jpeg")
            if image.width * image.height > MAX_PIXELS:
                return _too_many_pixels(name, image.width, image.height)
            image.load()
            return Probed("image", name, *_turned(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return _too_many_pixels(_image_name(path))
    except Exception as error:  # a decoder raises whatever it likes
        log.info("a picture does not decode: %s: %s", type(error).__name__, error)
        if _picture_ends_early(path, error):
            return UnreadableMedia("ends in the middle: a part of the picture is missing", missing=True)
        return UnreadableMedia(
            "is damaged or not a JPEG, PNG or WebP image", likely=_likely_image(path, _image_name(path))
        )


def _probe_heif(path: Path) -> UnreadableMedia:
    """Not handed on, for providers do not take it; FFmpeg would call it a video."""
    told, size, likely = announced(path), path.stat().st_size, _likely_image(path, "heic")
    if likely.doubt and max(told.must, told.may) > size:
        return UnreadableMedia(ends_early(max(told.must, told.may), size), missing=True)
    return UnreadableMedia("is an AVIF or HEIC image, which is not taken", likely=likely)


def _too_many_pixels(name: str, width: int | None = None, height: int | None = None) -> UnreadableMedia:
    size = f"{width} × {height} pixels" if width and height else "many millions of pixels"
    doubt = NOT_CHECKED.format(why=f"it has {size}, more than we decode")
    return UnreadableMedia(
        f"has {size}, more than we decode", likely=Probed("image", name, width, height, doubt=doubt)
    )


def _turned(image: "Picture") -> tuple[int, int]:
    """Width and height as shown; a note on rotation that cannot be read is none."""
    from PIL import ImageOps

    try:
        shown = ImageOps.exif_transpose(image)
    except Exception:
        return image.size
    return shown.size


def _image_name(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4)
    return {b"\x89PNG": "png", b"RIFF": "webp"}.get(head, "jpeg")


def _likely_image(path: Path, name: str) -> Probed:
    """What a paid picture is kept as that the usual decoders do not take."""
    doubt = NOT_CHECKED.format(why=f"as {name.upper()} it does not decode here")
    return _other_image(path) or Probed("image", name, doubt=doubt)


def _other_image(path: Path) -> Probed | None:
    """An image in one of the formats that are only kept, not handed on."""
    from PIL import Image

    try:
        with Image.open(path, formats=list(OTHER_IMAGES)) as image:
            image.load()
            return Probed("image", OTHER_IMAGES[image.format or ""], *_turned(image))
    except Exception:
        return None


def _picture_ends_early(path: Path, error: Exception) -> bool:
    """By its decoder, its size, or the mark at the end of every whole one."""
    if "truncated" in str(error) or announced(path).must > path.stat().st_size:
        return True
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(max(0, path.stat().st_size - 65536))
        tail = file.read()
    mark = {b"\x89PNG": b"IEND"}.get(head, b"\xff\xd9" if head[:2] == b"\xff\xd8" else b"")
    return bool(mark) and mark not in tail


def probe_av(path: Path) -> Probed | UnreadableMedia:
    """Read every packet; what its own structure says of its size is compared with what is there."""
    told, size = announced(path), path.stat().st_size
    if told.must > size:
        return UnreadableMedia(ends_early(told.must, size), missing=True)
    try:
        with open_media(path) as container:
            return _judged(path, container, told, size)
    except Exception as error:  # PyAV's errors are of many families
        log.info("a file does not open as media: %s: %s", type(error).__name__, error)
    if told.may > size:
        return UnreadableMedia(ends_early(told.may, size), missing=True)
    if told.lost:
        return UnreadableMedia(told.lost, missing=True)
    name = _video_name(path)
    doubt = NOT_CHECKED.format(why="it does not open here")
    return UnreadableMedia(NO_MEDIA, likely=Probed("video", name, doubt=doubt) if name else None)


def _judged(path: Path, container: "InputContainer", told: Announced, size: int) -> Probed | UnreadableMedia:
    streams = container.streams
    if not streams.video and not streams.audio:
        return UnreadableMedia("holds neither video nor sound")
    read = demux(container)
    if (needs := bytes_indexed(container)) > size:
        return UnreadableMedia(ends_early(needs, size), missing=True)
    moving = picture(container, read)
    stream = moving or next((each for each in streams.audio if read.of(each).packets), None)
    if stream is None:
        return UnreadableMedia("holds no frames")
    stated = stated_seconds(container)
    is_short = stated is not None and read.reach < stated - max(1.0, stated * 0.1)
    clause = f"it says that it plays {stated:.1f} s, and ends after {read.reach:.1f} s" if is_short else ""
    if read.broke and is_short:
        return UnreadableMedia(f"breaks off: {clause}", missing=True)
    if not clause and told.may > size:
        clause = f"it announces {told.may:,} bytes, and {size:,} are there"
    doubt = MAY_LACK.format(why=clause) if clause else ""
    name, length = format_name(container), seconds(stream, read.of(stream))
    if moving is None:
        return Probed("audio", name, duration=length, doubt=doubt)
    return _measured(path, moving, Probed("video", name, duration=length, doubt=doubt))


def _measured(path: Path, stream: "VideoStream", found: Probed) -> Probed | UnreadableMedia:
    """With the size of the picture, which only a decoded frame gives for certain."""
    frame = first_frame(path, stream.index)
    if frame is not None:
        turned = frame.rotation % 180 != 0
        width, height = (frame.height, frame.width) if turned else (frame.width, frame.height)
        return msgspec.structs.replace(found, width=width, height=height)
    context = stream.codec_context if codec_name(stream) else None
    doubt = NOT_CHECKED.format(why="none of its pictures decodes here")
    likely = msgspec.structs.replace(
        found,
        width=(context.width or None) if context else None,
        height=(context.height or None) if context else None,
        doubt=" ".join(filter(None, [found.doubt, doubt])),
    )
    return UnreadableMedia(NO_MEDIA, likely=likely)


def _video_name(path: Path) -> str:
    """The format of a video by its first bytes; "" for anything else."""
    with path.open("rb") as file:
        head = file.read(64)
    if head[4:8] == b"ftyp":
        return "mov" if head[8:12] == b"qt  " else "mp4"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "webm" if b"webm" in head else "mkv"
    return "avi" if head[:4] == b"RIFF" and head[8:12] == b"AVI " else ""


def write_poster(video: Path, poster: Path) -> bool:
    """Save the first frame as a JPEG; False where no frame decodes. Blocks: call it in a thread."""
    try:
        image = _poster(video)
    except Exception as error:
        log.info("no poster: %s: %s", type(error).__name__, error)
        return False
    if image is None:
        return False
    image.save(poster, "JPEG", quality=82, optimize=True)
    return True


def _poster(video: Path) -> "Picture | None":
    frame = first_frame(video)
    if frame is None:
        return None
    image: Picture = frame.to_image()  # type: ignore[no-untyped-call]
    if frame.rotation:
        image = image.rotate(frame.rotation, expand=True)
    image.thumbnail((POSTER_WIDTH, POSTER_WIDTH * 2))
    return image.convert("RGB")


NO_PICTURE = "It holds sound but no picture."

Failed = TypeVar("Failed")

_SAFE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$")


class BadOutput(msgspec.Struct, frozen=True):
    """What was downloaded is no media, or lacks bytes (`missing`); `reason` is a clause that fits after "it"."""

    reason: str
    missing: bool = False


class MediaStorage:
    """Files of jobs in a store. Names that could lead elsewhere are refused as if they were not there."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def find(self, job_id: str, name: str) -> Stored | None:
        """The file of that job and name, or None; OSError where the storage is away."""
        if not _SAFE_NAME.match(job_id) or not _SAFE_NAME.match(name):
            return None
        return await self.store.find(f"{job_id}/{name}")

    def has_room(self) -> bool:
        """Whether a paid video could still be stored; asked before money is spent."""
        return self.store.has_room()

    async def save(
        self, job_id: str, number: int, fetch: Callable[[BinaryIO], Awaitable[Failed | None]]
    ) -> Output | BadOutput | Failed:
        """Fetch into a temporary file, probe, put it under its name. `fetch` writes the bytes and returns None, or why
        it could not.

        Nothing is left behind unless an Output is returned. OSError (a full disk, a storage that is away) is the
        caller's to retry.
        """
        with self.store.part() as part, self.store.part() as poster:
            with part.open("wb") as file:
                failed = await fetch(file)
            if failed is not None:
                return failed
            output = await asyncio.to_thread(_examine, part, poster, number)
            if isinstance(output, Output):
                if output.poster:
                    await self.store.put(poster, f"{job_id}/{output.poster}")
                await self.store.put(part, f"{job_id}/{output.name}")
            return output

    async def delete(self, job_id: str) -> None:
        """Remove all files of a job; a job without files is no error."""
        if _SAFE_NAME.match(job_id):
            await self.store.delete_below(job_id)


def _examine(part: Path, poster: Path, number: int) -> Output | BadOutput:
    """What the file is, and what it will be called; draws its poster. It was paid for: in doubt it is kept."""
    found = probe_result(part)
    if isinstance(found, UnreadableMedia):
        return BadOutput(found.reason, found.missing)
    stem = found.kind if number == 0 else f"{found.kind}-{number + 1}"
    drawn = found.kind == "video" and write_poster(part, poster)
    return Output(
        kind=found.kind,
        name=f"{stem}.{found.format}",
        poster=f"{stem}.jpg" if drawn else "",
        width=found.width,
        height=found.height,
        duration=found.duration,
        format=found.format,
        bytes=part.stat().st_size,
        note=found.doubt or (NO_PICTURE if found.kind == "audio" else ""),
    )
