"""Sends one file of ours: streamed, seekable by HTTP Range, and not sent again while the browser's copy is right."""

from collections.abc import AsyncIterator
from email.utils import formatdate
from typing import Any

from litestar import Response
from litestar.response import Stream

from tasks.storage.store import Store, Stored
from web.errors import AnyRequest, answer
from web.ranges import Part, Unchanged, Unsatisfiable, wanted


def send_file(
    request: AnyRequest, store: Store, stored: Stored, media_type: str, save_as: str = ""
) -> Response[Any]:
    """The file, a part of it, or that it has not changed. With `save_as` the browser stores it under that name."""
    size, etag, modified = stored.bytes, stored.etag, formatdate(stored.modified, usegmt=True)
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
            chunks, length = store.read(stored.key, first, last + 1 - first), last + 1 - first
            return _stream(chunks, length, 206, headers, media_type)
        case _:
            return _stream(store.read(stored.key, 0, size), size, 200, headers, media_type)


def _stream(
    chunks: AsyncIterator[bytes], length: int, status: int, headers: dict[str, str], media_type: str
) -> Stream:
    return Stream(
        chunks,
        status_code=status,
        headers={**headers, "content-length": str(length)},
        media_type=media_type,
    )
