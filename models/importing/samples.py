"""Random inputs that a document allows, made from its standard JSON Schema alone.

Inputs that a document forbids: each a good one with just one thing wrong.
"""

from __future__ import annotations

import copy
import math
import random
import re
from collections.abc import Iterator
from typing import Any

from models.importing.openapi import Table, look_up
from models.spec.values import JSON

_WORDS = (
    "a paper boat",
    "rain",
    "slow push-in",
    "42",
    "true",
    "Übergröße",
    "夜の街",
    'says "hello"',
    "50% off; done",
    "line\nbreak",
)
_DEPTH = 6
# Nothing longer is made, whatever a document asks for.
LONGEST = 100_000
MOST_ITEMS = 200
# How often a union is asked for a way through it that is not null.
_TRIES = 40


class Samples:
    """Draws inputs for one standard schema. `without` are properties that never come up, `asked` those that always do:
    the form asks for them although the document does not.
    """

    def __init__(
        self,
        schema: Table,
        seed: int,
        without: frozenset[str] = frozenset(),
        asked: frozenset[str] = frozenset(),
    ) -> None:
        self.root = schema
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self.without = without
        self.asked = asked

    def allowed(self) -> Table:
        """An input as a person or program might give it. What is required is never left empty: an empty text, list or
        table counts as nothing given, and a form asks for what is required even where null would do.
        """
        eager = self.random.choice((0.0, 0.2, 0.5, 0.8, 1.0))
        table = self.flat(self.root)
        asked = self.asked.intersection(table.get("properties", {}))
        drawn = self.object({**table, "required": [*table.get("required", []), *asked]}, "", eager, 0)
        return {name: value for name, value in drawn.items() if name not in self.without}

    def flat(self, schema: Any) -> Table:
        """One way through a schema: references followed, allOf joined, one branch of each union chosen."""
        if not isinstance(schema, dict):
            return {}
        table = {key: each for key, each in schema.items() if key not in ("$ref", "allOf", "anyOf", "oneOf")}
        parts = [look_up(self.root, schema["$ref"])] if "$ref" in schema else []
        parts += schema.get("allOf", [])
        for key in ("anyOf", "oneOf"):
            if key in schema:
                parts.append(self.random.choice(schema[key]))
        for part in parts:
            flat = self.flat(part)
            table = {**flat, **table}
            if "properties" in flat:
                table["properties"] = {**flat["properties"], **table["properties"]}
            if "required" in flat:
                table["required"] = [*flat["required"], *schema.get("required", [])]
        return table

    def value(self, schema: Any, name: str, depth: int, *, needed: bool) -> JSON:
        """A value of a property; null and emptiness only where it is not needed."""
        ways = [self.flat(schema) for _ in range(_TRIES if needed else 1)]
        table = next((way for way in ways if way.get("type") != "null"), ways[0])
        types = table.get("type")
        type_ = (
            self.random.choice([each for each in types if not needed or each != "null"])
            if isinstance(types, list)
            else types
        )
        if "const" in table:
            const: JSON = table["const"]
            return const
        if "enum" in table:
            options = [each for each in table["enum"] if not needed or each not in (None, "")]
            return self.random.choice(options) if options else None
        match type_ or _implied(table):
            case "null":
                return None
            case "string":
                return self.string(table, name, needed)
            case "integer" | "number" as kind:
                return self.number(table, whole=kind == "integer")
            case "boolean":
                return self.random.random() < 0.5
            case "array":
                return self.array(table, name, depth, needed)
            case "object":
                return self.object(table, name, self.random.random(), depth, needed=needed)
        anything: list[JSON] = ["anything", 7, {"any": ["thing", 1]}, [1, 2]]
        return self.random.choice(anything)

    def object(self, table: Table, name: str, eager: float, depth: int, *, needed: bool = False) -> Table:
        drawn: Table = {}
        required = set(table.get("required", []))
        properties = {
            **table.get("properties", {}),
            **dict.fromkeys(required - table.get("properties", {}).keys()),
        }
        first = next(iter(properties), None) if needed and not required else None
        for inner, schema in properties.items():
            must = inner in required or inner == first
            if depth < _DEPTH and (must or self.random.random() < eager):
                drawn[inner] = self.value(
                    schema, inner if inner != "url" else f"{name}_url", depth + 1, needed=must
                )
        if not properties:
            drawn = {"any": "thing"} if needed or self.random.random() < 0.5 else {}
        return drawn

    def array(self, table: Table, name: str, depth: int, needed: bool) -> list[JSON]:
        filled = needed and depth < _DEPTH
        least = int(min(max(table.get("minItems", 0), 1 if filled else 0), MOST_ITEMS))
        most = int(min(table.get("maxItems", least + 3), least + 3))
        drawn: list[JSON] = []
        for _ in range(self.random.randint(least, max(least, most)) if depth < _DEPTH else least):
            item = self.value(table.get("items", {"type": "integer"}), name, depth + 1, needed=True)
            if not table.get("uniqueItems") or item not in drawn:
                drawn.append(item)
        return drawn

    def string(self, table: Table, name: str, needed: bool) -> str:
        if is_address(table, name):
            file = self.random.choice(("a.png", "b.mp4", "c?d=e&f"))
            return f"https://example.com/{self.random.randrange(10**6)}/{file}"
        given = [
            each
            for each in (table.get("default"), *_list(table.get("examples")))
            if isinstance(each, str) and each
        ]
        if given and (table.get("pattern") or self.random.random() < 0.1):
            return self.random.choice(given)
        least = int(min(max(table.get("minLength", 0), 1 if needed else 0), LONGEST))
        most = int(min(table.get("maxLength", least + 60), LONGEST))
        length = self.random.choice(
            [least, most, self.random.randint(least, max(least, min(most, least + 60)))]
        )
        text = self.random.choice(_WORDS)
        while len(text) < length:
            text += " " + self.random.choice(_WORDS)
        return text[: max(length, least)].replace("\r", "")

    def number(self, table: Table, *, whole: bool) -> int | float:
        low, high = limits_of(table)
        step = table.get("multipleOf") or (
            table.get("step") if isinstance(table.get("step"), int | float) else None
        )
        bottom = (
            -1000
            if low is None and (high is None or high > -1000)
            else (high or 0) - 1000
            if low is None
            else low
        )
        top = bottom + 2000 if high is None else high
        drawn: float = self.random.choice(
            [bottom, top, self.random.uniform(bottom, top), self.random.uniform(bottom, top)]
        )
        drawn = round(drawn, self.random.choice((0, 1, 2, 6)))
        if step:
            start = 0 if "multipleOf" in table else bottom
            drawn = start + round((drawn - start) / step) * step
            drawn = round(drawn, 9)
        if whole or (isinstance(step, int) and step):
            drawn = math.floor(drawn)
        drawn = min(max(drawn, bottom), top) if not step else drawn
        return (
            int(drawn)
            if whole or (float(drawn).is_integer() and self.random.random() < 0.5)
            else float(drawn)
        )


def is_address(table: Table, name: str) -> bool:
    """Whether a text is to be the address of a file, by what the document says openly."""
    said = f"{table.get('title', '')} {table.get('description', '')}"
    named = re.search(r"(_ur[li]|Ur[li]|^ur[li])s?$", name)
    return (
        table.get("format") in ("uri", "url", "binary", "byte")
        or bool(named)
        or bool(re.search(r"\bUR[LI]s?\b", said))
    )


def limits_of(table: Table) -> tuple[Any, Any]:
    """The smallest and largest value, also by the names that no standard knows; just inside an excluded end."""
    low = next(
        (table[key] for key in ("minimum", "min", "ge") if isinstance(table.get(key), int | float)), None
    )
    high = next(
        (table[key] for key in ("maximum", "max", "le") if isinstance(table.get(key), int | float)), None
    )
    gap = 1 if table.get("type") == "integer" else 0.01
    if "exclusiveMinimum" in table:
        low = max(each for each in (low, table["exclusiveMinimum"] + gap) if each is not None)
    if "exclusiveMaximum" in table:
        high = min(each for each in (high, table["exclusiveMaximum"] - gap) if each is not None)
    return low, high


def _implied(table: Table) -> str | None:
    """The type of a schema that does not state one."""
    names = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
    if "properties" in table or "items" in table:
        return "object" if "properties" in table else "array"
    return "string" if "format" in table else names.get(type(table.get("default")))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


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
