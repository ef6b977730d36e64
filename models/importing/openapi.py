"""Any form in which a provider's schema document comes → one neutral Document: who it describes, and its input.

Known forms: Replicate's model or version object (`openapi_schema`), its cached form (`inputSchema`), fal's answer
(`openapi` beside `endpoint_id`, alone or in a list `models`), a bare OpenAPI document, a bare JSON Schema.

One JSON Schema as a plain table: references followed, allOf joined, null split off, misspelt keys put right.

What an importer noticed: a repair, a guess, or a fact that a spec cannot hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

from msgspec import Struct


class Notice(Struct, frozen=True):
    """One warning about a document; `field` is a property's path ("shots[].prompt"), "" for the whole."""

    field: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.field}: {self.sentence}" if self.field else self.sentence


Table: TypeAlias = dict[str, Any]

# Keys that documents use although JSON Schema calls them otherwise.
_MISSPELT = {
    "min": "minimum", "ge": "minimum", "max": "maximum", "le": "maximum",
    "gt": "exclusiveMinimum", "lt": "exclusiveMaximum", "multiple_of": "multipleOf",
    "min_length": "minLength", "max_length": "maxLength", "minlength": "minLength", "maxlength": "maxLength",
    "min_items": "minItems", "max_items": "maxItems", "choices": "enum", "options": "enum",
}  # fmt: skip

MISSPELT_TYPES = {
    "str": "string", "text": "string", "uri": "string", "url": "string", "file": "string", "path": "string",
    "int": "integer", "long": "integer", "float": "number", "double": "number", "decimal": "number",
    "bool": "boolean", "list": "array", "tuple": "array", "dict": "object", "map": "object",
}  # fmt: skip

TYPES = ("string", "integer", "number", "boolean", "array", "object")


class Resolver:
    """Reads the schemas of one document and notes every repair."""

    def __init__(self, root: Table) -> None:
        self.root = root
        self.notices: list[Notice] = []

    def note(self, place: str, sentence: str) -> None:
        notice = Notice(place, sentence)
        if notice not in self.notices:
            self.notices.append(notice)

    def plain(self, raw: object, place: str, trail: tuple[str, ...] = ()) -> Table:
        """A table without $ref, allOf or null: `nullable` says whether null is allowed too, `variants` holds the
        parts of a real union, `trail` the references followed so far. `properties` and `items` stay as they are.
        """
        if not isinstance(raw, dict):
            if raw is not True:
                self.note(place, "has no schema: anything is taken")
            return {"trail": trail, "nullable": False}
        own = self._spelled({key: each for key, each in raw.items() if key not in _JOINING}, place)
        own["trail"] = trail
        parts = self._parts(raw, place, trail)
        for part in parts:
            own = _joined(part, own)
        own = self._typed(own, place)
        unions = [raw[key] for key in ("anyOf", "oneOf") if isinstance(raw.get(key), list) and raw[key]]
        for union in unions:
            own = self._with_union(own, union, place)
        return own

    def _parts(self, raw: Table, place: str, trail: tuple[str, ...]) -> list[Table]:
        """What the schema is made of besides its own keys: the target of $ref, and every part of allOf."""
        parts = []
        if "$ref" in raw:
            parts.append(self._target(raw["$ref"], place, trail))
        joined = raw.get("allOf")
        for part in joined if isinstance(joined, list) else []:
            parts.append(self.plain(part, place, trail))
        return parts

    def _target(self, ref: object, place: str, trail: tuple[str, ...]) -> Table:
        if not isinstance(ref, str) or ref in trail:
            self.note(place, f"is defined by itself ({ref}): taken as free JSON")
            return {"trail": trail, "nullable": False}
        target = look_up(self.root, ref)
        if not isinstance(target, dict):
            self.note(place, f"refers to {ref}, which is not in the document: taken as free JSON")
            return {"trail": (*trail, ref), "nullable": False}
        return self.plain(target, place, (*trail, ref))

    def _spelled(self, table: Table, place: str) -> Table:
        """Misspelt keys under their real name, unless that is there as well."""
        spelled = {key: each for key, each in table.items() if key not in _MISSPELT}
        for key, each in table.items():
            meant = _MISSPELT.get(key)
            if meant and meant not in table and not isinstance(each, dict):
                self.note(place, f"says {key}, which no standard knows: read as {meant}")
                spelled[meant] = each
        return spelled

    def _typed(self, table: Table, place: str) -> Table:
        """One `type` at most; several become a union; "null" and a null in the enum become `nullable`."""
        kinds = table.pop("type", None)
        named = kinds if isinstance(kinds, list) else [kinds]
        types = [MISSPELT_TYPES.get(str(kind), str(kind)) for kind in named if kind not in (None, "null")]
        known = [kind for kind in types if kind in TYPES]
        if len(known) < len(types) or [str(kind) for kind in named if kind not in (None, "null")] != types:
            self.note(place, f"has the type {kinds!r}, which no standard knows: read as {known or 'any'}")
        table["nullable"] = table.get("nullable") is True or "null" in named
        if isinstance(table.get("enum"), list) and None in table["enum"]:
            table |= {"nullable": True, "enum": [each for each in table["enum"] if each is not None]}
        if set(known) == {"integer", "number"}:
            known = ["number"]
        if len(known) == 1:
            table["type"] = known[0]
        elif known:
            shared = {
                key: each for key, each in table.items() if key not in ("default", "nullable", "examples")
            }
            table["variants"] = [{**_without_text(shared), "type": kind, "nullable": False} for kind in known]
        return table

    def _with_union(self, own: Table, union: list[Any], place: str) -> Table:
        """The table with the parts of an anyOf or oneOf: joined where only one is left, else as `variants`."""
        trail = own["trail"]
        variants: list[Table] = []
        for raw in union:
            if isinstance(raw, dict) and raw.get("type") == "null":
                own["nullable"] = True
                continue
            variant = self.plain(raw, place, trail)
            own["nullable"] = own["nullable"] or variant["nullable"]
            variants += variant.get("variants", [variant])
        variants = _merged(variants)
        if len(variants) == 1:
            return _joined(variants[0], own)
        return {**own, "variants": variants} if variants else own


_JOINING = ("$ref", "allOf", "anyOf", "oneOf")


def look_up(root: Table, ref: object) -> object:
    """What a local reference such as "#/components/schemas/Size" points at; None if nothing."""
    found: object = root
    if not isinstance(ref, str) or not ref.startswith("#"):
        return None
    for name in ref.removeprefix("#").split("/")[1:]:
        name = name.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    return found


def _joined(part: Table, own: Table) -> Table:
    """Both at once; the own keys win, but properties and required names add up."""
    both = {**part, **own}
    if isinstance(part.get("properties"), dict) and isinstance(own.get("properties"), dict):
        both["properties"] = {**part["properties"], **own["properties"]}
    if isinstance(part.get("required"), list) and isinstance(own.get("required"), list):
        both["required"] = [*part["required"], *own["required"]]
    both["nullable"] = bool(part.get("nullable")) or bool(own.get("nullable"))
    both["trail"] = tuple(dict.fromkeys((*part.get("trail", ()), *own.get("trail", ()))))
    return both


def _without_text(table: Table) -> Table:
    return {key: each for key, each in table.items() if key not in ("title", "description", "variants")}


def _merged(variants: list[Table]) -> list[Table]:
    """Parts that say one thing together: several enums of one type, an enum beside any text, 1 beside 1.5."""
    merged: list[Table] = []
    for variant in variants:
        twin = next((each for each in merged if _are_alike(each, variant)), None)
        if twin is None:
            merged.append(variant)
        else:
            merged[merged.index(twin)] = _either(twin, variant)
    return merged


_BOUNDS = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
    "pattern", "format",
)  # fmt: skip


def _are_alike(one: Table, other: Table) -> bool:
    types = {one.get("type"), other.get("type")}
    enums = ("enum" in one) + ("enum" in other)
    if types == {"integer", "number"}:
        return not enums and not any(key in table for key in _BOUNDS for table in (one, other))
    return types == {"string"} or (
        len(types) == 1 and types <= {"integer", "number", "boolean"} and enums == 2
    )


def _either(one: Table, other: Table) -> Table:
    """What both parts allow together; a bound stays only where both have it."""
    both = {
        key: each
        for key, each in {**other, **one}.items()
        if key not in _BOUNDS or one.get(key) == other.get(key)
    }
    both["nullable"] = one["nullable"] or other["nullable"]
    if one.get("type") != other.get("type"):
        both["type"] = "number"
    if "enum" in both:
        both["enum"] = [*one.get("enum", []), *other.get("enum", [])]
        both["open"] = not ("enum" in one and "enum" in other) or bool(one.get("open"))
    return both


# Where a provider's inputs go in its request body.
WIRES = {"replicate": "input.*", "fal": "*"}


class Document(Struct, frozen=True, kw_only=True):
    """`schema` is the schema of the input inside `root`, the whole that its references point into.

    `schema` is None where the document has none; `notices` then say why.
    """

    provider: str
    endpoint: str
    name: str = ""
    description: str = ""
    category: str = ""
    version: str = ""
    needs_version: bool = False  # Replicate runs a model that is not official by its version only
    status: str = ""
    root: Table = {}
    schema: Table | None = None
    output: Table | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def wire(self) -> str:
        return WIRES.get(self.provider, "*")


class NotADocument(Struct, frozen=True):
    """What was found instead of a schema document."""

    sentence: str


def parse_documents(text: str | bytes, provider: str, endpoint: str = "") -> list[Document | NotADocument]:
    """The documents of one file or answer; `endpoint` names what it describes where it does not say so itself."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        return [NotADocument(f"This is not JSON: {error}.")]
    return list(read_documents(raw, provider, endpoint))


def read_documents(raw: object, provider: str, endpoint: str = "") -> Iterator[Document | NotADocument]:
    """One or, from an answer that lists several, more."""
    listed = raw.get("models", raw.get("results")) if isinstance(raw, dict) else raw
    if isinstance(listed, list) and listed and not (isinstance(raw, dict) and "openapi" in raw):
        for each in listed:
            yield read_document(each, provider, endpoint if len(listed) == 1 else "")
        return
    yield read_document(raw, provider, endpoint)


def read_document(raw: object, provider: str, endpoint: str = "") -> Document | NotADocument:
    """One document, whatever its form. Raises nothing."""
    if not isinstance(raw, dict) or not raw:
        return NotADocument("This is no schema document: a JSON object was expected.")
    version = _table(raw.get("latest_version")) or raw
    root = _opened(version.get("openapi_schema", version.get("openapi")))
    if root is None:
        root = raw if isinstance(raw.get("openapi"), str) or "components" in raw or "paths" in raw else None
    if root is not None:
        return _from_openapi(raw, version, root, provider, endpoint)
    for key in ("inputSchema", "input_schema"):
        if isinstance(raw.get(key), dict):
            return _document(
                raw, provider, endpoint, root=raw[key], schema=raw[key], output=raw.get("outputSchema")
            )
    if isinstance(raw.get("properties"), dict) or isinstance(raw.get("$defs"), dict):
        return _document(raw, provider, endpoint, root=raw, schema=raw)
    if not _names(raw):
        return NotADocument("This is no schema document: neither an input schema nor an endpoint is in it.")
    return _document(raw, provider, endpoint, reason="it holds none")


def _opened(openapi: object) -> Table | None:
    """The OpenAPI part, also where it was stored as text."""
    if isinstance(openapi, str) and openapi.lstrip().startswith("{"):
        try:
            openapi = json.loads(openapi)
        except ValueError:
            return None
    return openapi if isinstance(openapi, dict) else None


def _from_openapi(raw: Table, version: Table, root: Table, provider: str, endpoint: str) -> Document:
    facts = _table(_table(root.get("info")).get("x-fal-metadata"))
    named = endpoint or _text(raw, *_ENDPOINT) or _text(facts, "endpointId", "endpoint_id")
    schema, output, notices = _find_input(root, named)
    reason = ""
    if schema is None:
        error = root.get("error")
        reason = _text(_table(error), "message") or (
            error if isinstance(error, str) else "no operation takes an input"
        )
    return _document(
        {**facts, **raw, "version": _text(version, "id", "version") if version is not root else ""},
        provider, named, root=root, schema=schema, output=output, reason=reason, notices=notices,
    )  # fmt: skip


_ENDPOINT = ("endpoint_id", "modelId", "endpointId", "model_id", "endpoint")


def _find_input(root: Table, endpoint: str) -> tuple[Table | None, Table | None, list[Notice]]:
    """The schemas of input and output: Replicate's are called Input and Output, others hang on an operation."""
    schemas = _table(_table(root.get("components")).get("schemas")) or _table(root.get("definitions"))
    if isinstance(schemas.get("Input"), dict) and _is_object(schemas["Input"]):
        return schemas["Input"], _table(schemas.get("Output")) or None, []
    posts = [
        (path, body)
        for path, operations in _table(root.get("paths")).items()
        if (body := _body_schema(root, _table(_table(operations).get("post")))) is not None
    ]
    posts.sort(key=lambda post: post[0].strip("/") != endpoint)
    output = next((each for name, each in schemas.items() if name.endswith("Output")), None)
    if posts:
        several = len(posts) > 1 and posts[0][0].strip("/") != endpoint
        note = Notice("", f"Several operations take a body: the first, {posts[0][0]}, is read")
        return posts[0][1], _table(output) or None, [note] if several else []
    inputs = [
        name
        for name, each in schemas.items()
        if name.lower().endswith(("input", "request")) and _is_object(each)
    ]
    if not inputs:
        return None, None, []
    notices = [Notice("", f"No operation names its input: the schema {inputs[0]} is read")]
    return schemas[inputs[0]], _table(output) or None, notices


def _body_schema(root: Table, operation: Table) -> Table | None:
    """The schema of an operation's request body, of which JSON is preferred."""
    body = _table(operation.get("requestBody"))
    if isinstance(body.get("$ref"), str):
        body = _table(look_up(root, body["$ref"]))
    content = _table(body.get("content"))
    kinds = sorted(content, key=lambda kind: "json" not in kind)
    schema = _table(content.get(kinds[0])).get("schema") if kinds else None
    return schema if isinstance(schema, dict) else None


def _is_object(schema: object) -> bool:
    return isinstance(schema, dict) and (
        "properties" in schema or schema.get("type") == "object" or "allOf" in schema
    )


def _document(
    raw: Table,
    provider: str,
    endpoint: str,
    *,
    root: Table | None = None,
    schema: Table | None = None,
    output: object = None,
    reason: str = "",
    notices: list[Notice] | None = None,
) -> Document:
    facts = {**raw, **_table(raw.get("metadata"))}
    owner, name = _text(raw, "owner"), _text(raw, "name")
    endpoint = endpoint or _text(raw, *_ENDPOINT) or (f"{owner}/{name}" if owner and name else "")
    status = _text(facts, "status")
    noticed = [*(notices or []), *_doubts(endpoint, status, None if schema is not None else reason)]
    return Document(
        provider=provider,
        endpoint=endpoint or "unknown/unknown",
        name=_text(facts, "display_name", "displayName") or name,
        description=_text(facts, "description"),
        category=_text(facts, "category"),
        version=_text(raw, "version", "version_id"),
        needs_version=raw.get("is_official") is False,
        status=status,
        root=root or {},
        schema=schema,
        output=_table(output) or None,
        notices=tuple(noticed),
    )


def _doubts(endpoint: str, status: str, no_schema: str | None) -> Iterator[Notice]:
    """What a document does not say about itself; `no_schema` is why it has none."""
    if not endpoint:
        yield Notice("", "The document does not say which endpoint it describes: fill in endpoint")
    if no_schema is not None:
        yield Notice(
            "", f"The provider has no input schema for this endpoint ({no_schema}): its fields are unknown"
        )
    if status and status not in ("active", "online", "succeeded"):
        yield Notice("", f"The provider calls this endpoint {status}")


def _names(raw: Table) -> bool:
    return bool(_text(raw, *_ENDPOINT) or (_text(raw, "owner") and _text(raw, "name")))


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(table: Table, *keys: str) -> str:
    """The first of these that is a text, in one line."""
    return next(
        (
            " ".join(table[key].split())
            for key in keys
            if isinstance(table.get(key), str) and table[key].strip()
        ),
        "",
    )
