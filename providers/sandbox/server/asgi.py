"""The little HTTP that the sandbox needs: a request read whole, and answers, files with Range among them, sent back.

Reads a multipart form that is whole in memory.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from providers.hosts import headers_by_name
from providers.http_range import ByteRange, NotModified, RangeNotSatisfiable, requested_range

Scope: TypeAlias = MutableMapping[str, Any]
Event: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]

BODY_LIMIT = 128 * 1024 * 1024
CHUNK = 256 * 1024
HEADERS = {"x-content-type-options": "nosniff", "cross-origin-resource-policy": "same-origin"}
"""On every answer: no other site may show what is made here."""


class Request(Struct, frozen=True):
    """One call. `path` is what follows the provider's prefix, `base` the address up to and with that prefix."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str
    root: str

    def json(self) -> Any:
        """The body as JSON; raises `msgspec.DecodeError` when it is none."""
        return msgspec.json.decode(self.body)


UNREAD = Request(method="", path="", query={}, headers={}, body=b"", base="", root="")


class Answer(Struct, frozen=True):
    """A short answer, whole in memory."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


class FileAnswer(Struct, frozen=True):
    """A file, in whole or by Range; `stop_after` bytes the connection ends, `pause` seconds lie between chunks."""

    path: Path
    content_type: str
    stop_after: int | None = None
    pause: float = 0.0
    headers: Mapping[str, str] = {}


class HangUp(Struct, frozen=True):
    """The connection closes without a word."""


class Silence(Struct, frozen=True):
    """Nothing is answered for as long as the client waits."""


Reply: TypeAlias = Answer | FileAnswer | HangUp | Silence


class TooLargeError(Exception):
    """The body is over `BODY_LIMIT` bytes."""


def json_answer(status: int, value: object, headers: Mapping[str, str] | None = None) -> Answer:
    """`value` as JSON."""
    return Answer(status, msgspec.json.encode(value), {"content-type": "application/json", **(headers or {})})


def text_answer(status: int, text: str, content_type: str = "text/plain; charset=utf-8") -> Answer:
    """`text` as UTF-8."""
    return Answer(status, text.encode(), {"content-type": content_type})


async def read_request(scope: Scope, receive: Receive, prefix: str) -> Request:
    """The request that `scope` announces, body and all; raises `TooLargeError`."""
    body = bytearray()
    more = True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
        if len(body) > BODY_LIMIT:
            raise TooLargeError
    headers = headers_by_name(scope["headers"])
    root = f"{scope.get('scheme', 'http')}://{headers.get('host', 'localhost')}"
    return Request(
        method=scope["method"],
        path=scope["path"][len(prefix) :],
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers=headers,
        body=bytes(body),
        base=root + prefix,
        root=root,
    )


async def send_reply(reply: Reply, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
    """Sends `reply`; the server's `hang_up` in the scope's state ends a connection early."""
    match reply:
        case Answer(status, body, headers):
            await _start(send, status, {"content-length": str(len(body)), **headers})
            await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})
        case FileAnswer():
            await _send_file(reply, request, scope, send)
        case HangUp():
            _hang_up(scope)
        case Silence():
            while (await receive())["type"] != "http.disconnect":
                pass


async def _start(send: Send, status: int, headers: Mapping[str, str]) -> None:
    pairs = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in {**HEADERS, **headers}.items()
    ]
    await send({"type": "http.response.start", "status": status, "headers": pairs})


def _hang_up(scope: Scope) -> None:
    close = scope.get("state", {}).get("hang_up")
    if close is None:
        raise RuntimeError("This server gives no way to close a connection early.")
    close()


async def _send_file(file: FileAnswer, request: Request, scope: Scope, send: Send) -> None:
    size = file.path.stat().st_size
    etag = '"' + hashlib.sha256(f"{file.path.name}{size}".encode()).hexdigest()[:20] + '"'
    headers = {"content-type": file.content_type, "accept-ranges": "bytes", "etag": etag, **file.headers}
    wanted = requested_range(request.headers, size=size, etag=etag)
    if isinstance(wanted, NotModified | RangeNotSatisfiable):
        await _send_no_bytes(wanted, size, headers, send)
        return
    first, last = (wanted.first, wanted.last) if isinstance(wanted, ByteRange) else (0, size - 1)
    headers["content-length"] = str(last - first + 1)
    partial = (first, last) != (0, size - 1)
    if partial:
        headers["content-range"] = f"bytes {first}-{last}/{size}"
    await _start(send, 206 if partial else 200, headers)
    end = last + 1 if request.method != "HEAD" else first
    stop = end if file.stop_after is None else min(end, file.stop_after)
    await _send_bytes(file, first, stop, finished=stop == end, send=send)
    if stop < end:
        _hang_up(scope)


async def _send_no_bytes(
    why: NotModified | RangeNotSatisfiable, size: int, headers: Mapping[str, str], send: Send
) -> None:
    if isinstance(why, NotModified):
        await _start(send, 304, headers)
    else:
        await _start(send, 416, {**headers, "content-range": f"bytes */{size}", "content-length": "0"})
    await send({"type": "http.response.body", "body": b""})


async def _send_bytes(file: FileAnswer, first: int, stop: int, *, finished: bool, send: Send) -> None:
    with file.path.open("rb") as source:
        source.seek(first)
        while first < stop:
            chunk = source.read(min(CHUNK if not file.pause else CHUNK // 16, stop - first))
            first += len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            if file.pause:
                await asyncio.sleep(file.pause)
    if finished:
        await send({"type": "http.response.body", "body": b""})


class Part(Struct, frozen=True):
    """One field of a form; `filename` and `content_type` are "" when the part has none."""

    name: str
    filename: str
    content_type: str
    data: bytes


def read_form(content_type: str, body: bytes) -> tuple[Part, ...]:
    """The parts of a `multipart/form-data` body; empty when it is something else or broken."""
    found = re.search(r'multipart/form-data;.*boundary="?([^";]+)"?', content_type)
    if not found:
        return ()
    pieces = body.split(b"--" + found[1].encode())[1:-1]
    return tuple(part for piece in pieces if (part := _part(piece)))


def _part(piece: bytes) -> Part | None:
    head, gap, data = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    headers = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    disposition = headers.get("content-disposition", "")
    name, filename = _parameter(disposition, "name"), _parameter(disposition, "filename")
    if not gap or not name:
        return None
    return Part(name, filename, headers.get("content-type", ""), data.removesuffix(b"\r\n"))


def _parameter(disposition: str, name: str) -> str:
    found = re.search(rf'(?:^|[;\s]){name}="([^"]*)"', disposition)
    return found[1] if found else ""
