"""The TOML files of some folders, read again when one changes, while the program runs."""

import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from msgspec import Struct

from models.spec.schema import Problem

log = logging.getLogger(__name__)

T = TypeVar("T")
Stamp: TypeAlias = tuple[int, int, int]  # inode, size, time of change in nanoseconds


class _Entry(Struct, Generic[T], frozen=True):
    """One file as it was last read."""

    stamp: Stamp | None  # None: to be read again
    last_good: T | None
    problems: tuple[Problem, ...]


class WatchedFolder(Generic[T]):
    """What the files are, by name without suffix. A later folder overrides an earlier one, and the log says so.

    A file that has become wrong keeps serving as it last was, and is told of in `problems`.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        read: Callable[[Path], T | tuple[Problem, ...]],
        order: Callable[[T], Any],
    ) -> None:
        """`read` gives a file's content or what is wrong with it, `order` the key that `all` sorts by."""
        self._folders = tuple(folders)
        self._read = read
        self._order = order
        self._entries: dict[Path, _Entry[T]] = {}
        self._by_name: dict[str, T] = {}
        self._sorted: tuple[T, ...] = ()
        self.refresh()

    def get(self, name: str) -> T | None:
        """What has this name, if it could ever be read."""
        return self._by_name.get(name)

    def all(self) -> tuple[T, ...]:
        """All of them, in order."""
        return self._sorted

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the files as they are now, in the order of folders and files."""
        return tuple(problem for entry in self._entries.values() for problem in entry.problems)

    def refresh(self) -> bool:
        """Takes in what changed on disk; True if anything did. Only stats files when nothing changed."""
        stamps = stamps_of(path for folder in self._folders for path in sorted(folder.glob("*.toml")))
        if stamps == {path: entry.stamp for path, entry in self._entries.items()}:
            return False
        before = self._entries
        self._entries = {path: self._entry(path, stamp, before.get(path)) for path, stamp in stamps.items()}
        self._by_name = self._named()
        self._sorted = tuple(sorted(self._by_name.values(), key=self._order))
        return True

    def outdate(self, which: Callable[[T], bool]) -> None:
        """Have the next refresh read again what `which` holds of, and every file that has problems."""
        for path, entry in self._entries.items():
            if entry.problems or (entry.last_good is not None and which(entry.last_good)):
                self._entries[path] = _Entry(None, entry.last_good, entry.problems)

    def _entry(self, path: Path, stamp: Stamp, before: _Entry[T] | None) -> _Entry[T]:
        if before is not None and before.stamp == stamp:
            return before
        content = self._read(path)
        if not isinstance(content, tuple):
            return _Entry(stamp, content, ())
        for problem in content:
            log.error("%s", problem)
        return _Entry(stamp, before.last_good if before else None, content)

    def _named(self) -> dict[str, T]:
        """Later folders come later in the entries and win."""
        paths: dict[str, Path] = {}
        for path, entry in self._entries.items():
            if entry.last_good is None:
                continue
            if path.stem in paths:
                log.warning("%s overrides %s", path, paths[path.stem])
            paths[path.stem] = path
        return {
            name: good for name, path in paths.items() if (good := self._entries[path].last_good) is not None
        }


def stamps_of(paths: Iterable[Path]) -> dict[Path, Stamp]:
    """By file; one that goes away meanwhile is not there."""
    found = {}
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            continue
        found[path] = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
    return found
