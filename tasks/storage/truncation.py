"""Evidence that bytes of a media file are missing: what its own boxes, elements and chunks say of their sizes.

How long a file says that it plays is no evidence: sound outlasts the picture, and time stamps start late, in whole
files. Every size is bounded by the file's own end; a file of another kind says nothing.

A video or sound file read packet by packet: what is in it, which stream is the picture, and how far it goes.
"""

import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import msgspec

if TYPE_CHECKING:
    from av import AudioStream, VideoFrame, VideoStream
    from av.container import InputContainer


MOST_STEPS: Final = 2_000_000  # elements of a recorded stream whose sizes are not known as a whole
OPEN_END: Final = 0x7FFF0000  # a RIFF size from here on, or 0, is what writers put that could not seek back
SLACK: Final = 64  # bytes by which writers of RIFF files miscount their own header

SEGMENT, CLUSTER = 0x18538067, 0x1F43B675
NESTED: Final = (SEGMENT, CLUSTER)
KNOWN: Final = frozenset(
    {
        *(0x1A45DFA3, 0xEC, 0xBF),  # EBML, Void, CRC-32
        *(0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1C53BB6B, 0x1941A469, 0x1043A770, 0x1254C367),  # of a segment
        *(0xE7, 0xA3, 0xA0, 0xAB, 0xA7, 0x5854, 0xAF),  # of a cluster
        *NESTED,
    }
)


class Announced(msgspec.Struct, frozen=True):
    """Bytes that a file of this structure must have; 0 where it says nothing.

    `may`: bytes that a box announces which may be padding, so that less of it can still be the whole. `lost`: a clause
    about a part without which nothing plays, where there is none.
    """

    must: int = 0
    may: int = 0
    lost: str = ""


def announced(path: Path) -> Announced:
    """What the file at `path` says of its own size. OSError where it cannot be read."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        for fits, read in READERS:
            if fits(head):
                return read(file, size)
    return Announced()


def ends_early(needs: int, has: int) -> str:
    """The clause that fits after "it"."""
    return f"ends in the middle: {needs:,} bytes are announced, and {has:,} are there"


def _boxes(file: BinaryIO, size: int) -> Announced:
    """MP4 and MOV: of the boxes that matter, an index (moov, moof) is whole or useless; mdat may be padded."""
    at, must, may, seen = 0, 0, 0, set[bytes]()
    while at + 8 <= size:
        file.seek(at)
        length, name = struct.unpack(">I4s", file.read(8))
        if length == 1:
            length = int.from_bytes(file.read(8), "big")
        elif length == 0:
            length = size - at
        if length < 8:
            break
        seen.add(name)
        at += length
        if name in (b"moov", b"moof"):
            must = max(must, at)
        elif name == b"mdat":
            may = max(may, at)
    indexed = seen & {b"moov", b"moof", b"meta"}
    return Announced(must, may, "" if indexed else "lacks its index (moov), which is missing at its end")


def _elements(file: BinaryIO, size: int) -> Announced:
    """Matroska and WebM: the segment, or, where its size was not known when it was begun, its last element."""
    at = 0
    for _ in range(MOST_STEPS):
        if at >= size:
            break
        file.seek(at)
        name, length, head = _element(file.read(12))
        if name not in KNOWN:
            return Announced()
        if head == 0:
            return Announced(must=size + 1)
        if length is None and name not in NESTED:
            return Announced()
        at += head if length is None else head + length
        if name == SEGMENT and length is not None:
            break
    return Announced(must=at)


def _element(content: bytes) -> tuple[int, int | None, int]:
    """Name, length (None: not known), and bytes of the two; 0 bytes where the file ends in them."""
    wide = _width(content, 4)
    name = int.from_bytes(content[:wide], "big")
    rest = content[wide:]
    width = _width(rest, 8)
    if not width or len(rest) < width:
        return name, None, 0
    most = (1 << 7 * width) - 1
    length = int.from_bytes(rest[:width], "big") & most
    return name, None if length == most else length, wide + width


def _width(content: bytes, most: int) -> int:
    """Bytes of a variable-length number, by the zeros that its first byte begins with; 0 for none."""
    width = 9 - content[0].bit_length() if content else 0
    return width if width <= most else 0


def _chunks(file: BinaryIO, size: int) -> Announced:
    """AVI, WAV and WebP."""
    file.seek(4)
    length, kind = int.from_bytes(file.read(4), "little"), file.read(4)
    told = 0 if length == 0 or length >= OPEN_END else length + 8
    return Announced(must=told if told > size + (0 if kind == b"WEBP" else SLACK) else 0)


READERS: Final[tuple[tuple[Callable[[bytes], bool], Callable[[BinaryIO, int], Announced]], ...]] = (
    (lambda head: head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"), _boxes),
    (lambda head: head[:4] == b"\x1a\x45\xdf\xa3", _elements),
    (lambda head: head[:4] == b"RIFF", _chunks),
)


CONTAINERS = "mov,matroska,avi,mpegts,mpeg,flv,asf,gif,mp3,wav,ogg,flac,aac,aiff"
"""Of video and sound, by FFmpeg's names; not its playlists and scripts, which open other files and addresses."""

STATES_ITS_LENGTH: Final = frozenset(
    {"mp4", "matroska", "avi", "flv", "flac"}
)  # others are guessed from the bit rate
STILLS: Final = frozenset({"mjpeg", "png", "bmp", "gif", "webp", "tiff"})  # codecs of artwork
TRIES_OF_A_PICTURE: Final = 300  # packets; a stream may begin between two key frames


class ByteSpan(msgspec.Struct):
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

    spans: Mapping[int, ByteSpan]
    broke: str

    def of(self, stream: "VideoStream | AudioStream") -> ByteSpan:
        return self.spans.get(stream.index, ByteSpan())

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
    spans: dict[int, ByteSpan] = {}
    try:
        for packet in container.demux():
            _add(spans, packet)
    except Exception as error:  # whatever a demuxer raises, the file ends there
        return Demuxed(spans, f"{type(error).__name__}: {error}")
    return Demuxed(spans, "")


def _add(spans: dict[int, ByteSpan], packet: Any) -> None:
    at = packet.dts if packet.pts is None else packet.pts
    if at is None or packet.time_base is None or packet.is_discard:
        return
    start, length = float(at * packet.time_base), float((packet.duration or 0) * packet.time_base)
    spans.setdefault(packet.stream_index, ByteSpan()).add(start, start + length)


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


def seconds(stream: "VideoStream | AudioStream", span: ByteSpan) -> float | None:
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
