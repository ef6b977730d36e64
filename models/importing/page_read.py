"""A page of documentation saved as text → parameters, endpoint, price and an example, as far as it says them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from models.importing.page_facts import TYPE_WORDS, is_required, prop
from models.importing.request_read import json_in
from models.values import JSON


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
