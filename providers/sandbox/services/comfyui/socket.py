"""The websocket of a ComfyUI server: what its client's runs do, as it happens."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import msgspec

from providers.sandbox.jobs import look
from providers.sandbox.server.asgi import Receive, Scope, Send
from providers.sandbox.service import Sandbox
from providers.sandbox.services.comfyui.run import Event, events_until, node_at
from providers.sandbox.store import Job

PAUSE = 0.2
RECENT = 20
FEATURES = {"supports_preview_metadata": True, "max_upload_size": 104857600, "assets": False}
FOR_ALL = ("progress", "progress_state")  # the events that are told to everybody when nobody asked for them


async def serve(sandbox: Sandbox, scope: Scope, receive: Receive, send: Send) -> None:
    """Lives as long as the connection; of two with one client id the later one is told."""
    if scope["path"] not in ("/ws", "/api/ws"):
        await send({"type": "websocket.close"})
        return
    await receive()
    await send({"type": "websocket.accept"})
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("clientId")
    socket = Socket(sandbox, asked[0] if asked else uuid4().hex, send)
    telling = asyncio.ensure_future(socket.tell())
    with contextlib.suppress(asyncio.CancelledError):
        await socket.listen(receive)
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)


class Socket:
    """One connection of one client."""

    def __init__(self, sandbox: Sandbox, client: str, send: Send) -> None:
        self._sandbox = sandbox
        self._client = client
        self._send = send
        self._told: dict[str, int] = {}
        self._waiting = -1

    async def listen(self, receive: Receive) -> None:
        """Answers a client that tells of its features first; ends when the client is gone."""
        while (event := await receive())["type"] != "websocket.disconnect":
            with contextlib.suppress(msgspec.DecodeError, AttributeError):
                if msgspec.json.decode(event.get("text") or "").get("type") == "feature_flags":
                    await self._say("feature_flags", FEATURES)

    async def tell(self) -> None:
        """Tells what is new, a few times a second, until a later connection has taken over."""
        self._sandbox.sockets[self._client] = self
        await self._greet()
        while self._sandbox.sockets.get(self._client) is self:
            for event in self._news():
                await self._say(event.type, event.data)
            await self._count()
            await asyncio.sleep(PAUSE / self._sandbox.speed)

    async def _greet(self) -> None:
        self._waiting = self._remaining()
        await self._say(
            "status", {"status": {"exec_info": {"queue_remaining": self._waiting}}, "sid": self._client}
        )
        for job in self._jobs():
            now = look(self._sandbox, job)
            if now.started_at is not None:
                self._told[job.id] = len(events_until(job, self._sandbox.clock()))
            if now.phase == "running" and self._owns(job):
                await self._say("executing", {"node": node_at(job, now.fraction)})

    def _jobs(self) -> list[Job]:
        return self._sandbox.store.jobs("comfyui", RECENT)[::-1]

    def _owns(self, job: Job) -> bool:
        return bool(job.facts.notes["extra"].get("client_id") == self._client)

    def _news(self) -> Iterator[Event]:
        for job in self._jobs():
            nobodys = "client_id" not in job.facts.notes["extra"]
            if not self._owns(job) and not nobodys:
                continue
            events = events_until(job, self._sandbox.clock())
            fresh, self._told[job.id] = events[self._told.get(job.id, 0) :], len(events)
            yield from (event for event in fresh if not nobodys or event.type in FOR_ALL)

    def _remaining(self) -> int:
        return sum(not look(self._sandbox, job).over for job in self._jobs())

    async def _count(self) -> None:
        """Everybody is told how many run and wait, when that changes."""
        now = self._remaining()
        if now != self._waiting:
            self._waiting = now
            await self._say("status", {"status": {"exec_info": {"queue_remaining": now}}})

    async def _say(self, kind: str, data: dict[str, Any]) -> None:
        await self._send(
            {"type": "websocket.send", "text": msgspec.json.encode({"type": kind, "data": data}).decode()}
        )
