"""The step that orders: deliver the media, commit "about to send", send exactly one request, record the answer."""

import asyncio
import logging

from msgspec import Struct
from msgspec.json import encode

from models.payload import MediaLeaf
from models.spec.values import JSON
from providers.client.provider_client import Line
from providers.outcomes import (
    Accepted,
    Handle,
    Limited,
    LocalFile,
    NotDelivered,
    NotSent,
    ProviderError,
    Refused,
    SubmitAnswer,
    Unclear,
    tell,
)
from tasks.context import Parts
from tasks.jobs.model import Job, lane
from tasks.jobs.repository import Cadence
from tasks.reconcile import arrived
from tasks.storage.uploads import MIMES
from tasks.worker.failures import price_again, unconfirmed, undelivered
from tasks.worker.leases import holding, until_it_lands, whole
from tasks.worker.timing import backoff
from tasks.worker.wakeups import hint_one, hint_submit, limits, wake

KEEP_BYTES = (
    4096  # a longer handle is the file itself, which is cheaper to read again than to keep in the row
)

GONE = "A file of this job is not here any more: choose it again. Nothing was ordered."
NO_EARLIER = "The earlier job is not here any more: choose another one. Nothing was ordered."
NOT_THEIRS = "Only a job that the same provider has finished can be carried on. Nothing was ordered."


class Delivered(Struct, frozen=True):
    """Handles by JSON pointer."""

    handles: dict[str, Handle]

    @property
    def values(self) -> dict[str, JSON]:
        return {at: handle.value for at, handle in self.handles.items()}

    @property
    def to_keep(self) -> dict[str, Handle]:
        return {at: handle for at, handle in self.handles.items() if len(encode(handle.value)) <= KEEP_BYTES}


class Undelivered(Struct, frozen=True):
    """A sentence for people; nothing was ordered."""

    sentence: str
    retryable: bool


async def deliver(parts: Parts, line: Line, job: Job) -> Delivered | Undelivered:
    """Deliver what was not delivered before, or has expired since."""
    soon = parts.jobs.clock() + parts.pace.handle_margin
    handles: dict[str, Handle] = {}
    for leaf in job.order.media:
        kept = job.handles.get(leaf.at)
        if kept is not None and (kept.expires_at is None or kept.expires_at > soon):
            handles[leaf.at] = kept
            continue
        match await _deliver_one(parts, line, job, leaf):
            case NotDelivered(sentence, retryable):
                return Undelivered(sentence, retryable)
            case handle:
                handles[leaf.at] = handle
    return Delivered(handles)


async def _deliver_one(parts: Parts, line: Line, job: Job, leaf: MediaLeaf) -> Handle | NotDelivered:
    """An address or a data URI holds all that is needed; else the leaf names an earlier job or an upload."""
    if leaf.ref.startswith(("https://", "data:")):
        return await line.deliver(leaf, None, job.order)
    try:
        if leaf.kind in ("job", "job-video"):
            return await _earlier(parts, line, job, leaf)
        async with parts.uploads.local(job.owner, leaf.ref) as found:
            if found is None:
                return NotDelivered(GONE, retryable=False)
            upload, path = found
            url = parts.signed.address(job.owner, upload.id, parts.jobs.clock(), sandbox=job.sandbox)
            file = LocalFile(path, upload.name, upload.mime, upload.bytes, url)
            return await line.deliver(leaf, file, job.order)
    except OSError as error:
        reason = error.strerror or str(error)
        return NotDelivered(
            f"A file of this job could not be read from our storage ({reason}).", retryable=True
        )


async def _earlier(parts: Parts, line: Line, job: Job, leaf: MediaLeaf) -> Handle | NotDelivered:
    """An earlier job of the same owner: its id at the provider, or its video as a file."""
    earlier = await parts.jobs.get(job.owner, leaf.ref)
    if earlier is None:
        return NotDelivered(NO_EARLIER, retryable=False)
    if leaf.kind == "job":
        same = (earlier.provider, earlier.sandbox) == (job.provider, job.sandbox)
        known = earlier.provider_job_id if same and earlier.state == "succeeded" else None
        return Handle(known) if known else NotDelivered(NOT_THEIRS, retryable=False)
    video = next((each for each in earlier.outputs if each.kind == "video"), None)
    stored = await parts.media.find(earlier.id, video.name) if video else None
    if video is None or stored is None:
        return NotDelivered(NO_EARLIER, retryable=False)
    async with parts.media.store.local(stored.key) as path:
        if path is None:
            return NotDelivered(NO_EARLIER, retryable=False)
        file = LocalFile(path, video.name, MIMES.get(video.format, "video/mp4"), video.bytes)
        return await line.deliver(MediaLeaf(leaf.at, "video", leaf.ref), file, job.order)


log = logging.getLogger("shotlist.jobs")

NO_ROOM = (
    "The disk of this server is nearly full, so a video could not be stored. Nothing was ordered yet: "
    "this goes on by itself when there is room."
)


async def submit_next(parts: Parts, provider: str, sandbox: bool) -> None:
    """Take the fairest job that waits for this provider, if there is a slot, and order it."""
    job = await _next(parts, provider, sandbox)
    if job is None:
        return
    line = parts.lines.line(*job.line_key)
    if line is None:
        await _put_back(parts, job, "its provider is not set up here just now")
        return
    if not parts.media.has_room():
        await parts.jobs.note(job.id, log=NO_ROOM)
        await _put_back(parts, job, "the disk is nearly full")
        return
    async with holding(parts, job):
        delivered = await deliver(parts, line, job)
    match delivered:
        case Undelivered(sentence, retryable):
            await _undelivered(parts, job, sentence, retryable)
        case Delivered():
            await _order(parts, line, job, delivered)


async def _next(parts: Parts, provider: str, sandbox: bool) -> Job | None:
    """None where nothing may go now; what only the rate limit holds back is told again when it may."""
    name, allowed = lane(provider, sandbox), limits(parts, provider)
    claims, lease = parts.jobs.claims, parts.pace.lease
    job = await claims.next_to_submit(name, allowed.concurrency, lease, allowed.per_minute)
    if job is None and allowed.per_minute and (wait := await claims.spaced(name)):
        await hint_one(parts, provider, sandbox, after=wait)
    return job


async def _order(parts: Parts, line: Line, job: Job, delivered: Delivered) -> None:
    """From here to the recorded answer nobody else may send this job: the row says so before the request leaves."""
    now = parts.jobs.clock()
    sent = await parts.jobs.move(
        job,
        "submitting",
        f"about to send to {job.provider}",
        durable=True,
        unless_canceled=True,
        lease_until=now + parts.pace.lease,
        attempts=job.attempts,
        gone=0,
        handles=delivered.to_keep,
        log=None,
    )
    if sent is None:
        return
    async with holding(parts, sent):
        answer = await _ask(parts, line, sent, delivered)
        await whole(record(parts, line, sent, answer))


async def _ask(parts: Parts, line: Line, job: Job, delivered: Delivered) -> SubmitAnswer:
    limit = parts.pace.submit_limit
    try:
        async with asyncio.timeout(limit):
            address = parts.webhooks.address(line.wire, job.id)
            return await line.submit(job.order, delivered.values, job_id=job.id, webhook=address)
    except TimeoutError:
        return Unclear(f"no answer within {limit:g} s")
    except asyncio.CancelledError:  # this worker is being stopped: what is known is still written down
        return Unclear("Shotlist was stopped while it waited for the answer")
    except Exception:
        log.exception("job %s: the submission broke off inside Shotlist", job.id)
        return Unclear("the submission broke off inside Shotlist")


async def record(parts: Parts, line: Line, job: Job, answer: SubmitAnswer) -> None:
    """What the answer makes of the job, and what it says about the provider; tried until it is written."""
    match answer:
        case Accepted(operation):
            poll = line.wire.poll
            cadence = Cadence(poll.first, poll.every, poll.max)
            taken = await until_it_lands(
                job.id, lambda: parts.jobs.answers.accepted(job.id, operation, cadence)
            )
            if taken is None and await until_it_lands(job.id, lambda: parts.jobs.find(job.id)) is None:
                log.warning("job %s: was deleted before it was accepted as %s", job.id, operation.id)
            await _there(parts, job)
        case Refused(error):
            await until_it_lands(job.id, lambda: parts.jobs.answers.refused(job, error))
            await _there(parts, job)
            await wake(parts, job.provider, job.sandbox)
        case Limited(error, retry_after):
            wait = backoff(parts.pace, job.attempts + 1) if retry_after is None else retry_after
            wait = min(wait, parts.pace.longest_wait)
            await until_it_lands(job.id, lambda: _again(parts, job, error, f"told to wait {wait:g} s", wait))
            await parts.jobs.claims.pause(lane(job.provider, job.sandbox), parts.jobs.clock() + wait)
        case NotSent(reason):
            wait = backoff(parts.pace, job.attempts + 1)
            lost = tell("provider_down", line.wire.display_name, reason, billing="not_billed")
            await until_it_lands(job.id, lambda: _silence(parts, job))
            await until_it_lands(job.id, lambda: _again(parts, job, lost, f"not sent: {reason}", wait))
        case Unclear(reason, said):
            found = await arrived(parts, line, job)
            if found is not None:
                await record(parts, line, job, found)
                return
            # Counted before the slot is free: a worker that takes the next job must see it.
            await until_it_lands(job.id, lambda: _silence(parts, job))
            await until_it_lands(job.id, lambda: _unconfirmed(parts, line, job, reason, said))
            await wake(parts, job.provider, job.sandbox)


async def _again(parts: Parts, job: Job, error: ProviderError, why: str, wait: float) -> None:
    """Nothing was ordered, so the job may be sent again, unless it was given up or canceled meanwhile."""
    due = parts.jobs.clock() + wait
    waiting = await parts.jobs.move(
        job, "queued", why, not_before=due, hinted_at=due, attempts=job.attempts + 1
    )
    if waiting is None:
        await parts.jobs.answers.refused(job, error)
    elif waiting.cancel_requested_at is not None:
        await parts.jobs.cancel_unsent(waiting)
    else:
        await hint_submit(parts, waiting, after=wait)


async def _unconfirmed(parts: Parts, line: Line, job: Job, reason: str, said: str) -> None:
    price = price_again(job.estimate, job.sandbox)
    await parts.jobs.move(
        job,
        "unconfirmed",
        f"no clear answer: {reason}",
        billing="unknown",
        error=unconfirmed(line.wire.display_name, reason, said, sandbox=job.sandbox, price=price),
    )


async def _there(parts: Parts, job: Job) -> None:
    """The provider answers, so that what was held back may go on."""
    if await parts.jobs.claims.answered(lane(job.provider, job.sandbox)):
        await wake(parts, job.provider, job.sandbox)


async def _silence(parts: Parts, job: Job) -> None:
    """An outage must not burn the queue: after some submissions without an answer the provider rests."""
    pace, name = parts.pace, lane(job.provider, job.sandbox)
    until = await parts.jobs.claims.unanswered(name, pace.pause_after, pace.pause, pace.pause_max)
    if until is not None:
        rest = until - parts.jobs.clock()
        log.warning("%s does not answer: no submissions for %.0f s", name, rest)
        await hint_one(parts, job.provider, job.sandbox, after=rest)


async def _put_back(parts: Parts, job: Job, why: str) -> None:
    wait = backoff(parts.pace, job.attempts + 1)
    hint = await parts.jobs.claims.put_back(job, parts.jobs.clock() + wait)
    log.info("job %s: waits %.0f s: %s", job.id, wait, why)
    if hint is not None:
        await parts.queue.hint_submit(hint, job.provider, job.sandbox, after=wait)


async def _undelivered(parts: Parts, job: Job, sentence: str, retryable: bool) -> None:
    """Counted by itself: a job that waited for room on the disk, or was told to wait, has all its tries left."""
    if retryable and await parts.jobs.claims.bad_answer(job) < parts.pace.deliver_tries:
        await _put_back(parts, job, "a file could not be handed to the provider")
        return
    await parts.jobs.move(
        job,
        "failed",
        "a file could not be handed to the provider",
        billing="not_billed",
        error=undelivered(job, sentence, retryable=retryable),
    )
    await wake(parts, job.provider, job.sandbox)
