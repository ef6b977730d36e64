"""A document's own input schema as standard JSON Schema, with nothing changed that a validator understands.

This is what an import is judged against, so it shares no code with the importer's reading of the document.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from models.importing.document import Document
from models.importing.resolve import MISSPELT_TYPES, TYPES, Table, look_up


def standard_schema(document: Document) -> Table:
    """JSON Schema 2020-12 whose references lie in itself. OpenAPI's nullable and Boolean bounds are spelt anew, and
    so is a type such as str; what no validator could read (a reference to nothing, an unknown type, a required that
    is no list) is taken out.
    """
    root = _Standard(document.root).whole(document.root)
    schema = _Standard(document.root).schema(document.schema or {})
    return {**schema, **root}


class _Standard:
    """Walks the places where schemas stand, so that a property called "type" stays a property."""

    def __init__(self, root: Table) -> None:
        self.root = root

    def whole(self, raw: Any) -> Table:
        """The definitions that references point into."""
        kept: Table = {}
        for key in ("components", "definitions", "$defs"):
            table = raw.get(key)
            if isinstance(table, dict):
                schemas = table.get("schemas", {}) if key == "components" else table
                standard = self.each(schemas)
                kept[key] = {"schemas": standard} if key == "components" else standard
        return kept

    def each(self, schemas: Any) -> Table:
        return {name: self.schema(raw) for name, raw in schemas.items()} if isinstance(schemas, dict) else {}

    def schema(self, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw if isinstance(raw, bool) else {}
        table = {key: each for key, each in raw.items() if _is_sound(key, each)}
        if "$ref" in table and not self.leads_somewhere(raw):
            del table["$ref"]
        if isinstance(raw.get("type"), str) and raw["type"] in MISSPELT_TYPES:
            table["type"] = MISSPELT_TYPES[raw["type"]]
        for key, walk in self.inner().items():
            if key in table:
                table[key] = walk(table[key])
        required = (
            [name for name, each in raw.get("properties", {}).items() if _says_required(each)]
            if "properties" in table
            else []
        )
        if required or "required" in table:
            table["required"] = [
                name for name in (*table.get("required", []), *required) if isinstance(name, str)
            ]
        _bounds(table)
        return _nullable(table) if raw.get("nullable") is True else table

    def leads_somewhere(self, raw: Table) -> bool:
        """Whether its reference points at a schema, and not by references alone back at itself."""
        target = look_up(self.root, raw["$ref"])
        return isinstance(target, dict) and not any(part is raw for part in self.joined(target, []))

    def joined(self, raw: Any, seen: list[Table]) -> list[Table]:
        """Every schema that a value of this one is held against as a whole."""
        if not isinstance(raw, dict) or any(raw is each for each in seen):
            return seen
        seen.append(raw)
        parts = [each for key in ("allOf", "anyOf", "oneOf") for each in _parts(raw.get(key))]
        for part in (look_up(self.root, raw.get("$ref")), *parts):
            self.joined(part, seen)
        return seen

    def inner(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "properties": self.each,
            "items": self.schema,
            "additionalProperties": self.schema,
            "not": self.schema,
            **dict.fromkeys(("anyOf", "oneOf", "allOf"), lambda parts: [self.schema(part) for part in parts]),
        }


def _parts(raw: Any) -> list[Any]:
    return raw if isinstance(raw, list) else []


def _is_sound(key: str, value: Any) -> bool:
    """Whether a validator can read this keyword."""
    if key in ("properties",):
        return isinstance(value, dict)
    if key == "required":
        return isinstance(value, list)
    if key == "items":
        return isinstance(value, bool) or (
            isinstance(value, dict) and not (value and all(name.isdigit() for name in value))
        )
    if key in ("anyOf", "oneOf", "allOf"):
        return isinstance(value, list) and bool(value)
    if key == "enum":
        return isinstance(value, list) and bool(value)
    if key == "type":
        return (
            all(each in (*TYPES, "null") for each in (value if isinstance(value, list) else [value]))
            and value != []
        )
    if key in ("minimum", "maximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems"):
        return (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and not (key == "multipleOf" and value <= 0)
        )
    if key in ("exclusiveMinimum", "exclusiveMaximum"):
        return isinstance(value, int | float)
    return key not in ("nullable", "$schema", "$id", "id") and (key != "pattern" or _is_pattern(value))


def _is_pattern(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(re.compile(value))
    except re.error:
        return False


def _says_required(raw: Any) -> bool:
    return isinstance(raw, dict) and raw.get("required") is True


def _bounds(table: Table) -> None:
    """OpenAPI 3.0: `exclusiveMinimum: true` beside `minimum`."""
    for key, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(table.get(key), bool):
            excluded = table.pop(key)
            if excluded and plain in table:
                table[key] = table.pop(plain)


def _nullable(table: Table) -> Table:
    return {"anyOf": [table, {"type": "null"}]}
