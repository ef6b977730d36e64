"""What a document says about one property, as facts without JSON Schema's many spellings.

Limits of numbers, texts and lists in one schema, in all the spellings that JSON Schema has had.

The order of properties: as the document gives it, and where it gives none, as a person would fill them in.

Whether a value is one that a document's own schema takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from models.importing.openapi import Resolver, Table
from models.spec.fields import on_steps
from models.spec.values import JSON, same


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


# Deeper than any real document; a schema that goes on is cut off as free JSON.
_DEPTH = 8


class Shape(Struct, frozen=True, kw_only=True):
    """One property. `type` is string, integer, number, boolean, array, object, union or any."""

    type: str = "any"
    title: str = ""
    description: str = ""
    nullable: bool = False
    enum: tuple[JSON, ...] = ()
    open: bool = False  # other values than those of the enum too
    default: JSON = None
    has_default: bool = False  # also true of an empty default, which counts as none in a form
    examples: tuple[JSON, ...] = ()
    low: int | float | None = None
    high: int | float | None = None
    above: bool = False  # low itself is excluded
    below: bool = False  # high itself is excluded
    step: int | float | None = None
    step_from: int | float = 0
    min_length: int | None = None
    max_length: int | None = None
    items: Shape | None = None
    min_items: int | None = None
    max_items: int | None = None
    unique: bool = False
    members: tuple[Member, ...] = ()
    variants: tuple[Shape, ...] = ()
    format: str = ""
    refs: tuple[str, ...] = ()  # names of the schemas it refers to
    secret: bool = False
    deprecated: bool = False
    media: dict[str, Any] = {}  # limits of a file, as fal states them

    @property
    def required_members(self) -> tuple[str, ...]:
        return tuple(member.name for member in self.members if member.required)


class Member(Struct, frozen=True):
    """One property of an object, in the document's order."""

    name: str
    shape: Shape
    required: bool


def read_shape(
    resolver: Resolver, raw: object, place: str, trail: tuple[str, ...] = (), depth: int = 0
) -> Shape:
    """The facts of a schema; what is wrong in it is repaired and noted. Raises nothing."""
    if depth > _DEPTH:
        resolver.note(place, "goes too deep: taken as free JSON")
        return Shape()
    table = resolver.plain(raw, place, trail)
    return _Reader(resolver, table, place, depth).shape()


class _Reader:
    """Turns one resolved table into a Shape."""

    def __init__(self, resolver: Resolver, table: Table, place: str, depth: int) -> None:
        self.resolver = resolver
        self.table = table
        self.place = place
        self.depth = depth

    def shape(self) -> Shape:
        table = self.table
        enum = self.enum()
        shape = Shape(
            type=self.type(enum),
            title=_text(table.get("title")),
            description=_text(table.get("description")),
            nullable=table["nullable"],
            enum=enum,
            open=table.get("open") is True,
            examples=_examples(table),
            format=_text(table.get("format")),
            refs=tuple(ref.rpartition("/")[2] for ref in table["trail"]),
            secret=self.is_secret(),
            deprecated=table.get("deprecated") is True
            or _text(table.get("description"))
            .lower()
            .startswith(("deprecated", "(deprecated", "[deprecated")),
            media=table["x-fal"] if isinstance(table.get("x-fal"), dict) else {},
            variants=self.variants(),
            **read_bounds(table, self.note),
            **self.inside(),
        )
        return self.with_default(shape)

    def note(self, sentence: str) -> None:
        self.resolver.note(self.place, sentence)

    def type(self, enum: tuple[JSON, ...]) -> str:
        """The stated type, or what the other keys imply."""
        table = self.table
        stated = table.get("type")
        if enum and not any(misfit(Shape(type=stated or "any"), each) is None for each in enum):
            self.note(f"is said to be {stated}, but its enum is not: the enum counts")
            stated = None
        if stated:
            return str(stated)
        if table.get("variants"):
            return "union"
        for key, implied in (
            ("properties", "object"),
            ("items", "array"),
            ("maxLength", "string"),
            ("format", "string"),
        ):
            if key in table:
                return implied
        values = [*enum, *([table["default"]] if table.get("default") is not None else [])]
        implied = _type_of(values)
        if values:
            self.note(f"has no type: read as {implied}")
        return implied

    def enum(self) -> tuple[JSON, ...]:
        """Its values in order, each once; an empty text is no choice, it is what "nothing chosen" means."""
        raw = [self.table["const"]] if self.table.get("const") is not None else self.table.get("enum")
        if raw is not None and not isinstance(raw, list):
            self.note(f"has an enum that is no list ({raw!r}): left out")
        found: list[JSON] = []
        for value in raw if isinstance(raw, list) else []:
            if isinstance(value, list | dict):
                self.note("has a list or table among its enum: left out")
            elif value not in ("", None) and not any(same(value, other) for other in found):
                found.append(value)
        return tuple(found)

    def inside(self) -> dict[str, Any]:
        """The items of a list and the members of an object."""
        table = self.table
        inside: dict[str, Any] = {}
        if "items" in table:
            items = self.item_schema(table["items"])
            inside["items"] = read_shape(
                self.resolver, items, self.place + "[]", table["trail"], self.depth + 1
            )
        if isinstance(table.get("properties"), dict):
            inside["members"] = read_members(self.resolver, table, self.place, self.depth)
        return inside

    def item_schema(self, items: object) -> object:
        """One schema for all items, also where a document numbers them."""
        numbered = items
        if isinstance(items, dict) and items and all(key.isdigit() for key in items):
            numbered = list(items.values())
        if isinstance(numbered, list):
            self.note("lists a schema for each item: the first one is used for all")
            return numbered[0] if numbered else True
        return items

    def variants(self) -> tuple[Shape, ...]:
        tables = self.table.get("variants", ())
        return tuple(_Reader(self.resolver, table, self.place, self.depth + 1).shape() for table in tables)

    def is_secret(self) -> bool:
        return self.table.get("format") == "password" or self.table.get("x-cog-secret") is True

    def with_default(self, shape: Shape) -> Shape:
        """The default where it is one that the document itself would take."""
        default = self.table.get("default")
        if default is None:
            return shape
        if isinstance(default, float) and default.is_integer() and shape.type == "integer":
            default = int(default)
        if default in ("", [], {}):
            return replace(shape, has_default=True)
        wrong = misfit(shape, default)
        if wrong:
            self.note(f"has a default ({_short(default)}) that {wrong}: left out")
            return shape
        return replace(shape, default=default, has_default=True)


def read_members(resolver: Resolver, table: Table, place: str, depth: int = 0) -> tuple[Member, ...]:
    """The members of an object's table, in order, with which of them are required."""
    properties = table["properties"]
    listed = table["required"] if isinstance(table.get("required"), list) else []
    required = {name for name in listed if isinstance(name, str)}
    undescribed = dict.fromkeys(sorted(required - properties.keys()), True)
    for name in undescribed:
        resolver.note(place, f"requires {name}, which it does not describe: taken as free JSON")
    members = []
    for name, raw in {**properties, **undescribed}.items():
        here = f"{place}.{name}" if place else name
        needed = name in required or (isinstance(raw, dict) and raw.get("required") is True)
        members.append(Member(name, read_shape(resolver, raw, here, table["trail"], depth + 1), needed))
    return in_order(resolver, table, members, place)


def _examples(table: Table) -> tuple[JSON, ...]:
    examples = table.get("examples", [table["example"]] if "example" in table else [])
    return tuple(examples) if isinstance(examples, list) else ()


def _text(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _type_of(values: list[JSON]) -> str:
    """The one type of all these values."""
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    types = {names.get(type(value), "any") for value in values}
    if types == {"integer", "number"}:
        return "number"
    return types.pop() if len(types) == 1 else "any"


# What a person looks for first. A property not named here comes after them, in the document's order.
_FIRST = (
    "prompt", "text", "negative_prompt", "start_image", "first_frame", "image", "end_image", "last_frame", "images",
    "video", "videos", "audio", "duration", "seconds", "aspect_ratio", "resolution", "size",
)  # fmt: skip


def in_order(resolver: Resolver, table: Table, members: list[Member], place: str) -> tuple[Member, ...]:
    """By fal's list of names, by Replicate's x-order, else required ones and the usual ones first."""
    listed = table.get("x-fal-order-properties", table.get("x-order-properties"))
    if isinstance(listed, list):
        ranks: dict[str, object] = {str(name): rank for rank, name in reversed(list(enumerate(listed)))}
    else:
        ranks = {name: raw["x-order"] for name, raw in table["properties"].items() if _has_order(raw)}
    complete = len(ranks) >= len(members) and all(member.name in ranks for member in members)
    numbers = [ranks.get(member.name) for member in members]
    if complete and all(isinstance(number, int) for number in numbers) and len(set(numbers)) == len(numbers):
        return tuple(sorted(members, key=lambda member: ranks[member.name]))  # type: ignore[arg-type, return-value]
    if not place and len(members) > 1:
        resolver.note("", _what_is_wrong(ranks, complete) + ": required and usual fields come first")
    return tuple(sorted(members, key=_usual_rank))


def _has_order(raw: object) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("x-order"), int)


def _what_is_wrong(ranks: dict[str, object], complete: bool) -> str:
    if not ranks:
        return "The document gives no order of the properties"
    return (
        "Two properties have the same place in the order"
        if complete
        else "Only some properties have a place in the order"
    )


def _usual_rank(member: Member) -> tuple[bool, int]:
    name = member.name.lower().removesuffix("_url").removesuffix("_urls")
    files = ("start_", "first_", "end_", "last_")
    rank = next(
        (
            rank
            for rank, usual in enumerate(_FIRST)
            if name == usual or (name.startswith(usual) and usual.startswith(files))
        ),
        len(_FIRST),
    )
    return (not member.required and rank > 1, rank)


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,),
    "object": (dict,),
}  # fmt: skip


def misfit(shape: Shape, value: JSON) -> str | None:
    """Why a value is not allowed, as the end of a sentence; None if it is."""
    if value is None:
        return None if shape.nullable else "is null"
    if shape.type == "union":
        return (
            None if any(misfit(each, value) is None for each in shape.variants) else "fits none of its kinds"
        )
    if shape.type in _TYPES and not _is(shape.type, value):
        return f"is not of its type, {shape.type}"
    if shape.enum and not shape.open and not any(same(value, each) for each in shape.enum):
        return "is not in its enum"
    match value:
        case bool():
            return None
        case int() | float():
            return _number_misfit(shape, value)
        case str():
            return _outside(len(value), shape.min_length, shape.max_length, "characters")
        case list():
            return _list_misfit(shape, value)
        case dict():
            return _table_misfit(shape, value)


def _is(type_: str, value: JSON) -> bool:
    if isinstance(value, bool):
        return type_ == "boolean"
    return isinstance(value, _TYPES[type_])


def _number_misfit(shape: Shape, value: int | float) -> str | None:
    if shape.low is not None and (value < shape.low or (shape.above and value == shape.low)):
        return f"is below its minimum of {shape.low}"
    if shape.high is not None and (value > shape.high or (shape.below and value == shape.high)):
        return f"is above its maximum of {shape.high}"
    if (
        shape.step
        and abs((value - shape.step_from) / shape.step - round((value - shape.step_from) / shape.step)) > 1e-6
    ):
        return f"is not a multiple of {shape.step}"
    return None


def _outside(size: int, low: int | None, high: int | None, what: str) -> str | None:
    if (low is not None and size < low) or (high is not None and size > high):
        return f"has {size} {what}"
    return None


def _list_misfit(shape: Shape, value: list[JSON]) -> str | None:
    wrong = _outside(len(value), shape.min_items, shape.max_items, "items")
    if wrong or shape.items is None:
        return wrong
    items = shape.items
    return next((wrong for each in value if (wrong := misfit(items, each))), None)


def _table_misfit(shape: Shape, value: dict[str, JSON]) -> str | None:
    for member in shape.members:
        if member.name not in value:
            if member.required:
                return f"lacks {member.name}"
        elif wrong := misfit(member.shape, value[member.name]):
            return wrong
    return None
