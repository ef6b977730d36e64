"""The body of an answer, unpacked piece by piece: a few kilobytes packed twice would else fill the memory at once."""

import zlib
from collections.abc import AsyncIterator
from typing import Final

import httpx

PIECE: Final = 1_000_000  # bytes
PACKED: Final = ("gzip", "x-gzip", "deflate")
EITHER: Final = 32 + zlib.MAX_WBITS  # of zlib: the content says whether it is gzip or deflate


async def unpacked(response: httpx.Response) -> AsyncIterator[bytes]:
    """Pieces of at most 1 MB; `httpx.DecodingError` for what is packed otherwise, more than once, or not whole."""
    packing = response.headers.get("content-encoding", "").strip().lower()
    if packing in ("", "identity"):
        async for part in response.aiter_raw():
            yield part
        return
    if packing not in PACKED:
        raise httpx.DecodingError(f"it is packed as {packing[:40]!r}, which was not asked for")
    engine, empty = zlib.decompressobj(EITHER), True
    try:
        async for part in response.aiter_raw():
            empty = empty and not part
            while part and not engine.eof:
                yield engine.decompress(part, PIECE)
                part = engine.unconsumed_tail
        yield engine.flush()
    except zlib.error as error:
        raise httpx.DecodingError(f"it cannot be unpacked ({error})") from error
    if not (engine.eof or empty):
        raise httpx.DecodingError("it ends in the middle")
