"""Downloading a finished file, without being led astray: hop by hop, checked, capped, and the key at home."""

import asyncio
import inspect
from typing import Any, Final, Protocol

import httpx
from msgspec import structs

from providers.client.http import HTTPClients, Secrets, in_words, unpacked
from providers.client.requests import Request
from providers.client.urls import absolute, forwarded
from providers.outcomes import Fetched, FetchFailed, FetchOutcome

MOST_HOPS: Final = 5
LONGEST: Final = 1800.0  # seconds for one file
BAD_FORWARD: Final = "Invalid URL in location header"  # as httpx says it, before anybody follows
DEAD: Final = (401, 403, 404, 410)  # what expired links answer
NOT_MEDIA: Final = ("text/", "application/json", "application/xml")


class DownloadTarget(Protocol):
    """Where a download goes: a binary file, or anything whose `write` may be awaited."""

    def write(self, data: bytes, /) -> Any:
        """Take the next bytes."""


async def download(
    clients: HTTPClients, request: Request, origin: str, to: DownloadTarget, limit_bytes: int, key: str
) -> FetchOutcome:
    """Write the file that `request` asks for (at `origin`, or an absolute address) into `to`.

    Away from the origin only public https addresses are asked, and never with the request's headers or query, which
    may hold the key; not even on the way back.
    """
    try:
        async with asyncio.timeout(LONGEST):
            return await _follow(clients, request, origin, to, limit_bytes)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
        return _astray("its address is not one that can be asked")
    except (httpx.HTTPError, TimeoutError) as error:
        if BAD_FORWARD in str(error):
            return _astray("the file was forwarded to an address that is none")
        return FetchFailed(Secrets(key).scrub(f"the file's server: {in_words(error)}"))


async def _follow(
    clients: HTTPClients, request: Request, origin: str, to: DownloadTarget, limit_bytes: int
) -> FetchOutcome:
    for _ in range(MOST_HOPS):
        at_home = request.url.startswith("/")
        if not at_home:
            request = Request(method="GET", url=request.url)
        client = clients.direct if at_home else clients.guarded
        url = absolute(request.url, origin)
        answer = await _hop(client, url, request, to, limit_bytes)
        if not isinstance(answer, str):
            return answer
        link = forwarded(url, answer, origin)
        if link is None:
            return _astray("the file was forwarded to an address that is not followed")
        request = structs.replace(request, url=link)
    return _astray(f"the file was forwarded more than {MOST_HOPS} times")


async def _hop(
    client: httpx.AsyncClient, url: str, request: Request, to: DownloadTarget, limit_bytes: int
) -> FetchOutcome | str:
    """The file, or the address that the server forwards to."""
    address = httpx.URL(url).copy_merge_params(request.query) if request.query else httpx.URL(url)
    headers = {"accept-encoding": "identity", **request.headers}
    response = await client.send(client.build_request("GET", address, headers=headers), stream=True)
    try:
        if response.is_redirect:
            return str(response.headers.get("location", ""))
        return _unfit(response, limit_bytes) or await _write(response, to, limit_bytes)
    finally:
        await response.aclose()


def _unfit(response: httpx.Response, limit_bytes: int) -> FetchFailed | None:
    if response.status_code in DEAD:
        reason = f"the file's link is dead ({response.status_code})"
        return FetchFailed(reason, expired=True, retryable=False, cause="dead_link")
    if response.status_code != 200:
        return FetchFailed(f"the server of the file answered {response.status_code}")
    if _length(response) > limit_bytes:
        return _too_large(limit_bytes)
    return None


async def _write(response: httpx.Response, to: DownloadTarget, limit_bytes: int) -> FetchOutcome:
    kind, written = response.headers.get("content-type", ""), 0
    async for part in unpacked(response):
        if part and not written and _is_text(kind, part):
            break
        written += len(part)
        if written > limit_bytes:
            return _too_large(limit_bytes)
        taken = to.write(part)
        if inspect.isawaitable(taken):
            await taken
    if not written and kind.startswith(NOT_MEDIA):
        return FetchFailed(f"the server of the file answered with {kind.partition(';')[0]}")
    # A body that ends before its announced length is an error of the transport, and comes as one.
    return Fetched(kind, written)


def _is_text(kind: str, beginning: bytes) -> bool:
    """Whether this is the page or the JSON that it is called; servers also call a video text/plain."""
    if not kind.startswith(NOT_MEDIA) or b"\0" in beginning:
        return False
    # Without the last bytes, which may be half a character.
    return "\ufffd" not in beginning[: max(1, len(beginning) - 3)].decode("utf-8", "replace")


def _length(response: httpx.Response) -> int:
    """Bytes of the file as announced; 0 where nothing is, or where the announcement is of packed bytes."""
    told = response.headers.get("content-length", "")
    return int(told) if told.isdecimal() and "content-encoding" not in response.headers else 0


def _too_large(limit_bytes: int) -> FetchFailed:
    reason = f"the file is larger than {limit_bytes / 1e6:.0f} MB"
    return FetchFailed(reason, retryable=False, cause="too_large")


def _astray(reason: str) -> FetchFailed:
    return FetchFailed(reason, retryable=False, cause="astray")
