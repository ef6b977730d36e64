"""What one property becomes in a spec, on its way there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from msgspec import Struct

from models.importing.intake import Intake, Plain

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
