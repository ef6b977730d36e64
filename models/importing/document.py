"""Any form in which a provider's schema document comes → one neutral Document: who it describes, and its input.

Known forms: Replicate's model or version object (`openapi_schema`), its cached form (`inputSchema`), fal's answer
(`openapi` beside `endpoint_id`, alone or in a list `models`), a bare OpenAPI document, a bare JSON Schema.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from models.importing.notice import Notice
from models.importing.resolve import Table, look_up

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
