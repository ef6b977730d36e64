"""The door of the web server: which Host and Origin may come in, the headers on every answer, the CSRF tokens."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

import httpx
import msgspec
from litestar.config.csrf import CSRFConfig

from providers.hosts import LOOPBACK_NAMES, bracketed, headers_by_name, host_name, is_own_origin

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

MAX_REQUEST = 2_000_000
"""Bytes of a request that carries text only."""
MAX_UPLOAD_REQUEST = 540_000_000
"""Bytes of a request that carries files: a little over what `Uploads` takes, so that its sentence is the one seen."""

OPEN_TO_PUBLIC = (
    (("POST",), re.compile(r"/api/video/webhook/[\w.-]+(?:/[\w-]+)?", re.ASCII)),
    (("GET", "HEAD"), re.compile(r"/inputs/[\w-]+", re.ASCII)),
)
"""All that answers under the public name while there are no accounts: webhooks of providers, and inputs they read."""

FORWARDED_HOST = ("x-forwarded-host", "x-original-host", "x-host")
FORWARDED = frozenset(
    {
        *FORWARDED_HOST,
        *("forwarded", "via", "x-forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"),
        *("x-forwarded-server", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip", "cf-ray"),
    }
)
"""Headers of which a proxy or a tunnel sets one or another, and no browser and no program of ours any."""
_FORWARDED_HOST = re.compile(r"\bhost\s*=\s*\"?([^\";,]*)", re.IGNORECASE)

STREAMED = ("/media/", "/video/uploads/", "/inputs/")
"""Paths that answer HEAD themselves, without reading the file."""

Outward = Callable[[Any], Awaitable[None]]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_TO_CSRF = ["^/api/", "^/schema", "^/healthz$", "^/readyz$", "^/static/", "^/media/", "^/inputs/"]

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


class Names(msgspec.Struct, frozen=True):
    """The host names, without port, by which this server may be called: `local` for everything, `public` for little.

    Any port is fine: a name that another site could rebind is what must not pass, and people reach a server through
    forwarded ports (`ssh -L`). Which origin asks is checked against the Host, port included.
    """

    local: frozenset[str]
    public: str = ""  # "" is none


def allowed_names(host: str, public_url: str) -> Names:
    """`host` is where the server listens. A public address that is a name of this machine is no public one."""
    local = frozenset({*LOOPBACK_NAMES, bracketed(host)})
    public = host_name(bracketed(httpx.URL(public_url).raw_host.decode("ascii"))) if public_url else None
    return Names(local, "" if public is None or public in local else public)


def judge(method: str, path: str, headers: Mapping[str, str], names: Names) -> Refusal | None:
    """What is wrong with where a request came from, or None.

    `headers` has lower-case names. A request without Origin and Sec-Fetch-Site comes from a program, not from
    a page, and passes: CSRF tokens guard the forms beside this.
    """
    host = headers.get("host", "")
    if (name := host_name(host)) is None or name not in {*names.local, names.public}:
        return _unknown(host, names)
    if not path.startswith("/"):  # an address in place of a path may name another host than the header does
        return Refusal(421, "wrong_host", "This server is no proxy: ask it for a path. Nothing was done.")
    if is_public(headers, names):
        if not _is_open(method, path):
            return Refusal(404, "not_found", "There is nothing at this address.")
    elif strange := [name for name in _forwarded_names(headers) if host_name(name) not in names.local]:
        return _unknown(strange[0], names)
    return None if method in SAFE_METHODS else _judge_page(headers)


def is_public(headers: Mapping[str, str], names: Names) -> bool:
    """Whether a request came in by the public name, also where a proxy has put another one in its place."""
    if not names.public:
        return False
    return host_name(headers.get("host", "")) == names.public or not FORWARDED.isdisjoint(headers)


def guarded(app: "ASGIApp", names: Names) -> "ASGIApp":
    """The application behind the door: strangers refused, our headers on every answer, the refusals too."""

    async def door(scope: "Scope", receive: "Receive", send: "Send") -> None:
        headers = headers_by_name(scope["headers"])
        outward = with_headers(send)
        if refusal := judge(str(scope.get("method", "GET")), scope["path"], headers, names):
            await _refuse(refusal, outward)
            return
        if is_public(headers, names):  # for programs: no pages of ours, not even those that tell an error
            plain = [pair for pair in scope["headers"] if pair[0].lower() != b"accept"]
            scope = cast("Scope", {**scope, "headers": plain})
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


def _unknown(host: str, names: Names) -> Refusal:
    called, known = host[:100] or "without a name", " or ".join(sorted(names.local))
    return Refusal(421, "wrong_host", f"This server is not {called}: call it {known}.")


def _forwarded_names(headers: Mapping[str, str]) -> list[str]:
    """The names by which a proxy was called, as it tells them."""
    told = [name.strip() for header in FORWARDED_HOST for name in headers.get(header, "").split(",")]
    told += [name.strip() for name in _FORWARDED_HOST.findall(headers.get("forwarded", ""))]
    return [name for name in told if name]


def _is_open(method: str, path: str) -> bool:
    return any(method in methods and pattern.fullmatch(path) for methods, pattern in OPEN_TO_PUBLIC)


def _judge_page(headers: Mapping[str, str]) -> Refusal | None:
    """Whether the page that sends this is ours, as far as the browser tells."""
    origin = headers.get("origin")
    strange = origin is not None and not is_own_origin(origin, headers.get("host", ""))
    if strange or headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return Refusal(
            403, "wrong_origin", "Another site sent this, so nothing was done: use Shotlist's own page."
        )
    return None


async def _refuse(refusal: Refusal, send: Outward) -> None:
    body = msgspec.json.encode({"error": {"class": refusal.error_class, "message": refusal.message}})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
