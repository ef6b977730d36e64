"""Asking one company at one origin: the key goes along to its own hosts and nowhere else."""

import time
from collections.abc import Callable, Generator
from typing import TypeVar
from urllib.parse import urlsplit

from msgspec import structs

from providers.answer import Answer
from providers.clients import Clients
from providers.hooks.sign import SIGNERS
from providers.links import absolute, relative
from providers.listening import listen
from providers.request import LISTEN, Request
from providers.send import Silence, send
from providers.wire import Wire

Outcome = TypeVar("Outcome")


class Caller:
    """`key` is asked for with each request, so that it may change under a job.  Nothing here raises for silence."""

    def __init__(self, wire: Wire, origin: str, key: Callable[[], str], clients: Clients) -> None:
        self.wire = wire
        self.origin = origin.rstrip("/")
        self.origins = (self.origin, wire.base)  # behind an override, links may still name the company's own
        self.clients = clients
        self.key = key

    async def run(self, steps: Generator[Request, Answer, Outcome]) -> Outcome | Silence:
        """Carry an exchange out, up to its end or the first silence."""
        try:
            request = next(steps)
            while True:
                answer = await self.ask(request)
                if isinstance(answer, Silence):
                    return answer
                request = steps.send(answer)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        finally:
            steps.close()

    async def ask(self, request: Request) -> Answer | Silence:
        """One request: with the key to the company's own hosts, without it to an address that an answer gave."""
        link = relative(request.url, self.origins)
        if link is None:
            return Silence(
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

    async def order(self, request: Request) -> Answer | Silence:
        """The one request that may cost money: on a fresh connection."""
        async with self.clients.fresh() as client:
            return await send(client, self.keyed(request), absolute(request.url, self.origin), self.key())

    def keyed(self, request: Request) -> Request:
        """The request with the key; a call that brings its own authorisation keeps that."""
        auth, key = self.wire.auth, self.key()
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
        if self.origin == self.wire.base:
            return url
        parts = urlsplit(url)
        return absolute(f"{parts.path}?{parts.query}" if parts.query else parts.path, self.origin)
