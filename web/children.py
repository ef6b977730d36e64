"""A program that the server starts beside itself: in its process group, but out of reach of a terminal's Ctrl-C."""

import signal
import subprocess
import sys
from collections.abc import Sequence

GRACE = 0.8
"""Seconds that a child gets between being asked to end and being ended."""


class Child:
    """One of our modules, run in a process of its own. It must itself end when its parent is gone."""

    def __init__(self, module: str, args: Sequence[str]) -> None:
        # A terminal sends Ctrl-C to the whole group, and the server decides in which order things end. A child
        # inherits what is blocked; that holds even where it sets a handler of its own.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self.process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", module, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        """Ask it to end and wait until it is gone, `GRACE` seconds at most; then it is made to."""
        if not self.alive:
            return
        self.process.terminate()
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        if self.alive:
            self.process.kill()
            self.process.wait()
