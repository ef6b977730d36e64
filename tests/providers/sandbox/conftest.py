"""One fast sandbox for the tests of a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.providers.sandbox.inbox import Inbox
from tests.providers.sandbox.running import RunningSandbox


@pytest.fixture(scope="module")
def sandbox(starts_processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture(scope="module")
def calm_sandbox(
    starts_processes: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningSandbox]:
    """Its clock is held and goes on with the looks, so that each state is seen, also on a busy machine."""
    with RunningSandbox(tmp_path_factory.mktemp("calm"), speed=1) as running, running.held():
        yield running


@pytest.fixture
def facts() -> Path:
    """The folder of facts that may lie beside the checkout."""
    folder = Path(__file__).parents[4] / "shared" / "facts"
    if not folder.is_dir():
        pytest.skip("there is no ../shared/facts beside the checkout")
    return folder


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """Where webhooks can go."""
    inbox = Inbox()
    yield inbox
    inbox.close()
