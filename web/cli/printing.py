"""Tables on standard output.

What is wrong with files of models and providers, for every command that reads one.
"""

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.spec.schema import Problem


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def check_files(files: Sequence[Path], wires: Iterable[str]) -> "list[Problem]":
    """All problems of all files, in the order of the files."""
    known = tuple(wires)
    return [problem for file in files for problem in _check_file(file, known)]


def _check_file(file: Path, wires: Sequence[str]) -> "Sequence[Problem]":
    from models.linter import lint
    from models.spec.loader import read_spec
    from models.spec.schema import Problem, Spec
    from models.spec.suggest import did_you_mean
    from providers.description.loader import read_description
    from providers.description.schema import ProviderDescription

    if is_wire(file):
        description = read_description(file)
        return () if isinstance(description, ProviderDescription) else description
    spec = read_spec(file)
    if not isinstance(spec, Spec):
        return spec
    unknown = () if spec.provider in wires else (did_you_mean(spec.provider, wires),)
    told = (Problem(spec.file, "", "provider", f"{spec.provider!r} has no wire{hint}") for hint in unknown)
    return (*lint(spec), *told)


def is_wire(file: Path) -> bool:
    """A provider's file says where or how to submit. What is no TOML is told as a model's."""
    from models.spec.loader import parse_toml

    try:
        document = parse_toml(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
    return "fields" not in document and not document.keys().isdisjoint({"submit", "base"})
