"""As much of RFC 6455 as the sandbox needs: texts both ways, ping, and close, as ASGI's websocket."""

import asyncio
import base64
import hashlib
from typing import Any
from urllib.parse import unquote

from providers.sandbox.server.asgi import Event

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
LARGEST = 1024 * 1024


class WebSocketProtocol(asyncio.Protocol):
    """One connection, from the request that asked for it; uvicorn makes it and hands that request on."""

    def __init__(self, config: Any, server_state: Any, app_state: dict[str, Any]) -> None:
        self._app = config.loaded_app
        self._state = server_state
        self._app_state = app_state
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._buffer = bytearray()
        self._key = ""
        self._open = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection over."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._state.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's own signature
        """The client is gone."""
        self._state.connections.discard(self)
        self._events.put_nowait({"type": "websocket.disconnect", "code": 1006})

    def shutdown(self) -> None:
        """The server ends."""
        self._finish(1001)

    def data_received(self, data: bytes) -> None:
        """The request first, then frames."""
        self._buffer += data
        if not self._key:
            self._begin()
        while self._open and (frame := self._next_frame()):
            self._take(*frame)

    def _begin(self) -> None:
        head, gap, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if not gap:
            return
        self._buffer = bytearray(rest)
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = [
            (name.strip().lower(), value.strip())
            for name, _, value in (client.partition(":") for client in lines)
        ]
        self._key = dict(pairs).get("sec-websocket-key", "none")
        path, _, query = first.split(" ")[1].partition("?")
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "scheme": "ws",
            "path": unquote(path),
            "query_string": query.encode("latin-1"),
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs],
            "state": dict(self._app_state),
        }
        self._events.put_nowait({"type": "websocket.connect"})
        task = asyncio.ensure_future(self._app(scope, self._events.get, self._send))
        self._state.tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._state.tasks.discard(task)
        if not task.cancelled():
            task.exception()
        self._finish(1000)

    async def _send(self, event: Event) -> None:
        match event["type"]:
            case "websocket.accept":
                accept = base64.b64encode(hashlib.sha1((self._key + GUID).encode()).digest()).decode()  # noqa: S324
                head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                self._write(f"{head}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
                self._open = True
            case "websocket.send":
                self._write(frame(TEXT, event["text"].encode()))
            case "websocket.close" if not self._open:
                self._write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            case "websocket.close":
                self._finish(1000)

    def _next_frame(self) -> tuple[int, bytes] | None:
        """Kind and content of the next whole frame; a client's frames are masked."""
        if len(self._buffer) < 2:
            return None
        kind, length, start = self._buffer[0] & 15, self._buffer[1] & 127, 2
        if length > 125:
            size = 2 if length == 126 else 8
            length, start = int.from_bytes(self._buffer[2 : 2 + size], "big"), 2 + size
        if length > LARGEST:
            self._finish(1009)
            return None
        end = start + 4 + length
        if len(self._buffer) < end:
            return None
        mask, content = self._buffer[start : start + 4], self._buffer[start + 4 : end]
        del self._buffer[:end]
        return kind, bytes(byte ^ mask[place % 4] for place, byte in enumerate(content))

    def _take(self, kind: int, content: bytes) -> None:
        if kind == TEXT:
            self._events.put_nowait({"type": "websocket.receive", "text": content.decode("utf-8", "replace")})
        elif kind == PING:
            self._write(frame(PONG, content))
        elif kind == CLOSE:
            self._finish(1000)

    def _finish(self, code: int) -> None:
        if self._open:
            self._write(frame(CLOSE, code.to_bytes(2, "big")))
        self._open = False
        if self._transport:
            self._transport.close()

    def _write(self, data: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(data)


def frame(kind: int, content: bytes) -> bytes:
    """One frame as a server sends it: whole and not masked."""
    size = len(content)
    if size < 126:
        return bytes([128 | kind, size]) + content
    if size < 65536:
        return bytes([128 | kind, 126]) + size.to_bytes(2, "big") + content
    return bytes([128 | kind, 127]) + size.to_bytes(8, "big") + content
