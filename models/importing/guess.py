"""What a document says about its model only between the lines: its name, its family, facts for display."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from models.importing.document import Document
from models.importing.piece import Table
from models.values import as_number


def display_name(document: Document) -> str:
    """The provider's own name for it, with what tells its variants apart."""
    _, _, path = document.endpoint.partition("/")
    if not document.name or document.name == path:
        return " ".join(_spelled(word) for word in re.split(r"[-_/ ]+", path or document.endpoint) if word)
    name = document.name
    known = re.sub(r"[^a-z]", "", name.lower())
    for word in re.split(r"[-_/]+", path):
        letters = re.sub(r"[^a-z]", "", word)
        if len(letters) > 2 and letters not in known and letters not in _MODE_WORDS and letters == word:
            name += f" {_spelled(word)}"
    return name


_MODE_WORDS = ("text", "image", "video", "audio", "reference", "fal", "and", "the", "first", "last", "frame")


def _spelled(word: str) -> str:
    if re.fullmatch(r"[a-z]\d?[a-z]?2[a-z]|[^aeiouy\d]{2,4}", word):
        return word.upper()
    return word if re.match(r"v?\d", word) else word[:1].upper() + word[1:]


def family(name: str) -> str:
    """The name before any version: "Kling v2.1 Master" → "Kling", "LTX-2 19B" → "LTX"."""
    letters = re.match(r"[^\W\d_]+", name)
    return letters[0] if letters else name


# A longer "duration" is no time.
_LONGEST_SEC = 100_000


def constraints(fields: Sequence[Table]) -> Table:
    """What the fields themselves say, for display."""
    by_name = {field["name"]: field for field in fields}
    found: Table = {}
    duration = by_name.get("duration", {})
    if duration.get("type") in ("select", "integer", "number"):
        values = [as_number(_value(option)) for option in duration.get("options", [duration.get("max")])]
        numbers = [number for number in values if number is not None]
        if numbers and max(numbers) < _LONGEST_SEC:
            longest = max(numbers)
            found["max_duration_sec"] = int(longest) if longest == int(longest) else float(longest)
    ratios = by_name.get("aspect_ratio", {})
    offered = [value for option in ratios.get("options", []) if ":" in str(value := _value(option))]
    if offered:
        found["aspect_ratios"] = offered
    return found


def has_audio(fields: Sequence[Table]) -> bool:
    """Whether there is a switch for sound in the result."""
    return any(
        field["type"] == "switch"
        and re.search(r"(generate|with|enable|add)_?(audio|sound|bgm)", field["name"])
        for field in fields
    )


def _value(option: Any) -> Any:
    return option.get("value") if isinstance(option, dict) else option
