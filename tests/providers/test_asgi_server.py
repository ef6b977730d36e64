"""The server that page, sandbox and trial run share: it says when it listens, and ends when told, even before."""

import asyncio
import socket
from typing import Any

from providers.asgi_server import AsgiServer


async def app(scope: Any, receive: Any, send: Any) -> None:
    """An application with nothing to start or to answer."""
    while scope["type"] == "lifespan":
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return


async def test_it_says_once_that_it_listens_and_ends_when_told() -> None:
    stop, said = asyncio.Event(), []

    def on_started() -> None:
        said.append("listens")
        stop.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        await AsgiServer(app, listener, on_started, lifespan="on").run_until(stop)
    assert said == ["listens"]


async def test_a_server_that_is_told_to_stop_before_it_began_ends() -> None:
    stop = asyncio.Event()
    stop.set()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        await AsgiServer(app, listener, lifespan="on").run_until(stop)
