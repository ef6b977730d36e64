"""A small HTTP server of a test's own: it answers as it is told, keeps what it was asked, and can hang up."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit

import msgspec


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> object:
        return msgspec.json.decode(self.body)


@dataclass
class Reply:
    """One answer; `raw` replaces all of it, b"" hangs up without a word."""

    status: int = 200
    body: bytes | dict[str, object] | list[object] = b""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    def as_bytes(self) -> bytes:
        if self.raw is not None:
            return self.raw
        body = self.body if isinstance(self.body, bytes) else msgspec.json.encode(self.body)
        lines = [f"HTTP/1.1 {self.status} Whatever", f"content-length: {len(body)}", "connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body


HANG_UP = Reply(raw=b"")


Answer: TypeAlias = Reply | Callable[[Asked], Reply]
Routes: TypeAlias = Mapping[str, Answer]
NOT_FOUND = Reply(404, {"detail": "Not Found"})


class Stub:
    """Routes are "METHOD /path" → a reply, or a function of the request; `default` is for all others."""

    def __init__(self, routes: Routes, default: Answer = NOT_FOUND) -> None:
        self.routes = routes
        self.default = default
        self.asked: list[Asked] = []
        self.origin = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await _read(reader)
            self.asked.append(asked)
            writer.write(self._reply(asked).as_bytes())
            await writer.drain()
        finally:
            writer.close()

    def _reply(self, asked: Asked) -> Reply:
        told = self.routes.get(f"{asked.method} {asked.path}", self.default)
        return told if isinstance(told, Reply) else told(asked)


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int((await reader.readline()).strip(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    return Asked(method, parts.path, parse_qs(parts.query), headers, body)


@asynccontextmanager
async def stub(
    routes: Routes, context: ssl.SSLContext | None = None, default: Answer = NOT_FOUND
) -> AsyncIterator[Stub]:
    """The server on a free loopback port for as long as the test lasts."""
    it = Stub(routes, default)
    server = await asyncio.start_server(it.serve, "127.0.0.1", 0, ssl=context)
    scheme = "https" if context else "http"
    it.origin = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield it
