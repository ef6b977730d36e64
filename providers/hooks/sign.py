"""Signing: what stands in a request where the key would."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import msgspec

Signer: TypeAlias = Callable[[str, float], str]  # the key and the time (Unix seconds) → what is sent


def kling_jwt(key: str, now: float) -> str:
    """A token of half an hour for a key "access:secret" (HS256); a key of one part is sent as it is."""
    access, colon, secret = key.partition(":")
    if not colon:
        return key
    claims = {"iss": access, "exp": int(now) + 1800, "nbf": int(now) - 5}
    signed = b".".join(_part(msgspec.json.encode(part)) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return b".".join((signed, _part(hmac.digest(secret.encode(), signed, "sha256")))).decode("ascii")


def _part(content: bytes) -> bytes:
    return urlsafe_b64encode(content).rstrip(b"=")


SIGNERS: Final[Mapping[str, Signer]] = {"kling-jwt": kling_jwt}
