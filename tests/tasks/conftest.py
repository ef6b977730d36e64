"""What the tests of this floor share: settings, a queue server, a world, rows with a clock that stands still."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from models.spec.catalogue import Catalogue
from providers.client.http import HTTPClients
from providers.webhook_signatures import Webhooks
from tasks.context import AppContext
from tasks.database import open_database
from tasks.database.database import Database
from tasks.database.tables import TABLES
from tasks.embedded import EmbeddedQueue
from tasks.jobs.repository import JobRepository
from tasks.provider_keys import ProviderKeys
from tasks.settings import Settings, read_storage_url
from tasks.storage.media import MediaStorage
from tasks.storage.s3 import S3Storage
from tasks.storage.store import FolderStorage, Store
from tasks.storage.uploads import SignedURLs, Uploads
from tasks.worker.queue import Queue
from tests.engines import Postgres, Redis, Storage
from tests.media_files import make_video
from tests.support import catalogue_of
from tests.tasks.acme import Acme, AcmeLines, OnlyAcme
from tests.tasks.world import QUICK, Ahead, Clock, Counted, World


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is tried on a server or in a bucket asks for them only when it runs."""
    for item in items:
        chosen = (
            item.callspec.params.values()
            if isinstance(item, pytest.Function) and hasattr(item, "callspec")
            else ()
        )
        if {"servers", "bucket"} & {each for each in chosen if isinstance(each, str)}:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("video") / "boat.mp4"
    make_video(path)
    return path.read_bytes()


@pytest.fixture(params=["embedded", "servers"])
def engines(request: pytest.FixtureRequest) -> str:
    """Whatever holds rows or sends hints is tested on SQLite with Valkey, and on Postgres with Redis."""
    return str(request.param)


@pytest.fixture(scope="session")
def shared_database(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture
def settings(tmp_path: Path, engines: str, request: pytest.FixtureRequest) -> Settings:
    sqlite = f"sqlite://{tmp_path / 'shotlist.db'}"
    return Settings(
        data_dir=tmp_path,
        database_url=sqlite if engines == "embedded" else request.getfixturevalue("shared_database"),
        models_dirs=(Path(__file__).parents[2] / "models",),
        providers_dirs=(),
        environ={},
    )


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """Open, with empty tables; what was opened is closed by whoever uses it last."""
    opened = await open_database(settings.database_url)
    for table in TABLES:
        await opened.rows(f"DELETE FROM {table._meta.tablename}")
    yield opened
    await opened.close()


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Files here, or in a bucket."""
    if request.param == "folder":
        return FolderStorage(tmp_path / "store")
    storage: Storage = request.getfixturevalue("storage")
    return S3Storage(read_storage_url(storage.new_place()), "store", storage.ENVIRON, tmp_path / "incoming")


class SharedRedis:
    """Redis as tests see the embedded queue: away after `stop`, there again after `start`."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.url = redis.new_database()

    async def start(self) -> None:
        self.redis.start()

    async def stop(self) -> None:
        self.redis.end()


@pytest.fixture
async def queue_server(
    starts_processes: None, tmp_path: Path, engines: str, request: pytest.FixtureRequest
) -> AsyncIterator[EmbeddedQueue | SharedRedis]:
    if engines == "servers":
        yield SharedRedis(request.getfixturevalue("redis"))
        return
    server = EmbeddedQueue(tmp_path)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def catalogue(settings: Settings) -> Catalogue:
    return catalogue_of(*settings.models_dirs)


@pytest.fixture
async def world(
    settings: Settings,
    catalogue: Catalogue,
    database: Database,
    queue_server: EmbeddedQueue | SharedRedis,
    video: bytes,
) -> AsyncIterator[World]:
    acme = Acme()
    acme.video = video
    lines = AcmeLines(acme)
    jobs = JobRepository(database, Ahead())
    jobs.stale = Counted(database, jobs.clock)
    parts = AppContext(
        settings=settings,
        timing=QUICK,
        database=database,
        catalogue=catalogue,
        descriptions=OnlyAcme(acme),
        clients=HTTPClients(),
        keys=ProviderKeys(database, "a secret of the tests"),
        registry=lines,
        webhooks=Webhooks("a secret of the tests", ""),
        signed=SignedURLs("a secret of the tests", "", ""),
        jobs=jobs,
        uploads=Uploads(FolderStorage(settings.data_dir / "uploads")),
        media=MediaStorage(FolderStorage(settings.data_dir / "media")),
        queue=Queue(queue_server.url),
    )
    yield World(parts, acme, lines)
    await parts.close()


@pytest.fixture
async def jobs(database: Database) -> JobRepository:
    """The rows alone, with a clock that a test may set."""
    return JobRepository(database, Clock())


@pytest.fixture
def clock(jobs: JobRepository) -> Iterator[Clock]:
    assert isinstance(jobs.clock, Clock)
    return jobs.clock  # type: ignore[return-value]


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], Settings]:
    """Settings of a new, empty Shotlist: `embedded` is SQLite and a folder, `servers` Postgres and a bucket."""

    def make(kind: str) -> Settings:
        data_dir = tmp_path / f"{kind}{os.urandom(3).hex()}"
        data_dir.mkdir()
        if kind == "embedded":
            database_url, storage_url = f"sqlite:///{data_dir / 'shotlist.db'}", ""
        else:
            postgres: Postgres = request.getfixturevalue("postgres")
            storage: Storage = request.getfixturevalue("storage")
            database_url, storage_url = postgres.new_database(), storage.new_place()
        return Settings(
            data_dir=data_dir,
            database_url=database_url,
            storage_url=storage_url,
            models_dirs=(),
            providers_dirs=(),
            environ=Storage.ENVIRON,
        )

    return make
