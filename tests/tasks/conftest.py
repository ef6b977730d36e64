"""What the tests of this floor share: settings, a queue server, a world, rows with a clock that stands still."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from models.catalogue import Catalogue
from providers.clients import Clients
from tasks.database import open_database
from tasks.embedded import EmbeddedQueue
from tasks.jobs import Jobs
from tasks.media import Media
from tasks.parts import Parts
from tasks.queue import Queue
from tasks.settings import Settings
from tasks.uploads import Uploads
from tests.media_files import make_video
from tests.tasks.acme import Acme, AcmeLines, OnlyAcme
from tests.tasks.world import QUICK, Clock, World


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("video") / "boat.mp4"
    make_video(path)
    return path.read_bytes()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path,
        database_url=f"sqlite://{tmp_path / 'shotlist.db'}",
        models_dirs=(Path(__file__).parents[2] / "models",),
        providers_dirs=(),
        environ={},
    )


@pytest.fixture
async def queue_server(tmp_path: Path) -> AsyncIterator[EmbeddedQueue]:
    server = EmbeddedQueue(tmp_path)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def world(settings: Settings, queue_server: EmbeddedQueue, video: bytes) -> AsyncIterator[World]:
    acme = Acme()
    acme.video = video
    lines = AcmeLines(acme)
    database = await open_database(settings.database_url)
    parts = Parts(
        settings=settings,
        pace=QUICK,
        database=database,
        catalogue=Catalogue(settings.models_dirs),
        wires=OnlyAcme(acme),
        clients=Clients(),
        lines=lines,
        jobs=Jobs(database),
        uploads=Uploads(settings.data_dir / "uploads"),
        media=Media(settings.data_dir / "media"),
        queue=Queue(queue_server.url),
    )
    yield World(parts, acme, lines)
    await parts.close()


@pytest.fixture
async def jobs(settings: Settings) -> AsyncIterator[Jobs]:
    """The rows alone, with a clock that a test may set."""
    database = await open_database(settings.database_url)
    yield Jobs(database, Clock())
    await database.close()


@pytest.fixture
def clock(jobs: Jobs) -> Iterator[Clock]:
    assert isinstance(jobs.clock, Clock)
    return jobs.clock  # type: ignore[return-value]
