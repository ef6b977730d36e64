"""One request over HTTP and its answer; or the silence that was met instead, and whether a byte had left by then."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Any, BinaryIO, Final, cast

import httpx
import msgspec
from msgspec import UNSET, Struct, structs

from providers.answer import Answer
from providers.data_uri import read_data_uri
from providers.order import LocalFile
from providers.request import Request
from providers.unpack import unpacked

LARGEST_ANSWER: Final = 16_000_000  # bytes of JSON; videos are fetched, not answered
LONGEST: Final = 120.0  # seconds for a request that carries no file
LONGEST_UPLOAD: Final = 1800.0
LONGEST_DETAIL: Final = 200  # characters of a library's message


class Silence(Struct, frozen=True):
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


async def send(client: httpx.AsyncClient, request: Request, url: str, key: str) -> Answer | Silence:
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
        return Silence(secrets.scrub(in_words(error)), sent)


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


async def _exchange(client: httpx.AsyncClient, outgoing: httpx.Request, secrets: Secrets) -> Answer:
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
    answer = Answer.read(response.status_code, headers, secrets.scrub_bytes(bytes(content)))
    return _unescaped(answer, secrets) if b"\\" in content else answer


def _unescaped(answer: Answer, secrets: Secrets) -> Answer:
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
