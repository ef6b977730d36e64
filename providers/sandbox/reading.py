"""What a submission says, whether it comes as JSON or as a form, and the prompt in it."""

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from providers.sandbox.asgi import Request
from providers.sandbox.forms import read_form

PROMPTS = ("prompt", "promptText", "prompt_text", "text", "caption")


def json_object(request: Request) -> dict[str, Any] | None:
    """The body as a JSON object; None when it is none."""
    try:
        value = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        return None
    return value if isinstance(value, dict) else None


def form_or_json(request: Request) -> dict[str, Any] | None:
    """A JSON object, or a form with its files as data URIs and `a[b]` as the member b of a."""
    content_type = request.headers.get("content-type", "")
    if "multipart/form-data" not in content_type:
        return json_object(request)
    given: dict[str, Any] = {}
    for part in read_form(content_type, request.body):
        value: str = part.data.decode("utf-8", "replace")
        if part.filename:
            value = f"data:{part.content_type or 'image/png'};base64,{base64.b64encode(part.data).decode()}"
        outer, bracket, inner = part.name.removesuffix("]").partition("[")
        if bracket and isinstance(given.setdefault(outer, {}), dict):
            given[outer][inner] = value
        else:
            given[outer] = value
    return given or None


def prompt_in(body: Any) -> str:
    """The first text under a name that prompts have, wherever it stands; "" without one."""
    if isinstance(body, Mapping):
        own = next((body[name] for name in PROMPTS if isinstance(body.get(name), str)), "")
        return own or next((found for member in body.values() if (found := prompt_in(member))), "")
    if isinstance(body, list):
        return next((found for member in body if (found := prompt_in(member))), "")
    return ""
