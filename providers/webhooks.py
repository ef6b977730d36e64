"""What providers send us by themselves: whom it is from, which job it is about, and nothing that it claims.

A message is only ever a reason to look. It is believed to be the provider's by its signature, or, where nothing is
signed, by the secret of the job in the address that was registered.
"""

import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from models.spec.values import JSON
from providers.answer import Answer
from providers.hooks.verify import VERIFIERS, WINDOW, Forged, Notice
from providers.line import Line
from providers.pointer import find, find_any, first_text
from providers.request import build
from providers.wire import Webhook, Wire

KEYS_LAST: Final = 3600.0  # seconds before keys that a provider publishes are asked for again
KEYS_AT_LEAST: Final = 30.0  # seconds between two such questions, however many messages do not fit
PATH: Final = "/api/video/webhook"


class Heard(Struct, frozen=True):
    """The message is the provider's: look at its job.  `operation` is the provider's id of it, if it says one."""

    operation: str | None = None


class Challenged(Struct, frozen=True):
    """The provider asks whether the address is ours: answer 200 with `reply` as JSON."""

    reply: dict[str, JSON]


class Unheard(Struct, frozen=True):
    """Answer 401 and change nothing; `why` is for the log."""

    why: str


Hearing: TypeAlias = Heard | Challenged | Unheard


class Webhooks:
    """Addresses to register, and the hearing of what arrives there.  One for each web process.

    `secret` is the server's own, `public_url` where providers reach it ("" if they cannot).  `clock` gives Unix
    seconds.
    """

    def __init__(self, secret: str, public_url: str, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret.encode()
        self._public_url = public_url.rstrip("/")
        self._clock = clock
        self._seen: dict[str, float] = {}
        self._keys: dict[tuple[str, str], tuple[float, tuple[str, ...]]] = {}

    def address(self, wire: Wire, job_id: str) -> str | None:
        """Where the provider is to report about this job; None without a public address or a way to tell it."""
        if not self._public_url or wire.webhook is None:
            return None
        url = f"{self._public_url}{PATH}/{wire.name}/{job_id}"
        if wire.webhook.verify == "none":
            url += f"?{urlencode({'token': self.token(wire.name, job_id)})}"
        return url

    def token(self, provider: str, job_id: str) -> str:
        """The secret of one job, for providers that sign nothing."""
        made = hmac.digest(self._secret, f"webhook {provider} {job_id}".encode(), "sha256")
        return urlsafe_b64encode(made[:24]).decode("ascii")

    async def hear(
        self, line: Line, job_id: str | None, *, token: str, headers: Mapping[str, str], body: bytes
    ) -> Hearing:
        """What to make of a message that came for a job, or (None) for a whole account.

        `token` is that of the query, header names are in lower case, and the body is as it arrived.
        """
        webhook, wire = line.wire.webhook, line.wire
        if webhook is None:
            return Unheard(f"{wire.display_name} is not known to send anything")
        if webhook.verify == "none" and not (job_id and self._has_token(wire.name, job_id, token)):
            return Unheard("the secret in the address is not that of this job")
        url = (self.address(wire, job_id) if job_id else None) or f"{self._public_url}{PATH}/{wire.name}"
        if why := await self._doubt(line, webhook, Notice(url, headers, body)):
            return Unheard(why)
        return _told(webhook, body)

    def _has_token(self, provider: str, job_id: str, token: str) -> bool:
        return hmac.compare_digest(self.token(provider, job_id).encode(), token.encode())

    async def _doubt(self, line: Line, webhook: Webhook, notice: Notice) -> str | None:
        """Why the message is not believed: forged, stale, or heard before."""
        now, verify = self._clock(), VERIFIERS[webhook.verify]
        verdict = verify(notice, await self._keys_of(line, webhook, KEYS_LAST), now)
        if isinstance(verdict, Forged) and webhook.fetch:  # the provider may have changed its keys
            verdict = verify(notice, await self._keys_of(line, webhook, KEYS_AT_LEAST), now)
        if isinstance(verdict, Forged):
            return verdict.why
        self._seen = {mark: until for mark, until in self._seen.items() if until > now}
        mark = f"{line.wire.name} {verdict.mark}"
        if verdict.mark and mark in self._seen:
            return "it was heard before"
        if verdict.mark:
            self._seen[mark] = now + 2 * WINDOW
        return None

    async def _keys_of(self, line: Line, webhook: Webhook, last: float) -> tuple[str, ...]:
        """The keys that may have signed it, asked for anew when they are older than `last` seconds."""
        if webhook.fetch is None:
            return line.webhook_keys()
        place, now = (line.wire.name, line.origin), self._clock()
        since, keys = self._keys.get(place, (float("-inf"), ()))
        if now - since > last:
            request = build(line.wire, webhook.fetch, {})
            answer = await line.caller.ask(request) if request else None
            document = answer.document if isinstance(answer, Answer) and answer.status < 300 else None
            keys = tuple(key for key in find_any(document, webhook.keys) if isinstance(key, str)) or keys
            self._keys[place] = (now, keys)
        return keys


def _told(webhook: Webhook, body: bytes) -> Hearing:
    try:
        document: JSON = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Heard()
    if webhook.challenge:
        for challenge in find(document, webhook.challenge):
            return Challenged({webhook.challenge.rpartition("/")[2]: challenge})
    return Heard(first_text(document, webhook.id) or None)
