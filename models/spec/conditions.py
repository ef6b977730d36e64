"""The one condition language: `{ field = test, … }` joined by AND, a list of such tables joined by OR.

It is used by show_if, rules, options and rates. A hidden field is absent to it. A fact of a file that nobody
knows (a file given by URL) makes a condition neither true nor false: None. So does a choice still to be made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from models.spec.suggest import did_you_mean
from models.spec.values import FACTS, JSON, NO_FACTS, Facts, as_number, is_absent, is_unchosen, same


class Scope(Struct, frozen=True):
    """What conditions and expressions can see: values in force, facts of files, and the form around a row."""

    values: Mapping[str, JSON]
    facts: Facts = NO_FACTS
    outer: Scope | None = None

    def value(self, name: str) -> JSON:
        """The value of `field` or, inside a group, of `group.member`; a row's own fields come first."""
        if name in self.values:
            return self.values[name]
        head, _, member = name.partition(".")
        inside = self.values.get(head)
        if member and isinstance(inside, dict):
            return inside.get(member)
        return self.outer.value(name) if self.outer else None

    def items(self, name: str) -> list[JSON]:
        """The values of a list field; a single value is a list of one, an absent one an empty list."""
        value = self.value(name)
        if is_absent(value):
            return []
        return value if isinstance(value, list) else [value]

    def measures(self, name: str, fact: str) -> list[float | None]:
        """One fact of each file of a field, None where it is not known."""
        known = (self.facts.get(ref) for ref in self.items(name) if isinstance(ref, str))
        return [facts.measure(fact) if facts else None for facts in known]


class Span(Struct, frozen=True):
    """From min to max, both included, either open."""

    min: int | float | None = None
    """The least."""
    max: int | float | None = None
    """The most."""

    def holds(self, number: float) -> bool:
        return (self.min is None or number >= self.min) and (self.max is None or number <= self.max)


class Test(Struct, frozen=True):
    """What one field must be like; every part that is given must hold."""

    field: str
    one_of: tuple[JSON, ...] | None = None
    none_of: tuple[JSON, ...] = ()
    is_set: bool | None = None
    span: Span | None = None
    count: Span | None = None
    facts: tuple[tuple[str, Span], ...] = ()

    def holds(self, scope: Scope) -> bool | None:
        value = scope.value(self.field)
        if is_unchosen(value):
            return self._may_hold()
        if self.one_of is not None and not any(same(value, one) for one in self.one_of):
            return False
        if any(same(value, one) for one in self.none_of):
            return False
        if self.is_set is not None and self.is_set == is_absent(value):
            return False
        if self.count and not self.count.holds(len(scope.items(self.field))):
            return False
        if self.span:
            number = as_number(value)
            if number is None or not self.span.holds(float(number)):
                return False
        return all_hold(self._fact_holds(scope, fact, span) for fact, span in self.facts)

    def _may_hold(self) -> bool | None:
        """Of a choice that is still to be made only that there will be one is known."""
        if self.is_set is None:
            return None
        return True if self == Test(self.field, is_set=True) else None if self.is_set else False

    def _fact_holds(self, scope: Scope, fact: str, span: Span) -> bool | None:
        measures = scope.measures(self.field, fact)
        if not measures:
            return False
        return all_hold(None if number is None else span.holds(number) for number in measures)


class Condition(Struct, frozen=True):
    """Some list of tests of which all hold."""

    any_of: tuple[tuple[Test, ...], ...]
    written: JSON = None  # as the spec says it

    def holds(self, scope: Scope) -> bool | None:
        unknown = False
        for tests in self.any_of:
            held = all_hold(test.holds(scope) for test in tests)
            if held:
                return True
            unknown = unknown or held is None
        return None if unknown else False

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields it looks at, without the member of a group, in the order they are written."""
        names = (test.field.partition(".")[0] for tests in self.any_of for test in tests)
        return tuple(dict.fromkeys(names))


def all_hold(tests: Iterable[bool | None]) -> bool | None:
    """AND over true, false and not known."""
    unknown = False
    for held in tests:
        if held is False:
            return False
        unknown = unknown or held is None
    return None if unknown else True


def holds(condition: Condition | None, scope: Scope) -> bool:
    """Whether it surely holds; no condition always does."""
    return condition is None or condition.holds(scope) is True


TESTS = {
    "min": "The least number that it may be; an absent value is no number.",
    "max": "The greatest number that it may be.",
    "set": "true: it has a value; false: it has none.",
    "not": "A value, or a list of values, that it must not be.",
    "count": "How many files or rows it has: a number, or a table of `min` and `max`.",
}
"""What a test of one field can say beside plain values and the facts of files."""

_TEST_KEYS = (*TESTS, *FACTS)


def read_condition(raw: Any) -> Condition:
    """From TOML. Raises ValueError with a sentence."""
    tables = raw if isinstance(raw, list) else [raw]
    if not tables or not all(isinstance(table, dict) and table for table in tables):
        raise ValueError('expected a table such as { mode = "i2v" }, or a list of such tables')
    any_of = tuple(tuple(read_test(name, test) for name, test in table.items()) for table in tables)
    return Condition(any_of, raw)


def read_test(name: str, raw: Any) -> Test:
    if isinstance(raw, list):
        return Test(name, one_of=tuple(raw))
    if not isinstance(raw, dict):
        return Test(name, one_of=(raw,))
    for key in raw:
        if key not in _TEST_KEYS:
            raise ValueError(f"{name}: {key} is not a test{did_you_mean(key, _TEST_KEYS)}")
    none_of = raw.get("not", ())
    return Test(
        name,
        none_of=tuple(none_of) if isinstance(none_of, list | tuple) else (none_of,),
        is_set=_flag(name, raw.get("set")),
        span=_span(name, {key: raw[key] for key in ("min", "max") if key in raw}),
        count=_span(name, raw.get("count")),
        facts=tuple((fact, span) for fact in FACTS if (span := _span(name, raw.get(fact)))),
    )


def _flag(name: str, raw: object) -> bool | None:
    if raw is None or isinstance(raw, bool):
        return raw
    raise ValueError(f"{name}: set must be true or false")


def _span(name: str, raw: object) -> Span | None:
    """A number stands for exactly that number."""
    if raw is None or raw == {}:
        return None
    table = raw if isinstance(raw, dict) else {"min": raw, "max": raw}
    numbers = all(isinstance(limit, int | float) and not isinstance(limit, bool) for limit in table.values())
    if not numbers or not table.keys() <= {"min", "max"}:
        raise ValueError(f"{name}: expected a number, or {{ min = …, max = … }}")
    return Span(**table)
