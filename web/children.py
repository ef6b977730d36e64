"""A program that the server starts beside itself: in its process group, but out of reach of a terminal's Ctrl-C."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

GRACE = 0.8
"""Seconds that a child gets between being asked to end and being ended."""


class Child:
    """One of our modules, run in a process of its own. It must itself end when its parent is gone.

    What it prints is kept for `said`; it is to be little.
    """

    def __init__(self, module: str, args: Sequence[str]) -> None:
        # A terminal sends Ctrl-C to the whole group, and the server decides in which order things end. A child
        # inherits what is blocked; that holds even where it sets a handler of its own.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self.process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", module, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._said = b""
        os.set_blocking(self._output.fileno(), False)

    @property
    def _output(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    def said(self) -> str:
        """All that it has printed until now."""
        with suppress(OSError, ValueError):  # nothing new; closed
            while more := os.read(self._output.fileno(), 65536):
                self._said += more
        return self._said.decode(errors="replace").strip()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        """Ask it to end and wait until it is gone, `GRACE` seconds at most; then it is made to."""
        if self.alive:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(GRACE)
        self.kill()

    def kill(self) -> None:
        if self.alive:
            self.process.kill()
            self.process.wait()
        self._output.close()
