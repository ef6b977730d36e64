"""Whatever a person has of a model → a draft of its spec: a draft, a schema, a curl command, or a page saved as text.

What the source does not say is left out of the draft, so that `missing` asks for it.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from urllib.parse import urlsplit

import tomlkit
from msgspec import Struct, structs

from models.form.validate import check
from models.importing.curl import Known, curl_commands, inner_body, json_in, ordered, schema_of
from models.importing.draft import Drafted, draft
from models.importing.form_inputs import Table
from models.importing.openapi import Document, NotADocument, read_documents
from models.importing.page import Page, read_page
from models.importing.toml_writer import write_toml
from models.payload import finish, map_body
from models.spec.fields import MediaField
from models.spec.loader import build_spec, parse_toml
from models.spec.schema import Spec
from models.spec.values import JSON

Kind = Literal["draft", "schema", "request", "page"]

_UNKNOWN = "unknown"
_ASKED = re.compile(r'"\w*prompt\w*": ')  # a member of a request; a list of parameters has it as a value


class Read(Struct, frozen=True):
    """The draft as TOML, what it was made from, and what a person should know about it."""

    toml: str
    kind: Kind
    notes: tuple[str, ...] = ()


class NotRead(Struct, frozen=True):
    """Why nothing could be made of it."""

    sentence: str


@dataclass
class _Found:
    """What a source says, gathered from its parts."""

    provider: str = ""
    endpoint: str = ""
    version: str = ""
    address: str = ""
    schema: Table | None = None
    payload: dict[str, JSON] | None = None
    prices: tuple[tuple[str, str], ...] = ()
    host: str = ""  # where a request goes that none of our providers takes


def read_text(text: str, providers: Sequence[Known], today: date, *, name: str = "") -> Read | NotRead:
    """`name` is the file's: one that ends in .toml is a draft and nothing else (raises tomllib.TOMLDecodeError)."""
    if name.endswith(".toml") or _is_toml(text):
        parse_toml(text)
        return Read(text, "draft")
    raw = json_in(text)
    if raw is not None:
        return read_schema(raw, today)
    found, kind = _from_text(text, providers)
    if not found.schema:
        return NotRead(
            "No model is described here: expected a draft in TOML, a provider's schema in JSON, a curl command with "
            "its body, or a page of documentation that lists parameters."
        )
    return _drafted(found, kind, today)


def _is_toml(text: str) -> bool:
    try:
        parse_toml(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def read_schema(raw: JSON, today: date, provider: str = "", endpoint: str = "") -> Read | NotRead:
    """A provider's schema document, or a body alone; whose it is shows in it, where it is not said."""
    documents = list(read_documents(raw, provider or _whose(raw), endpoint))
    if len(documents) != 1:
        return NotRead(f"There are {len(documents)} documents in it: give one of them.")
    document = documents[0]
    if isinstance(document, Document) and document.schema is not None:
        known = document.endpoint != f"{_UNKNOWN}/{_UNKNOWN}"
        found = _Found(document.provider, document.endpoint if known else "")
        return _written(draft(document, today), found, "schema", today, has_source=known)
    if isinstance(raw, dict) and isinstance(raw.get("input", raw), dict) and _ASKED.search(json.dumps(raw)):
        found = _Found("replicate" if set(raw) == {"input"} else "", payload=raw, schema=schema_of(raw))
        return _drafted(found, "request", today)
    return NotRead(document.sentence if isinstance(document, NotADocument) else "It holds no input schema.")


def _whose(raw: JSON) -> str:
    """The provider that answers in this form; fal's documents carry its own keys."""
    text = json.dumps(raw)[:200_000]
    if '"x-fal' in text or '"endpoint_id"' in text or "fal.run" in text or "fal-ai/" in text[:2000]:
        return "fal"
    marks = ('"openapi_schema"', '"latest_version"', '"x-order"', "replicate.com", '"cog_version"')
    return "replicate" if any(mark in text for mark in marks) else _UNKNOWN


def _from_text(text: str, providers: Sequence[Known]) -> tuple[_Found, Kind]:
    """A page, with the curl command on it where there is one; or that command alone."""
    page = read_page(text)
    written = list(curl_commands(text))
    orders = [ordered(each, providers) for each in written]
    order = next((each for each in orders if each.endpoint), orders[0] if orders else None)
    found = _Found(page.provider, page.endpoint, "", page.address, None, page.payload or None, page.prices)
    if order:
        found.provider, found.endpoint = order.provider or found.provider, order.endpoint or found.endpoint
        found.version, found.payload = order.version, order.body
        if not order.provider:
            found.host = urlsplit(written[0].url).hostname or ""
            _name_the_model(found, page)
    found.schema = _merged(page, found)
    return found, "request" if order and not page.properties else "page"


def _name_the_model(found: _Found, page: Page) -> None:
    """A company that we do not know yet names its model in the body, like most: its wire will say {endpoint} there."""
    if isinstance(model := (found.payload or {}).get("model"), str) and not found.endpoint:
        found.endpoint = model
        found.payload = {name: value for name, value in (found.payload or {}).items() if name != "model"}
        page.properties.pop("model", None)


def _merged(page: Page, found: _Found) -> Table | None:
    """What the page says of the parameters, and whatever else the request holds."""
    sent = schema_of(inner_body(found.provider, found.payload or {}))
    properties = {**sent["properties"], **page.properties}
    if not properties:
        return None
    required = [name for name in page.required if name in properties] if page.properties else sent["required"]
    return {
        **sent,
        "properties": properties,
        "required": required,
        "x-fal-order-properties": list(properties),
    }


def _drafted(found: _Found, kind: Kind, today: date) -> Read:
    document = Document(
        provider=found.provider or _UNKNOWN,
        endpoint=found.endpoint or f"{_UNKNOWN}/{_UNKNOWN}",
        version=found.version,
        root=found.schema or {},
        schema=found.schema,
    )
    return _written(draft(document, today), found, kind, today, has_source=bool(found.address))


def _written(drafted: Drafted, found: _Found, kind: Kind, today: date, *, has_source: bool) -> Read:
    """The draft without what was only made up for it."""
    table = dict(drafted.table)
    if found.address:
        table["source"] = found.address
    if found.payload and isinstance(drafted.spec, Spec):
        table["examples"] = _examples(drafted, found.provider, found.payload)
    if kind in ("request", "page"):
        table["fields"] = [_without_choice(field) for field in table["fields"]]
    price = _price(found, today)
    table |= {"price": price} if price else {}
    text = tomlkit.parse(write_toml(structs.replace(drafted, table=table)))
    for key, known in (
        ("provider", found.provider not in ("", _UNKNOWN)),
        ("endpoint", bool(found.endpoint)),
        ("display_name", bool(found.endpoint)),
        ("family", bool(found.endpoint)),
        ("source", has_source),
        ("price", bool(price)),
    ):
        if not known and key in text:
            del text[key]
    return Read(tomlkit.dumps(text), kind, _notes(found))


_CHOSEN = re.compile(r"duration|seconds|resolution|ratio|size|fps|quality", re.I)


def _without_choice(field: Table) -> Table:
    """A request shows one choice, not which there are: the field is left open, so that they are asked for."""
    limited = "min" in field or "max" in field
    if limited or field["type"] not in ("integer", "number", "text") or not _CHOSEN.search(field["name"]):
        return field
    return {**field, "type": "select"}


def _price(found: _Found, today: date) -> dict[str, Any]:
    """Only a page that names one price says which one it is."""
    if len(found.prices) != 1:
        return {}
    (amount, unit), source = found.prices[0], {"source": found.address} if found.address else {}
    return {"per": unit, "rates": [{"usd": amount}], **source, "checked": today}


def _notes(found: _Found) -> tuple[str, ...]:
    notes = []
    if len(found.prices) > 1:
        listed = ", ".join(f"${amount} a {unit}" for amount, unit in found.prices)
        notes.append(f"Several prices are named ({listed}): say under [price] which holds when.")
    if found.host and not found.provider:
        notes.append(
            f"None of our providers is at {found.host}: describe it in a file of its own in providers/ first."
        )
    return tuple(notes)


def _examples(drafted: Drafted, provider: str, payload: dict[str, JSON]) -> list[Table]:
    """The request that was written down, first or after the t2v one that was made; others only for other modes."""
    spec = build_spec(drafted.table, key=drafted.key, file="")
    made: list[Table] = list(drafted.table.get("examples", []))
    if not isinstance(spec, Spec):
        return made
    given = drafted.values(inner_body(provider, payload))
    has_files = any(isinstance(spec.form.by_name.get(name), MediaField) for name in given)
    for mode in reversed(spec.modes) if has_files else spec.modes:
        checked = check(spec, {"mode": mode, **given}, {})
        if checked.errors:
            continue
        body = finish(map_body(spec, checked.values), {})
        own: Table = {"inputs": {"mode": mode, **given}, "body": body}
        others = [each for each in made if each["inputs"].get("mode") != mode]
        return sorted([own, *others], key=lambda each: spec.modes.index(each["inputs"]["mode"]))
    return made
