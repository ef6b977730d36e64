"""Sentences about fields, values and conditions, in the words that the form shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from models.form.empties import is_blank
from models.spec.conditions import Condition, Span, Test
from models.spec.fields import Field, Form, JobField, MediaField, SelectField
from models.spec.values import JSON, as_text, same


def shown(field: Field | None, value: JSON) -> str:
    """A value as people read it: an option's label, "5 s", "on", "3 files"."""
    match value:
        case bool():
            return "on" if value else "off"
        case list() if isinstance(field, MediaField):
            return f"{len(value)} file{'' if len(value) == 1 else 's'}"
        case list():
            return f"{len(value)} row{'' if len(value) == 1 else 's'}"
        case dict():
            return ", ".join(f"{name} {as_text(each)}" for name, each in value.items())
    if isinstance(field, SelectField):
        for option in field.options:
            if same(option.value, value):
                return option.label
    if isinstance(field, MediaField | JobField):
        return "a file" if isinstance(field, MediaField) else "an earlier job"
    unit = getattr(field, "unit", "")
    return f"{as_text(value)} {unit}" if unit and not isinstance(value, str) else as_text(value)


def listed(parts: Iterable[str], last: str = "or") -> str:
    """5 s, 8 s or 10 s."""
    *most, end = list(parts) or [""]
    return f"{', '.join(most)} {last} {end}" if most else end


def while_text(condition: Condition | None, form: Form) -> str:
    """ "while Resolution is 1080p and First frame is set"; empty where there is no condition."""
    if condition is None:
        return ""
    either = [listed((_test(test, form) for test in tests), "and") for tests in condition.any_of]
    return "while " + " or ".join(either)


def _test(test: Test, form: Form) -> str:
    field = form.by_name.get(test.field)
    label = field.label if field else test.field.replace(".", " ").replace("_", " ")
    parts = []
    if test.one_of is not None:
        parts.append("is " + listed(shown(field, value) for value in test.one_of))
    if test.none_of:
        parts.append("is not " + listed(shown(field, value) for value in test.none_of))
    if test.is_set is not None:
        parts.append("is set" if test.is_set else "is empty")
    if test.span:
        parts.append("is " + span_text(test.span))
    if test.count:
        parts.append(f"has {span_text(test.count)} files or rows")
    parts += [f"has {fact} {span_text(span)}" for fact, span in test.facts]
    return f"{label} {listed(parts, 'and')}"


def span_text(span: Span) -> str:
    """ "at least 2", "at most 9", "2 to 9", "2"."""
    if span.min == span.max:
        return number_text(span.min)
    if span.max is None:
        return f"at least {number_text(span.min)}"
    if span.min is None:
        return f"at most {number_text(span.max)}"
    return f"{number_text(span.min)} to {number_text(span.max)}"


def number_text(number: float | None) -> str:
    """2500 rather than 2500.0, and no more than three decimals."""
    return "" if number is None else f"{number:.3f}".rstrip("0").rstrip(".")


def set_names(values: Mapping[str, JSON], names: Iterable[str]) -> list[str]:
    """Those of the names that have a value; a text in which nothing can be seen is none."""
    return [name for name in names if not is_blank(values.get(name))]
