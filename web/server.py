"""uvicorn as one part of a process that has others: it stops when told, and leaves signals to whoever runs it.

The log: one readable line an event, on standard error.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from litestar import Litestar

GRACE = 1
"""Whole seconds that requests under way get at the end; a video being watched is cut off then."""

MAX_HEAD = 128 * 1024
"""Bytes of address and headers: a filled form is a link, and a long prompt in Chinese is 9 bytes a character."""


class WebServer(uvicorn.Server):
    """Serves one application on a socket that listens already."""

    def __init__(self, app: Litestar, listener: socket.socket, on_started: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=GRACE,
                h11_max_incomplete_event_size=MAX_HEAD,
            )
        )
        self.listener = listener
        self.on_started = on_started

    async def run_until(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, or until the server ends by itself."""
        serving = asyncio.create_task(self.serve(sockets=[self.listener]))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        self.should_exit = True
        await serving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # It would log the requests that it cuts off as errors; they are what was asked for.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn would raise the signal again after its shutdown, and with it skip every `finally` of ours."""
        yield


def configure_logging() -> None:
    """Ours from INFO on; libraries only when something is wrong. httpx would log every address it asks for."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for ours in ("shotlist", "models", "providers", "tasks", "web"):
        logging.getLogger(ours).setLevel(logging.INFO)
