"""The worker: hints from the queue, the loop of looks, and the sweep, side by side until it is told to stop."""

import asyncio
import functools
import logging

from tasks.context import AppContext
from tasks.errors import DatabaseAway
from tasks.worker.poll import run_poll_loop
from tasks.worker.save import save_result
from tasks.worker.submit import submit_next
from tasks.worker.sweep import run_sweep
from tasks.worker.timing import until_stopped, wait_or_stop

log = logging.getLogger("shotlist.worker")


async def run_worker(context: AppContext, stop: asyncio.Event, *, alone: bool = False) -> None:
    """Work until `stop` is set, then end within `timing.shutdown` and a second. The context is closed by the caller.

    `alone`: this is the only worker that can be on this database (the data folder is locked), so whatever a worker
    held when the last process ended is free at once instead of after its lease.
    """
    if alone:
        await _take_over(context, stop)
    log.info("worker: started")
    async with asyncio.TaskGroup() as loops:
        loops.create_task(
            context.queue.run(
                functools.partial(_submit, context), functools.partial(_save, context), context.timing, stop
            )
        )
        # A database that hangs must not hold up the end; the next worker finds what these two break off.
        loops.create_task(until_stopped(stop, run_poll_loop(context, stop)))
        loops.create_task(until_stopped(stop, run_sweep(context, stop)))
    log.info("worker: stopped")


async def _take_over(context: AppContext, stop: asyncio.Event) -> None:
    """A database that is away just now must not end the server that has begun to answer."""
    while not stop.is_set():
        try:
            await context.jobs.claims.take_over()
            return
        except DatabaseAway as error:
            log.warning("worker: the database is away (%s); trying again", error)
            await wait_or_stop(stop, 1.0)


async def _submit(context: AppContext, provider: str, sandbox: bool) -> None:
    """A step that breaks off is logged and ends; the sweep finds what it left."""
    try:
        if not sandbox:
            await context.keys.refresh(0)  # the order may come right after its key
        await submit_next(context, provider, sandbox)
    except DatabaseAway as error:
        log.warning("a submission to %s broke off: the database is away (%s)", provider, error)
    except Exception:
        log.exception("a submission to %s broke off", provider)


async def _save(context: AppContext, job_id: str) -> None:
    try:
        await save_result(context, job_id)
    except DatabaseAway as error:
        log.warning("job %s: saving broke off: the database is away (%s)", job_id, error)
    except Exception:
        log.exception("job %s: saving broke off", job_id)
