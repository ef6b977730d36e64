"""Evidence that bytes of a media file are missing: what its own boxes, elements and chunks say of their sizes.

How long a file says that it plays is no evidence: sound outlasts the picture, and time stamps start late, in whole
files. Every size is bounded by the file's own end; a file of another kind says nothing.
"""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

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
