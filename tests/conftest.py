"""Servers that many tests share, started when the first test asks for them; which tests are slow; and the table of
the fault tests.
"""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.engines import Postgres, Redis, Storage, postgres_server, redis_server, storage_server
from tests.processes import Guard

HERE = Path(__file__).parent
ABOUT_PROCESSES = ("browser", "faults", "journeys")  # real servers, killed ones, and Chromium
GUARD = Guard()
sys.addaudithook(GUARD.hears)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever uses a fixture that starts a process is slow, and all that is about processes, so that nobody has to
    remember it."""
    for item in items:
        folder = item.path.relative_to(HERE).parts[0]
        if folder in ABOUT_PROCESSES or "starts_processes" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    with GUARD.watching(item):
        return (yield)


@pytest.fixture(scope="session")
def starts_processes() -> None:
    """For fixtures that start a process: a server, a database, a browser, a command."""


@pytest.fixture(scope="session", autouse=True)
def children_hear_a_hangup() -> None:
    """Under nohup the tests go on, but what they start must not inherit its deafness: Shotlist would honour it."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)


@pytest.fixture(scope="session")
def postgres(starts_processes: None) -> Iterator[Postgres]:
    """One Postgres for all tests that leave it running."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis(starts_processes: None) -> Iterator[Redis]:
    """One Redis for all tests that leave it running."""
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def storage(starts_processes: None) -> Iterator[Storage]:
    """One S3 for all tests that leave it running."""
    with storage_server() as server:
        yield server


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What each fault test saw, whichever process ran it."""
    ended = [one for outcome in ("passed", "failed") for one in terminalreporter.stats.get(outcome, [])]
    told = [value for one in ended for name, value in one.user_properties if name == "verdict"]
    if not told:
        return
    # Half a second to import, which a run without fault tests need not spend.
    from tests.faults.outcome import Verdict, table

    terminalreporter.section("faults: what was sent, how it ended, what is said of the money, and the file")
    for line in table(msgspec.convert(told, list[Verdict])):
        terminalreporter.write_line(line)
