"""The sweep: every few seconds, what should have gone on by itself and did not is found and set going again.

Each part moves jobs one by one with the same conditional update as everybody, so that any number of workers may sweep.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from providers.client.provider_client import ProviderClient
from providers.outcomes import Accepted, make_error
from tasks.context import AppContext
from tasks.errors import DatabaseAway
from tasks.jobs.failures import failed, price_again, unconfirmed
from tasks.jobs.model import Job
from tasks.reconcile import find_submission
from tasks.worker.submit import record_outcome
from tasks.worker.timing import wait_or_stop
from tasks.worker.wakeups import wake

log = logging.getLogger("shotlist.sweep")

Part = Callable[[AppContext], Awaitable[None]]


async def run_sweep(context: AppContext, stop: asyncio.Event) -> None:
    """Sweep until `stop`; now and then tidy up too."""
    tidied = 0.0
    while not stop.is_set():
        await sweep(context)
        if context.jobs.clock() - tidied > context.timing.tidy_every:
            tidied = context.jobs.clock()
            await _each(context, (_stop_late_looks, _forget_keys, _forget_uploads, _forget_left_overs))
        await wait_or_stop(stop, context.timing.sweep_every * random.uniform(0.8, 1.2))  # noqa: S311


async def sweep(context: AppContext) -> None:
    await _each(
        context,
        (
            _lost_submissions,
            _doubtful_orders,
            _canceled_in_queue,
            _never_sent,
            _times_from_the_future,
            _lost_submit_wakeups,
            _lost_save_wakeups,
        ),
    )


async def _each(context: AppContext, todo: tuple[Part, ...]) -> None:
    """A part that breaks off does not keep the others from their work; it is done again next time."""
    for part in todo:
        try:
            await part(context)
        except DatabaseAway as error:
            log.warning("the database is away (%s); sweeping again soon", error)
            return
        except Exception:
            log.exception("%s broke off inside Shotlist; again at the next sweep", part.__name__.strip("_"))


async def _lost_submissions(context: AppContext) -> None:
    """Only an expired lease makes `submitting` unconfirmed: the request may have left before its worker died.

    Where the provider can be asked for an id of ours, it is asked first.
    """
    for job in await _record_arrived(context, await context.jobs.stale.submissions()):
        reason = "Shotlist was interrupted while it waited for the answer"
        await context.jobs.transition(
            job,
            "unconfirmed",
            "its worker died while ordering",
            lease_before=context.jobs.clock(),
            billing="unknown",
            error=unconfirmed(
                context.descriptions.display_name(job.provider),
                reason,
                sandbox=job.sandbox,
                price=price_again(job.estimate, job.sandbox),
            ),
        )


async def _doubtful_orders(context: AppContext) -> None:
    """The outage that swallowed the answer mostly swallows the first question too: it is asked again for a day."""
    providers = [description.name for description in context.descriptions.all() if description.submit.lookup]
    timing = context.timing
    await _record_arrived(
        context, await context.jobs.claims.claim_lookups(providers, timing.lookup_first, timing.lookup_for)
    )


async def _record_arrived(context: AppContext, jobs: tuple[Job, ...]) -> list[Job]:
    """Those of which their providers do not say that they have them; the others go on. All are asked at once."""
    registry = [context.registry.client(*job.line_key) for job in jobs]
    found = await asyncio.gather(
        *(find_submission(context, *each) for each in zip(registry, jobs, strict=True))
    )
    return [
        job
        for job, client, answer in zip(jobs, registry, found, strict=True)
        if client is None or answer is None or not await _recorded(context, client, job, answer)
    ]


async def _recorded(context: AppContext, client: ProviderClient, job: Job, answer: Accepted) -> bool:
    """Whether that is written down; a fault of ours with one job does not keep the others waiting."""
    try:
        await record_outcome(context, client, job, answer)
    except DatabaseAway:
        raise
    except Exception:
        log.exception("job %s: recording that it arrived broke off inside Shotlist", job.id)
        return False
    return True


async def _canceled_in_queue(context: AppContext) -> None:
    for job in await context.jobs.stale.canceled_in_queue():
        await context.jobs.cancel_unsent(job)


async def _never_sent(context: AppContext) -> None:
    longest = context.timing.queued_at_most
    for job in await context.jobs.stale.queued_since(longest):
        reason = f"it waited for {longest / 3600:.0f} hours and could not be sent"
        error = make_error(
            "provider_down", context.descriptions.display_name(job.provider), reason, billing="not_billed"
        )
        await context.jobs.transition(
            job,
            "failed",
            "could not be sent for too long",
            lease_before=context.jobs.clock(),
            billing="not_billed",
            error=failed(job, error, "not_billed"),
        )


async def _lost_submit_wakeups(context: AppContext) -> None:
    for provider, sandbox in await context.jobs.stale.waiting_queues():
        await wake(context, provider, sandbox, silent_for=context.timing.wakeup_after)


async def _lost_save_wakeups(context: AppContext) -> None:
    for wakeup in await context.jobs.claims.renew_save_wakeups(
        context.timing.wakeup_after, context.timing.saves_at_once
    ):
        await context.queue.enqueue_save(wakeup)


async def _times_from_the_future(context: AppContext) -> None:
    await context.jobs.stale.bring_back(context.timing.lease, context.timing.longest_wait)


async def _stop_late_looks(context: AppContext) -> None:
    await context.jobs.stale.stop_late_looks(context.timing.late_for)


async def _forget_keys(context: AppContext) -> None:
    await context.jobs.stale.forget_keys(context.timing.keys_kept)


async def _forget_uploads(context: AppContext) -> None:
    await context.uploads.sweep(context.jobs.clock())


async def _forget_left_overs(context: AppContext) -> None:
    for store in (context.media.store, context.uploads.store):
        await asyncio.to_thread(store.tidy)
