"""The step that orders a job, the only one that may cost money. In this order:

1. claim the fairest job that waits for the provider, under a lease
2. upload its media, which may be done again
3. commit "submitting", to the disk itself: from here on nobody else may send it
4. send once: one request, never repeated where it may have arrived
5. record the outcome, tried until the database takes it
"""

import asyncio
import logging

from msgspec import Struct
from msgspec.json import encode

from models.payload import MediaLeaf
from models.spec.values import JSON
from providers.client.provider_client import ProviderClient
from providers.outcomes import (
    Accepted,
    Handle,
    Limited,
    LocalFile,
    NotSent,
    NotUploaded,
    Operation,
    ProviderError,
    Refused,
    SubmitOutcome,
    Unclear,
    make_error,
)
from tasks.context import AppContext
from tasks.jobs.failures import price_again, unconfirmed, undelivered
from tasks.jobs.model import Job, provider_queue
from tasks.jobs.repository import Cadence
from tasks.reconcile import find_submission
from tasks.storage.uploads import MIMES
from tasks.worker.leases import hold_lease, retry_write, uncancelled
from tasks.worker.retry import Outcome, is_believed, next_wait, pause_numbers
from tasks.worker.wakeups import limits, wake, wake_one, wake_submit

log = logging.getLogger("shotlist.jobs")

KEEP_BYTES = 4096
"""A longer handle is the file itself, which is cheaper to read again than to keep in the row."""

GONE = "A file of this job is not here any more: choose it again. Nothing was ordered."
NO_EARLIER = "The earlier job is not here any more: choose another one. Nothing was ordered."
NOT_THEIRS = "Only a job that the same provider has finished can be carried on. Nothing was ordered."
NO_ROOM = (
    "The disk of this server is nearly full, so a video could not be stored. Nothing was ordered yet: "
    "this goes on by itself when there is room."
)


class MediaUploaded(Struct, frozen=True):
    """Handles by JSON pointer."""

    handles: dict[str, Handle]

    @property
    def values(self) -> dict[str, JSON]:
        return {at: handle.value for at, handle in self.handles.items()}

    @property
    def to_keep(self) -> dict[str, Handle]:
        return {at: handle for at, handle in self.handles.items() if len(encode(handle.value)) <= KEEP_BYTES}


class MediaNotUploaded(Struct, frozen=True):
    """A sentence for people; nothing was ordered."""

    sentence: str
    retryable: bool


async def submit_next(context: AppContext, provider: str, sandbox: bool) -> None:
    """Order the fairest job that waits for this provider, if there is a slot."""
    job = await _claim(context, provider, sandbox)
    client = await _ready_client(context, job) if job else None
    if job is None or client is None:
        return
    async with hold_lease(context, job):
        media = await upload_media(context, client, job)
    if isinstance(media, MediaNotUploaded):
        await _not_uploaded(context, job, media)
        return
    sent = await _commit_submitting(context, job, media)
    if sent is None:
        return
    async with hold_lease(context, sent):
        outcome = await _send_once(context, client, sent, media)
        await uncancelled(record_outcome(context, client, sent, outcome))


# 1. claim


async def _claim(context: AppContext, provider: str, sandbox: bool) -> Job | None:
    """None where nothing may go now; what only the rate limit holds back is told again when it may."""
    name, allowed = provider_queue(provider, sandbox), limits(context, provider)
    claims, lease = context.jobs.claims, context.timing.lease
    job = await claims.claim_submission(name, allowed.concurrency, lease, allowed.per_minute)
    if job is None and allowed.per_minute and (wait := await claims.rate_limit_wait(name)):
        await wake_one(context, provider, sandbox, after=wait)
    return job


async def _ready_client(context: AppContext, job: Job) -> ProviderClient | None:
    """What speaks to its provider; None, and the job waits, where it cannot be ordered or stored just now."""
    client = context.registry.client(*job.line_key)
    if client is None:
        await _put_back(context, job, "cannot submit yet", "its provider is not set up here just now")
        return None
    if not context.media.has_room():
        await context.jobs.record_facts(job.id, log=NO_ROOM)
        await _put_back(context, job, "cannot submit yet", "the disk is nearly full")
        return None
    return client


async def _put_back(context: AppContext, job: Job, outcome: Outcome, why: str) -> None:
    wait = next_wait(context.timing, outcome, job.attempts + 1)
    wakeup = await context.jobs.claims.release(job, context.jobs.clock() + wait)
    log.info("job %s: waits %.0f s: %s", job.id, wait, why)
    if wakeup is not None:
        await context.queue.enqueue_submit(wakeup, job.provider, job.sandbox, after=wait)


# 2. upload media


async def upload_media(
    context: AppContext, client: ProviderClient, job: Job
) -> MediaUploaded | MediaNotUploaded:
    """Deliver what was not delivered before, or has expired since."""
    soon = context.jobs.clock() + context.timing.handle_margin
    handles: dict[str, Handle] = {}
    for leaf in job.order.media:
        kept = job.handles.get(leaf.at)
        if kept is not None and (kept.expires_at is None or kept.expires_at > soon):
            handles[leaf.at] = kept
            continue
        match await _upload_one(context, client, job, leaf):
            case NotUploaded(sentence, retryable):
                return MediaNotUploaded(sentence, retryable)
            case handle:
                handles[leaf.at] = handle
    return MediaUploaded(handles)


async def _upload_one(
    context: AppContext, client: ProviderClient, job: Job, leaf: MediaLeaf
) -> Handle | NotUploaded:
    """An address holds all that is needed; else the leaf names an earlier job or an upload."""
    if leaf.ref.startswith("https://"):
        return await client.upload_media(leaf, None, job.order)
    try:
        if leaf.kind in ("job", "job-video"):
            return await _earlier(context, client, job, leaf)
        async with context.uploads.local(job.owner, leaf.ref) as found:
            if found is None:
                return NotUploaded(GONE, retryable=False)
            upload, path = found
            url = context.signed.address(job.owner, upload.id, context.jobs.clock(), sandbox=job.sandbox)
            file = LocalFile(path, upload.name, upload.mime, upload.bytes, url)
            return await client.upload_media(leaf, file, job.order)
    except OSError as error:
        reason = error.strerror or str(error)
        return NotUploaded(
            f"A file of this job could not be read from our storage ({reason}).", retryable=True
        )


async def _earlier(
    context: AppContext, client: ProviderClient, job: Job, leaf: MediaLeaf
) -> Handle | NotUploaded:
    """An earlier job of the same owner: its id at the provider, or its video as a file."""
    earlier = await context.jobs.get(job.owner, leaf.ref)
    if earlier is None:
        return NotUploaded(NO_EARLIER, retryable=False)
    if leaf.kind == "job":
        same = (earlier.provider, earlier.sandbox) == (job.provider, job.sandbox)
        known = earlier.provider_job_id if same and earlier.state == "succeeded" else None
        return Handle(known) if known else NotUploaded(NOT_THEIRS, retryable=False)
    video = next((each for each in earlier.outputs if each.kind == "video"), None)
    stored = await context.media.find(earlier.id, video.name) if video else None
    if video is None or stored is None:
        return NotUploaded(NO_EARLIER, retryable=False)
    async with context.media.store.local(stored.key) as path:
        if path is None:
            return NotUploaded(NO_EARLIER, retryable=False)
        file = LocalFile(path, video.name, MIMES.get(video.format, "video/mp4"), video.bytes)
        return await client.upload_media(MediaLeaf(leaf.at, "video", leaf.ref), file, job.order)


async def _not_uploaded(context: AppContext, job: Job, media: MediaNotUploaded) -> None:
    """Counted by itself: a job that waited for room on the disk, or was told to wait, has all its tries left."""
    outcome: Outcome = "file not uploaded" if media.retryable else "file refused"
    times = await context.jobs.claims.count_bad_answer(job) if media.retryable else 1
    if not is_believed(context.timing, outcome, times):
        await _put_back(context, job, outcome, "a file could not be handed to the provider")
        return
    await context.jobs.transition(
        job,
        "failed",
        "a file could not be handed to the provider",
        billing="not_billed",
        error=undelivered(job, media.sentence, retryable=media.retryable),
    )
    await wake(context, job.provider, job.sandbox)


# 3. commit "submitting"


async def _commit_submitting(context: AppContext, job: Job, media: MediaUploaded) -> Job | None:
    """From here to the recorded outcome nobody else may send this job: the row says so before the request leaves."""
    return await context.jobs.transition(
        job,
        "submitting",
        f"about to send to {job.provider}",
        durable=True,
        unless_canceled=True,
        lease_until=context.jobs.clock() + context.timing.lease,
        attempts=job.attempts,
        gone=0,
        handles=media.to_keep,
        log=None,
    )


# 4. send once


async def _send_once(
    context: AppContext, client: ProviderClient, job: Job, media: MediaUploaded
) -> SubmitOutcome:
    """Exactly one request; whatever comes instead of an answer is unclear."""
    limit = context.timing.submit_limit
    try:
        async with asyncio.timeout(limit):
            address = context.webhooks.address(client.description, job.id)
            return await client.submit(job.order, media.values, job_id=job.id, webhook=address)
    except TimeoutError:
        return Unclear(f"no answer within {limit:g} s")
    except asyncio.CancelledError:  # this worker is being stopped: what is known is still written down
        return Unclear("Shotlist was stopped while it waited for the answer")
    except Exception:
        log.exception("job %s: the submission broke off inside Shotlist", job.id)
        return Unclear("the submission broke off inside Shotlist")


# 5. record the outcome


async def record_outcome(
    context: AppContext, client: ProviderClient, job: Job, outcome: SubmitOutcome
) -> None:
    """What the answer makes of the job, and what it says about the provider; tried until it is written."""
    match outcome:
        case Accepted(operation):
            await _accepted(context, client, job, operation)
        case Refused(error):
            await retry_write(context.timing, job.id, lambda: context.jobs.outcomes.refused(job, error))
            await _answered(context, job)
            await wake(context, job.provider, job.sandbox)
        case Limited(error, retry_after):
            await _limited(context, job, error, retry_after)
        case NotSent(reason):
            await _not_sent(context, client, job, reason)
        case Unclear(reason, said):
            await _unclear(context, client, job, reason, said)


async def _accepted(context: AppContext, client: ProviderClient, job: Job, operation: Operation) -> None:
    """The provider has it: recorded wherever no id is known yet, whatever became of the job meanwhile.

    Where a fault of ours keeps it from being written, the sweep makes the job unconfirmed, and the id is in the log.
    """
    poll = client.description.poll
    cadence = Cadence(poll.first, poll.every, poll.max)
    try:
        taken = await retry_write(
            context.timing, job.id, lambda: context.jobs.outcomes.accepted(job.id, operation, cadence)
        )
    except Exception:
        log.error(
            "job %s: %s accepted it as %s, which was not written down", job.id, job.provider, operation.id
        )
        raise
    if (
        taken is None
        and await retry_write(context.timing, job.id, lambda: context.jobs.get_any(job.id)) is None
    ):
        log.warning("job %s: was deleted before it was accepted as %s", job.id, operation.id)
    await _answered(context, job)


async def _limited(context: AppContext, job: Job, error: ProviderError, retry_after: float | None) -> None:
    """Told to wait: this job and, until then, the whole provider."""
    wait = next_wait(context.timing, "told to wait", job.attempts + 1, retry_after)
    await retry_write(
        context.timing, job.id, lambda: _again(context, job, error, f"told to wait {wait:g} s", wait)
    )
    await context.jobs.claims.pause(provider_queue(job.provider, job.sandbox), context.jobs.clock() + wait)


async def _not_sent(context: AppContext, client: ProviderClient, job: Job, reason: str) -> None:
    wait = next_wait(context.timing, "not sent", job.attempts + 1)
    lost = make_error("provider_down", client.description.display_name, reason, billing="not_billed")
    await retry_write(context.timing, job.id, lambda: _silence(context, job))
    await retry_write(context.timing, job.id, lambda: _again(context, job, lost, f"not sent: {reason}", wait))


async def _unclear(context: AppContext, client: ProviderClient, job: Job, reason: str, said: str) -> None:
    """It may have arrived: asked for where the provider can be asked, and never sent again."""
    found = await find_submission(context, client, job)
    if found is not None:
        await record_outcome(context, client, job, found)
        return
    # Counted before the slot is free: a worker that takes the next job must see it.
    await retry_write(context.timing, job.id, lambda: _silence(context, job))
    await retry_write(context.timing, job.id, lambda: _unconfirmed(context, client, job, reason, said))
    await wake(context, job.provider, job.sandbox)


async def _again(context: AppContext, job: Job, error: ProviderError, why: str, wait: float) -> None:
    """Nothing was ordered, so the job may be sent again, unless it was given up or canceled meanwhile."""
    due = context.jobs.clock() + wait
    waiting = await context.jobs.transition(
        job, "queued", why, not_before=due, hinted_at=due, attempts=job.attempts + 1
    )
    if waiting is None:
        await context.jobs.outcomes.refused(job, error)
    elif waiting.cancel_requested_at is not None:
        await context.jobs.cancel_unsent(waiting)
    else:
        await wake_submit(context, waiting, after=wait)


async def _unconfirmed(context: AppContext, client: ProviderClient, job: Job, reason: str, said: str) -> None:
    price = price_again(job.estimate, job.sandbox)
    await context.jobs.transition(
        job,
        "unconfirmed",
        f"no clear answer: {reason}",
        billing="unknown",
        error=unconfirmed(client.description.display_name, reason, said, sandbox=job.sandbox, price=price),
    )


async def _answered(context: AppContext, job: Job) -> None:
    """The provider answers, so that what was held back may go on."""
    if await context.jobs.claims.count_answer(provider_queue(job.provider, job.sandbox)):
        await wake(context, job.provider, job.sandbox)


async def _silence(context: AppContext, job: Job) -> None:
    """An outage must not burn the queue: after some submissions without an answer the provider rests."""
    name = provider_queue(job.provider, job.sandbox)
    until = await context.jobs.claims.count_no_answer(name, *pause_numbers(context.timing))
    if until is not None:
        rest = until - context.jobs.clock()
        log.warning("%s does not answer: no submissions for %.0f s", name, rest)
        await wake_one(context, job.provider, job.sandbox, after=rest)
