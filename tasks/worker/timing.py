"""How long things take and how often they are tried: every waiting time of the floor, in one place, in seconds.

Waiting that ends at once when the worker is told to stop.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from msgspec import Struct

from tasks.jobs.model import DAY, FINDABLE
from tasks.jobs.stale import LONGEST_POLL_WAIT


class WorkerTiming(Struct, frozen=True, kw_only=True):
    """The defaults are for real life; tests make them short."""

    lease: float = 30.0  # a worker that has not renewed its claim for so long is taken for dead
    renew: float = 8.0  # how often a living one renews it
    submit_limit: float = 120.0  # the longest wait for an answer to a submission
    lookup_limit: float = 10.0  # the longest wait for an answer to "did this order arrive?"
    lookup_first: float = 10.0  # then asked again, ever more rarely
    lookup_for: float = FINDABLE

    sweep_every: float = 5.0
    tidy_every: float = 3600.0
    wakeup_after: float = 10.0  # a job that could go on for so long without doing so has lost its hint
    poll_idle: float = 0.25  # how often to ask the database for due looks
    polls_at_once: int = 1000
    poll_growth: float = 1.2

    write_first: float = 0.1  # between two tries to write while the database is away; then doubled
    write_max: float = 5.0
    fault_tries: int = 3  # of what breaks off inside Shotlist, before it is given up

    retry_first: float = 2.0  # then doubled
    retry_max: float = 120.0
    upload_tries: int = 4
    handle_margin: float = 120.0  # a delivered file that expires sooner is delivered again
    longest_wait: float = 3600.0  # that a provider may make us wait with a submission
    longest_poll_wait: float = LONGEST_POLL_WAIT  # and with a poll
    queued_at_most: float = DAY  # then a job that could never be sent is given up
    save_tries: int = 730  # downloads, about a day of them, before a finished video is given up
    save_tries_bad: int = 3  # downloads that are no video before that is believed
    gone_polls: int = 5  # "no such job" answers in a row before they are believed

    pause_after: int = 3  # unanswered submissions in a row that pause a provider
    pause: float = 30.0  # then doubled
    pause_max: float = 600.0
    late_for: float = DAY  # looks go on for so long after the deadline
    cancel_again: float = 60.0  # a cancel that has had no effect is sent again after so long
    keys_kept: float = 7 * DAY

    submits_at_once: int = 20  # for each worker
    saves_at_once: int = 6
    shutdown: float = 2.0  # what is under way may take so long to end


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
