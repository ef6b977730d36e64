"""The step that makes a result ours: fetch it into our store, probe it, and only then call the job succeeded."""

import logging
from typing import Any, BinaryIO

from msgspec import Struct

from providers.answers import ErrorKind, Fetched, FetchFailed, Look, OutputFile
from providers.errors import tell
from providers.line import Line
from tasks.job import Job, JobError, Output
from tasks.leases import holding, until_it_lands
from tasks.media import MAX_OUTPUT_BYTES, BadOutput
from tasks.pace import backoff
from tasks.parts import Parts

log = logging.getLogger("shotlist.jobs")

NOT_YET = "The finished video is not stored yet"


class Unsaved(Struct, frozen=True):
    """Why nothing was stored this time. `believed_after` so many such answers; None: bad luck, tried for a day."""

    kind: ErrorKind
    reason: str
    believed_after: int | None = None
    expired: bool = False


NO_LINE = Unsaved("expired", "its provider is not set up here just now")


async def save(parts: Parts, job_id: str) -> None:
    """Fetch the result of this job, if that is still to be done and nobody is at it."""
    job = await parts.jobs.claims.to_save(job_id, parts.pace.lease)
    if job is None:
        return
    line = parts.lines.line(*job.line_key)
    async with holding(parts, job):
        saved = await _collect(parts, line, job) if line else NO_LINE
        if isinstance(saved, Unsaved):
            await _unsaved(parts, line, job, saved)
        else:
            await until_it_lands(job.id, lambda: _stored(parts, job, saved))


async def _stored(parts: Parts, job: Job, saved: tuple[Output, ...]) -> None:
    log_before = None if (job.log or "").startswith(NOT_YET) else job.log
    facts: dict[str, Any] = {
        "outputs": saved,
        "billing": job.billing or "billed",
        "progress": 1.0,
        "log": log_before,
    }
    await parts.jobs.move(job, "succeeded", "stored", **facts)


async def _collect(parts: Parts, line: Line, job: Job) -> tuple[Output, ...] | Unsaved:
    if not job.found:
        return Unsaved("bad_output", "its answer names no file", believed_after=1)
    saved: list[Output] = []
    for number, file in enumerate(job.found):
        output = await _save_one(parts, line, job, number, file)
        if isinstance(output, Unsaved):
            return output
        saved.append(output)
    return tuple(saved)


async def _save_one(parts: Parts, line: Line, job: Job, number: int, file: OutputFile) -> Output | Unsaved:
    async def fetch(to: BinaryIO) -> FetchFailed | None:
        answer = await line.fetch(file, to, MAX_OUTPUT_BYTES)
        return None if isinstance(answer, Fetched) else answer

    try:
        saved = await parts.media.save(job.id, number, fetch)
    except OSError as error:
        return Unsaved("storage", error.strerror or str(error))
    except Exception:
        log.exception("job %s: saving broke off inside Shotlist", job.id)
        return Unsaved("storage", "it broke off inside Shotlist")
    match saved:
        case BadOutput(reason):
            return Unsaved("bad_output", f"the file {reason}", parts.pace.save_tries_bad)
        case FetchFailed(reason, expired, retryable):
            kind: ErrorKind = "expired" if expired else "storage"
            final = expired or not retryable
            return Unsaved(kind, reason, parts.pace.save_tries_bad if final else None, expired)
        case Output():
            return saved


async def _unsaved(parts: Parts, line: Line | None, job: Job, unsaved: Unsaved) -> None:
    """Once more, with fresh links where the old ones are dead; or an honest end: made, billed, and not to be had."""
    if not await _is_believed(parts, line, job, unsaved):
        if unsaved.expired and line is not None:
            await _ask_for_new_links(parts, line, job)
        await _later(parts, job, unsaved.reason)
        return
    billing = "not_billed" if job.sandbox else job.billing or "billed"
    company = line.wire.display_name if line else job.provider
    error = tell(unsaved.kind, company, unsaved.reason, billing=billing)
    await parts.jobs.move(
        job, "failed", f"given up: {unsaved.reason}", billing=billing, error=JobError.of(error)
    )


async def _is_believed(parts: Parts, line: Line | None, job: Job, unsaved: Unsaved) -> bool:
    """Bad answers are counted by themselves: a disk that was full for an hour does not use up their tries.

    Bad luck is tried again for as long as the provider keeps the file, and for a day where that is not known or less.
    """
    if unsaved.believed_after is None:
        kept = line.wire.output.ttl if line else None
        return job.attempts + 1 >= max(parts.pace.save_tries, (kept or 0) / parts.pace.retry_max)
    return await parts.jobs.claims.bad_answer(job) >= unsaved.believed_after


async def _ask_for_new_links(parts: Parts, line: Line, job: Job) -> None:
    if job.operation is None:
        return
    match await line.look(job.operation):
        case Look(state="succeeded", outputs=outputs) if outputs:
            await parts.jobs.note(job.id, found=outputs)


async def _later(parts: Parts, job: Job, why: str) -> None:
    wait = backoff(parts.pace, job.attempts + 1)
    log.info("job %s: not saved yet, again in %.0f s: %s", job.id, wait, why)
    await parts.jobs.note(job.id, log=f"{NOT_YET} ({why}): Shotlist tries again by itself.")
    hint = await parts.jobs.claims.put_back(job, parts.jobs.clock() + wait)
    if hint is not None:
        await parts.queue.hint_save(hint, after=wait)
