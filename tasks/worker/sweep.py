"""The sweep: every few seconds, what should have gone on by itself and did not is found and set going again.

Each part moves jobs one by one with the same conditional update as everybody, so that any number of workers may sweep.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from providers.outcomes import tell
from tasks.context import Parts
from tasks.errors import DatabaseAway
from tasks.jobs.model import Job
from tasks.reconcile import arrived
from tasks.worker.failures import failed, price_again, unconfirmed
from tasks.worker.submit import record
from tasks.worker.timing import wait_or_stop
from tasks.worker.wakeups import wake

log = logging.getLogger("shotlist.sweep")

Part = Callable[[Parts], Awaitable[None]]


async def run_sweep(parts: Parts, stop: asyncio.Event) -> None:
    """Sweep until `stop`; now and then tidy up too."""
    tidied = 0.0
    while not stop.is_set():
        await sweep(parts)
        if parts.jobs.clock() - tidied > parts.pace.tidy_every:
            tidied = parts.jobs.clock()
            await _each(parts, (_stop_late_looks, _forget_keys, _forget_uploads, _forget_left_overs))
        await wait_or_stop(stop, parts.pace.sweep_every * random.uniform(0.8, 1.2))  # noqa: S311


async def sweep(parts: Parts) -> None:
    await _each(
        parts,
        (
            _lost_submissions,
            _doubtful_orders,
            _canceled_in_queue,
            _never_sent,
            _times_from_the_future,
            _lost_submit_hints,
            _lost_save_hints,
        ),
    )


async def _each(parts: Parts, todo: tuple[Part, ...]) -> None:
    """A part that breaks off does not keep the others from their work; it is done again next time."""
    for part in todo:
        try:
            await part(parts)
        except DatabaseAway as error:
            log.warning("the database is away (%s); sweeping again soon", error)
            return
        except Exception as error:
            log.warning("%s broke off (%s); trying again", part.__name__.strip("_"), type(error).__name__)


async def _lost_submissions(parts: Parts) -> None:
    """Only an expired lease makes `submitting` unconfirmed: the request may have left before its worker died.

    Where the provider can be asked for an id of ours, it is asked first.
    """
    for job in await _record_arrived(parts, await parts.jobs.overdue.submissions()):
        reason = "Shotlist was interrupted while it waited for the answer"
        await parts.jobs.move(
            job,
            "unconfirmed",
            "its worker died while ordering",
            lease_before=parts.jobs.clock(),
            billing="unknown",
            error=unconfirmed(
                _company(parts, job),
                reason,
                sandbox=job.sandbox,
                price=price_again(job.estimate, job.sandbox),
            ),
        )


async def _doubtful_orders(parts: Parts) -> None:
    """The outage that swallowed the answer mostly swallows the first question too: it is asked again for a day."""
    providers = [wire.name for wire in parts.wires.all() if wire.submit.lookup]
    pace = parts.pace
    await _record_arrived(
        parts, await parts.jobs.claims.to_look_up(providers, pace.lookup_first, pace.lookup_for)
    )


async def _record_arrived(parts: Parts, jobs: tuple[Job, ...]) -> list[Job]:
    """Those of which their providers do not say that they have them; the others go on. All are asked at once."""
    lines = [parts.lines.line(*job.line_key) for job in jobs]
    found = await asyncio.gather(*(arrived(parts, *each) for each in zip(lines, jobs, strict=True)))
    for job, line, answer in zip(jobs, lines, found, strict=True):
        if line is not None and answer is not None:
            await record(parts, line, job, answer)
    return [job for job, answer in zip(jobs, found, strict=True) if answer is None]


async def _canceled_in_queue(parts: Parts) -> None:
    for job in await parts.jobs.overdue.canceled_in_queue():
        await parts.jobs.cancel_unsent(job)


async def _never_sent(parts: Parts) -> None:
    longest = parts.pace.queued_at_most
    for job in await parts.jobs.overdue.queued_since(longest):
        reason = f"it waited for {longest / 3600:.0f} hours and could not be sent"
        error = tell("provider_down", _company(parts, job), reason, billing="not_billed")
        await parts.jobs.move(
            job,
            "failed",
            "could not be sent for too long",
            lease_before=parts.jobs.clock(),
            billing="not_billed",
            error=failed(job, error, "not_billed"),
        )


async def _lost_submit_hints(parts: Parts) -> None:
    for provider, sandbox in await parts.jobs.overdue.waiting_lanes():
        await wake(parts, provider, sandbox, silent_for=parts.pace.hint_after)


async def _lost_save_hints(parts: Parts) -> None:
    for hint in await parts.jobs.claims.lost_saves(parts.pace.hint_after, parts.pace.saves_at_once):
        await parts.queue.hint_save(hint)


async def _times_from_the_future(parts: Parts) -> None:
    await parts.jobs.overdue.bring_back(parts.pace.lease, parts.pace.longest_wait)


async def _stop_late_looks(parts: Parts) -> None:
    await parts.jobs.overdue.stop_late_looks(parts.pace.late_for)


async def _forget_keys(parts: Parts) -> None:
    await parts.jobs.overdue.forget_keys(parts.pace.keys_kept)


async def _forget_uploads(parts: Parts) -> None:
    await parts.uploads.sweep(parts.jobs.clock())


async def _forget_left_overs(parts: Parts) -> None:
    for store in (parts.media.store, parts.uploads.store):
        await asyncio.to_thread(store.tidy)


def _company(parts: Parts, job: Job) -> str:
    wire = parts.wires.get(job.provider)
    return wire.display_name if wire else job.provider
