"""All wire descriptions of some folders, read again when a file changes."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from models.spec.schema import Problem
from providers.read import read_wire
from providers.wire import Wire

log = logging.getLogger(__name__)

Stamp: TypeAlias = tuple[int, int]  # time of change in ns, size


class Wires:
    """The wires of `folders`; a later folder overrides an earlier one, and the log says so.

    A file that has become wrong keeps serving as it last was, and is told of in `problems`.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._stamps: dict[Path, Stamp] = {}
        self._wires: dict[Path, Wire] = {}
        self._problems: dict[Path, tuple[Problem, ...]] = {}
        self._by_name: dict[str, Wire] = {}
        self.refresh()

    def get(self, name: str) -> Wire | None:
        """The wire of this name, if there is one that could be read."""
        return self._by_name.get(name)

    def all(self) -> tuple[Wire, ...]:
        """All wires, by name."""
        return tuple(wire for _, wire in sorted(self._by_name.items()))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong now, in the order of folders and files."""
        return tuple(problem for path in self._stamps for problem in self._problems.get(path, ()))

    def refresh(self) -> bool:
        """Look whether a file came, went or changed (a stat each, no more); True if anything did."""
        stamps = self._look()
        if stamps == self._stamps:
            return False
        for path in self._stamps.keys() - stamps.keys():
            self._wires.pop(path, None)
            self._problems.pop(path, None)
        for path, stamp in stamps.items():
            if self._stamps.get(path) != stamp:
                self._read(path)
        self._stamps = stamps
        self._name()
        return True

    def _look(self) -> dict[Path, Stamp]:
        stamps = {}
        for folder in self._folders:
            for path in sorted(folder.glob("*.toml")):
                try:
                    stat = path.stat()
                except OSError:  # gone since it was listed
                    continue
                stamps[path] = (stat.st_mtime_ns, stat.st_size)
        return stamps

    def _read(self, path: Path) -> None:
        match read_wire(path):
            case Wire() as wire:
                self._wires[path] = wire
                self._problems.pop(path, None)
            case problems:
                self._problems[path] = problems
                for problem in problems:
                    log.error("%s", problem)

    def _name(self) -> None:
        by_name: dict[str, Wire] = {}
        for path in self._stamps:  # in the order of folders
            if wire := self._wires.get(path):
                if wire.name in by_name:
                    log.info("%s overrides the wire %s that comes with Shotlist", path, wire.name)
                by_name[wire.name] = wire
        self._by_name = by_name
