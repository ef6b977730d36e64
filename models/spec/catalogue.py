"""All models at hand, read from folders and kept fresh while the program runs."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from models.spec.loader import read_spec, workflow_files
from models.spec.schema import Problem, Spec

log = logging.getLogger(__name__)

_Stamp: TypeAlias = tuple[int, int, int]  # inode, size, time of change in nanoseconds


class _Entry(Struct, frozen=True):
    """One file as it was last read."""

    stamp: _Stamp | None  # None: to be read again
    spec: Spec | None  # its last good version
    problems: tuple[Problem, ...]


class Catalogue:
    """Specs by key. A later folder overrides an earlier one. A file that breaks keeps its last good version."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._entries: dict[Path, _Entry] = {}
        self._workflows: dict[Path, _Stamp] = {}
        self._specs: dict[str, Spec] = {}
        self._sorted: tuple[Spec, ...] = ()
        self.refresh()

    def get(self, key: str) -> Spec | None:
        return self._specs.get(key)

    def all(self) -> tuple[Spec, ...]:
        """In order of family, then name."""
        return self._sorted

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the files as they are now."""
        return tuple(problem for entry in self._entries.values() for problem in entry.problems)

    def refresh(self) -> bool:
        """Takes in what changed on disk; True if anything did. Only stats files when nothing changed."""
        stamps = _stamps(path for folder in self._folders for path in sorted(folder.glob("*.toml")))
        workflows = _stamps(path for folder in self._folders for path in workflow_files(folder))
        if workflows != self._workflows:
            self._workflows = workflows
            self._entries = {path: _to_read_again(entry) for path, entry in self._entries.items()}
        if stamps == {path: entry.stamp for path, entry in self._entries.items()}:
            return False
        before = self._entries
        self._entries = {path: self._entry(path, stamp, before.get(path)) for path, stamp in stamps.items()}
        self._specs = self._by_key()
        order = sorted(
            self._specs.values(), key=lambda spec: (spec.family.lower(), spec.display_name.lower())
        )
        self._sorted = tuple(order)
        return True

    def _entry(self, path: Path, stamp: _Stamp, before: _Entry | None) -> _Entry:
        if before is not None and before.stamp == stamp:
            return before
        read = read_spec(path)
        if isinstance(read, Spec):
            return _Entry(stamp, read, ())
        for problem in read:
            log.error("%s", problem)
        return _Entry(stamp, before.spec if before else None, read)

    def _by_key(self) -> dict[str, Spec]:
        """Later folders come later in the entries and win."""
        specs: dict[str, Spec] = {}
        for path, entry in self._entries.items():
            if entry.spec is None:
                continue
            if path.stem in specs:
                log.warning("%s overrides %s", path, specs[path.stem].file)
            specs[path.stem] = entry.spec
        return specs


def _to_read_again(entry: _Entry) -> _Entry:
    """The same entry, out of date where another workflow may make a difference to it."""
    rests_on_workflow = bool(entry.problems) or (entry.spec is not None and entry.spec.workflow != "")
    return _Entry(None, entry.spec, entry.problems) if rests_on_workflow else entry


def _stamps(paths: Iterable[Path]) -> dict[Path, _Stamp]:
    """By file; one that goes away meanwhile is not there."""
    found = {}
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            continue
        found[path] = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
    return found
