"""Signs webhooks as the services do: Standard Webhooks (HMAC), and fal's Ed25519 over four lines."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Any

from providers.sandbox import ed25519
from providers.sandbox.store import Store

FAL_USER = "sandbox|user"


def account_of(store: Store, authorization: str) -> str:
    """The account of a key: any key is one, and only who has it learns what signs the messages about its jobs.

    A mark from which the key cannot be found, so that it may stand in a job.
    """
    key = authorization.rpartition(" ")[2]
    return hmac.digest(_root(store), f"account {key}".encode(), "sha256").hex()


def standard_secret(store: Store, account: str) -> str:
    """An account's `whsec_…`, the same after a restart."""
    key = hmac.digest(_root(store), f"webhooks of {account}".encode(), "sha256")[:24]
    return "whsec_" + base64.b64encode(key).decode()


def standard_headers(store: Store, account: str, body: bytes) -> Mapping[str, str]:
    """Id, time and signature of one message to an account."""
    message_id, stamp = f"msg_{secrets.token_hex(12)}", str(int(time.time()))
    signature = standard_signature(standard_secret(store, account), message_id, stamp, body)
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signature}


def standard_signature(secret: str, message_id: str, stamp: str, body: bytes) -> str:
    """`v1,` and the base64 of the HMAC-SHA256 over id, time and body, joined by dots."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{message_id}.{stamp}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(digest).decode()


def _root(store: Store) -> bytes:
    return store.kept("standard-webhooks", secrets.token_bytes(32))


def fal_headers(store: Store, request_id: str, body: bytes) -> Mapping[str, str]:
    """Request id, user id, time and signature of one message."""
    stamp = str(int(time.time()))
    return {
        "x-fal-webhook-request-id": request_id,
        "x-fal-webhook-user-id": FAL_USER,
        "x-fal-webhook-timestamp": stamp,
        "x-fal-webhook-signature": fal_signature(_fal_seed(store), request_id, FAL_USER, stamp, body),
    }


def fal_signature(seed: bytes, request_id: str, user_id: str, stamp: str, body: bytes) -> str:
    """The Ed25519 signature in hex over id, user, time and the body's SHA-256, one a line."""
    lines = (request_id, user_id, stamp, hashlib.sha256(body).hexdigest())
    return ed25519.sign(seed, "\n".join(lines).encode()).hex()


def fal_keys(store: Store) -> dict[str, Any]:
    """The JWKS that verifies `fal_headers`."""
    x = base64.urlsafe_b64encode(ed25519.public_key(_fal_seed(store))).decode().rstrip("=")
    return {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "sandbox", "use": "sig", "x": x}]}


def _fal_seed(store: Store) -> bytes:
    return store.kept("fal-ed25519", secrets.token_bytes(32))


def vidu_signature(key: str, path: str, query: str, date: str, nonce: str) -> str:
    """The base64 of the HMAC-SHA256 over method, path, sorted query, name, date and nonce, one a line."""
    asked = "&".join(sorted(query.split("&")))
    lines = ("POST", path, asked, "vidu", date, f"Date:{date}", f"x-request-nonce:{nonce}", "")
    return base64.b64encode(hmac.digest(key.encode(), "\n".join(lines).encode(), "sha256")).decode()
