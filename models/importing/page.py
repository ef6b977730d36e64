"""A page of documentation saved as text → parameters, endpoint, price and an example, as far as it says them.

What a page of documentation says about one parameter, as a property of JSON Schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from models.importing.curl import json_in
from models.spec.values import JSON

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
_LISTED_VALUES = (
    re.compile(  # a sentence that is nothing but choices: 4, 6 or 8. "720p" | "1080p" (default "720p")
        rf"(?:^|[.:]\s+)({_LISTED_ONE}(?:\s*(?:,\s*or\b|,|\||\bor\b)\s*{_LISTED_ONE})+)(?=\s*(?:[.;(]|$))"
    )
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
    found = _CHOICES.search(told) or _LISTED_VALUES.search(told)
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


class Page(Struct, frozen=True, kw_only=True):
    """What was found; "" and empty where nothing was. `prices` are (US dollars, unit), each once."""

    provider: str = ""
    endpoint: str = ""
    address: str = ""
    properties: dict[str, dict[str, Any]] = {}
    required: tuple[str, ...] = ()
    payload: dict[str, JSON] = {}
    prices: tuple[tuple[str, str], ...] = ()


# A parameter in a list: - **`duration`** (`DurationEnum`, _optional_): …
_LISTED = re.compile(
    rf"^[ \t]*[-*•]?[ \t]*[*`_]*([a-z][a-z0-9_]{{1,40}})[*`]*\s*(?:\(([^)\n]*\b(?i:{TYPE_WORDS})[^)\n]*)\)"
    rf"|:\s*((?i:{TYPE_WORDS})\b[^\n.]*))[ \t]*[:.–—-]*[ \t]*(.*)$",
    re.MULTILINE,
)
_NEXT = re.compile(r"^\s*$|^#", re.MULTILINE)
_ADDRESSES = (
    ("fal", re.compile(r"(?<![\w.])fal\.ai/models/([\w.-]+(?:/[\w.-]+)+)")),
    (
        "replicate",
        re.compile(r"(?<![\w.])replicate\.com/(?!docs|blog|home|account|pricing)([\w.-]+/[\w.-]+)"),
    ),
)
_CALLS = (
    ("fal", re.compile(r"fal(?:_client)?\.(?:subscribe|submit|run|queue\.submit)\(\s*[\"']([\w./-]+)[\"']")),
    ("replicate", re.compile(r"replicate\.(?:run|stream|async_run)\(\s*[\"']([\w./:-]+)[\"']")),
)
_ENDS = re.compile(r"/(?:llms\.txt|api|playground|examples|readme)$")
_PRICE = re.compile(
    r"\$\s?(\d+(?:\.\d+)?)\s*(?:USD\s*)?(?:/|per|a|an|for (?:every|each))\s*"
    r"(?:output |generated |video |1 )?(second|sec|s|video|clip|generation|run)\b",
    re.I,
)
_UNITS = {"second": "second", "sec": "second", "s": "second"}
_BLOCK = re.compile(r"^```[\w-]*[ \t]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def read_page(text: str) -> Page:
    provider, endpoint, address = _endpoint(text)
    found = list(_parameters(text))
    return Page(
        provider=provider,
        endpoint=endpoint,
        address=address,
        properties={name: each for name, each, _ in found},
        required=tuple(dict.fromkeys(name for name, _, needed in found if needed)),
        payload=_payload(text),
        prices=tuple(
            dict.fromkeys((amount, _UNITS.get(unit.lower(), "clip")) for amount, unit in _PRICE.findall(text))
        ),
    )


def _endpoint(text: str) -> tuple[str, str, str]:
    for patterns in (_CALLS, _ADDRESSES):
        for provider, pattern in patterns:
            if found := pattern.search(text):
                name = _ENDS.sub("", found[1].rstrip("./"))
                address = found[0] if patterns is _ADDRESSES else ""
                return provider, name.partition(":")[0], address
    return "", "", ""


def _parameters(text: str) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Name, property and whether it is required; what answers hold is not asked of anyone."""
    asked = re.split(r"^#+.*\b(?:output|response)s?\b.*$", text, maxsplit=1, flags=re.MULTILINE | re.I)[0]
    seen: set[str] = set()
    for name, kind, told in (*_tables(asked), *_lists(asked)):
        if name not in seen:
            seen.add(name)
            yield name, prop(kind, told), is_required(f"{kind} {told}")


def _lists(text: str) -> Iterator[tuple[str, str, str]]:
    found = list(_LISTED.finditer(text))
    for number, each in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else len(text)
        stop = _NEXT.search(text, each.end() + 1, end)
        more = text[each.end() : stop.start() if stop else end]
        kind = each[2] or each[3]
        yield (
            each[1],
            kind.split(",")[0],
            f"{each[4]} {more} ({kind.partition(',')[2].strip('`_ ')})".replace(" ()", ""),
        )


def _tables(text: str) -> Iterator[tuple[str, str, str]]:
    """Rows of Markdown tables, and of tables pasted with tabs, whose head names a parameter and a type."""
    head: list[str] = []
    for line in text.splitlines():
        cells = _cells(line)
        if len(cells) < 2:
            head = []
        elif not head and {"type"} & {cell.lower() for cell in cells}:
            head = [cell.lower() for cell in cells]
        elif head and re.fullmatch(r"[*`]*[a-z][a-z0-9_]*[*`]*", cells[0]):
            row = dict(zip(head, cells, strict=False))
            rest = [_told(name, cell) for name, cell in row.items() if name != "type" and cell != cells[0]]
            yield cells[0].strip("*`"), row["type"], ". ".join(part for part in rest if part)


def _cells(line: str) -> list[str]:
    separator = "|" if line.lstrip().startswith("|") or line.count("|") > 1 else "\t"
    return [cell.strip() for cell in line.strip().strip("|").split(separator)]


def _told(head: str, cell: str) -> str:
    """A cell as a sentence: what stands under "Default" is a default, under "Required" yes means required."""
    if cell in ("", "-", "–", "—"):
        return ""
    if "required" in head:
        return "required" if cell.lower() in ("yes", "true", "✓", "✅", "required") else "optional"
    heads = ("default", "range", "min", "max", "options", "values", "enum", "choices")
    return f"{head}: {cell}" if any(word in head for word in heads) else cell


def _payload(text: str) -> dict[str, JSON]:
    """The first block of JSON that looks like what is asked, not like an answer."""
    for block in _BLOCK.findall(text):
        body = json_in(block)
        inner = body.get("input", body) if isinstance(body, dict) else None
        if isinstance(body, dict) and isinstance(inner, dict) and "prompt" in inner:
            return body
    return {}
