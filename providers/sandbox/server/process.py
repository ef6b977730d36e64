"""The sandbox as a process of its own: one socket, one line when it listens, and a quick end.

A child process that ends when its parent does, however the parent ends.
"""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Collection
from pathlib import Path

from uvicorn.protocols.http.h11_impl import H11Protocol

from providers.asgi_server import AsgiServer
from providers.child_process import end_with_parent
from providers.sandbox.app import create_sandbox
from providers.sandbox.server.access import names_of
from providers.sandbox.server.websocket import WebSocketProtocol

LOOK_SECONDS = 0.5


async def watch_parent(gone: Callable[[], None]) -> None:
    """Looks twice a second whether the parent is still the same, and calls `gone` once when it is not."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing announces this
        await asyncio.sleep(LOOK_SECONDS)
    gone()


class Protocol(H11Protocol):
    """Lets the app close a connection early, which ASGI has no word for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Hands the connection's own `close` to the app."""
        self.app_state = {**self.app_state, "hang_up": transport.close}
        super().connection_made(transport)


class PortInUseError(Exception):
    """Another process listens there; the message is a sentence."""


def run(
    folder: Path,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    speed: float = 1.0,
    names: Collection[str] = (),
    die_with_parent: bool = False,
) -> None:
    """Serves until SIGTERM or SIGINT; port 0 takes a free one. Raises `PortInUseError`.

    `names` are those by which it may be called beside `host` and this machine's own.
    """
    os.umask(0o077)
    if die_with_parent:
        end_with_parent()
    sock = _listen(host, port)
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    server = AsgiServer(
        create_sandbox(folder, speed=speed, names=names_of(host, names)),
        sock,
        lambda: _announce(sock),
        http=Protocol,
        ws=WebSocketProtocol,
        lifespan="on",
        timeout_graceful_shutdown=0,
    )
    asyncio.run(_serve(server, die_with_parent=die_with_parent))


async def _serve(server: AsgiServer, *, die_with_parent: bool) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    watch = asyncio.ensure_future(watch_parent(stop.set)) if die_with_parent else None
    await server.run_until(stop)
    if watch:
        watch.cancel()


def _announce(sock: socket.socket) -> None:
    """Says where it listens, once it does."""
    host, port = sock.getsockname()[:2]
    print(f"The sandbox listens at http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)


def _listen(host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        raise PortInUseError(f"The sandbox cannot listen at {host}:{port}: {error.strerror}.") from error
    sock.set_inheritable(False)
    return sock
