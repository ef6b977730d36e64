"""A JSON Schema of a kind of TOML file, for editors that complete keys and underline mistakes.

Draft 7, written as Taplo reads it: it drops the text beside a `$ref` and cannot complete behind an `if` or an `allOf`.
Of what hangs together it knows nothing: whether a rule names a field that is there, `shotlist models check` says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin

from msgspec import Struct

from models.spec.conditions import TESTS, Condition
from models.spec.expressions import Expression
from models.spec.fields import KINDS, Field, Limit
from models.spec.grammar import (
    Key,
    first_paragraph,
    inner_tables,
    is_table,
    is_union,
    keys_of,
    keys_with_kinds,
    plain,
    tables,
    texts_of,
)
from models.spec.values import FACTS

Schema: TypeAlias = dict[str, Any]

DRAFT = "http://json-schema.org/draft-07/schema#"

_TYPES: dict[Any, Schema] = {
    Any: {},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    date: {"type": "string", "format": "date"},
    Decimal: {"type": "string", "pattern": r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"},
    Expression: {"type": ["string", "number"]},
    Field: {"$ref": "#/definitions/field"},
}
_TESTS: Schema = {"minProperties": 1, "additionalProperties": {"$ref": "#/definitions/test"}}
_TYPES[Condition] = {
    "type": ["object", "array"],
    **_TESTS,
    "minItems": 1,
    "items": {"type": "object", **_TESTS},
}
_SPAN: Schema = {
    "type": ["number", "object"],
    "properties": {"min": {"type": "number"}, "max": {"type": "number"}},
    "additionalProperties": False,
}


def editor_schema(root: type[Struct], title: str) -> Schema:
    """The schema of files whose top level is `root`."""
    writer = _Writer(root)
    about = {"$schema": DRAFT, "title": title, "description": first_paragraph(root.__doc__)}
    table = writer.table(root)
    if Field in writer.places:
        writer.definitions |= {"field": writer.field(), "test": _test()}
    return {**about, **table, "definitions": dict(sorted(writer.definitions.items()))}


class _Writer:
    """Tables that lists of several places hold become definitions; the others stand where they are used."""

    def __init__(self, root: type[Struct]) -> None:
        self.places = {struct: place for place, struct in tables(root).items()}
        self.uses = Counter(
            inner
            for struct in self.places
            for key in dict.fromkeys(key.name for key in keys_with_kinds(struct))
            for inner in _tables_in(struct, key)
        )
        self.definitions: dict[str, Schema] = {}

    def of(self, hint: Any) -> Schema:
        """The schema of a type."""
        hint = plain(hint)
        if hint in _TYPES:
            return _TYPES[hint]
        if is_table(hint):
            return self.table(hint)
        if is_union(hint):
            return _either([self.of(part) for part in get_args(hint)])
        match get_origin(hint), get_args(hint):
            case origin, (base, meta) if origin is Annotated:
                return {**self.of(base), **({"minimum": meta.ge} if meta.ge is not None else {})}
            case origin, values if origin is Literal:
                return {"type": "string", "enum": list(values)}
            case origin, (item, end) if origin is tuple and end is ...:
                return {"type": "array", "items": self.member(item)}
            case origin, (names, value) if origin is dict:
                return self.mapping(names, value)
        raise TypeError(f"no schema is known for {hint}")

    def member(self, hint: Any) -> Schema:
        """What a list holds; its tables have a text of their own."""
        if not is_table(hint) or hint is Field:
            return self.of(hint)
        table = {"description": first_paragraph(hint.__doc__), **self.table(hint)}
        if self.uses[hint] < 2:
            return table
        name = hint.__name__.lower()
        self.definitions[name] = table
        return {"$ref": f"#/definitions/{name}"}

    def mapping(self, names: Any, value: Any) -> Schema:
        """A table with free names, or with those of some texts."""
        parts = get_args(names) if is_union(names) else (names,)
        known = [name for part in parts if get_origin(part) is Literal for name in get_args(part)]
        if not known:
            return {"type": "object", "additionalProperties": self.of(value)}
        properties = {name: self.of(value) for name in known}
        return {"type": "object", "properties": properties, "additionalProperties": False}

    def table(self, struct: type[Struct]) -> Schema:
        keys, shorthand = keys_of(struct), getattr(struct, "shorthand", None)
        schema: Schema = {
            "type": "object",
            "properties": {key.name: self.key(key) for key in keys},
            "required": [key.name for key in keys if key.required],
            "additionalProperties": False,
        }
        if shorthand is None:
            return schema
        short = next(self.of(key.type) for key in keys if key.name == shorthand)
        return {**schema, "type": [short["type"], "object"]} if short else _without(schema, "type")

    def key(self, key: Key) -> Schema:
        """What may stand under a key, with its text."""
        schema = self.of(key.type)
        if key.choices:
            schema = {**schema, "items": {"type": "string", "enum": list(key.choices)}}
        default = {} if key.default in (None, "", (), {}) else {"default": key.default}
        return {"description": key.text, **schema, **default}

    def field(self) -> Schema:
        """All keys of all kinds, so that they can be completed; then what each kind leaves of them."""
        kinds = {kind: {key.name: self.key(key) for key in keys_of(KINDS[kind])} for kind in KINDS}
        names = dict.fromkeys(name for keys in kinds.values() for name in keys)
        shared = {name: _shared([keys[name] for keys in kinds.values() if name in keys]) for name in names}
        every = {"type": "object", "properties": shared, "required": ["type", "name"]}
        shared["type"]["x-taplo"] = {
            "docs": {"enumValues": [first_paragraph(KINDS[kind].__doc__) for kind in KINDS]}
        }
        rests = {kind: _rest(kind, keys, shared) for kind, keys in kinds.items()}
        return {"description": "One field of the form.", **every, **_by_kind(rests)}


def _tables_in(struct: type[Struct], name: str) -> set[type[Struct]]:
    hints = [key.type for key in keys_with_kinds(struct) if key.name == name]
    return {inner for hint in hints for _, inner in inner_tables(hint)}


def _either(schemas: Sequence[Schema]) -> Schema:
    """Alternatives of different JSON types in one table, whose errors an editor can place."""
    if {} in schemas:
        return {}
    types = list(dict.fromkeys(schema["type"] for schema in schemas))
    if "number" in types and "integer" in types:
        types.remove("integer")
    merged: Schema = {}
    for schema in schemas:
        values = {"enum": [*merged.get("enum", ()), *schema["enum"]]} if "enum" in schema else {}
        merged = {**merged, **schema, **values}
    return {**merged, "type": types[0] if len(types) == 1 else types}


def _shared(variants: Sequence[Schema]) -> Schema:
    """What a key has in all kinds of field that have it: its texts, and its type if that is the same everywhere."""
    texts = dict.fromkeys(each["description"] for each in variants if "description" in each)
    bare = [_without(each, "description") for each in variants]
    common = bare[0] if all(each == bare[0] for each in bare) else {}
    return {"description": " / ".join(texts), **common} if texts else common


def _rest(kind: str, keys: Mapping[str, Schema], shared: Mapping[str, Schema]) -> Schema:
    """A field of this type has no other keys than these."""
    needed = [key.name for key in keys_of(KINDS[kind]) if key.required and key.name not in ("type", "name")]
    own = {
        name: True if _without(schema, "description") == _without(shared[name], "description") else schema
        for name, schema in keys.items()
    }
    return {"properties": own, "required": needed, "additionalProperties": False}


def _by_kind(rests: Mapping[str, Schema]) -> Schema:
    """If it is of these kinds, these keys are left, else go on; nothing is said of a type that is none."""
    chain: Schema = {}
    for rest in reversed(_unlike(rests.values())):
        kinds = [kind for kind, each in rests.items() if each == rest]
        asked = {"properties": {"type": {"enum": kinds}}, "required": ["type"]}
        chain = {"if": asked, "then": rest, **({"else": chain} if chain else {})}
    return chain


def _unlike(schemas: Iterable[Schema]) -> list[Schema]:
    found: list[Schema] = []
    for each in schemas:
        if each not in found:
            found.append(each)
    return found


def _test() -> Schema:
    facts = {fact: {"description": texts_of(Limit)[fact], **_SPAN} for fact in FACTS}
    types: dict[str, Schema] = {
        "min": {"type": "number"},
        "max": {"type": "number"},
        "set": {"type": "boolean"},
        "not": {},
        "count": _SPAN,
    }
    tests = {name: {"description": text, **types[name]} for name, text in TESTS.items()}
    return {
        "description": "A value, a list of values, or a table of tests which must all hold.",
        "properties": {**tests, **facts},
        "additionalProperties": False,
    }


def _without(schema: Schema, name: str) -> Schema:
    return {key: value for key, value in schema.items() if key != name}
