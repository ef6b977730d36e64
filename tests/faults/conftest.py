"""What all fault tests share: the nest, a sandbox that counts, the engines, and how a line of the table is told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any

import msgspec
import pytest

from tests.engines import Postgres, Redis
from tests.faults.deployment import Engines, House, Nest, SandboxProcess, Where
from tests.faults.outcome import Verdict


@pytest.fixture(scope="session")
def nest(starts_processes: None) -> Iterator[Nest]:
    nest = Nest()
    yield nest
    nest.close()


@pytest.fixture(scope="session")
def counting(starts_processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    sandbox = SandboxProcess(tmp_path_factory.mktemp("sandbox"))
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="session")
def engines(postgres: Postgres, redis: Redis) -> Engines:
    """What houses `apart` share; ask for it in the main thread before other threads build such houses."""
    return Engines(postgres, redis)


@pytest.fixture(scope="session")
def build(
    nest: Nest,
    counting: SandboxProcess,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Callable[..., House]:
    """Makes a house that does not run yet, from any thread; whoever asked closes it."""
    numbers, turn = count(1), threading.Lock()

    def make(where: Where = "embedded", **facts: Any) -> House:
        with turn:
            engines = request.getfixturevalue("engines") if where == "apart" else None
            folder = tmp_path_factory.mktemp("house") / f"{where}-{next(numbers)}"
            return House(folder, nest, counting, engines, **facts)

    return make


@pytest.fixture
def house(build: Callable[..., House], where: Where) -> Iterator[House]:
    """A house that runs, on the engines `where`."""
    with ExitStack() as stack:
        made = build(where)
        stack.callback(made.close)
        yield made.begin()


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Callable[[Verdict], None]:
    """Adds a line to the table at the end of the run."""
    return lambda verdict: record_property("verdict", msgspec.to_builtins(verdict))
