"""The stand-in for a provider that the sandbox does not speak, on a port of this machine while a trial lasts."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from providers.description.schema import Wire
from providers.generic_mock import StandIn
from providers.sandbox.video.render import Errand, render

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]


@asynccontextmanager
async def stand_in(wire: Wire, folder: Path) -> AsyncIterator[str]:
    """Its origin, under which the provider has the prefix of its name, as with the sandbox."""
    clip = folder / "clip.mp4"
    await asyncio.to_thread(
        render, Errand(wire.name, {"duration": 2, "resolution": "360p"}, "A stand-in", None, str(clip))
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = _Server(
            uvicorn.Config(
                _App(StandIn(wire, f"{origin}/{wire.name}"), wire.name, clip.read_bytes()),
                lifespan="off",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield origin
        finally:
            server.should_exit = True
            await serving


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the command line; this server ends by its flag."""
        yield


class _App:
    def __init__(self, company: StandIn, name: str, clip: bytes) -> None:
        self.company = company
        self.prefix = f"/{name}"
        self.clip = clip

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        answer = self.company.answer(scope["method"], scope["path"].removeprefix(self.prefix))
        kind = b"video/mp4" if answer.is_clip else b"application/json"
        body = self.clip if answer.is_clip else msgspec.json.encode(answer.document)
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
