"""Waiting that ends at once when the worker is told to stop."""

import asyncio


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
