"""A video or sound file read packet by packet: what is in it, which stream is the picture, and how far it goes."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from av import AudioStream, VideoFrame, VideoStream
    from av.container import InputContainer

CONTAINERS = "mov,matroska,avi,mpegts,mpeg,flv,asf,gif,mp3,wav,ogg,flac,aac,aiff"
"""Of video and sound, by FFmpeg's names; not its playlists and scripts, which open other files and addresses."""

STATES_ITS_LENGTH: Final = frozenset(
    {"mp4", "matroska", "avi", "flv", "flac"}
)  # others are guessed from the bit rate
STILLS: Final = frozenset({"mjpeg", "png", "bmp", "gif", "webp", "tiff"})  # codecs of artwork
TRIES_OF_A_PICTURE: Final = 300  # packets; a stream may begin between two key frames


class Span(msgspec.Struct):
    """What was read of one stream: seconds from its first to its last moment, by the clock of the file."""

    packets: int = 0
    start: float = 0.0
    end: float = 0.0

    def add(self, start: float, end: float) -> None:
        self.start = min(self.start, start) if self.packets else start
        self.end = max(self.end, end) if self.packets else end
        self.packets += 1

    @property
    def seconds(self) -> float:
        return self.end - self.start


class Demuxed(msgspec.Struct, frozen=True):
    """Spans by the number of their stream; `broke` is why reading ended before the end of the file, or ""."""

    spans: Mapping[int, Span]
    broke: str

    def of(self, stream: "VideoStream | AudioStream") -> Span:
        return self.spans.get(stream.index, Span())

    @property
    def reach(self) -> float:
        """Seconds that the whole of it plays: by its clock, or from its beginning, whichever is more."""
        end = max((span.end for span in self.spans.values()), default=0.0)
        return max(end, end - min((span.start for span in self.spans.values()), default=0.0))


def open_media(path: Path) -> "InputContainer":
    """Open by content; a title or an artist in any encoding, or in none, does not matter."""
    import av

    return open_leniently(av.open, str(path))


def open_leniently(opener: "Callable[..., Any]", name: str) -> "InputContainer":
    """PyAV before 19 raises for metadata that is no UTF-8 unless it is told not to; PyAV 19 knows no such word."""
    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
    try:
        container: InputContainer = opener(name, mode="r", options=options, metadata_errors="replace")
    except TypeError:
        container = opener(name, mode="r", options=options)
    return container


def demux(container: "InputContainer") -> Demuxed:
    """Read every packet of every stream."""
    spans: dict[int, Span] = {}
    try:
        for packet in container.demux():
            _add(spans, packet)
    except Exception as error:  # whatever a demuxer raises, the file ends there
        return Demuxed(spans, f"{type(error).__name__}: {error}")
    return Demuxed(spans, "")


def _add(spans: dict[int, Span], packet: Any) -> None:
    at = packet.dts if packet.pts is None else packet.pts
    if at is None or packet.time_base is None or packet.is_discard:
        return
    start, length = float(at * packet.time_base), float((packet.duration or 0) * packet.time_base)
    spans.setdefault(packet.stream_index, Span()).add(start, start + length)


def picture(container: "InputContainer", read: Demuxed) -> "VideoStream | None":
    """The stream that moves; artwork beside sound is no picture."""
    found = max(_moving(container), key=lambda each: read.of(each).packets, default=None)
    if found is None or not read.of(found).packets:
        return None
    is_artwork = codec_name(found) in STILLS and read.of(found).packets == 1
    return None if is_artwork and container.streams.audio else found


def _moving(container: "InputContainer") -> "list[VideoStream]":
    """Streams of pictures that are not marked as artwork; what looks like artwork all the same comes last."""
    from av.stream import Disposition

    found = [each for each in container.streams.video if not each.disposition & Disposition.attached_pic]
    return sorted(found, key=lambda each: codec_name(each) in STILLS)


def codec_name(stream: "VideoStream") -> str:
    """ "" where this FFmpeg has no decoder for it."""
    codec: Any = stream.codec_context
    return str(codec.name) if codec is not None else ""


def seconds(stream: "VideoStream | AudioStream", span: Span) -> float | None:
    """How long the stream plays: as it says where that is what was read, else as it was read."""
    stated = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
    read = span.seconds
    return round(stated if abs(stated - read) <= max(0.5, read * 0.1) else read, 3) or None


def stated_seconds(container: "InputContainer") -> float | None:
    """How long the file says that it plays, where its format says so."""
    states = STATES_ITS_LENGTH & set(container.format.name.split(","))
    return container.duration / 1_000_000 if states and container.duration else None


def bytes_indexed(container: "InputContainer") -> int:
    """Where the last frame ends that the index of an MP4 names; 0 for other formats."""
    if "mp4" not in container.format.name.split(","):
        return 0
    streams = (*container.streams.video, *container.streams.audio)
    return max((entry.pos + entry.size for each in streams for entry in each.index_entries), default=0)


def first_frame(path: Path, index: int | None = None) -> "VideoFrame | None":
    """The first frame of that stream, or of the first that may be the picture, that decodes; None where none does."""
    with open_media(path) as container:
        stream = next((each for each in _moving(container) if index in (None, each.index)), None)
        if stream is None:
            return None
        for tries, packet in enumerate(container.demux(stream)):
            if frame := _decoded(packet):
                return frame
            if tries > TRIES_OF_A_PICTURE:
                return None
    return None


def _decoded(packet: Any) -> "VideoFrame | None":
    try:
        frames: list[Any] = packet.decode()
    except Exception:  # a damaged frame, or no decoder: the next one may do
        return None
    return frames[0] if frames else None


def format_name(container: "InputContainer") -> str:
    """mp4, mov, webm, mkv, or FFmpeg's own name."""
    names = container.format.name.split(",")
    if "mp4" in names:
        return "mov" if container.metadata.get("major_brand", "").strip() == "qt" else "mp4"
    if "webm" in names:
        codecs = {codec_name(stream) for stream in container.streams.video}
        return "webm" if codecs <= {"vp8", "vp9", "libvpx", "libvpx-vp9", "av1", "libdav1d"} else "mkv"
    return names[0]
