"""The step that makes a finished video ours, before its provider forgets it. In this order:

1. claim the job, under a lease
2. store every file: stream it, probe it, give it a name
3. record: succeeded, or once more later, or an honest end
"""

import errno
import logging
from typing import Any, BinaryIO, Protocol

from msgspec import Struct, structs

from providers.client.provider_client import ProviderClient
from providers.outcomes import Billing, Cause, Fetched, FetchFailed, OutputFile, PollResult, make_error
from providers.registry import ProviderRegistry
from tasks.jobs.failures import failed
from tasks.jobs.model import Job, Output
from tasks.settings import Settings
from tasks.storage.media import BadOutput, MediaStorage
from tasks.worker.leases import LeaseContext, hold_lease, retry_write
from tasks.worker.queue import Queue
from tasks.worker.retry import RETRIES, Outcome, is_believed, next_wait

log = logging.getLogger("shotlist.jobs")

NOT_YET = "The finished video is not stored yet"
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class SaveContext(LeaseContext, Protocol):
    """What of an `AppContext` it takes to save a video."""

    @property
    def settings(self) -> Settings: ...

    @property
    def registry(self) -> ProviderRegistry: ...

    @property
    def media(self) -> MediaStorage: ...

    @property
    def queue(self) -> Queue: ...


class Unsaved(Struct, frozen=True):
    """Why not all was stored this time; `outcome` says how often it is tried.

    `cause` is None where the answer held no file at all. `saved` are the files of the same job that were stored.
    """

    cause: Cause | None
    reason: str
    outcome: Outcome = "not saved"
    expired: bool = False
    saved: tuple[Output, ...] = ()


OUR_FAULT = Unsaved("our_fault", "it broke off inside Shotlist")
NO_LINE = Unsaved("no_line", "its provider is not set up here just now")


async def save_result(context: SaveContext, job_id: str) -> None:
    """Store the result of this job, if that is still to be done and nobody is at it."""
    job = await context.jobs.claims.claim_save(job_id, context.timing.lease)
    if job is None:
        return
    client = context.registry.client(*job.line_key)
    async with hold_lease(context, job):
        saved = await _store_all(context, client, job) if client else NO_LINE
        if isinstance(saved, Unsaved):
            await _unsaved(context, client, job, saved)
        else:
            await _succeeded(context, client, job, saved)


# 2. store every file


async def _store_all(context: SaveContext, client: ProviderClient, job: Job) -> tuple[Output, ...] | Unsaved:
    """All files of the job, or the first reason why one is lacking, with those that are not."""
    if not job.found:
        return Unsaved(None, "its answer names no file", "no file made")
    saved: list[Output] = []
    lacking: Unsaved | None = None
    for number, file in enumerate(job.found):
        output = await _store_one(context, client, job, number, file)
        if isinstance(output, Output):
            saved.append(output)
            continue
        lacking = lacking or output
        if output.outcome == "not saved":  # bad luck: the others would have it too
            break
    return structs.replace(lacking, saved=tuple(saved)) if lacking else tuple(saved)


async def _store_one(
    context: SaveContext, client: ProviderClient, job: Job, number: int, file: OutputFile
) -> Output | Unsaved:
    async def fetch(to: BinaryIO) -> FetchFailed | None:
        answer = await client.fetch(file, to, context.settings.max_result_bytes)
        return None if isinstance(answer, Fetched) else answer

    try:
        saved = await context.media.save(job.id, number, fetch)
    except OSError as error:
        cause: Cause = "disk_full" if error.errno in NO_ROOM else "storage_away"
        return Unsaved(cause, error.strerror or str(error))
    except Exception:
        log.exception("job %s: saving broke off inside Shotlist", job.id)
        return OUR_FAULT
    match saved:
        case BadOutput(reason, missing):
            bad: Cause = "cut_off" if missing else "no_media"
            return Unsaved(bad, f"the file {reason}", "bad file")
        case FetchFailed(reason, expired, retryable, cause):
            final = expired or not retryable
            why: Cause = "dead_link" if expired else cause
            return Unsaved(why, reason, "file not given" if final else "not saved", expired)
        case Output():
            return saved


# 3. record


async def _succeeded(
    context: SaveContext, client: ProviderClient | None, job: Job, saved: tuple[Output, ...]
) -> None:
    """All that there is, is stored; a fault of ours that keeps this from being written counts as a try."""
    log_before = None if (job.log or "").startswith(NOT_YET) else job.log
    doubts = " ".join(each.note for each in saved if each.note)
    facts: dict[str, Any] = {
        "outputs": saved,
        "billing": job.billing or "billed",
        "progress": 1.0,
        "log": doubts or log_before,
    }
    try:
        await retry_write(
            context.timing, job.id, lambda: context.jobs.transition(job, "succeeded", "stored", **facts)
        )
    except Exception:
        log.exception("job %s: what was stored could not be written down", job.id)
        await _unsaved(context, client, job, OUR_FAULT)


async def _unsaved(context: SaveContext, client: ProviderClient | None, job: Job, unsaved: Unsaved) -> None:
    """Once more, with fresh links where the old ones are dead; or an honest end: made, billed, and not to be had.

    What of it could be stored is kept in any case.
    """
    if not await _is_believed(context, client, job, unsaved):
        if unsaved.expired and client is not None:
            await _ask_for_new_links(context, client, job)
        await _later(context, job, unsaved)
        return
    if unsaved.saved:
        await _succeeded(context, client, job, _without(unsaved, len(job.found)))
        return
    billing: Billing = "not_billed" if job.sandbox else job.billing or "billed"
    company = client.description.display_name if client else job.provider
    error = failed(
        job, make_error("bad_output", company, unsaved.reason, billing=billing, cause=unsaved.cause), billing
    )
    await context.jobs.transition(job, "failed", f"given up: {unsaved.reason}", billing=billing, error=error)


def _without(unsaved: Unsaved, made: int) -> tuple[Output, ...]:
    """The files that are kept; the first says that others are lacking."""
    first, *others = unsaved.saved
    lacking = f"{made - len(unsaved.saved)} of {made} files could not be kept: {unsaved.reason}."
    return (structs.replace(first, note=" ".join(filter(None, [lacking, first.note]))), *others)


async def _is_believed(
    context: SaveContext, client: ProviderClient | None, job: Job, unsaved: Unsaved
) -> bool:
    """Bad answers are counted by themselves: a disk that was full for an hour does not use up their tries.

    Bad luck is tried again for as long as the provider keeps the file, and for a day where that is not known or less.
    """
    by_attempts = RETRIES[unsaved.outcome].counted == "attempts"
    times = job.attempts + 1 if by_attempts else await context.jobs.claims.count_bad_answer(job)
    kept = client.description.output.ttl if client else None
    return is_believed(context.timing, unsaved.outcome, times, kept)


async def _ask_for_new_links(context: SaveContext, client: ProviderClient, job: Job) -> None:
    if job.operation is None:
        return
    match await client.poll(job.operation):
        case PollResult(state="succeeded", outputs=outputs) if outputs:
            await context.jobs.record_facts(job.id, found=outputs)


async def _later(context: SaveContext, job: Job, unsaved: Unsaved) -> None:
    wait = next_wait(context.timing, unsaved.outcome, job.attempts + 1)
    log.info("job %s: not saved yet, again in %.0f s: %s", job.id, wait, unsaved.reason)
    await context.jobs.record_facts(
        job.id, log=f"{NOT_YET} ({unsaved.reason}): Shotlist tries again by itself."
    )
    wakeup = await context.jobs.claims.release(job, context.jobs.clock() + wait)
    if wakeup is not None:
        await context.queue.enqueue_save(wakeup, after=wait)
