"""The socket that the server listens on."""

import socket

from tasks.settings import read_settings
from tests.support import free_port
from web.processes import listening


def test_it_names_its_protocol_so_that_small_answers_are_not_held_back() -> None:
    """asyncio turns Nagle's algorithm off only for sockets whose protocol is TCP, not "the default one"."""
    with listening(read_settings({"SHOTLIST_PORT": str(free_port())})) as listener:
        assert listener.proto == socket.IPPROTO_TCP
