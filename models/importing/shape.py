"""What a document says about one property, as facts without JSON Schema's many spellings."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from models.importing.bounds import read_bounds
from models.importing.fits import misfit
from models.importing.order import in_order
from models.importing.resolve import Resolver, Table
from models.values import JSON, same

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
