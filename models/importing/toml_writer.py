"""A drafted spec → TOML text in the house style: one line a field, what a person must still read as comments."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import tomlkit

from models.importing.draft import Drafted
from models.importing.form_inputs import Table
from models.importing.openapi import Notice

# Longer lines are broken inside their lists, the only place where TOML lets an inline table be broken.
_LINE = 160
_FILL = 110


def write_toml(drafted: Drafted) -> str:
    """The whole file, ending in a newline."""
    table = drafted.table
    parts = [_head(drafted), _plain_keys(table, drafted.sentences)]
    parts += [
        _section(key, table[key])
        for key in ("request", "capabilities", "constraints", "price")
        if key in table
    ]
    parts += [_section(f"[{key}]", each) for key in ("rules", "examples") for each in table.get(key, [])]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(drafted: Drafted) -> str:
    lines = [
        f"Imported from {drafted.table['source']} on {drafted.table['checked']}.",
        "A sentence above a field is what the provider says of it: what it means is for you to write.",
        'Read it through field by field; then set status = "reviewed" and take out these comments.',
    ]
    if (
        drafted.document.provider == "replicate"
        and drafted.document.version
        and "version" not in drafted.table
    ):
        lines.append(f'A model that is not official needs version = "{drafted.document.version}".')
    if drafted.left_out:
        lines.append(f"left out: {', '.join(drafted.left_out)}")
    if drafted.notices:
        lines += ["Warnings:", *(f"  {notice}" for notice in _each_once(drafted.notices))]
    return "\n".join(_comment(client) for client in lines)


def _each_once(notices: Sequence[Notice]) -> list[str]:
    return list(dict.fromkeys(str(notice) for notice in notices))


def _plain_keys(table: Table, sentences: Mapping[str, Sequence[str]]) -> str:
    lines = [f"{key} = {inline(each)}" for key, each in table.items() if not isinstance(each, list | dict)]
    fields = table.get("fields", [])
    told = [line for field in fields for line in _field_lines(field, sentences.get(field["name"], ()))]
    return "\n".join([*lines, *(["fields = [", *told, "]"] if fields else ["fields = []"])])


def _field_lines(field: Table, sentences: Sequence[str]) -> Iterator[str]:
    """The field, under what its provider says of it that may be a limit or a rule."""
    for sentence in sentences:
        yield from (f"  {_comment(line)}" for line in textwrap.wrap(sentence, _FILL, break_on_hyphens=False))
    yield f"  {field_line(field)},"


def _section(name: str, table: Table) -> str:
    return "\n".join([f"[{name}]", *(f"{_key(key)} = {inline(each)}" for key, each in table.items())])


def field_line(field: Table, indent: int = 2) -> str:
    """One field as an inline table; a long one is broken inside its options and its own fields."""
    line = inline(field)
    if indent + len(line) <= _LINE or not any(
        isinstance(field.get(key), list) for key in ("options", "fields")
    ):
        return line
    return (
        "{ " + ", ".join(f"{_key(key)} = {_broken(key, each, indent)}" for key, each in field.items()) + " }"
    )


def _broken(key: str, value: Any, indent: int) -> str:
    if key == "fields":
        inside = [field_line(each, indent + 2) for each in value]
    elif key == "options" and len(inline(value)) > _FILL:
        inside = list(_filled([inline(each) for each in value]))
    else:
        return inline(value)
    margin = " " * (indent + 2)
    return "[\n" + "".join(f"{margin}{line},\n" for line in inside) + " " * indent + "]"


def _filled(parts: Sequence[str]) -> Iterator[str]:
    """As many on a line as fit."""
    line = ""
    for part in parts:
        if line and len(line) + len(part) > _FILL - 4:
            yield line
            line = part
        else:
            line = f"{line}, {part}" if line else part
    yield line


def inline(value: Any) -> str:
    """One value on one line."""
    match value:
        case dict():
            return (
                "{ " + ", ".join(f"{_key(key)} = {inline(each)}" for key, each in value.items()) + " }"
                if value
                else "{}"
            )
        case list() | tuple():
            return "[" + ", ".join(inline(each) for each in value) + "]"
        case str():
            return tomlkit.string(value.encode("utf-8", "replace").decode()).as_string()
        case date():
            return value.isoformat()
        case _:
            return str(tomlkit.item(value).as_string())


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else inline(name)


def _comment(line: str) -> str:
    """A comment; control characters, which TOML forbids in one, become spaces."""
    plain = re.sub(r"[\x00-\x1f\x7f]", " ", line)
    return f"# {plain}".rstrip().encode("utf-8", "replace").decode()
