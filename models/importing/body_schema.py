"""A request that somebody sent → what it shows of the schema of its body."""

from __future__ import annotations

from models.importing.piece import Table
from models.values import JSON


def inner_body(provider: str, payload: dict[str, JSON]) -> dict[str, JSON]:
    """The model's own inputs: Replicate has them under `input`."""
    inside = payload.get("input")
    return (
        inside
        if isinstance(inside, dict) and set(payload) == {"input"} and provider == "replicate"
        else payload
    )


def schema_of(body: dict[str, JSON]) -> Table:
    """What a body shows of its types; nothing of limits, and only the prompt is taken to be required."""
    body = inner_body("replicate", body)
    properties = {name: _property(value) for name, value in body.items()}
    return {"type": "object", "properties": properties, "required": ["prompt"] if "prompt" in body else []}


_FILES = {
    "image": ("png", "jpg", "jpeg", "webp"),
    "video": ("mp4", "mov", "webm"),
    "audio": ("mp3", "wav", "m4a"),
}


def _property(value: JSON) -> Table:
    match value:
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer"}
        case float():
            return {"type": "number"}
        case list():
            return {"type": "array", "items": _property(value[0]) if value else {"type": "string"}}
        case dict():
            return {"type": "object", "properties": {name: _property(each) for name, each in value.items()}}
        case str() if value.startswith(("http://", "https://")):
            ending = value.partition("?")[0].rpartition(".")[2].lower()
            kind = next((kind for kind, endings in _FILES.items() if ending in endings), "file")
            return {"type": "string", "format": "uri", "description": f"URL of the {kind}"}
        case _:
            return {"type": "string"}
