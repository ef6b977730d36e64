"""All wire descriptions of some folders, read again when a file changes.

How a company's answers become ours, in one line of plain text made from its wire description.
"""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from models.spec.schema import Problem
from providers.description.loader import read_description
from providers.description.schema import Pointers, ProviderDescription

log = logging.getLogger(__name__)

Stamp: TypeAlias = tuple[int, int]  # time of change in ns, size


class DescriptionCatalogue:
    """The wires of `folders`; a later folder overrides an earlier one, and the log says so.

    A file that has become wrong keeps serving as it last was, and is told of in `problems`.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._stamps: dict[Path, Stamp] = {}
        self._wires: dict[Path, ProviderDescription] = {}
        self._problems: dict[Path, tuple[Problem, ...]] = {}
        self._by_name: dict[str, ProviderDescription] = {}
        self.refresh()

    def get(self, name: str) -> ProviderDescription | None:
        """The wire of this name, if there is one that could be read."""
        return self._by_name.get(name)

    def all(self) -> tuple[ProviderDescription, ...]:
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
        match read_description(path):
            case ProviderDescription() as wire:
                self._wires[path] = wire
                self._problems.pop(path, None)
            case problems:
                self._problems[path] = problems
                for problem in problems:
                    log.error("%s", problem)

    def _name(self) -> None:
        by_name: dict[str, ProviderDescription] = {}
        for path in self._stamps:  # in the order of folders
            if description := self._wires.get(path):
                if description.name in by_name:
                    log.info("%s overrides the wire %s that comes with Shotlist", path, description.name)
                by_name[description.name] = description
        self._by_name = by_name


def normalisation(description: ProviderDescription) -> str:
    """The places of id, state, progress, video and error in its answers, and what its words for states mean here."""
    return f"{description.display_name}: " + "; ".join(_parts(description))


def _parts(description: ProviderDescription) -> Iterator[str]:
    yield f"id at {_places(description.submit.id)}"
    words = ", ".join(
        f"{theirs} = {ours}" for theirs, ours in description.status.map.items() if theirs != ours
    )
    yield f"state at {_places(description.status.state)}" + (f" ({words})" if words else "")
    if description.status.progress:
        yield f"progress at {_places(description.status.progress)} of {description.status.full:g}"
    elif description.status.progress_in_log:
        yield "progress read from the log"
    if description.then:
        yield "the result by a call of its own"
    yield f"video at {_video(description)}"
    if description.cost:
        yield f"cost at {_places(description.cost.at)}"
    yield f"error at {_places(description.error.message)}"


def _video(description: ProviderDescription) -> str:
    if description.output.template:
        return f"{description.output.template} of {_places(description.output.each)}"
    inner = [pointer for pointer in _listed(description.output.url) if pointer]
    each = [pointer for pointer in _listed(description.output.each) if pointer]
    if not each:
        return _places(description.output.url)
    return _places(tuple(each)) + (f" (there {' or '.join(inner)})" if inner else "")


def _places(pointers: Pointers) -> str:
    return " or ".join(pointer or "/" for pointer in _listed(pointers)) or "/"


def _listed(pointers: Pointers) -> tuple[str, ...]:
    return (pointers,) if isinstance(pointers, str) else tuple(pointers)
