"""Everything that a process works with, built once by its root (web or worker) and passed in."""

import hmac
from contextlib import AsyncExitStack

from msgspec import Struct

from models.spec.catalogue import Catalogue
from providers.client.http import HTTPClients
from providers.description.catalogue import DescriptionCatalogue
from providers.registry import ProviderRegistry
from providers.sandbox import SPOKEN
from providers.webhook_signatures import Webhooks
from tasks.database import open_database
from tasks.database.database import Database, told_at_start
from tasks.jobs.repository import JobRepository
from tasks.provider_keys import ProviderKeys
from tasks.settings import Settings, SettingsError, load_secret
from tasks.storage import open_stores
from tasks.storage.media import MediaStorage
from tasks.storage.uploads import SignedURLs, Uploads
from tasks.worker.queue import Queue
from tasks.worker.timing import WorkerTiming


class AppContext(Struct, frozen=True, kw_only=True):
    """Built by `build_parts`; whoever built it closes it."""

    settings: Settings
    timing: WorkerTiming
    database: Database
    catalogue: Catalogue
    descriptions: DescriptionCatalogue
    clients: HTTPClients
    keys: ProviderKeys
    registry: ProviderRegistry
    webhooks: Webhooks
    signed: SignedURLs
    jobs: JobRepository
    uploads: Uploads
    media: MediaStorage
    queue: Queue

    async def close(self) -> None:
        """Close every connection; afterwards nothing of this may be used."""
        try:
            await self.queue.close()
            await self.clients.aclose()
        finally:
            await self.database.close()


async def build_context(
    settings: Settings,
    *,
    queue_url: str,
    sandbox_url: str | None,
    timing: WorkerTiming | None = None,
    catalogue: Catalogue | None = None,
    descriptions: DescriptionCatalogue | None = None,
) -> AppContext:
    """Open the database (migrating it where needed) and make every part; where that fails, nothing stays open.

    `queue_url` is `settings.redis_url`, or that of an `EmbeddedQueue`; `catalogue` and `descriptions` were read
    already. Raises `SettingsError` with one sentence where the database or the storage cannot be used. An unreachable
    queue is no error: the sweep wakes jobs again.
    """
    secret = load_secret(settings)
    descriptions = descriptions or DescriptionCatalogue(settings.providers_dirs)
    media, uploads = await open_stores(settings)
    async with AsyncExitStack() as undo:
        database = await open_database(settings.database_url)
        undo.push_async_callback(database.close)
        keys = ProviderKeys(database, secret)
        with told_at_start():
            await keys.refresh()
        clients = HTTPClients()
        undo.push_async_callback(clients.aclose)
        spoken, ours = _spoken(settings), sandbox_key(secret)
        context = AppContext(
            settings=settings,
            timing=timing or WorkerTiming(),
            database=database,
            catalogue=catalogue or Catalogue(settings.models_dirs),
            descriptions=descriptions,
            clients=clients,
            keys=keys,
            registry=ProviderRegistry(
                descriptions, clients, settings.environ, sandbox_url, keys.get, spoken, ours
            ),
            webhooks=Webhooks(secret, settings.public_url),
            signed=SignedURLs(secret, settings.public_url, settings.address),
            jobs=JobRepository(database),
            uploads=Uploads(uploads),
            media=MediaStorage(media),
            queue=_queue(queue_url),
        )
        undo.pop_all()
    return context


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
