"""Asking one company at one origin: the key goes along to its own hosts and nowhere else.

The HTTP clients that all lines share; built and closed by the two roots.

One request over HTTP and its answer; or the silence that was met instead, and whether a byte had left by then.

The body of an answer, unpacked piece by piece: a few kilobytes packed twice would else fill the memory at once.

Data URIs: a file written into a text.

Listening to a websocket for a moment: what it says is only ever a hint, and its silence is no fault.
"""

import asyncio
import ssl
import time
import zlib
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import ExitStack, suppress
from functools import cache
from typing import Any, BinaryIO, Final, TypeVar, cast
from urllib.parse import urlsplit

import aiohttp
import httpx
import msgspec
from httpx_aiohttp import AiohttpTransport
from msgspec import UNSET, Struct, structs

from models.spec.values import JSON
from providers.client.requests import LISTEN, Request
from providers.client.responses import HTTPResponse
from providers.client.ssrf import Allowed, GuardedTransport, Resolve, is_public, resolve
from providers.client.urls import absolute, relative
from providers.data_uri import read_data_uri
from providers.description.schema import ProviderDescription
from providers.hooks import SIGNERS
from providers.outcomes import LocalFile

ALWAYS = {"user-agent": "Shotlist/0.1", "accept-encoding": "gzip"}
LONGEST_HEADER = 128 * 1024  # bytes; signed addresses in a redirect are long


class _DirectTransport(AiohttpTransport):
    """What is no HTTP comes as httpx's error, as the rest of what may go wrong on the way does."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except aiohttp.ClientError as error:
            what = getattr(error, "message", "") or type(error).__name__
            raise httpx.RemoteProtocolError(what, request=request) from error


class HTTPClients:
    """`direct` speaks to origins the operator chose, `guarded` to public https only; neither follows redirects.

    Proxies from the environment are not used: an address is checked here and connected to from here.  `resolve` and
    `allowed` are how names become addresses, and which of those `guarded` goes to.
    """

    def __init__(
        self,
        *,
        resolve: Resolve = resolve,
        allowed: Allowed = is_public,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._context = context or _usual_context()
        # httpx alone manages 6 requests a second with 1,000 at once; over aiohttp it is 1,300.
        self.direct = _client(_DirectTransport(verify=self._context, trust_env=False, client=self.session))
        self.guarded = _client(GuardedTransport(resolve, allowed, self._context))

    def fresh(self) -> httpx.AsyncClient:
        """A client of its own with no connection yet, for a submit: a stale keep-alive would fake a lost answer."""
        return _client(httpx.AsyncHTTPTransport(verify=self._context, trust_env=False))

    def session(self) -> aiohttp.ClientSession:
        """A session of aiohttp with connections of its own; whoever opens it closes it."""
        connector = aiohttp.TCPConnector(ssl=self._context, limit=200, keepalive_timeout=15)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=LONGEST_HEADER,
            max_field_size=LONGEST_HEADER,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self.direct.aclose()
        await self.guarded.aclose()

    async def __aenter__(self) -> "HTTPClients":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


@cache
def _usual_context() -> ssl.SSLContext:
    """Reads all certificates that are trusted, which takes a moment: once a process."""
    return httpx.create_ssl_context()


def _client(transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    timeout = httpx.Timeout(connect=10, read=60, write=60, pool=60)
    return httpx.AsyncClient(
        transport=transport, timeout=timeout, follow_redirects=False, trust_env=False, headers=ALWAYS
    )


PIECE: Final = 1_000_000  # bytes
PACKED: Final = ("gzip", "x-gzip", "deflate")
EITHER: Final = 32 + zlib.MAX_WBITS  # of zlib: the content says whether it is gzip or deflate


async def unpacked(response: httpx.Response) -> AsyncIterator[bytes]:
    """Pieces of at most 1 MB; `httpx.DecodingError` for what is packed otherwise, more than once, or not whole."""
    packing = response.headers.get("content-encoding", "").strip().lower()
    if packing in ("", "identity"):
        async for part in response.aiter_raw():
            yield part
        return
    if packing not in PACKED:
        raise httpx.DecodingError(f"it is packed as {packing[:40]!r}, which was not asked for")
    engine, empty = zlib.decompressobj(EITHER), True
    try:
        async for part in response.aiter_raw():
            empty = empty and not part
            while part and not engine.eof:
                yield engine.decompress(part, PIECE)
                part = engine.unconsumed_tail
        yield engine.flush()
    except zlib.error as error:
        raise httpx.DecodingError(f"it cannot be unpacked ({error})") from error
    if not (engine.eof or empty):
        raise httpx.DecodingError("it ends in the middle")


LARGEST_ANSWER: Final = 16_000_000  # bytes of JSON; videos are fetched, not answered
LONGEST: Final = 120.0  # seconds for a request that carries no file
LONGEST_UPLOAD: Final = 1800.0
LONGEST_DETAIL: Final = 200  # characters of a library's message


class NoResponse(Struct, frozen=True):
    """No usable answer came.  `sent`: a byte of the request may have left this machine."""

    reason: str
    sent: bool


class Secrets:
    """Takes the key, and the parts of a key of two parts, out of anything that is kept or shown."""

    def __init__(self, *keys: str) -> None:
        parts = {part for key in keys for part in (key, *key.split(":")) if len(part) >= 8}
        self._secrets = sorted(parts, key=len, reverse=True)

    def scrub(self, text: str) -> str:
        """The text without the key."""
        for secret in self._secrets:
            text = text.replace(secret, "[key]")
        return text

    def scrub_bytes(self, content: bytes) -> bytes:
        """The bytes without the key."""
        for secret in self._secrets:
            content = content.replace(secret.encode(), b"[key]")
        return content


async def send(client: httpx.AsyncClient, request: Request, url: str, key: str) -> HTTPResponse | NoResponse:
    """Send it to `url` once, follow nothing, and read the answer with the key taken out of it.

    `sent` of a Silence is exact with clients that report their progress (httpx's own transport does).
    """
    secrets, sent = Secrets(key, _authorised_by(request)), False

    async def trace(event: str, _: dict[str, Any]) -> None:
        nonlocal sent
        sent = sent or event.endswith("send_request_headers.started")

    try:
        with ExitStack() as files:
            outgoing = client.build_request(
                request.method,
                _with_query(url, request),
                extensions={"trace": trace},
                **_content(request, files),
            )
            async with asyncio.timeout(LONGEST if request.encoding == "json" else LONGEST_UPLOAD):
                return await _exchange(client, outgoing, secrets)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, TimeoutError, OSError) as error:
        return NoResponse(secrets.scrub(in_words(error)), sent)


def _authorised_by(request: Request) -> str:
    """What was made of the key for this request (a token) is as secret as the key."""
    return str(httpx.Headers(request.headers).get("authorization", "")).rpartition(" ")[2]


def in_words(error: Exception) -> str:
    """What happened on the way, for people first: "it could not be reached: …"."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        what = "it could not be reached"
    elif isinstance(error, httpx.TimeoutException | TimeoutError):
        what = "it did not answer in time"
    else:
        what = "the connection broke off"
    detail = str(error).partition(": <")[0][:LONGEST_DETAIL].rstrip(".")
    return f"{what}: {detail}" if detail else what


async def _exchange(client: httpx.AsyncClient, outgoing: httpx.Request, secrets: Secrets) -> HTTPResponse:
    response = await client.send(outgoing, stream=True)
    try:
        content = bytearray()
        async for part in unpacked(response):
            content += part
            if len(content) > LARGEST_ANSWER:
                raise httpx.ReadError(f"the answer is larger than {LARGEST_ANSWER // 1_000_000} MB")
    finally:
        await response.aclose()
    headers = {name: secrets.scrub(value) for name, value in response.headers.items()}
    answer = HTTPResponse.read(response.status_code, headers, secrets.scrub_bytes(bytes(content)))
    return _unescaped(answer, secrets) if b"\\" in content else answer


def _unescaped(answer: HTTPResponse, secrets: Secrets) -> HTTPResponse:
    """Without a key that was written with escapes ("sk\\/…", "\\u0073k-…"), which only the parsed answer shows."""
    if answer.body is UNSET:
        return answer
    told = msgspec.json.encode(answer.body)
    clean = secrets.scrub_bytes(told)
    return answer if clean == told else structs.replace(answer, body=msgspec.json.decode(clean))


def _with_query(url: str, request: Request) -> httpx.URL:
    return httpx.URL(url).copy_merge_params(request.query) if request.query else httpx.URL(url)


def _content(request: Request, files: ExitStack) -> dict[str, Any]:
    """Headers and body as httpx wants them."""
    headers, body = httpx.Headers(request.headers), cast(Any, request.body)
    if body is UNSET:
        return {"headers": headers}
    if isinstance(body, LocalFile):
        headers.setdefault("content-type", body.mime)
        headers["content-length"] = str(body.path.stat().st_size)
        return {"headers": headers, "content": _chunks(files.enter_context(body.path.open("rb")))}
    if request.encoding == "form":
        return {"headers": headers, "data": {name: _text(value) for name, value in _fields(body)}}
    if request.encoding == "multipart":
        parts = [(name, _part(value, name in request.files, files)) for name, value in _fields(body)]
        return {"headers": headers, "files": parts}
    headers.setdefault("content-type", "application/json")
    return {"headers": headers, "content": msgspec.json.encode(body)}


def _fields(body: Any) -> Iterator[tuple[str, Any]]:
    for name, value in body.items():
        yield from ((name, item) for item in (value if isinstance(value, list) else [value]))


def _part(
    value: Any, is_file: bool, files: ExitStack
) -> tuple[str | None, str | bytes | BinaryIO, str | None]:
    if isinstance(value, LocalFile):
        return value.name, files.enter_context(value.path.open("rb")), value.mime
    data = read_data_uri(value) if is_file and isinstance(value, str) else None
    if data:
        mime, content = data
        return f"input.{mime.rpartition('/')[2]}", content, mime
    return None, _text(value), None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


async def _chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    while chunk := file.read(256 * 1024):
        yield chunk


LARGEST_MESSAGE = 1_000_000  # bytes


async def listen(clients: HTTPClients, request: Request, url: str) -> HTTPResponse:
    """The JSON messages that come while the request is patient, up to one that is enough, as an answer's body."""
    heard: list[JSON] = []
    with suppress(aiohttp.ClientError, OSError, TimeoutError):
        async with (
            asyncio.timeout(request.patience),
            clients.session() as session,
            session.ws_connect(url, max_msg_size=LARGEST_MESSAGE) as socket,
        ):
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    continue
                with suppress(msgspec.DecodeError, RecursionError):
                    heard.append(msgspec.json.decode(message.data))
                if heard and request.enough and request.enough(heard[-1]):
                    break
    return HTTPResponse(200, {}, heard)


Outcome = TypeVar("Outcome")


class HTTPClient:
    """`key` is asked for with each request, so that it may change under a job.  Nothing here raises for silence."""

    def __init__(
        self, description: ProviderDescription, origin: str, key: Callable[[], str], clients: HTTPClients
    ) -> None:
        self.description = description
        self.origin = origin.rstrip("/")
        self.origins = (
            self.origin,
            description.base,
        )  # behind an override, links may still name the company's own
        self.clients = clients
        self.key = key

    async def run(self, steps: Generator[Request, HTTPResponse, Outcome]) -> Outcome | NoResponse:
        """Carry an exchange out, up to its end or the first silence."""
        try:
            request = next(steps)
            while True:
                answer = await self.ask(request)
                if isinstance(answer, NoResponse):
                    return answer
                request = steps.send(answer)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        finally:
            steps.close()

    async def ask(self, request: Request) -> HTTPResponse | NoResponse:
        """One request: with the key to the company's own hosts, without it to an address that an answer gave."""
        link = relative(request.url, self.origins)
        if link is None:
            return NoResponse(
                "an address in the answer is neither at the provider's origin nor https", sent=False
            )
        if request.method == LISTEN:
            return await listen(self.clients, request, absolute(link, self.origin))
        if link.startswith("/"):
            return await send(
                self.clients.direct, self.keyed(request), absolute(link, self.origin), self.key()
            )
        if request.given:
            return await send(self.clients.guarded, request, link, self.key())
        return await send(self.clients.direct, self.keyed(request), self._stand_in(link), self.key())

    async def submit(self, request: Request) -> HTTPResponse | NoResponse:
        """The one request that may cost money: on a fresh connection."""
        async with self.clients.fresh() as client:
            return await send(client, self.keyed(request), absolute(request.url, self.origin), self.key())

    def keyed(self, request: Request) -> Request:
        """The request with the key; a call that brings its own authorisation keeps that."""
        auth, key = self.description.auth, self.key()
        if auth is None or not key:
            return request
        signed = SIGNERS[auth.sign](key, time.time()) if auth.sign else key
        value = auth.value.replace("{key}", signed)
        if auth.query:
            return structs.replace(request, query={auth.query: value, **request.query})
        own = {name.lower(): text for name, text in request.headers.items()}
        return structs.replace(request, headers={auth.header.lower(): value, **own})

    def _stand_in(self, url: str) -> str:
        """Another of the company's own hosts; behind an override the one origin stands for all of them."""
        if self.origin == self.description.base:
            return url
        parts = urlsplit(url)
        return absolute(f"{parts.path}?{parts.query}" if parts.query else parts.path, self.origin)
