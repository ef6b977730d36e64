"""One sandbox for the tests of a file."""

from collections.abc import Iterator

import pytest

from tests.providers.sandbox.running import RunningSandbox


@pytest.fixture(scope="module")
def calm_sandbox(
    starts_processes: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningSandbox]:
    """Quick; a test that looks at a state holds its clock meanwhile."""
    with RunningSandbox(tmp_path_factory.mktemp("calm"), speed=10) as running:
        yield running
