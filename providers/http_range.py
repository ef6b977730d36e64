"""What of a file a request asks for: conditions and Range as RFC 9110 has them, for whoever serves files."""

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct


class WholeFile(Struct, frozen=True):
    """The whole file: 200."""


class ByteRange(Struct, frozen=True):
    """Bytes `first` to `last`, both included: 206."""

    first: int
    last: int


class NotModified(Struct, frozen=True):
    """The browser's copy is still right: 304."""


class RangeNotSatisfiable(Struct, frozen=True):
    """No byte of the range exists: 416."""


RequestedRange: TypeAlias = WholeFile | ByteRange | NotModified | RangeNotSatisfiable


def requested_range(
    headers: Mapping[str, str], *, size: int, etag: str, modified: str = ""
) -> RequestedRange:
    """What of a file of `size` bytes to send. `headers` has lower-case names; `etag` is strong, in quotes.

    A Range we do not understand, or one of several parts, is answered with the whole file, as the RFC allows.
    """
    if _matches(headers.get("if-none-match", ""), etag):
        return NotModified()
    condition = headers.get("if-range", "")
    if condition and condition not in (etag, modified):
        return WholeFile()
    return _parse(headers.get("range", ""), size)


def _matches(header: str, etag: str) -> bool:
    candidates = [candidate.strip().removeprefix("W/") for candidate in header.split(",")]
    return "*" in candidates or etag in candidates


def _parse(header: str, size: int) -> RequestedRange:
    unit, equals, text = header.partition("=")
    first, dash, last = text.strip().partition("-")
    if unit.strip().lower() != "bytes" or not equals or not dash or not _digits(first, last):
        return WholeFile()
    if not first:
        return _suffix(int(last), size)
    if last and int(last) < int(first):
        return WholeFile()
    if int(first) >= size:
        return RangeNotSatisfiable()
    return ByteRange(int(first), min(int(last), size - 1) if last else size - 1)


def _digits(first: str, last: str) -> bool:
    return bool(first or last) and all(
        not text or (text.isascii() and text.isdecimal() and len(text) < 20) for text in (first, last)
    )


def _suffix(length: int, size: int) -> RequestedRange:
    if length == 0 or size == 0:
        return RangeNotSatisfiable()
    return ByteRange(max(size - length, 0), size - 1)
