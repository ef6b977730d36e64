"""The door of the web server: which Host and Origin may come in, the headers on every answer, the CSRF tokens."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import msgspec
from litestar.config.csrf import CSRFConfig

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

MAX_REQUEST = 2_000_000
"""Bytes of a request that carries text only."""
MAX_UPLOAD_REQUEST = 540_000_000
"""Bytes of a request that carries files: a little over what `Uploads` takes, so that its sentence is the one seen."""

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
STREAMED = ("/media/", "/video/uploads/")
"""Paths that answer HEAD themselves, without reading the file."""

Outward = Callable[[Any], Awaitable[None]]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_TO_CSRF = ["^/api/", "^/schema", "^/healthz$", "^/readyz$", "^/static/", "^/media/"]

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

# Referrer-Policy is not `no-referrer`: with that, browsers post forms with `Origin: null`.
# Pages are `no-cache` rather than `no-store`: the back button then still finds what was typed.
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cache-control", b"private, no-cache"),
)


class Refusal(msgspec.Struct, frozen=True):
    """Why a request is turned away before any of our code sees it."""

    status: int
    error_class: str
    message: str


def allowed_hosts(host: str, public_url: str) -> frozenset[str]:
    """The host names (without port) by which this server may be called.

    Any port is fine: a name that another site could rebind is what must not pass, and people reach a
    server through forwarded ports (`ssh -L`). Which origin asks is checked against the Host, port included.
    """
    bound = f"[{host}]" if ":" in host else host
    public = urlsplit(public_url).hostname if public_url else None
    return frozenset({*LOOPBACK_NAMES, bound.lower(), *([_bracketed(public)] if public else [])})


def judge(method: str, headers: dict[bytes, bytes], hosts: frozenset[str]) -> Refusal | None:
    """What is wrong with where a request came from, or None.

    `headers` has lower-case names. A request without Origin and Sec-Fetch-Site comes from a program, not from
    a page, and passes: CSRF tokens guard the forms beside this.
    """
    host = headers.get(b"host", b"").decode("latin-1").lower()
    if _host_name(host) not in hosts:
        named = " or ".join(sorted(hosts))
        return Refusal(421, "wrong_host", f"This server is not {host or 'without a name'}: call it {named}.")
    if method in SAFE_METHODS:
        return None
    origin = headers.get(b"origin")
    if origin is not None and urlsplit(origin.decode("latin-1").lower()).netloc != host:
        return Refusal(
            403, "wrong_origin", "Another site sent this, so nothing was done: use Shotlist's own page."
        )
    if headers.get(b"sec-fetch-site", b"none") not in (b"same-origin", b"none"):
        return Refusal(
            403, "wrong_origin", "Another site sent this, so nothing was done: use Shotlist's own page."
        )
    return None


def guarded(app: "ASGIApp", hosts: frozenset[str]) -> "ASGIApp":
    """The application behind the door: strangers refused, our headers on every answer, the refusals too."""

    async def door(scope: "Scope", receive: "Receive", send: "Send") -> None:
        headers = dict(scope["headers"])
        outward = with_headers(send)
        if refusal := judge(str(scope.get("method", "GET")), headers, hosts):
            await _refuse(refusal, outward)
            return
        if scope.get("method") == "HEAD" and not scope["path"].startswith(STREAMED):
            scope, outward = cast("Scope", {**scope, "method": "GET"}), without_body(outward)
        await app(scope, receive, cast("Send", outward))

    return door


def without_body(send: Outward) -> Outward:
    """`send` that leaves out the content: HEAD is GET without it."""

    async def outward(message: "Message") -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return outward


def with_headers(send: Outward) -> Outward:
    """`send` that adds each of our headers to a response which does not set it itself."""

    async def outward(message: "Message") -> None:
        if message["type"] == "http.response.start":
            message["headers"] = list(_completed(message["headers"]))
        await send(message)

    return outward


def csrf_config(secret: str) -> CSRFConfig:
    """Tokens for the forms: field `_csrf_token`, header `x-csrftoken`.

    The cookie's name carries a hash of the secret: a cookie made with another secret, or by another program on
    this host (cookies ignore ports), would otherwise be kept for ever and refuse every form.
    """
    mark = hashlib.sha256(b"csrf cookie name" + secret.encode()).hexdigest()[:8]
    return CSRFConfig(
        secret=secret,
        cookie_name=f"shotlist_csrf_{mark}",
        cookie_httponly=True,
        cookie_samesite="lax",
        exclude=OPEN_TO_CSRF,
    )


async def owner() -> str:
    """Whose jobs and files a request is about: until there are accounts, everyone here is the one local owner."""
    return "local"


def _completed(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    present = {name.lower() for name, _ in headers}
    yield from headers
    yield from (pair for pair in HEADERS if pair[0] not in present)


def _host_name(host: str) -> str:
    name, bracket, _ = host.partition("]")
    return name + bracket if bracket else host.rpartition(":")[0] or host


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def _refuse(refusal: Refusal, send: Outward) -> None:
    body = msgspec.json.encode({"error": {"class": refusal.error_class, "message": refusal.message}})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
