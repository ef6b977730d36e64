"""Getting a job's media to the company: each file by the way that its wire, its size and our address allow."""

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

from models.payload import MediaLeaf
from providers.answers import FetchFailed
from providers.caller import Caller
from providers.data_uri import read_data_uri
from providers.delivery import fits_inline, inline, largest, refer, too_large, uploading
from providers.fetch import download
from providers.order import Handle, LocalFile, NotDelivered, Order
from providers.request import Request, names_of_model
from providers.send import Silence


async def hand_over(
    caller: Caller, leaf: MediaLeaf, file: LocalFile | None, order: Order | None
) -> Handle | NotDelivered:
    """A file of ours, or, without one, what `leaf.ref` says: an https address or a data URI."""
    if file is not None:
        return await _file(caller, leaf.kind, file, order)
    if leaf.ref.startswith("https://"):
        if caller.wire.media.way(leaf.kind).takes_urls:
            return refer(caller.wire, leaf.kind, leaf.ref)
        return await _fetched(caller, leaf, order)
    data = read_data_uri(leaf.ref)
    if data is None:
        return NotDelivered(
            "A file must be an upload, an https address or a data URI. Nothing was ordered.", False
        )
    mime, content = data
    if not fits_inline(caller.wire, leaf.kind, len(content)):
        return NotDelivered(
            "This data URI is too large: upload the file instead. Nothing was ordered.", False
        )
    return inline(caller.wire, leaf.kind, mime, content)


async def _file(caller: Caller, kind: str, file: LocalFile, order: Order | None) -> Handle | NotDelivered:
    wire = caller.wire
    if fits_inline(wire, kind, file.bytes):
        return await _inline(caller, kind, file)
    if file.bytes > largest(wire, kind):
        takes = file.url and wire.media.way(kind).takes_urls
        return refer(wire, kind, file.url) if takes else too_large(wire, kind, file)
    asked = names_of_model(order) if order else {}
    outcome = await caller.run(uploading(wire, kind, file, asked, time.time()))
    return _unreachable(wire.display_name, outcome) if isinstance(outcome, Silence) else outcome


async def _inline(caller: Caller, kind: str, file: LocalFile) -> Handle | NotDelivered:
    try:
        content = await asyncio.to_thread(file.path.read_bytes)
    except OSError:
        return NotDelivered(f"{file.name} is not here any more: choose it again. Nothing was ordered.", False)
    return inline(caller.wire, kind, file.mime, content)


def _unreachable(company: str, silence: Silence) -> NotDelivered:
    return NotDelivered(
        f"{company} could not be reached to hand over a file ({silence.reason}). Nothing was ordered."
    )


async def _fetched(caller: Caller, leaf: MediaLeaf, order: Order | None) -> Handle | NotDelivered:
    """For a company that takes only bytes, the file is fetched here, from public addresses, and handed over."""
    most = largest(caller.wire, leaf.kind)
    with TemporaryDirectory(prefix="shotlist-") as folder:
        path = Path(folder) / "file"
        with path.open("wb") as to:
            request = Request(method="GET", url=leaf.ref)
            fetched = await download(caller.clients, request, caller.origin, to, most, caller.key())
        if isinstance(fetched, FetchFailed):
            host = leaf.ref.split("/")[2].rpartition("@")[2]  # urlsplit raises at "https://[::1"
            return NotDelivered(
                f"The file at {host} could not be fetched: {fetched.reason}. Nothing was ordered: choose a file, "
                "or give another address.",
                fetched.retryable,
            )
        name = unquote(urlsplit(leaf.ref).path.rpartition("/")[2]) or "file"
        mime = fetched.content_type.partition(";")[0].strip() or "application/octet-stream"
        return await _file(caller, leaf.kind, LocalFile(path, name, mime, fetched.bytes), order)
