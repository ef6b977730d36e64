"""Servers that many tests share, started when the first test asks for them."""

from collections.abc import Iterator

import pytest

from tests.engines import Postgres, Redis, Storage, postgres_server, redis_server, storage_server


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


@pytest.fixture(scope="session")
def storage() -> Iterator[Storage]:
    """One S3 for all tests that leave it running."""
    with storage_server() as server:
        yield server
