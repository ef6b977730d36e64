"""`shotlist serve` out of a copy of the checkout, gone without a trace afterwards."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.guide.checkout import Checkout
from tests.support import free_port, until


@contextmanager
def serving(checkout: Checkout) -> Iterator[str]:
    """Its address."""
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
    try:
        until(lambda: True if address in log.read_text() else None, 30, f"the copy's server answers: {log}")
        yield address
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
