"""Waiting that ends at once when the worker is told to stop."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def wait_or_stop(stop: asyncio.Event, seconds: float) -> None:
    """Sleep so long, or until `stop` is set."""
    if seconds <= 0:
        await asyncio.sleep(0)
        return
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass


async def until_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do the work, and break it off when `stop` is set; what it raises by itself is raised here."""
    working, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (working, stopped):
            task.cancel()
        await asyncio.gather(stopped, working, return_exceptions=True)
    if not working.cancelled() and (error := working.exception()):
        raise error
