"""Everything that a process works with, built once by its root (web or worker) and passed in."""

import hmac
from contextlib import AsyncExitStack

from msgspec import Struct

from models.spec.catalogue import Catalogue
from providers.client.http import Clients
from providers.description.catalogue import Wires
from providers.registry import Lines
from providers.sandbox import SPOKEN
from providers.webhook_signatures import Webhooks
from tasks.database.database import Database, open_database, told_at_start
from tasks.jobs.repository import Jobs
from tasks.provider_keys import Keys
from tasks.settings import Settings, SettingsError, load_secret
from tasks.storage.media import Media
from tasks.storage.store import open_stores
from tasks.storage.uploads import Signed, Uploads
from tasks.worker.queue import Queue
from tasks.worker.timing import Pace


class Parts(Struct, frozen=True, kw_only=True):
    """Built by `build_parts`; whoever built it closes it."""

    settings: Settings
    pace: Pace
    database: Database
    catalogue: Catalogue
    wires: Wires
    clients: Clients
    keys: Keys
    lines: Lines
    webhooks: Webhooks
    signed: Signed
    jobs: Jobs
    uploads: Uploads
    media: Media
    queue: Queue

    async def close(self) -> None:
        """Close every connection; afterwards nothing of this may be used."""
        try:
            await self.queue.close()
            await self.clients.aclose()
        finally:
            await self.database.close()


async def build_parts(
    settings: Settings,
    *,
    queue_url: str,
    sandbox_url: str | None,
    pace: Pace | None = None,
    catalogue: Catalogue | None = None,
) -> Parts:
    """Open the database (migrating it where needed) and make every part; where that fails, nothing stays open.

    `queue_url` is `settings.redis_url`, or that of an `EmbeddedQueue`; a `catalogue` is one that was read already.
    Raises `SettingsError` with one sentence where the database or the storage cannot be used. An unreachable queue is
    no error: the sweep sends hints again.
    """
    secret = load_secret(settings)
    media, uploads = await open_stores(settings)
    async with AsyncExitStack() as undo:
        database = await open_database(settings.database_url)
        undo.push_async_callback(database.close)
        keys = Keys(database, secret)
        with told_at_start():
            await keys.refresh()
        wires, clients = Wires(settings.providers_dirs), Clients()
        undo.push_async_callback(clients.aclose)
        spoken, ours = _spoken(settings), sandbox_key(secret)
        parts = Parts(
            settings=settings,
            pace=pace or Pace(),
            database=database,
            catalogue=catalogue or Catalogue(settings.models_dirs),
            wires=wires,
            clients=clients,
            keys=keys,
            lines=Lines(wires, clients, settings.environ, sandbox_url, keys.get, spoken, ours),
            webhooks=Webhooks(secret, settings.public_url),
            signed=Signed(secret, settings.public_url, settings.address),
            jobs=Jobs(database),
            uploads=Uploads(uploads),
            media=Media(media),
            queue=_queue(queue_url),
        )
        undo.pop_all()
    return parts


def _queue(url: str) -> Queue:
    try:
        return Queue(url)
    except ValueError as error:
        raise SettingsError(f"SHOTLIST_REDIS_URL cannot be used: {error}") from error


def sandbox_key(secret: str) -> str:
    """Our key at the sandbox, the same in every process of this server."""
    return hmac.digest(secret.encode(), b"key of the sandbox", "sha256").hex()


def _spoken(settings: Settings) -> tuple[str, ...] | None:
    """What our own sandbox plays; of one that the operator gives, nobody but they knows."""
    return None if settings.sandbox_url else SPOKEN
