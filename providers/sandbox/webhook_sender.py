"""Signs webhooks as the services do: Standard Webhooks (HMAC), and fal's Ed25519 over four lines.

Delivers webhooks to addresses on this machine: when a job starts or is over, and again if nobody took them.

Ed25519 signing as RFC 8032 (section 5.1) defines it, in plain integers: some milliseconds for each signature.

Not hardened against timing: it guards nothing but pretended webhooks.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import http.client
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from providers.sandbox.service import Letter, Sandbox, Wire
from providers.sandbox.store import Job, Store
from providers.sandbox.timeline import ends_at

LOOPBACK = ("localhost", "127.0.0.1", "::1")
TRIES = 5
FIRST_PAUSE = 0.5
PATIENCE = 10.0
LATE = 1.0


class Courier:
    """One loop over the jobs whose webhook is still to be told, so that a restart tells what was left."""

    def __init__(self, sandbox: Sandbox, wires: Mapping[str, Wire]) -> None:
        self._sandbox = sandbox
        self._wires = wires
        self._wake = asyncio.Event()
        self._on_the_way: dict[tuple[str, str], asyncio.Task[None]] = {}

    def wake(self) -> None:
        """A job was accepted or canceled: look again."""
        self._wake.set()

    async def run(self) -> None:
        """Sends each letter when it is due, until cancelled."""
        try:
            while True:
                self._wake.clear()
                pause = self._send_due(self._sandbox.clock())
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), pause)
        finally:
            for task in self._on_the_way.values():
                task.cancel()

    def _send_due(self, now: float) -> float | None:
        """Starts what is due and tells how many seconds there are until the next; None when none is known."""
        later = []
        for job in self._sandbox.store.untold():
            for event, when in events_of(job):
                if (job.id, event) in self._on_the_way:
                    continue
                if when <= now:
                    self._on_the_way[job.id, event] = asyncio.ensure_future(self._tell(job, event))
                else:
                    later.append(when - now)
        return min(later, default=None)

    async def _tell(self, job: Job, event: str) -> None:
        write = self._wires[job.provider].letter
        letter = await write(self._sandbox, job, event) if write else None
        if letter and event == "start" and "reordered_webhook" in job.facts.faults:
            await self._wait_for_the_end(job)
        for _ in range(2 if "duplicate_webhook" in job.facts.faults else 1):
            if letter:
                await self._deliver(job, letter)
        if event == events_of(job)[-1][0]:
            self._sandbox.store.told(job.id, self._sandbox.clock())

    async def _deliver(self, job: Job, letter: Letter) -> None:
        for attempt in range(TRIES):
            if await asyncio.to_thread(post, job.facts.webhook or "", letter):
                return
            await asyncio.sleep(FIRST_PAUSE * 2**attempt / self._sandbox.speed)

    async def _wait_for_the_end(self, job: Job) -> None:
        now: Job | None = job
        while now and (
            (end := ends_at(now)) is None or self._sandbox.clock() < end + LATE / self._sandbox.speed
        ):
            await asyncio.sleep(LATE / self._sandbox.speed / 4)
            now = self._sandbox.store.job(job.provider, job.id)


def events_of(job: Job) -> list[tuple[str, float]]:
    """The events that the caller wants to hear of, as far as their time is known, in order."""
    ends, starts = ends_at(job), job.created_at + job.facts.queue_seconds
    known = [("start", starts)] if ends is None or starts < ends else []
    known += [] if ends is None else [("completed", ends)]
    return [(event, when) for event, when in known if event in job.facts.events]


def post(address: str, letter: Letter) -> bool:
    """Whether the letter was taken (2xx), or can never be: the sandbox writes to loopback addresses only."""
    return not is_near(address) or answer_to(address, letter) is not None


def is_near(address: str) -> bool:
    """Whether an address is on this machine, over plain http."""
    parts = urlsplit(address)
    return parts.scheme == "http" and parts.hostname in LOOPBACK


def answer_to(address: str, letter: Letter, patience: float = PATIENCE) -> bytes | None:
    """What was answered with 2xx; None when it was not within `patience` seconds."""
    parts = urlsplit(address)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=patience)
    with contextlib.closing(line):
        try:
            headers = {"content-type": "application/json", **letter.headers}
            line.request("POST", path or "/", body=letter.body, headers=headers)
            answer = line.getresponse()
            return answer.read() if 200 <= answer.status < 300 else None
        except (OSError, http.client.HTTPException):
            return None


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
    return Ed25519PrivateKey.from_private_bytes(seed).sign("\n".join(lines).encode()).hex()


def fal_keys(store: Store) -> dict[str, Any]:
    """The JWKS that verifies `fal_headers`."""
    key = {
        "kty": "OKP",
        "crv": "Ed25519",
        "kid": "sandbox",
        "use": "sig",
        "x": fal_public_key(_fal_seed(store)),
    }
    return {"keys": [key]}


def fal_public_key(seed: bytes) -> str:
    """What verifies the signatures made with `seed` (32 bytes), in base64url without padding."""
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return base64.urlsafe_b64encode(public).decode().rstrip("=")


def _fal_seed(store: Store) -> bytes:
    return store.kept("fal-ed25519", secrets.token_bytes(32))


def vidu_signature(key: str, path: str, query: str, date: str, nonce: str) -> str:
    """The base64 of the HMAC-SHA256 over method, path, sorted query, name, date and nonce, one a line."""
    asked = "&".join(sorted(query.split("&")))
    lines = ("POST", path, asked, "vidu", date, f"Date:{date}", f"x-request-nonce:{nonce}", "")
    return base64.b64encode(hmac.digest(key.encode(), "\n".join(lines).encode(), "sha256")).decode()
