"""Inputs that a document forbids: each a good one with just one thing wrong."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from models.importing.resolve import Table
from models.importing.samples import LONGEST, MOST_ITEMS, Samples, limits_of
from models.values import JSON


def forbidden(samples: Samples, given: Table) -> Iterator[tuple[str, Table]]:
    """(what is wrong, the input with it), for each rule of the schema that the input touches. Whether it is really
    forbidden is for a validator to say: another part of a union may allow it.
    """
    for place, schema, value in list(_touched(samples, samples.root, given, ())):
        for wrong, bad in _breaks(samples, schema, value):
            if place and bad == {}:
                continue  # an empty table counts as nothing given
            yield f"{'.'.join(map(str, place)) or 'the whole'}: {wrong}", _with(given, place, bad)


def _breaks(samples: Samples, schema: Table, value: JSON) -> Iterator[tuple[str, JSON]]:
    """Each way to break this one schema."""
    match value:
        case dict():
            yield from _lacking(samples, schema, value)
        case list():
            yield from _miscounted(schema, value)
        case _ if "enum" in schema:
            yield "not in its enum", _not_in(schema["enum"])
        case str():
            yield from _mismeasured(schema)
        case int() | float() if not isinstance(value, bool):
            yield from _beyond(samples, schema, value)
    if wrong := _of_another_type(schema.get("type")):
        yield "of another type", wrong[0]


def _lacking(samples: Samples, schema: Table, value: dict[str, JSON]) -> Iterator[tuple[str, JSON]]:
    """Without what is required; what has a default is not missed, for a form fills it in."""
    for name in schema.get("required", []):
        inner = samples.flat(schema.get("properties", {}).get(name))
        if name in value and "default" not in inner and "const" not in inner and name not in samples.without:
            yield f"lacks {name}", {key: each for key, each in value.items() if key != name}


def _miscounted(schema: Table, value: list[JSON]) -> Iterator[tuple[str, JSON]]:
    if 0 <= schema.get("maxItems", MOST_ITEMS) < MOST_ITEMS and value:
        yield "too many", [value[0]] * (int(schema["maxItems"]) + 1)
    if schema.get("minItems", 0) > 1 and value:
        yield "too few", value[: int(schema["minItems"]) - 1]


def _mismeasured(schema: Table) -> Iterator[tuple[str, JSON]]:
    if 0 <= schema.get("maxLength", LONGEST) < LONGEST:
        yield "too long", "x" * (int(schema["maxLength"]) + 1)
    if 1 < schema.get("minLength", 0) < LONGEST:
        yield "too short", "x" * (int(schema["minLength"]) - 1)


def _beyond(samples: Samples, schema: Table, value: int | float) -> Iterator[tuple[str, JSON]]:
    low, high = limits_of(schema)
    if low is not None:
        yield "too small", low - samples.random.choice((1, 100))
    if high is not None:
        yield "too large", high + samples.random.choice((1, 100))
    for key in ("exclusiveMinimum", "exclusiveMaximum"):
        if key in schema:
            yield "at an excluded end", schema[key]
    step = schema.get("multipleOf")
    if isinstance(step, int) and step > 1 and isinstance(value, int):
        yield "off its steps", value + 1


def _touched(
    samples: Samples, schema: Any, value: JSON, place: tuple[Any, ...]
) -> Iterator[tuple[tuple[Any, ...], Table, JSON]]:
    """Every value in an input beside the schema that it follows."""
    table = samples.flat(schema)
    for _ in range(4):  # a union shows one branch at a time
        if _could_be(table.get("type"), value):
            break
        table = samples.flat(schema)
    yield place, table, value
    if isinstance(value, dict):
        for name, inner in table.get("properties", {}).items():
            if value.get(name) is not None:
                yield from _touched(samples, inner, value[name], (*place, name))
    elif isinstance(value, list) and "items" in table:
        for index, item in enumerate(value[:2]):
            yield from _touched(samples, table["items"], item, (*place, index))


def _could_be(type_: Any, value: JSON) -> bool:
    names = {
        str: "string",
        bool: "boolean",
        int: "integer",
        float: "number",
        list: "array",
        dict: "object",
        type(None): "null",
    }
    name = names[type(value)]
    return type_ is None or name in type_ or (name == "integer" and "number" in type_)


def _with(given: JSON, place: tuple[Any, ...], bad: JSON) -> Any:
    """The same input with one value replaced."""
    if not place:
        return bad
    changed = copy.deepcopy(given)
    inner: Any = changed
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = bad
    return changed


def _not_in(enum: list[JSON]) -> JSON:
    numbers = [each for each in enum if isinstance(each, int | float) and not isinstance(each, bool)]
    return max(numbers) + 1 if numbers and len(numbers) == len(enum) else "not one of them"


def _of_another_type(type_: Any) -> list[JSON]:
    """A value of a type that is surely another; none where several types are allowed."""
    wrong: dict[str, JSON] = {
        "string": 12, "integer": 1.5, "number": "3", "boolean": "true", "array": 5, "object": "text",
    }  # fmt: skip
    return [wrong[type_]] if isinstance(type_, str) and type_ in wrong else []
