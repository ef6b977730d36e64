"""uvicorn as one part of a process that has others: it stops when told, and leaves signals to whoever runs it."""

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn


class AsgiServer(uvicorn.Server):
    """Serves one application on a socket that is bound already.

    `on_started` is called once it answers; `options` are those of `uvicorn.Config`.
    """

    def __init__(
        self, app: Any, listener: socket.socket, on_started: Callable[[], None] = lambda: None, **options: Any
    ) -> None:
        super().__init__(uvicorn.Config(app, log_config=None, access_log=False, **options))
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
