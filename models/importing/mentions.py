"""Which fields and options a sentence speaks of."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from models.importing.form_inputs import Table
from models.spec.values import JSON, as_number, as_text

_FILES = ("image", "video", "audio", "file", "images", "videos", "audios", "files")


class Mentions:
    """Finds the names of a form in the prose about one of its fields."""

    def __init__(self, field: Table, fields: dict[str, Table], properties: dict[str, str]) -> None:
        self.field = field
        self.name: str = field["name"]
        self.fields = fields
        self.spoken = self._spoken(properties)

    def _spoken(self, properties: dict[str, str]) -> list[tuple[re.Pattern[str], str]]:
        """How each other field may be called in prose, the longest name first."""
        ways: dict[str, str] = {}
        for name, field in properties.items():
            words = re.sub(r"_(url|uri|path|file)(s?)$", r"\2", name).replace("_", " ")
            for way in (name, name.replace("_", " "), words, words.rstrip("s"), *_synonyms(words)):
                if len(way) > 2:
                    ways.setdefault(way.lower(), field)
        longest = sorted(ways.items(), key=lambda way: -len(way[0]))
        return [
            (re.compile(rf"(?<![\w-]){re.escape(way)}s?(?![\w-])", re.I), field) for way, field in longest
        ]

    def others(self, text: str) -> list[str]:
        """The other fields that the text names, in the order of naming."""
        return [name for name in self.all(text) if name != self.name]

    def all(self, text: str) -> list[str]:
        """All fields that the text names, in the order of naming; what stands in quotes is a value, no name."""
        text = re.sub(r"'[^']*'|\"[^\"]*\"", lambda quoted: "\0" * len(quoted[0]), text)
        found: dict[str, int] = {}
        for pattern, field in self.spoken:
            match = pattern.search(text)
            while match:
                found[field] = min(match.start(), found.get(field, len(text)))
                text = text[: match.start()] + "\0" * (match.end() - match.start()) + text[match.end() :]
                match = pattern.search(text)
        return sorted(found, key=lambda name: found[name])

    def is_file(self, name: str) -> bool:
        return self.fields[name]["type"] in _FILES

    def is_switch(self, name: str) -> bool:
        return bool(self.fields[name]["type"] == "switch")

    def given(self, name: str) -> Table:
        """The condition that a field is used: a switch that is on, anything else that has a value."""
        return {name: True} if self.is_switch(name) else {name: {"set": True}}

    def not_given(self, name: str) -> Table:
        return {name: False} if self.is_switch(name) else {name: {"set": False}}

    def options(self, name: str) -> list[JSON]:
        """What a closed select offers, without the options that only open another field."""
        return [each for each in self.fields[name].get("options", []) if not isinstance(each, dict)]

    def options_in(self, name: str, text: str) -> list[JSON]:
        """Those of its options that the text names: 10 also as "10s" or "10-second", and by "longer than 8"."""
        beyond = re.search(
            r"(?:longer|more|greater|higher|larger|above|over)(?: than)? (\d+(?:\.\d+)?)", text, re.I
        )
        if beyond:
            numbers = [(option, as_number(option)) for option in self.options(name)]
            return [
                option for option, number in numbers if number is not None and number > Decimal(beyond[1])
            ]
        return [option for option in self.options(name) if _names(text, option)]

    def is_meant(self, name: str, text: str) -> bool:
        """Whether figures in the text are those of this select: it is named too, or its options are no figures."""
        figures = any(as_number(option) is not None for option in self.options(name))
        seconds = "duration" in name and re.search(r"\bsec|\d ?s\b", text, re.I)
        return not figures or bool(seconds) or name in self.all(text)

    def selects(self) -> list[str]:
        """The other selects."""
        return [name for name in self.fields if name != self.name and self.options(name)]


def _synonyms(words: str) -> list[str]:
    """Start image, first frame and first frame image are the same thing to most authors."""
    said = []
    if re.search(r"start|first", words):
        said += [
            "start image",
            "start frame",
            "first frame",
            "first frame image",
            "image start frame",
            "starting frame",
        ]
    if re.search(r"\b(end|last|tail)", words):
        said += ["end image", "end frame", "last frame", "last frame image"]
    return said


def _names(text: str, option: Any) -> bool:
    if isinstance(option, bool):
        return False
    number = as_number(option)
    if number is not None and (isinstance(option, int | float) or str(option).rstrip("s").isdigit()):
        return bool(re.search(rf"(?<![\d.:x]){number}(?![\d.:x]|\d)(?!\s*(MB|px|p\b|%|:))", text))
    return bool(re.search(rf"(?<!\w){re.escape(as_text(option))}(?!\w)", text, re.I))
