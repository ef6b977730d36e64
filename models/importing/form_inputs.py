"""How a document's own input is chosen in the form made from it: the way back from property to field.

What one property becomes in a spec, on its way there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from msgspec import Struct

from models.importing.shape import Shape, misfit
from models.spec.values import JSON, Values, is_absent, same


class Plain(Struct, frozen=True):
    """A field of the same value."""

    field: str


class Written(Struct, frozen=True):
    """A text field: an empty text is a value of its own there, which is sent where the document allows it."""

    field: str


class Address(Struct, frozen=True):
    """A file field for an object, or a list of objects, that holds the file's address in `url`."""

    field: str


class Column(Struct, frozen=True):
    """Rows with one member each for a list of plain values."""

    field: str
    member: Intake


class Grouped(Struct, frozen=True):
    """A group for an object."""

    field: str
    members: dict[str, Intake]


class Records(Struct, frozen=True):
    """Rows for a list of objects."""

    field: str
    members: dict[str, Intake]


class Listed(Struct, frozen=True):
    """A list field for what may be one value or a list of them."""

    inside: Intake


class Way(Struct, frozen=True):
    """One kind of value of a union: the option that stands for it, and its own field."""

    option: str
    shape: Shape
    inside: Intake


class Choice(Struct, frozen=True):
    """A select for a union: its presets are options as they are; other kinds have an option and a field each."""

    field: str
    presets: tuple[JSON, ...]
    open: bool
    ways: tuple[Way, ...]


class LeftOut(Struct, frozen=True):
    """Not in the form."""


Intake: TypeAlias = Plain | Written | Address | Column | Grouped | Records | Listed | Choice | LeftOut


def taken(intake: Intake, value: JSON) -> Values:
    """The form's values for one property's value; null and what is empty, but for a text, are nothing chosen."""
    if is_absent(value) and not (value == "" and isinstance(intake, Written)):
        return {}
    match intake, value:
        case Address(field), list():
            return {field: [_address(each) for each in value]}
        case Address(field), _:
            return {field: _address(value)}
        case Column(field, member), list():
            return {field: [taken(member, each) for each in value]}
        case Grouped(field, members), dict():
            return {field: taken_members(members, value)}
        case Records(field, members), list():
            return {
                field: [taken_members(members, each) if isinstance(each, dict) else each for each in value]
            }
        case Listed(inside), _:
            return taken(inside, value if isinstance(value, list) else [value])
        case Choice(), _:
            return _chosen(intake, value)
        case LeftOut(), _:
            return {}
        case Plain(field) | Written(field) | Column(field) | Grouped(field) | Records(field), _:
            return {field: value}


def taken_members(members: dict[str, Intake], given: dict[str, JSON]) -> Values:
    """The values of a whole form, row or group. A name that the document does not know stays, to be refused."""
    values: Values = {}
    for name, value in given.items():
        values |= taken(members.get(name, Plain(name)), value)
    return values


def _address(value: JSON) -> JSON:
    return value["url"] if isinstance(value, dict) and "url" in value else value


def _chosen(choice: Choice, value: JSON) -> Values:
    if any(same(value, preset) for preset in choice.presets):
        return {choice.field: value}
    for way in choice.ways:
        if misfit(way.shape, value) is None:
            return {choice.field: way.option} | taken(way.inside, value)
    alike = [
        way for way in choice.ways if misfit(way.shape, value) is not None and _same_type(way.shape, value)
    ]
    if alike:
        return {choice.field: alike[0].option} | taken(alike[0].inside, value)
    return {choice.field: value}


def _same_type(shape: Shape, value: JSON) -> bool:
    return isinstance(value, {"object": dict, "array": list, "string": str}.get(shape.type, int | float))


# A part of a spec as TOML will hold it.
Table: TypeAlias = dict[str, Any]


class Piece(Struct, frozen=True):
    """Fields and rules, constants of the request, and the way back from the property to the form's values."""

    fields: tuple[Table, ...]
    intake: Intake
    rules: tuple[Table, ...] = ()
    request: Table = {}
    left_out: str = ""  # why there is no field


class Draft(Struct, frozen=True):
    """A field but for its name: the keys of its kind, how values find back, the `as` of its wire, its rules."""

    table: Table
    intake: Callable[[str], Intake] = Plain
    shape: Any = None  # the `as` of its wire
    rules: Callable[[str, str], list[Table]] | None = None  # (field name, label)


_KEYS = (
    "name", "type", "label", "show_if", "required", "options", "open", "default", "unit", "min", "max", "step",
    "min_length", "max_length", "wire", "min_count", "max_count", "accept", "max_mb", "min_width", "max_width",
    "min_height", "max_height", "min_ratio", "max_ratio", "min_seconds", "max_seconds", "advanced", "placeholder",
    "help", "fields", "rules",
)  # fmt: skip


def in_house_order(table: Table) -> Table:
    """The keys that say something, in the order in which people write them. Zero and a default of false do."""
    return {key: table[key] for key in _KEYS if key in table and not _is_mute(key, table[key])}


def _is_mute(key: str, value: Any) -> bool:
    return value is None or value in ("", [], ()) or (value is False and key != "default")
