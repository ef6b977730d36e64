"""A child process that ends when its parent does, however the parent ends."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
LOOK_SECONDS = 0.5


def end_with_parent(parent: int | None = None) -> None:
    """On Linux the kernel sends SIGTERM when the parent is gone; elsewhere `watch_parent` has to look.

    A parent that says its own process id as it starts us cannot be missed, even if it dies before we run.
    """
    parent = parent or os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)


async def watch_parent(gone: Callable[[], None]) -> None:
    """Looks twice a second whether the parent is still the same, and calls `gone` once when it is not."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing announces this
        await asyncio.sleep(LOOK_SECONDS)
    gone()
