"""How our pages are served and what is logged; the server itself is imported only when it is made."""

import logging
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litestar import Litestar

    from providers.asgi_server import AsgiServer

GRACE = 1
"""Whole seconds that requests under way get at the end; a video being watched is cut off then."""

MAX_HEAD = 128 * 1024
"""Bytes of address and headers: a filled form is a link, and a long prompt in Chinese is 9 bytes a character."""


def web_server(app: "Litestar", listener: socket.socket, on_started: Callable[[], None]) -> "AsgiServer":
    """Serves our pages to browsers and programs, on a socket that listens already."""
    from providers.asgi_server import AsgiServer

    return AsgiServer(
        app,
        listener,
        on_started,
        http="h11",
        ws="none",
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
        h11_max_incomplete_event_size=MAX_HEAD,
    )


def configure_logging() -> None:
    """Ours from INFO on; libraries only when something is wrong. httpx would log every address it asks for."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for ours in ("shotlist", "models", "providers", "tasks", "web"):
        logging.getLogger(ours).setLevel(logging.INFO)
