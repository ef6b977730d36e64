"""How often a function of ours is called, without touching it: the interpreter tells of every call."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Calls:
    """The arguments of each call so far, by their names."""

    def __init__(self) -> None:
        self.arguments: list[dict[str, Any]] = []

    def __len__(self) -> int:
        return len(self.arguments)

    @property
    def outermost(self) -> int:
        """Of `evaluate`: those of a whole form; a row or a group has a form around it."""
        return sum(each["outer"] is None for each in self.arguments)


@contextmanager
def calls_of(function: Callable[..., Any]) -> Iterator[Calls]:
    """Counts the calls in this thread, as `sys.setprofile` hears of them; whoever listened before listens again."""
    calls, code, before = Calls(), function.__code__, sys.getprofile()

    def hear(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code is code:
            calls.arguments.append(dict(frame.f_locals))

    sys.setprofile(hear)
    try:
        yield calls
    finally:
        sys.setprofile(before)
