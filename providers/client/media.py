"""How a media file gets into a request: as its address, inside the request, or uploaded first; pure.

Getting a job's media to the company: each file by the way that its wire, its size and our address allow.
"""

import asyncio
import time
from base64 import b64encode
from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias, cast
from urllib.parse import unquote, urlsplit

from msgspec import UNSET, UnsetType

from models.payload import MediaLeaf
from models.spec.values import JSON
from providers.client.download import download
from providers.client.http import HTTPClient, NoResponse
from providers.client.interpret import keep
from providers.client.requests import Request, build, names_of_model
from providers.client.responses import HTTPResponse, envelope_refuses, error_of
from providers.description.pointers import first
from providers.description.schema import ProviderDescription, UploadCall
from providers.description.templates import Absent, Names, fill_value
from providers.outcomes import FetchFailed, Handle, LocalFile, NotUploaded, Submission, because

Delivering: TypeAlias = Generator[Request, HTTPResponse, Handle | NotUploaded]


def refer(description: ProviderDescription, kind: str, url: str) -> Handle | NotUploaded:
    """An https reference as the wire takes it."""
    way = description.media.way(kind)
    handle = _handle(way.url, {"url": url}) if way.takes_urls else None
    return handle or NotUploaded(
        f"{description.display_name} takes no addresses for this: choose a file instead. Nothing was ordered.",
        retryable=False,
    )


def fits_inline(description: ProviderDescription, kind: str, size: int) -> bool:
    """Whether a file of this size in bytes goes into the request itself."""
    way = description.media.way(kind)
    return way.inline is not UNSET and size <= way.inline_max_bytes


def inline(description: ProviderDescription, kind: str, mime: str, content: bytes) -> Handle:
    """A small file as it stands in the request."""
    text = b64encode(content).decode("ascii")
    names: Names = {"base64": text, "mime": mime, "data_uri": f"data:{mime};base64,{text}"}
    handle = _handle(description.media.way(kind).inline, names)
    assert handle, "a wire's inline template names only what is given here"
    return handle


def largest(description: ProviderDescription, kind: str) -> int:
    """Bytes of the largest file that can be handed over; 0 where only addresses are taken."""
    way, upload = description.media.way(kind), description.media.upload_for(kind)
    inline_most = 0 if way.inline is UNSET else way.inline_max_bytes
    return max(inline_most, upload.max_bytes if upload else 0)


def uploading(
    description: ProviderDescription, kind: str, file: LocalFile, asked: Names, now: float
) -> Delivering:
    """Hand a file over by the wire's calls; `asked` names the model, `now` is in Unix seconds."""
    upload = description.media.upload_for(kind)
    if upload is None or file.bytes > upload.max_bytes:
        return too_large(description, kind, file)
    names: dict[str, JSON] = {
        **asked,
        "name": file.name,
        "mime": file.mime,
        "kind": kind,
        "bytes": file.bytes,
    }
    answer = None
    for call in upload.calls:
        request = build(description, call, {**names, "file": cast(JSON, file)})
        if request is None:
            return not_handed_over(description, "its answer lacked what the next step needs")
        answer = yield request
        if not 200 <= answer.status < 300 or envelope_refuses(description, answer):
            return _refused(description, answer)
        names |= keep(call.keep, answer.document)
    handle = _handle(upload.handle, names, _expiry(upload, answer, now))
    return handle or not_handed_over(description, "its answer held no handle")


def _handle(template: JSON | UnsetType, names: Names, expires_at: float | None = None) -> Handle | None:
    value = None if template is UNSET else fill_value(template, names)
    return None if value is None or isinstance(value, Absent) else Handle(value, expires_at)


def _expiry(upload: UploadCall, answer: HTTPResponse | None, now: float) -> float | None:
    """When the handle ends, in Unix seconds: as the last answer says, else as the wire does."""
    told = first(answer.document, upload.expires) if answer else None
    if isinstance(told, int | float):
        return float(told)
    if isinstance(told, str):
        try:
            return datetime.fromisoformat(told.replace("Z", "+00:00")).timestamp()
        except ValueError:
            pass
    return None if upload.ttl is None else now + upload.ttl


def too_large(description: ProviderDescription, kind: str, file: LocalFile) -> NotUploaded:
    """No way leads this file there."""
    most = largest(description, kind)
    if not most:
        return NotUploaded(
            f"{description.display_name} fetches files itself and cannot reach this server: give the https address of "
            f"{file.name}, or set SHOTLIST_PUBLIC_URL. Nothing was ordered.",
            retryable=False,
        )
    return NotUploaded(
        f"{description.display_name} takes files of at most {most / 1e6:.3g} MB, and {file.name} has "
        f"{file.bytes / 1e6:.3g} MB: choose a smaller file. Nothing was ordered.",
        retryable=False,
    )


def _refused(description: ProviderDescription, answer: HTTPResponse) -> NotUploaded:
    error = error_of(description, answer, billing="not_billed")
    said = error.message or f"it answered {answer.status}"
    lasting = error.kind in ("auth", "no_credit", "invalid_input", "moderation")
    return not_handed_over(description, said, retryable=not lasting)


def not_handed_over(description: ProviderDescription, said: str, retryable: bool = True) -> NotUploaded:
    """Why, in the company's words where it gave any, and what to do: the same again only where that may succeed."""
    then = (
        "run it again, or give the file's address instead."
        if retryable
        else "give another file or its address."
    )
    why = because(description.display_name, said)
    return NotUploaded(
        f"A file could not be handed to {description.display_name}{why} Nothing was ordered: {then}",
        retryable,
    )


async def upload_media(
    caller: HTTPClient, leaf: MediaLeaf, file: LocalFile | None, order: Submission | None
) -> Handle | NotUploaded:
    """A file of ours, or, without one, the https address in `leaf.ref`."""
    if file is not None:
        return await _file(caller, leaf.kind, file, order)
    if leaf.ref.startswith("https://"):
        if caller.description.media.way(leaf.kind).takes_urls:
            return refer(caller.description, leaf.kind, leaf.ref)
        return await _fetched(caller, leaf, order)
    return NotUploaded("A file must be an upload or an https address. Nothing was ordered.", False)


async def _file(
    caller: HTTPClient, kind: str, file: LocalFile, order: Submission | None
) -> Handle | NotUploaded:
    description = caller.description
    if fits_inline(description, kind, file.bytes):
        return await _inline(caller, kind, file)
    if file.bytes > largest(description, kind):
        takes = file.url and description.media.way(kind).takes_urls
        return refer(description, kind, file.url) if takes else too_large(description, kind, file)
    asked = names_of_model(order) if order else {}
    outcome = await caller.run(uploading(description, kind, file, asked, time.time()))
    return _unreachable(description.display_name, outcome) if isinstance(outcome, NoResponse) else outcome


async def _inline(caller: HTTPClient, kind: str, file: LocalFile) -> Handle | NotUploaded:
    try:
        content = await asyncio.to_thread(file.path.read_bytes)
    except OSError:
        return NotUploaded(f"{file.name} is not here any more: choose it again. Nothing was ordered.", False)
    return inline(caller.description, kind, file.mime, content)


def _unreachable(company: str, silence: NoResponse) -> NotUploaded:
    return NotUploaded(
        f"{company} could not be reached to hand over a file ({silence.reason}). Nothing was ordered."
    )


async def _fetched(caller: HTTPClient, leaf: MediaLeaf, order: Submission | None) -> Handle | NotUploaded:
    """For a company that takes only bytes, the file is fetched here, from public addresses, and handed over."""
    most = largest(caller.description, leaf.kind)
    with TemporaryDirectory(prefix="shotlist-") as folder:
        path = Path(folder) / "file"
        with path.open("wb") as to:
            request = Request(method="GET", url=leaf.ref)
            fetched = await download(caller.clients, request, caller.origin, to, most, caller.key())
        if isinstance(fetched, FetchFailed):
            host = leaf.ref.split("/")[2].rpartition("@")[2]  # urlsplit raises at "https://[::1"
            return NotUploaded(
                f"The file at {host} could not be fetched: {fetched.reason}. Nothing was ordered: choose a file, "
                "or give another address.",
                fetched.retryable,
            )
        name = unquote(urlsplit(leaf.ref).path.rpartition("/")[2]) or "file"
        mime = fetched.content_type.partition(";")[0].strip() or "application/octet-stream"
        return await _file(caller, leaf.kind, LocalFile(path, name, mime, fetched.bytes), order)
