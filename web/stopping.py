"""How a server ends: on the first signal in good order and in time, on the second at once."""

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

LAST_SECONDS = 2.4
"""After the first signal everything has this long to end by itself; a Ctrl-C takes 3 s at most."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stop_on_signals(last_act: Callable[[], None], last_seconds: float = LAST_SECONDS) -> asyncio.Event:
    """An event that SIGINT, SIGTERM and SIGHUP set. To be called inside the event loop, before uvicorn runs.

    If the process is still there `last_seconds` later (a thread that decodes a video cannot be interrupted), or at
    a second signal, it does `last_act` and is gone: every row and file of ours survives that by design.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    signalled = threading.Event()

    def gone() -> None:
        last_act()
        os._exit(0)

    def wait_and_go() -> None:
        time.sleep(last_seconds)
        gone()

    def on_signal(_: int, __: FrameType | None) -> None:
        if signalled.is_set():
            gone()
        signalled.set()
        threading.Thread(target=wait_and_go, daemon=True).start()
        loop.call_soon_threadsafe(stop.set)

    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves it
            signal.signal(number, on_signal)
    return stop


def leave(code: int = 0) -> NoReturn:
    """End this process, in which everything of ours is closed already.

    Python's own way waits for threads that nobody ended, for ever if need be. It also takes apart every module first,
    which costs a busy machine more than a second of the three, and `stop_on_signals` cannot cut it short.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # whoever read it is gone
            stream.flush()
    os._exit(code)


async def run_together(stop: asyncio.Event, *parts: Coroutine[Any, Any, None]) -> None:
    """Run the parts of a server side by side. When one ends, or `stop` is set, all are to end.

    Each part ends by itself once `stop` is set. What one of them raised is raised here, after all have ended.
    """
    running = [asyncio.create_task(part) for part in parts]
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({*running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    await stopping
    ended = await asyncio.gather(*running, return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, BaseException):
            raise outcome
