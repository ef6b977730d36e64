"""Provider keys that people set on the page: kept encrypted in the database, known to every process within seconds."""

import asyncio
import base64
import hmac
import logging
import time
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct

from providers.outcomes import KeyCheck
from tasks.database.database import Database
from tasks.errors import DatabaseAway

log = logging.getLogger("shotlist.keys")

FRESH: Final = 2.0  # seconds that a process may go on with the keys it has read
PATIENCE: Final = 1.0  # seconds that reading them may take
LONGEST: Final = 4096  # characters
READ: Final = "SELECT provider, sealed FROM provider_key"
STORE: Final = (
    "INSERT INTO provider_key (provider, sealed, stored_at) VALUES ({}, {}, {}) ON CONFLICT (provider) "
    "DO UPDATE SET sealed = excluded.sealed, stored_at = excluded.stored_at"
)
REMOVE: Final = "DELETE FROM provider_key WHERE provider = {}"


class BadKey(Struct, frozen=True):
    """A key that was not stored, and why."""

    sentence: str


class UnreadableKey(Struct, frozen=True):
    """A key that was stored under another secret, or was changed since."""

    sentence: str = (
        "A key is stored, but it was encrypted with another secret, so it cannot be read and is not used. "
        "Set it again here, or start Shotlist with the secret that it was stored with (SHOTLIST_SECRET, the same for "
        "every process)."
    )


class ProviderKeys:
    """The stored keys. `get` reads a snapshot, which `refresh` renews; what is set here is in it at once.

    Each provider's key has an encryption key of its own, so that a row moved to another provider is unreadable.
    """

    def __init__(self, database: Database, secret: str) -> None:
        self._database = database
        self._secret = secret.encode()
        self._reading = asyncio.Lock()
        self._read_at = float("-inf")
        self._sealed: dict[str, str] = {}
        self._held: dict[str, str | UnreadableKey] = {}

    def get(self, provider: str) -> str:
        """The stored key; "" where there is none that can be read."""
        held = self._held.get(provider, "")
        return held if isinstance(held, str) else ""

    def state(self, provider: str) -> str | UnreadableKey | None:
        """The stored key, why it cannot be read, or None where none is stored."""
        return self._held.get(provider)

    def names(self) -> tuple[str, ...]:
        """The providers for which a key is stored, readable or not."""
        return tuple(sorted(self._held))

    async def refresh(self, max_age: float = FRESH) -> None:
        """Read the keys anew if the snapshot is older than `max_age` seconds; while no database answers it stays."""
        if time.monotonic() - self._read_at < max_age:
            return
        async with self._reading:
            self._read_at = time.monotonic()
            try:
                async with asyncio.timeout(PATIENCE):
                    rows = await self._database.rows(READ)
            except (DatabaseAway, TimeoutError) as error:
                log.warning("the stored keys could not be read (%s); going on with those known", error)
                return
            self._take({row["provider"]: row["sealed"] for row in rows})

    async def set(self, provider: str, key: str) -> BadKey | None:
        """Store the key, or replace the one there is; None when that is done, and survives a power cut.

        `DatabaseAway` where it cannot be.
        """
        key = key.strip()
        if bad := _bad(key):
            return bad
        sealed = self._box(provider).encrypt(key.encode()).decode()
        await self._database.write_all((STORE, (provider, sealed, time.time())), durable=True)
        log.info("a key for %s was stored", provider)
        await self.refresh(0)
        return None

    async def remove(self, provider: str) -> None:
        """Forget the key: it does not come back with a power cut. Nothing happens where there is none."""
        await self._database.write_all((REMOVE, (provider,)), durable=True)
        log.info("the stored key for %s was removed", provider)
        await self.refresh(0)

    async def note_check(self, provider: str, key: str, check: KeyCheck) -> None:
        """Keep what the provider said of this key; the row tells nothing of the key itself."""
        await self._database.rows(
            "INSERT INTO key_check (provider, mark, state, why, checked_at) VALUES ({}, {}, {}, {}, {}) "
            "ON CONFLICT (provider) DO UPDATE SET mark = excluded.mark, state = excluded.state, "
            "why = excluded.why, checked_at = excluded.checked_at",
            provider,
            self._mark(provider, key),
            check.state,
            (check.why.replace(key, "[key]") if key else check.why)[:500],
            time.time(),
        )

    async def last_check(self, provider: str, key: str) -> KeyCheck | None:
        """What the provider last said of just this key."""
        rows = await self._database.rows(
            "SELECT state, why FROM key_check WHERE provider = {} AND mark = {}",
            provider,
            self._mark(provider, key),
        )
        return KeyCheck(rows[0]["state"], rows[0]["why"]) if rows else None

    def _take(self, sealed: dict[str, str]) -> None:
        """Open only what is new: most reads find what they found before."""
        for provider, text in sealed.items():
            if self._sealed.get(provider) != text:
                self._held[provider] = self._open(provider, text)
        self._held = {provider: self._held[provider] for provider in sealed}
        self._sealed = sealed

    def _open(self, provider: str, text: str) -> str | UnreadableKey:
        try:
            return self._box(provider).decrypt(text.encode()).decode()
        except (InvalidToken, UnicodeError):
            log.error("the stored key for %s was encrypted with another secret and is not used", provider)
            return UnreadableKey()

    def _box(self, provider: str) -> Fernet:
        made = HKDF(SHA256(), 32, salt=None, info=f"shotlist provider key {provider}".encode())
        return Fernet(base64.urlsafe_b64encode(made.derive(self._secret)))

    def _mark(self, provider: str, key: str) -> str:
        return hmac.digest(self._secret, f"checked key {provider} {key}".encode(), "sha256").hex()


def ending(key: str) -> str:
    """The last four characters, by which people know a key again; "" of one so short that they would give it away."""
    return key[-4:] if len(key) >= 16 else ""


def _bad(key: str) -> BadKey | None:
    if not key:
        return BadKey("Nothing was typed, so nothing was changed: paste the key here.")
    if len(key) > LONGEST or not key.isascii() or not key.isprintable() or " " in key:
        return BadKey(
            "This is not a key: it holds a space, a line break or a letter that no key has, or is too long. "
            "Nothing was changed: copy the key alone, and paste it here."
        )
    return None
