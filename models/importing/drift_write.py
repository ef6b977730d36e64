"""Writes the safe part of a drift into a spec's TOML; comments and layout stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import tomlkit

from models.importing.compare import Edit
from models.values import JSON


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The TOML with new options appended and limits moved. Raises KeyError or IndexError where a field is not there."""
    document = tomlkit.parse(text)
    for edit in edits:
        table: Any = document
        for step in edit.at:
            table = table[step]
        if edit.key == "options" and isinstance(edit.value, list):
            for value in edit.value:
                table["options"].append(value)
            _widen_constraints(document, str(table["name"]), edit.value)
        else:
            table[edit.key] = edit.value
    return tomlkit.dumps(document)


def _widen_constraints(document: Any, field: str, options: Sequence[JSON]) -> None:
    """What is displayed follows what can be chosen."""
    constraints = document.get("constraints", {})
    lengths = [value for value in options if isinstance(value, int | float) and not isinstance(value, bool)]
    if field == "duration" and "max_duration_sec" in constraints and lengths:
        constraints["max_duration_sec"] = max(constraints["max_duration_sec"], *lengths)
    if field == "aspect_ratio" and "aspect_ratios" in constraints:
        for value in options:
            if isinstance(value, str) and ":" in value:
                constraints["aspect_ratios"].append(value)


def left_out_in(text: str) -> frozenset[str]:
    """The properties that a spec leaves out on purpose, as a comment of its own line says: "# left out: a, b"."""
    named = re.findall(r"^\s*#\s*left out:\s*(.+)$", text, re.M)
    return frozenset(name.strip() for line in named for name in line.split(","))
