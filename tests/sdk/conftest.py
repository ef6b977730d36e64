"""One unhurried sandbox for the tests of a file."""

from collections.abc import Iterator

import pytest

from tests.sandbox.running import RunningSandbox


@pytest.fixture(scope="module")
def calm_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """Slow enough that each state is seen, also on a busy machine."""
    with RunningSandbox(tmp_path_factory.mktemp("calm"), speed=4) as running:
        yield running
