"""Servers for the journeys: one that many tests share, and fresh ones for those that end or kill theirs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cluster import Cluster
from tests.engines import Postgres, Redis, Storage
from tests.support import Server


@pytest.fixture(scope="session")
def embedded(starts_processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The one-command server."""
    with Server(tmp_path_factory.mktemp("shared") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def cluster(
    starts_processes: None,
    tmp_path_factory: pytest.TempPathFactory,
    postgres: Postgres,
    redis: Redis,
    storage: Storage,
) -> Iterator[Cluster]:
    """Two web servers and two workers on Postgres and Redis, with their files in a bucket."""
    with Cluster(
        tmp_path_factory.mktemp("cluster") / "data",
        postgres.new_database(),
        redis.new_database(),
        keys=storage.ENVIRON,
        STORAGE_URL=storage.new_place(),
    ) as running:
        yield running


@pytest.fixture(params=["embedded", "cluster"])
def server(starts_processes: None, request: pytest.FixtureRequest) -> Server:
    """For all tests that leave it running."""
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def start(starts_processes: None, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts a server of the test's own, with settings of its own."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(Server(tmp_path / "data", **settings))
