"""A quick test starts no process: who does without being marked as slow fails, so that `make quick` stays quick."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

STARTS = frozenset(("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system"))
HARMLESS = (
    "git",
    "uname",
    "ldconfig",
    "gcc",
    "ld",
)  # a moment's work; the last ones are asked by Python itself


class ProcessInQuickTestError(Exception):
    """The message says what to do."""


class Guard:
    """Hears of every process that this one starts, by way of `sys.addaudithook`."""

    def __init__(self) -> None:
        self.quick = ""  # the name of the quick test that runs now

    @contextmanager
    def watching(self, item: pytest.Item) -> Iterator[None]:
        self.quick = "" if item.get_closest_marker("slow") else item.nodeid
        try:
            yield
        finally:
            self.quick = ""

    def hears(self, event: str, args: tuple[object, ...]) -> None:
        if self.quick and event in STARTS and Path(str(args[0] if args else "")).name not in HARMLESS:
            raise ProcessInQuickTestError(
                f"{self.quick} starts a process ({args[0] if args else event}): mark it with pytest.mark.slow, or let "
                "the fixture that starts it ask for `starts_processes`."
            )
