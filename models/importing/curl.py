"""A request that somebody wrote down, as a curl command has it, and which provider's order it is.

A request that somebody sent → what it shows of the schema of its body.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise
from urllib.parse import urlsplit

from msgspec import Struct

from models.importing.form_inputs import Table
from models.spec.values import JSON


class Known(Struct, frozen=True):
    """How one provider takes orders: hosts, paths with `{endpoint}` or `{version}` in them, and the body's shape.

    `body` has "{body}" where the model's own body stands; `merged` are the provider's own members beside it.
    """

    name: str
    host: str
    paths: tuple[str, ...]
    body: JSON = "{body}"
    merged: tuple[tuple[str, JSON], ...] = ()


class Written(Struct, frozen=True):
    """One request as it was written; headers are left out, for the key is among them."""

    url: str
    body: dict[str, JSON]


class Ordered(Struct, frozen=True):
    """Whose order it is, as far as that can be told, and the model's own body."""

    provider: str
    endpoint: str
    version: str
    body: dict[str, JSON]


_DATA = ("-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json")
_HEREDOC = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?\s*\n(.*?)\n\s*\1\b", re.DOTALL)
_ESCAPED = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)  # $'it\'s' of bash, which shlex does not know
_COMMAND = re.compile(r"^[ \t$>]*(curl\s(?:.*\\\r?\n)*.*)", re.MULTILINE)


def curl_commands(text: str) -> Iterator[Written]:
    """Every curl command in a text that carries a JSON body."""
    for found in _COMMAND.finditer(text):
        written = _read_curl(text[found.start(1) :], found[1])
        if written:
            yield written


def _read_curl(rest: str, line: str) -> Written | None:
    """A body in quotes may go on over lines without a backslash: words are taken until the quotes close."""
    for end in _ends(rest, len(line)):
        command = _ESCAPED.sub(lambda found: shlex.quote(re.sub(r"\\(['\\])", r"\1", found[1])), rest[:end])
        try:
            words = shlex.split(command.replace("\\\r\n", " ").replace("\\\n", " "))
        except ValueError:
            continue
        return _request(words, rest)
    return None


def _ends(rest: str, first: int) -> Iterator[int]:
    yield first
    yield from (found.start() for found in re.finditer(r"\n|\Z", rest) if found.start() > first)


def _request(words: Sequence[str], rest: str) -> Written | None:
    url = next((word for word in words if re.match(r"https?://", word)), "")
    pairs = list(pairwise(words))
    data = next((value for word, value in pairs if word in _DATA), None)
    data = data or next((word.partition("=")[2] for word in words if word.startswith("--data=")), None)
    if data == "@-" and (heredoc := _HEREDOC.search(rest)):
        data = heredoc[2]
    if data is None:
        fields = [value.partition("=") for word, value in pairs if word in ("-F", "--form")]
        body: JSON = {name: value for name, _, value in fields if not value.startswith("@")}
    else:
        body = json_in(data)
    return Written(url, body) if url and isinstance(body, dict) and body else None


def json_in(text: str) -> JSON:
    """The JSON that a text holds, None where it holds none."""
    try:
        value: JSON = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def ordered(written: Written, providers: Sequence[Known]) -> Ordered:
    """The model's own body out of a request, with the provider that takes such requests."""
    address = urlsplit(written.url)
    for known in providers:
        if _domain(address.hostname or "") != _domain(known.host):
            continue
        for path in known.paths:
            if found := re.fullmatch(_pattern(path), address.path):
                return _unwrapped(known, found.groupdict(), written.body)
    return Ordered("", "", "", written.body)


def _domain(host: str) -> str:
    """fal.run of queue.fal.run."""
    return ".".join(host.lower().split(".")[-2:])


def _pattern(path: str) -> str:
    """{endpoint} may hold slashes, the other names may not."""
    parts = re.split(r"\{(\w+)(?:\|\w+)?\}", path.partition("?")[0])
    return "".join(
        re.escape(part) if number % 2 == 0 else _group(part, first=parts[:number].count(part) == 0)
        for number, part in enumerate(parts)
    )


def _group(name: str, *, first: bool) -> str:
    inside = ".+" if name == "endpoint" else "[^/]+"
    return f"(?P<{name}>{inside})" if first else inside


def _unwrapped(known: Known, names: dict[str, str], sent: dict[str, JSON]) -> Ordered:
    """Endpoint and version may also stand in the body; what the provider adds itself is taken out."""
    found, inside = dict(names), sent
    if isinstance(known.body, dict):
        for member, template in known.body.items():
            if template == "{body}" and isinstance(given := sent.get(member), dict):
                inside = given
            elif template in ("{endpoint}", "{version}") and isinstance(given := sent.get(member), str):
                found[template[1:-1]] = given
    own = {member for member, _ in known.merged}
    for member, template in known.merged:
        if template in ("{endpoint}", "{version}") and isinstance(given := sent.get(member), str):
            found[str(template)[1:-1]] = given
    body = {member: value for member, value in inside.items() if member not in own}
    endpoint, _, version = found.get("endpoint", "").partition(":")
    named, colon, pinned = found.get("version", version).rpartition(":")
    return Ordered(known.name, endpoint or (named if colon else ""), pinned, body)


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
