"""The loop that asks providers about every job that is with them. Again and again:

1. claim the polls that are due, all in one query
2. ask the provider, about all of them at once
3. record what it answered
4. send a cancel that somebody asked for
5. end the job where it is past its deadline

An arq task for each poll would top out at some hundreds a second; this is limited by the HTTP client alone.
"""

import asyncio
import functools
import logging
from typing import Any, Protocol

from providers.client.provider_client import ProviderClient
from providers.outcomes import (
    Billing,
    Canceled,
    CannotCancel,
    PollResult,
    ProviderError,
    Unanswered,
    make_error,
)
from providers.registry import ProviderRegistry
from tasks.errors import DatabaseAway
from tasks.jobs.failures import failed
from tasks.jobs.model import PolledJob
from tasks.provider_keys import ProviderKeys
from tasks.worker.retry import is_believed, next_wait, told_wait
from tasks.worker.timing import WorkerTiming, wait_or_stop
from tasks.worker.wakeups import WakeupContext, wake, wake_save

log = logging.getLogger("shotlist.looks")

BATCH = 500
AWAY_FOR = 8  # times the usual wait, while the database is away


class PollContext(WakeupContext, Protocol):
    """What of an `AppContext` it takes to poll."""

    @property
    def timing(self) -> WorkerTiming: ...

    @property
    def registry(self) -> ProviderRegistry: ...

    @property
    def keys(self) -> ProviderKeys: ...


async def run_poll_loop(context: PollContext, stop: asyncio.Event) -> None:
    """Poll what is due until `stop`. Polls under way are then dropped: the next worker asks again."""
    under_way: dict[str, asyncio.Task[None]] = {}
    faults = 0
    try:
        while not stop.is_set():
            try:
                wait = await _begin_polls(context, under_way)
                faults = 0
            except DatabaseAway as error:
                log.warning("the database gives no polls (%s); trying again", error)
                wait = AWAY_FOR * context.timing.poll_idle
            except Exception:
                faults += 1
                wait = next_wait(context.timing, "fault of ours", faults)
                log.exception("claiming polls broke off inside Shotlist; again in %.0f s", wait)
            await wait_or_stop(stop, wait)
    finally:
        for task in under_way.values():
            task.cancel()
        await asyncio.gather(*under_way.values(), return_exceptions=True)


async def _begin_polls(context: PollContext, under_way: dict[str, asyncio.Task[None]]) -> float:
    """Seconds until the next time; 0 where more may be due already."""
    await context.keys.refresh()
    due = await _claim_due(context, context.timing.polls_at_once - len(under_way))
    for job in due:
        if job.id not in under_way:
            task = asyncio.create_task(_poll_one(context, job))
            under_way[job.id] = task
            task.add_done_callback(functools.partial(_forget, under_way, job.id))
    return 0.0 if len(due) == BATCH else context.timing.poll_idle


def _forget(under_way: dict[str, asyncio.Task[None]], job_id: str, _: object) -> None:
    under_way.pop(job_id)


async def _poll_one(context: PollContext, job: PolledJob) -> None:
    """A fault in one poll must not end the loop: the job is due again, for its next time is set already."""
    for step in (_ask, _end_if_late):
        try:
            await step(context, job)
        except DatabaseAway as error:
            log.warning("job %s: a look could not be written down (%s)", job.id, error)
        except Exception:
            log.exception("job %s: a look broke off", job.id)


# 1. claim the polls that are due


async def _claim_due(context: PollContext, room: int) -> tuple[PolledJob, ...]:
    if room <= 0:
        return ()
    return await context.jobs.claims.claim_due_polls(min(BATCH, room), context.timing.poll_growth)


# 2. ask the provider


async def _ask(context: PollContext, job: PolledJob) -> None:
    client = context.registry.client(job.provider, job.origin, job.sandbox)
    if client is not None:
        await poll_job(context, client, job)


async def poll_job(context: PollContext, client: ProviderClient, job: PolledJob) -> None:
    """Ask the provider once, write what changed, and pass a cancel on. What has succeeded is saved in any case."""
    answer = await client.poll(job.operation, cancel_sent=job.cancel_sent_at is not None)
    match answer:
        case Unanswered():
            await _unanswered(context, client, job, answer)
        case PollResult(state="succeeded"):
            await _succeeded(context, job, answer)
        case PollResult(state="failed" | "canceled"):
            await _over(context, client, job, answer)
        case PollResult():
            await _going_on(context, job, answer)
            if job.cancel_requested_at is not None and job.state == "processing":
                await _send_cancel(context, client, job)


# 3. record what it answered


async def _succeeded(context: PollContext, job: PolledJob, answer: PollResult) -> None:
    """Also after a deadline or a cancel: it was made, so it is kept."""
    moved = await context.jobs.transition(
        job,
        "saving",
        "the provider has finished",
        found=answer.outputs,
        cost=answer.cost,
        billing=answer.billing or "billed",
        next_look_at=None,
        gone=0,
        log=answer.log or job.log,
        queue_position=None,
    )
    if moved is not None:
        await wake_save(context, moved)
        await wake(context, job.provider, job.sandbox)


async def _over(context: PollContext, client: ProviderClient, job: PolledJob, answer: PollResult) -> None:
    """Failed or canceled for good. A job that had ended here already only learns what it cost."""
    billing = answer.billing or (answer.error.billing if answer.error else None) or "unknown"
    billing = "not_billed" if job.sandbox else billing
    if job.state != "processing":
        company = client.description.display_name
        await context.jobs.record_cost(job, billing, answer.cost, company, answer.error)
        return
    if answer.state == "canceled":
        await _end(context, job, "canceled", "the provider confirmed it", billing, cost=answer.cost)
    else:
        error = answer.error or make_error("unknown", client.description.display_name, billing=billing)
        await _end(context, job, "failed", f"at the provider: {error.kind}", billing, error, cost=answer.cost)


async def _going_on(context: PollContext, job: PolledJob, answer: PollResult) -> None:
    """Write only what is news: most looks find nothing new."""
    seen = {"progress": answer.progress, "queue_position": answer.position, "log": answer.log, "gone": 0}
    news = {name: value for name, value in seen.items() if value != getattr(job, name)}
    for name in ("progress", "log"):  # a look that heard nothing of these takes nothing back
        if seen[name] is None:
            news.pop(name, None)
    wait = told_wait(context.timing, "not over yet", answer.retry_after)
    if wait is not None:
        news["next_look_at"] = context.jobs.clock() + wait
    if news:
        await context.jobs.record_facts(job.id, **news)


async def _unanswered(
    context: PollContext, client: ProviderClient, job: PolledJob, answer: Unanswered
) -> None:
    """Silence changes nothing; "no such job" is believed when it was heard several times in a row."""
    wait = told_wait(context.timing, "poll unanswered", answer.retry_after)
    if wait is not None:
        await context.jobs.record_facts(job.id, next_look_at=context.jobs.clock() + wait)
    if not answer.gone:
        return
    if not is_believed(context.timing, "no such job", job.gone + 1):
        await context.jobs.record_facts(job.id, gone=job.gone + 1)
    elif job.state == "processing":
        billing: Billing = "not_billed" if job.sandbox else "unknown"
        error = make_error("expired", client.description.display_name, answer.reason, billing=billing)
        await _end(context, job, "failed", "the provider does not know it any more", billing, error)
    else:
        await context.jobs.record_facts(job.id, next_look_at=None)


async def _end(
    context: PollContext,
    job: PolledJob,
    state: Any,
    why: str,
    billing: Billing,
    error: ProviderError | None = None,
    **facts: Any,
) -> None:
    facts = {"next_look_at": None, **facts}
    row = await context.jobs.get_any(job.id) if error else None
    shown = failed(row, error, billing) if row and error else None
    await context.jobs.transition(job, state, why, billing=billing, error=shown, queue_position=None, **facts)
    await wake(context, job.provider, job.sandbox)


# 4. send a cancel


async def _send_cancel(context: PollContext, client: ProviderClient, job: PolledJob) -> None:
    if not await context.jobs.claims.claim_cancel(job.id, context.timing.cancel_again):
        return
    log.info("job %s: cancel sent to %s", job.id, job.provider)
    match await client.cancel(job.operation):
        case Canceled():
            await _confirmed(context, client, job)
        case CannotCancel(why):
            await context.jobs.record_facts(job.id, log=why)


async def _confirmed(context: PollContext, client: ProviderClient, job: PolledJob) -> None:
    """The provider says that it stopped: one more look tells what that cost, or that it had finished after all."""
    match await client.poll(job.operation, cancel_sent=True):
        case PollResult(state="succeeded") as answer:
            await _succeeded(context, job, answer)
        case PollResult(state="failed" | "canceled") as answer:
            await _over(context, client, job, answer)
        case _:
            # Looks go on, for a day, in case that it ends otherwise.
            await context.jobs.transition(job, "canceled", "the provider confirmed it", billing="unknown")
            await wake(context, job.provider, job.sandbox)


# 5. end what is past its deadline


async def _end_if_late(context: PollContext, job: PolledJob) -> None:
    """Nobody waits for ever; polls go on for a day, and a late success is still collected.

    Only after a poll that did not end the job: a machine that slept past the deadline finds it finished.
    """
    late = job.deadline_at is not None and job.deadline_at <= context.jobs.clock()
    if job.state != "processing" or not late:
        return
    billing: Billing = "not_billed" if job.sandbox else "unknown"
    reason = f"it took more than {job.deadline_sec / 60:.0f} minutes"
    company = context.descriptions.display_name(job.provider)
    error = make_error("timeout", company, reason, billing=billing, cause="late")
    if (row := await context.jobs.get_any(job.id)) is None:
        return
    shown = failed(row, error, billing)
    await context.jobs.transition(job, "failed", "past its deadline", billing=billing, error=shown)
    await wake(context, job.provider, job.sandbox)
