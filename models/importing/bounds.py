"""Limits of numbers, texts and lists in one schema, in all the spellings that JSON Schema has had."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from models.importing.resolve import Table
from models.rule import on_steps


def read_bounds(table: Table, note: Callable[[str], None]) -> dict[str, Any]:
    """The limits as keys of a Shape; what is no limit is noted and left out."""
    low, above = _end(table, "minimum", "exclusiveMinimum", note)
    high, below = _end(table, "maximum", "exclusiveMaximum", note)
    if low is not None and high is not None and low > high:
        note(f"has a minimum of {low} above its maximum of {high}: both left out")
        low = high = None
    lengths = _counts(table, ("minLength", "maxLength"), note)
    items = _counts(table, ("minItems", "maxItems"), note)
    if table.get("pattern"):
        note(f"must match the pattern {table['pattern']}, which only the provider checks")
    return {
        "low": low, "high": high, "above": above, "below": below,
        **_steps(table, low, high, note),
        "min_length": lengths[0], "max_length": lengths[1], "min_items": items[0], "max_items": items[1],
        "unique": table.get("uniqueItems") is True,
    }  # fmt: skip


def _steps(
    table: Table, low: int | float | None, high: int | float | None, note: Callable[[str], None]
) -> dict[str, Any]:
    """Each step and where the first one is; whole numbers go in whole steps."""
    multiple, step = _number(table, "multipleOf", note), _number(table, "step", note)
    if multiple is None and step is not None:
        note("says step, which no standard knows: read as steps that count from the minimum")
    start = 0 if multiple or low is None else low
    each = multiple or step or 0
    if table.get("type") == "integer" and isinstance(start, int):
        each = Fraction(str(each)).numerator
    if (
        each > 0
        and high is not None
        and on_steps(high, start, each)[0] < Decimal(str(start if low is None else low))
    ):
        note(f"goes in steps of {each}, of which none is between {low} and {high}: the step is left out")
        each = 0
    return {"step": each or None, "step_from": start}


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


def _counts(
    table: Table, keys: tuple[str, str], note: Callable[[str], None]
) -> tuple[int | None, int | None]:
    """The fewest and the most; both left out where nothing could be between them."""
    fewest, most = (
        None if each is None else int(each) for each in (_number(table, key, note) for key in keys)
    )
    if most is not None and most < max(fewest or 0, 0):
        note(f"has {keys[0]} = {fewest} and {keys[1]} = {most}, which nothing can be: both left out")
        return None, None
    return None if fewest is None else max(0, fewest), most
