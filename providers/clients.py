"""The HTTP clients that all lines share; built and closed by the two roots."""

import ssl

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from providers.addresses import Allowed, Resolve, is_public, resolve
from providers.guarded import GuardedTransport

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


class Clients:
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
        self._context = context or httpx.create_ssl_context()
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

    async def __aenter__(self) -> "Clients":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _client(transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    timeout = httpx.Timeout(connect=10, read=60, write=60, pool=60)
    return httpx.AsyncClient(
        transport=transport, timeout=timeout, follow_redirects=False, trust_env=False, headers=ALWAYS
    )
