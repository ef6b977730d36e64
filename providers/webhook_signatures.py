"""What providers send us by themselves: whom it is from, which job it is about, and nothing that it claims.

A message is only ever a reason to look. It is believed to be the provider's by its signature, or, where nothing is
signed, by the secret of the job in the address that was registered.

Verifying: whether a message that says it comes from a provider does.

A verifier gets the message, the keys that may have signed it, and the time, and answers Genuine with a mark that no
other message bears (to know a replay by), or Forged with the reason.  Every comparison takes constant time.
"""

import hmac
import time
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Final, TypeAlias
from urllib.parse import urlencode, urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from models.spec.values import JSON
from providers.client.provider_client import ProviderClient
from providers.client.requests import build
from providers.client.responses import HTTPResponse
from providers.description.pointers import find, find_any, first_text
from providers.description.schema import ProviderDescription, Webhook

WINDOW: Final = 300.0  # seconds that a message may be old, or ahead of our clock
LONGEST_STAMP: Final = 15  # digits; what is longer is no time, and too much for a float


class Notice(Struct, frozen=True):
    """A message as it arrived: header names in lower case, `url` as it was registered, the body untouched."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"


class Genuine(Struct, frozen=True):
    """It is the provider's own; `mark` is "" where nothing tells one message from the next."""

    mark: str = ""


class Forged(Struct, frozen=True):
    """It is not, or too old, or cannot be told."""

    why: str


Verdict: TypeAlias = Genuine | Forged
Verifier: TypeAlias = Callable[[Notice, Sequence[str], float], Verdict]


def unsigned(_: Notice, __: Sequence[str], ___: float) -> Verdict:
    """For providers that sign nothing: the secret in the address was all there is to check."""
    return Genuine()


def standard_webhooks(notice: Notice, keys: Sequence[str], now: float) -> Verdict:
    """HMAC-SHA256 over "id.timestamp.body"; any of the listed signatures, by any of the keys (they rotate)."""
    number, stamp = notice.headers.get("webhook-id", ""), notice.headers.get("webhook-timestamp", "")
    if stale := _stale(stamp, now):
        return Forged(stale)
    content = f"{number}.{stamp}.".encode() + notice.body
    given = [
        signature.removeprefix("v1,").encode()
        for signature in notice.headers.get("webhook-signature", "").split()
        if signature.startswith("v1,")
    ]
    for key in keys:
        made = b64encode(hmac.digest(_standard_key(key), content, "sha256"))
        if any(hmac.compare_digest(made, signature) for signature in given):
            return Genuine(f"{number}.{stamp}")
    return Forged("its signature is not the provider's")


def _standard_key(key: str) -> bytes:
    try:
        return b64decode(key.removeprefix("whsec_"), validate=True)
    except ValueError:
        return key.encode()


def fal_ed25519(notice: Notice, keys: Sequence[str], now: float) -> Verdict:
    """Ed25519 over request id, user id, timestamp and the body's hash; `keys` are public, in base64url."""
    names = ("request-id", "user-id", "timestamp", "signature")
    number, user, stamp, signature = (notice.headers.get(f"x-fal-webhook-{name}", "") for name in names)
    if stale := _stale(stamp, now):
        return Forged(stale)
    signed = "\n".join((number, user, stamp, sha256(notice.body).hexdigest())).encode()
    for key in keys:
        try:
            public = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(f"{key}{'=' * (-len(key) % 4)}"))
            public.verify(bytes.fromhex(signature), signed)
        except (ValueError, InvalidSignature):
            continue
        return Genuine(signature.lower())
    return Forged("its signature is not the provider's")


def vidu_hmac(notice: Notice, keys: Sequence[str], now: float) -> Verdict:
    """HMAC-SHA256 by the API key over address, date and nonce; the body is not covered."""
    date, nonce = notice.headers.get("date", ""), notice.headers.get("x-request-nonce", "")
    if stale := _stale(_unix(date), now):
        return Forged(stale)
    parts = urlsplit(notice.url)
    query = "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    lines = (
        notice.method,
        parts.path or "/",
        query,
        "vidu",
        f"{date}",
        f"Date:{date}",
        f"x-request-nonce:{nonce}",
    )
    content = "".join(f"{client}\n" for client in lines).encode()
    given = notice.headers.get("x-hmac-signature", "").encode()
    for key in keys:
        if hmac.compare_digest(b64encode(hmac.digest(key.encode(), content, "sha256")), given):
            return Genuine(f"{date}.{nonce}")
    return Forged("its signature is not the provider's")


def _unix(date: str) -> str:
    try:
        return str(int(parsedate_to_datetime(date).timestamp()))
    except (ValueError, OverflowError):
        return ""


def _stale(stamp: str, now: float) -> str | None:
    """Why a time (Unix seconds, as text) is none to be accepted."""
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= LONGEST_STAMP):
        return "it does not say when it was sent"
    return None if abs(now - int(stamp)) <= WINDOW else "it was sent too long ago, or its clock is wrong"


VERIFIERS: Final[Mapping[str, Verifier]] = {
    "none": unsigned,
    "standard-webhooks": standard_webhooks,
    "fal-ed25519": fal_ed25519,
    "vidu-hmac": vidu_hmac,
}


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

    def address(self, description: ProviderDescription, job_id: str) -> str | None:
        """Where the provider is to report about this job; None without a public address or a way to tell it."""
        if not self._public_url or description.webhook is None:
            return None
        url = f"{self._public_url}{PATH}/{description.name}/{job_id}"
        if description.webhook.verify == "none":
            url += f"?{urlencode({'token': self.token(description.name, job_id)})}"
        return url

    def token(self, provider: str, job_id: str) -> str:
        """The secret of one job, for providers that sign nothing."""
        made = hmac.digest(self._secret, f"webhook {provider} {job_id}".encode(), "sha256")
        return urlsafe_b64encode(made[:24]).decode("ascii")

    async def hear(
        self,
        client: ProviderClient,
        job_id: str | None,
        *,
        token: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Hearing:
        """What to make of a message that came for a job, or (None) for a whole account.

        `token` is that of the query, header names are in lower case, and the body is as it arrived.
        """
        webhook, description = client.description.webhook, client.description
        if webhook is None:
            return Unheard(f"{description.display_name} is not known to send anything")
        if webhook.verify == "none" and not (job_id and self._has_token(description.name, job_id, token)):
            return Unheard("the secret in the address is not that of this job")
        url = (
            self.address(description, job_id) if job_id else None
        ) or f"{self._public_url}{PATH}/{description.name}"
        if why := await self._doubt(client, webhook, Notice(url, headers, body)):
            return Unheard(why)
        return _told(webhook, body)

    def _has_token(self, provider: str, job_id: str, token: str) -> bool:
        return hmac.compare_digest(self.token(provider, job_id).encode(), token.encode())

    async def _doubt(self, client: ProviderClient, webhook: Webhook, notice: Notice) -> str | None:
        """Why the message is not believed: forged, stale, or heard before."""
        now, verify = self._clock(), VERIFIERS[webhook.verify]
        verdict = verify(notice, await self._keys_of(client, webhook, KEYS_LAST), now)
        if isinstance(verdict, Forged) and webhook.fetch:  # the provider may have changed its keys
            verdict = verify(notice, await self._keys_of(client, webhook, KEYS_AT_LEAST), now)
        if isinstance(verdict, Forged):
            return verdict.why
        self._seen = {mark: until for mark, until in self._seen.items() if until > now}
        mark = f"{client.description.name} {verdict.mark}"
        if verdict.mark and mark in self._seen:
            return "it was heard before"
        if verdict.mark:
            self._seen[mark] = now + 2 * WINDOW
        return None

    async def _keys_of(self, client: ProviderClient, webhook: Webhook, last: float) -> tuple[str, ...]:
        """The keys that may have signed it, asked for anew when they are older than `last` seconds."""
        if webhook.fetch is None:
            return client.webhook_keys()
        place, now = (client.description.name, client.origin), self._clock()
        since, keys = self._keys.get(place, (float("-inf"), ()))
        if now - since > last:
            request = build(client.description, webhook.fetch, {})
            answer = await client.caller.ask(request) if request else None
            document = answer.document if isinstance(answer, HTTPResponse) and answer.status < 300 else None
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
