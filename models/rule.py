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
    """The least number."""
    max: int | float | None = None
    """The greatest number."""
    step: int | float | None = None
    """The number goes in steps of so much, counted from `min`."""
    min_length: int | None = None
    """The fewest characters of a text."""
    max_length: int | None = None
    """The most characters of a text."""
    count: Span | None = None
    """How many files or rows are given."""
    width: Span | None = None
    """Pixels of a picture or clip from left to right."""
    height: Span | None = None
    """Pixels of a picture or clip from top to bottom."""
    ratio: Span | None = None
    """Width divided by height."""
    pixels: Span | None = None
    """Width times height."""
    seconds: Span | None = None
    """How long a clip or sound is."""
    megabytes: Span | None = None
    """The size of a file, a megabyte being 1,000,000 bytes."""


def span(low: int | float | None, high: int | float | None) -> Span | None:
    """A span, or None where neither end is given."""
    return None if low is None and high is None else Span(low, high)


class Rule(Struct, frozen=True):
    """Effects that are in force while a condition holds; at least one."""

    when: Condition | None = None
    """The condition; without it the rule is always in force."""
    require: tuple[str, ...] = ()
    """These fields must be filled in."""
    only: dict[str, tuple[JSON, ...]] = {}
    """Of a field, only these values may be chosen."""
    forbid: dict[str, JSON] | tuple[str, ...] = ()
    """A list of fields that must stay empty, or a table of values (one or a list) that a field may not have."""
    default: dict[str, JSON] = {}
    """Another default of a field; of several rules the last counts."""
    limit: dict[str, Limit] = {}
    """Bounds of a field that narrow its own."""
    drop: tuple[str, ...] = ()
    """These fields are shown but not sent."""
    exactly_one_of: tuple[str, ...] = ()
    """Of these fields exactly one must be filled in."""
    total: Expression | None = None
    """What must keep `equals`, `min` or `max`."""
    equals: Expression | None = None
    """What `total` must be."""
    min: int | float | None = None
    """The least that `total` may be."""
    max: int | float | None = None
    """The most that `total` may be."""
    message: str = ""
    """The sentence that is shown where the rule refuses or moves a value; without it, one is made."""


def on_steps(number: float, start: float | None, step: float) -> tuple[Decimal, Decimal]:
    """The nearest numbers on the steps that count from `start`, below (or equal) and above."""
    first, each, exact = (Decimal(str(part)) for part in (start or 0, step, number))
    below = first + (exact - first) // each * each
    return below, below + each
