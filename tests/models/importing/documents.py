"""Small schema documents of the forms in which providers answer, for tests to fill and to damage."""

import json
from datetime import date
from typing import Any

from models.importing.draft import Drafted, draft
from models.importing.openapi import Document, read_document
from models.importing.verify import Verdict, verify

TODAY = date(2026, 11, 23)

PROMPT = {"type": "string", "title": "Prompt", "description": "What to show."}


def fal(properties: dict[str, Any], required: list[str] | None = None, **schemas: Any) -> dict[str, Any]:
    """As fal's list of models answers; `schemas` are further components."""
    body = {"type": "object", "properties": properties, "x-fal-order-properties": list(properties)}
    if required is not None:
        body["required"] = required
    return {
        "endpoint_id": "acme/dream/text-to-video",
        "metadata": {"display_name": "Acme Dream 2", "category": "text-to-video", "status": "active"},
        "openapi": {
            "openapi": "3.0.4",
            "components": {"schemas": {"DreamInput": body, "DreamOutput": {"type": "object"}, **schemas}},
            "paths": {
                "/acme/dream/text-to-video": {
                    "post": {
                        "requestBody": {
                            "content": {
                                "application/json": {"schema": {"$ref": "#/components/schemas/DreamInput"}}
                            }
                        }
                    }
                }
            },
        },
    }


def replicate(
    properties: dict[str, Any], required: list[str] | None = None, **schemas: Any
) -> dict[str, Any]:
    """As Replicate's model object answers."""
    body = {"type": "object", "title": "Input", "properties": properties, "required": required or []}
    output = {"type": "string", "format": "uri"}
    return {
        "owner": "acme",
        "name": "dream-2",
        "description": "Clips of dreams.",
        "is_official": True,
        "latest_version": {
            "id": "0123456789abcdef",
            "openapi_schema": {"components": {"schemas": {"Input": body, "Output": output, **schemas}}},
        },
    }


def document(raw: Any, provider: str = "fal") -> Document:
    """A damaged document goes through text, as it would in life."""
    read = read_document(json.loads(json.dumps(raw)), provider)
    assert isinstance(read, Document), read
    return read


def drafted(raw: Any, provider: str = "fal") -> Drafted:
    return draft(document(raw, provider), TODAY)


def field(name: str, schema: Any, *, required: bool = False, **schemas: Any) -> dict[str, Any]:
    """The field that one property becomes, as TOML will hold it."""
    found = drafted(fal({name: schema}, [name] if required else [], **schemas))
    return dict(found.table["fields"][0])


def notices(raw: Any, provider: str = "fal") -> str:
    """Everything that was noticed, a line each."""
    return "\n".join(str(notice) for notice in drafted(raw, provider).notices)


def trial(raw: Any, provider: str = "fal", inputs: int = 60) -> Verdict:
    return verify(document(raw, provider), "test", inputs=inputs, today=TODAY)
