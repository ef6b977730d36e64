"""What a page of documentation says about one parameter, as a property of JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from models.importing.request_read import json_in
from models.values import JSON

_TYPES = (
    ("array", r"array|list(?: of)?\b|\[\]"),
    ("boolean", r"bool(?:ean)?"),
    ("integer", r"int(?:eger)?|long"),
    ("number", r"float|number|double|decimal"),
    ("object", r"object|dict|map"),
    ("string", r"str(?:ing)?|text|enum\w*|\w*enum|url|uri|file|image|video|audio"),
)
TYPE_WORDS = "|".join(words for _, words in _TYPES)

_ADDRESS = re.compile(r"\b(?:url|uri|file|image|video|audio)\b", re.I)
_REQUIRED = re.compile(r"\brequired\b|\bmandatory\b", re.I)
_OPTIONAL = re.compile(r"\boptional\b|\bnot required\b|required:? (?:no|false)", re.I)
_DEFAULT = re.compile(
    r"default(?:s to| value)?(?: is)?\s*[:=]?\s*(`[^`]+`|\"[^\"]*\"|'[^']*'|[\w.:+-]+)", re.I
)
_CHOICES = re.compile(
    r"(?:options|(?:possible|allowed|valid|supported)?\s*(?:enum )?values|one of|choices|enum)\s*(?:are|is)?\s*[:=]?"
    r"\s*((?:[`\"'\[]*[\w.:/+-]+[`\"'\]]*\s*(?:,|\||\bor\b|\band\b)\s*)+[`\"'\[]*[\w.:/+-]+[`\"'\]]*)",
    re.I,
)
_LISTED_ONE = r"[`\"']?\d[\w:+-]*[`\"']?"
_LISTED = re.compile(  # a sentence that is nothing but choices: 4, 6 or 8. "720p" | "1080p" (default "720p")
    rf"(?:^|[.:]\s+)({_LISTED_ONE}(?:\s*(?:,\s*or\b|,|\||\bor\b)\s*{_LISTED_ONE})+)(?=\s*(?:[.;(]|$))"
)
_TOKEN = re.compile(r"`?(\"[^\"]*\"|'[^']*'|[\w.:/+-]+)`?")
_NUMBER = r"`?(-?\d+(?:\.\d+)?)`?"
_RANGE = re.compile(
    rf"(?:range:?|between|from)\s*\[?\s*{_NUMBER}\s*(?:to|and|-|–|,|\.\.\.?)\s*{_NUMBER}", re.I
)
_LOW = re.compile(rf"\b(?:min(?:imum)?|at least|>=)(?: value| is)?\s*[:=]?\s*{_NUMBER}", re.I)
_HIGH = re.compile(rf"\b(?:max(?:imum)?|at most|up to|<=)(?: value| is)?\s*[:=]?\s*{_NUMBER}", re.I)
_LETTERS = re.compile(r"(\d[\d,]*)\s*(?:characters|chars)\b", re.I)


def prop(kind: str, told: str) -> dict[str, Any]:
    """The property of a parameter of the type `kind` (a word of the page) with all that is `told` of it."""
    found: dict[str, Any] = {"type": json_type(kind, told), "description": _plain(told)}
    if found["type"] == "string" and _ADDRESS.search(kind):
        found["format"] = "uri"
    choices = _choices(told, found["type"])
    default = _DEFAULT.search(told)
    if choices:
        if "string" not in kind.lower() and len({type(choice) for choice in choices}) == 1:
            found["type"] = _type_of(choices[0], found["type"])
        found["enum"] = choices
    if default and (value := _value(_bare(default[1]), found["type"])) not in (None, "none", "null"):
        found["default"] = value
    return {**found, **({} if choices else _limits(told, found["type"]))}


def is_required(told: str) -> bool:
    return bool(_REQUIRED.search(told)) and not _OPTIONAL.search(told)


def json_type(kind: str, told: str) -> str:
    for name, words in _TYPES:
        if re.search(rf"\b(?:{words})", kind, re.I):
            return name
    default = _DEFAULT.search(told)
    return _type_of(json_in(_bare(default[1])) if default else None, "string")


def _bare(token: str) -> str:
    return token.strip("`").rstrip(".,;")


def _type_of(value: JSON, otherwise: str) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return names.get(type(value), otherwise)


def _choices(told: str, kind: str) -> list[JSON]:
    found = _CHOICES.search(told) or _LISTED.search(told)
    if not found or kind == "boolean":
        return []
    tokens = (each for each in _TOKEN.findall(found[1]) if each not in ("or", "and"))
    return list(_typed(tokens, kind))


def _typed(tokens: Sequence[str] | Iterator[str], kind: str) -> Iterator[JSON]:
    for token in tokens:
        value = _value(token.rstrip("."), kind)
        if value is not None:
            yield value


def _value(token: str, kind: str) -> JSON:
    """In quotes it is text, whatever it looks like."""
    if token[:1] in "\"'":
        return token.strip("\"'")
    read = json_in(token.lower() if token.lower() in ("true", "false") else token)
    if kind == "string":
        return token.rstrip(".,;")
    match kind, read:
        case "boolean", bool():
            return read
        case (("boolean" | "integer" | "number"), bool()):
            return None
        case ("integer", int()) | ("number", int() | float()):
            return read
    return None


def _limits(told: str, kind: str) -> dict[str, Any]:
    if kind == "string":
        letters = _LETTERS.search(told)
        return {"maxLength": int(letters[1].replace(",", ""))} if letters else {}
    if kind not in ("integer", "number"):
        return {}
    span, low, high = _RANGE.search(told), _LOW.search(told), _HIGH.search(told)
    found = {"minimum": span[1] if span else low and low[1], "maximum": span[2] if span else high and high[1]}
    return {key: _number(text) for key, text in found.items() if text}


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


_SAID = re.compile(
    r"^\s*[-*•]\s*(?:default|options|range|values|enum|type|examples?)\b.*$|\(?\b(?:required|optional)\b\)?"
    r"|\bdefault(?: value)?:\s*\S+",
    re.I | re.MULTILINE,
)


def _plain(told: str) -> str:
    """The prose on one line, without the marks of Markdown and what the field itself says."""
    prose = re.sub(r"[*`]+|(?<!\w)_|_(?!\w)", "", _SAID.sub("", told))
    return " ".join(prose.split()).lstrip(" .,;:")
