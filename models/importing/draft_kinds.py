"""The keys of each field kind, out of the facts of a property."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal

from models.importing import kinds
from models.importing.intake import Address, Plain, Written
from models.importing.piece import Draft, Table
from models.importing.shape import Shape

# Limits of files as fal states them → keys of a spec.
_FILE_LIMITS = {
    "min_width": "min_width", "max_width": "max_width", "min_height": "min_height", "max_height": "max_height",
    "min_aspect_ratio": "min_ratio", "max_aspect_ratio": "max_ratio",
    "min_duration": "min_seconds", "max_duration": "max_seconds",
}  # fmt: skip


def text(name: str, shape: Shape) -> Draft:
    long = kinds.is_long_text(name, shape)
    examples = [each for each in shape.examples if isinstance(each, str) and 0 < len(each) <= 140]
    return Draft(
        {
            "type": "textarea" if long else "text",
            "min_length": shape.min_length or None,
            "max_length": shape.max_length,
            "placeholder": examples[0] if examples and long and shape.default is None else None,
        },
        Written,
    )


def select(name: str, shape: Shape) -> Draft:
    return Draft(
        {"type": "select", "options": list(shape.enum), "open": shape.open, "unit": kinds.unit(name, shape)}
    )


def number(name: str, shape: Shape) -> Draft:
    """integer, number or seed. A spec's limits include their ends: an excluded one is a rule of its own."""
    whole = shape.type == "integer"
    low, high, ends = shape.low, shape.high, []
    if whole:
        low = None if low is None else math.floor(low) + 1 if shape.above else math.ceil(low)
        high = None if high is None else math.ceil(high) - 1 if shape.below else math.floor(high)
    else:
        ends = [
            (each, more) for each, more, out in ((low, True, shape.above), (high, False, shape.below)) if out
        ]
    step = _exact_step(shape)
    if step and low is not None:
        start = Decimal(str(shape.step_from))
        steps = math.ceil((Decimal(str(low)) - start) / Decimal(str(step)))
        low = _plain(start + steps * Decimal(str(step)))
        low = (
            low if not (shape.above and low == shape.low) else _plain(Decimal(str(low)) + Decimal(str(step)))
        )
    seed = kinds.is_seed(name, shape) and not step
    table: Table = {"type": "seed" if seed else shape.type, "min": low, "max": high, "step": step}
    if not seed:
        table["unit"] = kinds.unit(name, shape)
    return Draft(table, rules=_excluding(ends) if ends else None)


def _exact_step(shape: Shape) -> int | float | None:
    """The step, unless the default itself is off it by a rounding error."""
    if not shape.step or shape.step < 0:
        return None
    if isinstance(shape.default, int | float):
        apart = Decimal(str(shape.default)) - Decimal(str(shape.step_from))
        if apart % Decimal(str(shape.step)):
            return None
    return shape.step


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _excluding(ends: list[tuple[int | float | None, bool]]) -> Callable[[str, str], list[Table]]:
    def rules(field: str, label: str) -> list[Table]:
        return [
            {"forbid": {field: [end]}, "message": f"{label} must be {'more' if more else 'less'} than {end}."}
            for end, more in ends
        ]

    return rules


def switch() -> Draft:
    return Draft({"type": "switch"})


def free() -> Draft:
    return Draft({"type": "json"})


def files(kind: str, shape: Shape, *, many: bool, as_object: bool, note: Callable[[str], None]) -> Draft:
    """One file or a list of them; `as_object` where the provider wants `{ url = … }`."""
    limits = {**shape.media, **(shape.items.media if shape.items else {})}
    table: Table = {"type": f"{kind}s" if many else kind}
    for key, limit in limits.items():
        if key in _FILE_LIMITS and isinstance(limit, int | float):
            table[_FILE_LIMITS[key]] = math.floor(limit) if re.search("width|height", key) else limit
        elif key == "max_file_size" and isinstance(limit, int | float):
            table["max_mb"] = limit / 1_000_000
        elif key != "timeout":
            note(f"limits a file by {key} = {limit}, which only the provider checks")
    if many:
        table |= {"min_count": shape.min_items or None, "max_count": shape.max_items}
    return Draft(table, Address if as_object else Plain, {"url": "$"} if as_object else None)
