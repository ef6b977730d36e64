"""Handing a job's media to its provider before it is ordered, as links, inline or uploads, as the wire wants it."""

from msgspec import Struct
from msgspec.json import encode

from models.payload import MediaLeaf
from models.spec.values import JSON
from providers.client.provider_client import Line
from providers.outcomes import Handle, LocalFile, NotDelivered
from tasks.job import Job
from tasks.parts import Parts
from tasks.uploads import MIMES

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
