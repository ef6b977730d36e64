"""Limits and rules: what a rule of a spec can put in force over fields."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from models.condition import Condition, Span
from models.expression import Expression
from models.values import JSON


class Limit(Struct, frozen=True):
    """Bounds that a value must keep: numbers, text lengths, counts of a list, facts of files."""

    min: int | float | None = None
    max: int | float | None = None
    step: int | float | None = None
    min_length: int | None = None
    max_length: int | None = None
    count: Span | None = None
    width: Span | None = None
    height: Span | None = None
    ratio: Span | None = None
    pixels: Span | None = None
    seconds: Span | None = None
    megabytes: Span | None = None


def span(low: int | float | None, high: int | float | None) -> Span | None:
    """A span, or None where neither end is given."""
    return None if low is None and high is None else Span(low, high)


class Rule(Struct, frozen=True):
    """While `when` holds, these effects are in force; `message` is shown where one refuses or moves a value."""

    when: Condition | None = None
    require: tuple[str, ...] = ()
    only: dict[str, tuple[JSON, ...]] = {}
    forbid: dict[str, JSON] | tuple[str, ...] = ()
    default: dict[str, JSON] = {}
    limit: dict[str, Limit] = {}
    drop: tuple[str, ...] = ()
    exactly_one_of: tuple[str, ...] = ()
    total: Expression | None = None
    equals: Expression | None = None
    min: int | float | None = None
    max: int | float | None = None
    message: str = ""


def on_steps(number: float, start: float | None, step: float) -> tuple[Decimal, Decimal]:
    """The nearest numbers on the steps that count from `start`, below (or equal) and above."""
    first, each, exact = (Decimal(str(part)) for part in (start or 0, step, number))
    below = first + (exact - first) // each * each
    return below, below + each
