"""Does an imported spec say what its document says? Random inputs, judged by the document's own schema.

A document's own input schema as standard JSON Schema, with nothing changed that a validator understands.

This is what an import is judged against, so it shares no code with the importer's reading of the document.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from msgspec import Struct

from models.form.empties import PROMPT
from models.form.validate import check
from models.importing.draft import Drafted, draft
from models.importing.openapi import (
    MISSPELT_TYPES,
    TYPES,
    Document,
    NotADocument,
    Table,
    look_up,
    parse_documents,
)
from models.importing.samples import Samples, forbidden
from models.importing.toml_writer import write_toml
from models.linter import lint
from models.payload import finish, map_body
from models.spec.loader import build_spec
from models.spec.schema import Problem, Spec
from models.spec.values import JSON


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


# How many failures of one document are told.
_TOLD = 5
# How often a drawn input may turn out not to be allowed before another is drawn instead.
_DRAWS = 8
# How many ways to break one input are tried.
_BREAKS = 6


class Verdict(Struct, frozen=True, kw_only=True):
    """One document: of `tried` inputs that it allows `valid` were taken and made a request that it allows; of
    `forbidden` inputs `refused` were refused. `told` are the first failures and problems, in words.
    """

    name: str
    imported: bool = False
    fields: int = 0
    warnings: int = 0
    tried: int = 0
    valid: int = 0
    forbidden: int = 0
    refused: int = 0
    told: tuple[str, ...] = ()


def verify_text(
    text: str | bytes, provider: str, name: str, *, inputs: int, today: date, seed: int = 1
) -> list[Verdict]:
    """A verdict for each document of one file; `inputs` of both sorts are drawn for each. Raises nothing."""
    verdicts = []
    for document in parse_documents(text, provider):
        if isinstance(document, NotADocument):
            verdicts.append(Verdict(name=name, told=(document.sentence,)))
        else:
            verdicts.append(verify(document, name, inputs=inputs, today=today, seed=seed))
    return verdicts


def verify(document: Document, name: str, *, inputs: int, today: date, seed: int = 1) -> Verdict:
    """Imports the document, reads the TOML back, and tries it."""
    drafted = draft(document, today)
    spec = _read_back(drafted)
    if not isinstance(spec, Spec):
        told = tuple(str(problem) for problem in spec[:_TOLD])
        return Verdict(name=name, warnings=len(drafted.notices), told=told)
    trial = Trial(drafted, spec, seed)
    if document.schema is not None and drafted.described:
        trial.run(inputs)
    return Verdict(
        name=name,
        imported=True,
        fields=len(spec.fields),
        warnings=len(drafted.notices),
        tried=trial.tried,
        valid=trial.valid,
        forbidden=trial.forbidden,
        refused=trial.refused,
        told=tuple(trial.told[:_TOLD]),
    )


def _read_back(drafted: Drafted) -> Spec | tuple[Problem, ...]:
    """The spec as `models check` would see it."""
    try:
        raw = tomllib.loads(write_toml(drafted))
    except tomllib.TOMLDecodeError as error:
        return (Problem(drafted.key, "", "", f"this is not valid TOML: {error}"),)
    spec = build_spec(raw, key=drafted.key, file=f"{drafted.key}.toml")
    return lint(spec) or spec if isinstance(spec, Spec) else spec


class Trial:
    """Counts how one spec does."""

    def __init__(self, drafted: Drafted, spec: Spec, seed: int) -> None:
        self.drafted = drafted
        self.spec = spec
        schema = standard_schema(drafted.document)
        without = frozenset(name for name, why in drafted.left_out.items() if why != "always the same")
        self.document: Validator = Draft202012Validator(schema)
        prompt = spec.form.by_name.get(PROMPT)
        asked = frozenset({PROMPT} if prompt and prompt.required else ())
        self.samples = Samples(schema, seed, without, asked)
        self.tried = self.valid = self.forbidden = self.refused = 0
        self.told: list[str] = []

    def run(self, inputs: int) -> None:
        for _ in range(inputs):
            given = self.allowed()
            if given is not None:
                self.try_allowed(given)
        for wrong, given in self.bad(inputs):
            self.forbidden += 1
            if check(self.spec, self.drafted.values(given), {}).errors:
                self.refused += 1
            else:
                self.tell(f"taken although the document forbids it ({wrong})")

    def allowed(self) -> dict[str, JSON] | None:
        for _ in range(_DRAWS):
            given = self.samples.allowed()
            if self.document.is_valid(given):
                return given
        self.tell("no input could be drawn that the document allows")
        return None

    def try_allowed(self, given: dict[str, JSON]) -> None:
        self.tried += 1
        checked = check(self.spec, self.drafted.values(given), {})
        if checked.errors:
            name, sentence = next(iter(checked.errors.items()))
            self.tell(f"refused although the document allows it ({name}: {sentence})")
            return
        body: Any = finish(map_body(self.spec, checked.values), {})
        sent = body.get("input", {}) if self.drafted.document.wire == "input.*" else body
        wrong = next(self.document.iter_errors(sent), None)
        if wrong is None:
            self.valid += 1
        else:
            self.tell(f"made a request that the document forbids ({wrong.json_path}: {wrong.message[:80]})")

    def bad(self, inputs: int) -> Iterator[tuple[str, dict[str, JSON]]]:
        """Inputs that the document forbids, a few made from each of many that it allows. One that reaches the form
        unchanged is passed over: what is wrong with it cannot be said there.
        """
        found = 0
        for _ in range(inputs):
            given = self.allowed()
            if given is None or found >= inputs:
                return
            breaks = [each for each in forbidden(self.samples, given) if isinstance(each[1], dict)]
            values = self.drafted.values(given)
            for wrong, bad in self.samples.random.sample(breaks, min(_BREAKS, len(breaks))):
                if found < inputs and not self.document.is_valid(bad) and self.drafted.values(bad) != values:
                    yield wrong, bad
                    found += 1

    def tell(self, sentence: str) -> None:
        if sentence not in self.told:
            self.told.append(sentence)
