"""Handing a job's media to its provider before it is ordered, as links, inline or uploads, as the wire wants it."""

from msgspec import Struct
from msgspec.json import encode

from models.payload import MediaLeaf
from models.values import JSON
from providers.line import Line
from providers.order import Handle, LocalFile, NotDelivered
from tasks.job import Job
from tasks.parts import Parts

KEEP_BYTES = (
    4096  # a longer handle is the file itself, which is cheaper to read again than to keep in the row
)


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
        file = await _local_file(parts, job.owner, leaf)
        if isinstance(file, Undelivered):
            return file
        match await line.deliver(leaf, file, job.order):
            case NotDelivered(sentence, retryable):
                return Undelivered(sentence, retryable)
            case handle:
                handles[leaf.at] = handle
    return Delivered(handles)


async def _local_file(parts: Parts, owner: str, leaf: MediaLeaf) -> LocalFile | Undelivered | None:
    """The upload that a leaf names; None for an address or a data URI, which hold all that is needed."""
    if leaf.ref.startswith(("https://", "data:")):
        return None
    upload = await parts.uploads.get(owner, leaf.ref)
    path = await parts.uploads.path(owner, leaf.ref)
    if upload is None or path is None:
        return Undelivered(
            "A file of this job is not here any more: choose it again. Nothing was ordered.", retryable=False
        )
    return LocalFile(path, upload.name, upload.mime, upload.bytes)
