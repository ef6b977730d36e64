"""`shotlist serve` out of a copy of the checkout, gone without a trace afterwards."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from tests.guide.checkout import Checkout
from tests.support import PATIENCE, free_port, until


class Served(NamedTuple):
    """Where the page is, and where its sandbox."""

    address: str
    sandbox: str


@contextmanager
def serving(checkout: Checkout) -> Iterator[Served]:
    """A server that answers."""
    port = free_port()
    log = checkout.root.with_name("server.log")
    with log.open("wb") as to:
        process = subprocess.Popen(
            [str(checkout.root / ".venv" / "bin" / "shotlist"), "serve"],
            cwd=checkout.root,
            env={**checkout.env, "SHOTLIST_PORT": str(port), "SHOTLIST_SANDBOX_SPEED": "5"},
            stdin=subprocess.DEVNULL,
            stdout=to,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"

    def sandbox() -> str | None:
        found = re.search(r"\(at (http://\S+)\)", log.read_text())
        return found[1] if found else None

    try:
        yield Served(address, until(sandbox, f"the copy's server answers: {log}"))
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)
