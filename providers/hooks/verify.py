"""Verifying: whether a message that says it comes from a provider does.

A verifier gets the message, the keys that may have signed it, and the time, and answers Genuine with a mark that no
other message bears (to know a replay by), or Forged with the reason.  Every comparison takes constant time.
"""

import hmac
from base64 import b64decode, b64encode, urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

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
    content = "".join(f"{line}\n" for line in lines).encode()
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
