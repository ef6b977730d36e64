"""The pages of docs/ as tests read them: their examples, each put over the first, and the keys that these use."""

import re
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from msgspec import Struct

from models.spec.fields import KINDS, Field
from models.spec.grammar import inner_tables, is_table, keys_of, own_keys, plain, tables
from tests.support import CHECKOUT

DOCS = CHECKOUT / "docs"

_TOML = re.compile(r"^```toml( whole)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Used = set[tuple[str, str]]  # (the struct that states the key, key)


@dataclass(frozen=True)
class Example:
    """One TOML block of a page: as it stands, and as the whole file that it stands for."""

    line: int
    raw: dict[str, Any]
    whole: dict[str, Any]

    def __str__(self) -> str:
        return f"line {self.line}"


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def examples(page: str, added: tuple[str, ...]) -> list[Example]:
    """The first block is the file over which the others are put; lists named in `added` get longer."""
    text = text_of(page)
    found: list[Example] = []
    for block in _TOML.finditer(text):
        raw = tomllib.loads(block[2])
        alone = bool(block[1]) or not found
        whole = raw if alone else over(found[0].raw, raw, added)
        found.append(Example(text.count("\n", 0, block.start()) + 1, raw, whole))
    return found


def over(base: dict[str, Any], raw: dict[str, Any], added: tuple[str, ...] = ()) -> dict[str, Any]:
    """A table into a table, lists of `added` behind each other, anything else in place of what was there."""
    merged = deepcopy(base)
    for key, value in raw.items():
        before = merged.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            merged[key] = over(before, value)
        elif isinstance(before, list) and key in added:
            merged[key] = before + value
        else:
            merged[key] = value
    return merged


def grammar(root: type[Struct]) -> Used:
    """Every key of every table."""
    structs = list(tables(root).values())
    kinds = list(KINDS.values()) if Field in structs else []
    return {(_owner(struct, key.name), key.name) for struct in (*structs, *kinds) for key in keys_of(struct)}


def _owner(struct: type[Struct], name: str) -> str:
    """The struct in its line of descent that states this key, or states it anew."""
    lines = (each for each in struct.__mro__ if is_table(each))
    return next(each.__name__ for each in lines if name in {key.name for key in own_keys(each)})


def used(raw: Any, hint: Any) -> Iterator[tuple[str, str]]:
    """The keys that a TOML value of this type uses, as `grammar` names them."""
    hint = plain(hint)
    if hint is Field and isinstance(raw, dict):
        hint = KINDS[raw["type"]]
    if is_table(hint):
        if isinstance(raw, dict):
            for key in (key for key in keys_of(hint) if key.name in raw):
                yield _owner(hint, key.name), key.name
                yield from used(raw[key.name], key.type)
        return
    if not list(inner_tables(hint)):
        return
    match get_origin(hint), raw:
        case origin, list() if origin is tuple:
            for each in raw:
                yield from used(each, get_args(hint)[0])
        case origin, dict() if origin is dict:
            for each in raw.values():
                yield from used(each, get_args(hint)[1])
        case _:
            for part in get_args(hint):
                yield from used(raw, part)


def markdown_files() -> list[Path]:
    """The pages that people read, but the two logs and what they describe."""
    return sorted([*DOCS.rglob("*.md"), *(CHECKOUT / ".github").rglob("*.md"), CHECKOUT / "CONTRIBUTING.md"])
