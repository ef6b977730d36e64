"""Sends one file of ours: streamed, seekable by HTTP Range, and not sent again while the browser's copy is right."""

import asyncio
from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

from litestar import Response
from litestar.response import Stream

from web.errors import AnyRequest, Refused, answer
from web.ranges import Part, Unchanged, Unsatisfiable, wanted

CHUNK = 256 * 1024


async def send_file(request: AnyRequest, path: Path, media_type: str, save_as: str = "") -> Response[Any]:
    """The file, a part of it, or that it has not changed. With `save_as` the browser stores it under that name."""
    try:
        stat = await asyncio.to_thread(path.stat)
    except FileNotFoundError:
        raise Refused(404, "not_found", "This file is not here any more.") from None
    size, modified = stat.st_size, formatdate(stat.st_mtime, usegmt=True)
    etag = f'"{stat.st_mtime_ns:x}-{size:x}"'
    headers = {"accept-ranges": "bytes", "etag": etag, "last-modified": modified}
    if save_as:
        headers["content-disposition"] = f'attachment; filename="{save_as}"'
    if request.method == "HEAD":
        return Response(b"", headers={**headers, "content-length": str(size)}, media_type=media_type)
    match wanted(request.headers, size=size, etag=etag, modified=modified):
        case Unchanged():
            return Response(b"", status_code=304, headers=headers, media_type=media_type)
        case Unsatisfiable():
            sentence = f"This file has {size} bytes, and the range asked for lies outside."
            return answer(416, "range_not_satisfiable", sentence, content_range=f"bytes */{size}")
        case Part(first, last):
            headers["content-range"] = f"bytes {first}-{last}/{size}"
            return _stream(path, first, last + 1 - first, 206, headers, media_type)
        case _:
            return _stream(path, 0, size, 200, headers, media_type)


def _stream(
    path: Path, first: int, length: int, status: int, headers: dict[str, str], media_type: str
) -> Stream:
    return Stream(
        _chunks(path, first, length),
        status_code=status,
        headers={**headers, "content-length": str(length)},
        media_type=media_type,
    )


async def _chunks(path: Path, first: int, length: int) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        file.seek(first)
        while length > 0 and (chunk := await asyncio.to_thread(file.read, min(CHUNK, length))):
            length -= len(chunk)
            yield chunk
