"""The loop that looks after every job at a provider: one query takes all that is due, and all are looked at at once.

An arq task for each look would top out at some hundreds a second; this is limited by the HTTP client alone.
"""

import asyncio
import functools
import logging
from typing import Any

from providers.client.provider_client import Line
from providers.outcomes import Billing, Canceled, CannotCancel, Look, ProviderError, Unanswered, tell
from tasks.context import Parts
from tasks.errors import DatabaseAway
from tasks.jobs.model import Watched
from tasks.jobs.stale import LONGEST_LOOK_WAIT
from tasks.worker.failures import failed
from tasks.worker.timing import wait_or_stop
from tasks.worker.wakeups import hint_save, wake

log = logging.getLogger("shotlist.looks")

BATCH = 500
AWAY_FOR = 8  # times the usual wait, while the database is away


async def run_looks(parts: Parts, stop: asyncio.Event) -> None:
    """Look at what is due until `stop`. Looks under way are then dropped: the next worker looks again."""
    under_way: dict[str, asyncio.Task[None]] = {}
    try:
        while not stop.is_set():
            await parts.keys.refresh()
            taken = await _take(parts, parts.pace.looks_at_once - len(under_way))
            if taken is None:
                await wait_or_stop(stop, AWAY_FOR * parts.pace.look_idle)
                continue
            for watched in taken:
                if watched.id not in under_way:
                    task = asyncio.create_task(_look_safely(parts, watched))
                    under_way[watched.id] = task
                    task.add_done_callback(functools.partial(_forget, under_way, watched.id))
            await wait_or_stop(stop, 0.0 if len(taken) == BATCH else parts.pace.look_idle)
    finally:
        for task in under_way.values():
            task.cancel()
        await asyncio.gather(*under_way.values(), return_exceptions=True)


def _forget(under_way: dict[str, asyncio.Task[None]], job_id: str, _: object) -> None:
    under_way.pop(job_id)


async def _take(parts: Parts, room: int) -> tuple[Watched, ...] | None:
    """None: the database gives nothing just now."""
    if room <= 0:
        return ()
    try:
        return await parts.jobs.claims.due_looks(min(BATCH, room), parts.pace.look_growth)
    except Exception as error:
        log.warning("the database gives no looks (%s); trying again", type(error).__name__)
        return None


async def _look_safely(parts: Parts, watched: Watched) -> None:
    """A fault in one look must not end the loop: the job is due again, for its next time is set already."""
    for step in (_look, _end_if_late):
        try:
            await step(parts, watched)
        except DatabaseAway as error:
            log.warning("job %s: a look could not be written down (%s)", watched.id, error)
        except Exception:
            log.exception("job %s: a look broke off", watched.id)


async def _look(parts: Parts, watched: Watched) -> None:
    line = parts.lines.line(watched.provider, watched.origin, watched.sandbox)
    if line is not None:
        await look(parts, line, watched)


async def _end_if_late(parts: Parts, watched: Watched) -> None:
    """Nobody waits for ever; looks go on for a day, and a late success is still collected.

    Only after a look that did not end the job: a machine that slept past the deadline finds it finished.
    """
    late = watched.deadline_at is not None and watched.deadline_at <= parts.jobs.clock()
    if watched.state != "processing" or not late:
        return
    wire = parts.wires.get(watched.provider)
    billing: Billing = "not_billed" if watched.sandbox else "unknown"
    reason = f"it took more than {watched.deadline_sec / 60:.0f} minutes"
    company = wire.display_name if wire else watched.provider
    error = tell("timeout", company, reason, billing=billing, cause="late")
    if (job := await parts.jobs.find(watched.id)) is None:
        return
    shown = failed(job, error, billing)
    await parts.jobs.move(watched, "failed", "past its deadline", billing=billing, error=shown)
    await wake(parts, watched.provider, watched.sandbox)


async def look(parts: Parts, line: Line, watched: Watched) -> None:
    """Ask the provider once, write what changed, and pass a cancel on. What has succeeded is saved in any case."""
    answer = await line.look(watched.operation, cancel_sent=watched.cancel_sent_at is not None)
    match answer:
        case Unanswered():
            await _unanswered(parts, line, watched, answer)
        case Look(state="succeeded"):
            await _succeeded(parts, watched, answer)
        case Look(state="failed" | "canceled"):
            await _over(parts, line, watched, answer)
        case Look():
            await _going_on(parts, watched, answer)
            if watched.cancel_requested_at is not None and watched.state == "processing":
                await _send_cancel(parts, line, watched)


async def _succeeded(parts: Parts, watched: Watched, answer: Look) -> None:
    """Also after a deadline or a cancel: it was made, so it is kept."""
    moved = await parts.jobs.move(
        watched,
        "saving",
        "the provider has finished",
        found=answer.outputs,
        cost=answer.cost,
        billing=answer.billing or "billed",
        next_look_at=None,
        gone=0,
        log=answer.log or watched.log,
        queue_position=None,
    )
    if moved is not None:
        await hint_save(parts, moved)
        await wake(parts, watched.provider, watched.sandbox)


async def _over(parts: Parts, line: Line, watched: Watched, answer: Look) -> None:
    """Failed or canceled for good. A job that had ended here already only learns what it cost."""
    billing = answer.billing or (answer.error.billing if answer.error else None) or "unknown"
    billing = "not_billed" if watched.sandbox else billing
    if watched.state != "processing":
        company = line.wire.display_name
        await parts.jobs.learn_money(watched, billing, answer.cost, company, answer.error)
        return
    if answer.state == "canceled":
        await _end(parts, watched, "canceled", "the provider confirmed it", billing, cost=answer.cost)
    else:
        error = answer.error or tell("unknown", line.wire.display_name, billing=billing)
        await _end(
            parts, watched, "failed", f"at the provider: {error.kind}", billing, error, cost=answer.cost
        )


async def _end(
    parts: Parts,
    watched: Watched,
    state: Any,
    why: str,
    billing: Billing,
    error: ProviderError | None = None,
    **facts: Any,
) -> None:
    facts = {"next_look_at": None, **facts}
    job = await parts.jobs.find(watched.id) if error else None
    shown = failed(job, error, billing) if job and error else None
    await parts.jobs.move(watched, state, why, billing=billing, error=shown, queue_position=None, **facts)
    await wake(parts, watched.provider, watched.sandbox)


async def _unanswered(parts: Parts, line: Line, watched: Watched, answer: Unanswered) -> None:
    """Silence changes nothing; "no such job" is believed when it was heard several times in a row."""
    if answer.retry_after is not None:
        due = parts.jobs.clock() + min(answer.retry_after, LONGEST_LOOK_WAIT)
        await parts.jobs.note(watched.id, next_look_at=due)
    if not answer.gone:
        return
    if watched.gone + 1 < parts.pace.gone_looks:
        await parts.jobs.note(watched.id, gone=watched.gone + 1)
    elif watched.state == "processing":
        billing: Billing = "not_billed" if watched.sandbox else "unknown"
        error = tell("expired", line.wire.display_name, answer.reason, billing=billing)
        await _end(parts, watched, "failed", "the provider does not know it any more", billing, error)
    else:
        await parts.jobs.note(watched.id, next_look_at=None)


async def _going_on(parts: Parts, watched: Watched, answer: Look) -> None:
    """Write only what is news: most looks find nothing new."""
    seen = {"progress": answer.progress, "queue_position": answer.position, "log": answer.log, "gone": 0}
    news = {name: value for name, value in seen.items() if value != getattr(watched, name)}
    for name in ("progress", "log"):  # a look that heard nothing of these takes nothing back
        if seen[name] is None:
            news.pop(name, None)
    if answer.retry_after is not None:
        news["next_look_at"] = parts.jobs.clock() + min(answer.retry_after, LONGEST_LOOK_WAIT)
    if news:
        await parts.jobs.note(watched.id, **news)


async def _send_cancel(parts: Parts, line: Line, watched: Watched) -> None:
    if not await parts.jobs.claims.sending_cancel(watched.id, parts.pace.cancel_again):
        return
    log.info("job %s: cancel sent to %s", watched.id, watched.provider)
    match await line.cancel(watched.operation):
        case Canceled():
            await _confirmed(parts, line, watched)
        case CannotCancel(why):
            await parts.jobs.note(watched.id, log=why)


async def _confirmed(parts: Parts, line: Line, watched: Watched) -> None:
    """The provider says that it stopped: one more look tells what that cost, or that it had finished after all."""
    match await line.look(watched.operation, cancel_sent=True):
        case Look(state="succeeded") as answer:
            await _succeeded(parts, watched, answer)
        case Look(state="failed" | "canceled") as answer:
            await _over(parts, line, watched, answer)
        case _:
            # Looks go on, for a day, in case that it ends otherwise.
            await parts.jobs.move(watched, "canceled", "the provider confirmed it", billing="unknown")
            await wake(parts, watched.provider, watched.sandbox)
