"""TOML → Wire, strictly: a mistake is told by file, place, key and the nearest name that would be right."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec

from models.spec.loader import parse_toml
from models.spec.schema import Problem
from models.spec.suggest import did_you_mean
from providers.answers import Billing, ErrorKind, State
from providers.check import complaints
from providers.wire import Wire


def read_wire(path: Path) -> Wire | tuple[Problem, ...]:
    """The wire of one file, named as the file, or what keeps it from being read."""
    try:
        document = parse_toml(path.read_text(encoding="utf-8"))
    except OSError as error:
        return (Problem(path.name, "", "", f"cannot be read: {error.strerror}."),)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return (Problem(path.name, "", "", f"is not TOML: {error}."),)
    return to_wire(path.name, document)


def to_wire(file: str, document: dict[str, Any]) -> Wire | tuple[Problem, ...]:
    """The wire of a parsed file, or what is wrong with it."""
    if "name" in document:
        return (Problem(file, "", "name", "is the name of the file; take it out."),)
    try:
        wire = msgspec.convert({**document, "name": file.removesuffix(".toml")}, Wire)
    except msgspec.ValidationError as error:
        return (_explain(file, document, str(error)),)
    wrong = tuple(Problem(file, place, key, sentence) for place, key, sentence in complaints(wire))
    return wrong or wire


def _explain(file: str, document: dict[str, Any], message: str) -> Problem:
    """msgspec's one-line message as a Problem."""
    what, _, where = message.partition(" - at ")
    path = re.search(r"\$(.*?)`", where)
    place = path[1].lstrip(".") if path else ""
    if unknown := re.search(r"unknown field `(.+)`", what):
        return Problem(file, place, unknown[1], f"unknown key{did_you_mean(unknown[1], _fields_at(place))}.")
    if missing := re.search(r"missing required field `(.+)`", what):
        return Problem(file, place, missing[1], "is required.")
    outer, _, key = place.replace("[...]", "").rpartition(".")
    if wrong := re.search(r"Invalid enum value '(.+)'", what):
        key = _key_of(document, place, wrong[1]) if place.endswith("[...]") else key
        return Problem(
            file, outer, key, f"{wrong[1]!r} is not known here{did_you_mean(wrong[1], _choices())}."
        )
    return Problem(file, outer, key, f"{what[0].lower()}{what[1:]}.")


def _choices() -> Iterable[str]:
    return sorted({*get_args(State), *get_args(ErrorKind), *get_args(Billing)})


def _key_of(document: dict[str, Any], place: str, value: str) -> str:
    """msgspec does not say under which key of a table a wrong value stands: look for it."""
    table: Any = document
    for part in place.removesuffix("[...]").split("."):
        table = table[part]
    return next((f"{part}.{key}" for key, found in table.items() if found == value), part)


def _fields_at(place: str) -> tuple[str, ...]:
    """The names a table at this place may hold."""
    kind: Any = Wire
    for part in re.findall(r"[a-z_]+", place):
        kind = _struct_in(get_type_hints(kind)[part])
    return tuple(name for name in kind.__struct_fields__ if name != "name")


def _struct_in(hint: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint
    return next((found for part in get_args(hint) if (found := _struct_in(part))), None)
