"""Servers that many tests share, started when the first test asks for them."""

from collections.abc import Iterator

import pytest

from tests.engines import Postgres, Redis, postgres_server, redis_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One Postgres for all tests that leave it running."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    """One Redis for all tests that leave it running."""
    with redis_server() as server:
        yield server
