"""Limits of numbers, texts and lists in one schema, in all the spellings that JSON Schema has had."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from models.importing.resolve import Table


def read_bounds(table: Table, note: Callable[[str], None]) -> dict[str, Any]:
    """The limits as keys of a Shape; what is no limit is noted and left out."""
    low, above = _end(table, "minimum", "exclusiveMinimum", note)
    high, below = _end(table, "maximum", "exclusiveMaximum", note)
    if low is not None and high is not None and low > high:
        note(f"has a minimum of {low} above its maximum of {high}: both left out")
        low = high = None
    multiple, step = _number(table, "multipleOf", note), _number(table, "step", note)
    if multiple is None and step is not None:
        note("says step, which no standard knows: read as steps that count from the minimum")
    if table.get("pattern"):
        note(f"must match the pattern {table['pattern']}, which only the provider checks")
    return {
        "low": low, "high": high, "above": above, "below": below,
        "step": multiple or step or None, "step_from": 0 if multiple or low is None else low,
        "min_length": _count(table, "minLength", note), "max_length": _count(table, "maxLength", note),
        "min_items": _count(table, "minItems", note), "max_items": _count(table, "maxItems", note),
        "unique": table.get("uniqueItems") is True,
    }  # fmt: skip


def _end(
    table: Table, key: str, exclusive: str, note: Callable[[str], None]
) -> tuple[int | float | None, bool]:
    """One end of a range and whether it is excluded: `exclusiveMinimum` may be a number of its own, or true."""
    limit = _number(table, key, note)
    if isinstance(table.get(exclusive), bool) or table.get(exclusive) is None:
        return limit, table.get(exclusive) is True and limit is not None
    excluded = _number(table, exclusive, note)
    if excluded is None:
        return limit, False
    if limit is None or limit == excluded:
        return excluded, True
    is_narrower = limit > excluded if key == "minimum" else limit < excluded
    return (limit, False) if is_narrower else (excluded, True)


def _number(table: Table, key: str, note: Callable[[str], None]) -> int | float | None:
    value = table.get(key)
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int | float) and math.isfinite(value):
        return int(value) if float(value).is_integer() and abs(value) < 2**53 else value
    note(f"has {key} = {value!r}, which is no number: left out")
    return None


def _count(table: Table, key: str, note: Callable[[str], None]) -> int | None:
    value = _number(table, key, note)
    return None if value is None else max(0, int(value))
