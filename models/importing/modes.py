"""What a document says about its model only between the lines: its name, its family, facts for display.

In which modes a model works, guessed from its endpoint, its category and the files it takes.

What a spec offers in some of its modes: rules and conditions that speak of the mode alone, applied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from models.importing import field_kinds as kinds
from models.importing.form_inputs import Table
from models.importing.openapi import Document
from models.spec.conditions import Condition, Test
from models.spec.fields import Field, Option, Rule, SelectField
from models.spec.schema import Spec
from models.spec.values import JSON, as_number, same


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


# Words of an endpoint or a category that settle the mode, in this order.
_TOLD = (
    (r"lip-?_?sync", "lipsync"), (r"upscal|super-?resolution|increase-resolution|enhance", "upscale"),
    (r"interpolat", "interpolate"), (r"reframe|outpaint", "reframe"), (r"inpaint|eras", "inpaint"),
    (r"retake", "retake"), (r"remix", "remix"), (r"extend|extension", "extend"),
    (r"motion-control|motion-transfer|animate", "motion"), (r"avatar|talking|talker", "avatar"),
    (r"effects?\b|template", "effects"), (r"foley|video-to-audio|sound-effect", "sound"),
    (r"first-last|flf2v|start-end|transition", "flf2v"), (r"multi-?condition|keyframes?", "keyframes"),
    (r"reference-to-video|r2v|elements|multi-?image", "r2v"), (r"edit|modify", "edit"),
)  # fmt: skip

_FIRST_FRAME = re.compile(
    r"^(image|input_image|init_image|source_image)(_url)?$|(start|first).*(image|frame)|^(start|first)_", re.I
)
_LAST_FRAME = re.compile(r"(^|_)(end|last|tail|final)_.*(image|frame)|^(end|last)_(image|frame)", re.I)
_REFERENCE = re.compile(r"reference|subject|element|character|ref_image", re.I)
_MEDIA = ("image", "video", "audio", "images", "videos", "audios")

# A category, or a kind of file that is required, and the mode that it stands for.
_BY_CATEGORY = {
    "text-to-video": "t2v",
    "image-to-video": "i2v",
    "video-to-video": "v2v",
    "audio-to-video": "a2v",
}
_BY_FILE = {"video": "v2v", "audio": "a2v", "image": "i2v"}


class _Files(Struct, frozen=True):
    """The file fields of a form by name, and what some of them are for."""

    by_name: dict[str, Table]
    first: str | None
    last: str | None
    references: str | None

    @property
    def kinds(self) -> set[str]:
        return {field["type"].removesuffix("s") for field in self.by_name.values()}

    @property
    def needed(self) -> list[Table]:
        return [field for field in self.by_name.values() if field.get("required")]

    @property
    def needed_kinds(self) -> set[str]:
        return {field["type"].removesuffix("s") for field in self.needed}

    def is_needed(self, name: str | None) -> bool:
        return name is not None and bool(self.by_name[name].get("required"))


def modes(document: Document, fields: Sequence[Table]) -> tuple[list[str], list[Table]]:
    """The modes, the main one first, and for each optional one the rule that asks for its files."""
    files = _files(fields)
    main = _told(document, files) or _by_needed_files(files)
    if main is None:
        main = _by_category(document, files, any(kinds.is_prompt(field["name"]) for field in fields))
    found, rules = [main], []
    for mode, needs in (
        ("i2v", [files.first]),
        ("flf2v", [files.first, files.last]),
        ("r2v", [files.references]),
    ):
        asked = [name for name in needs if name and not files.is_needed(name)]
        if None not in needs and asked and mode not in found and main in ("t2v", "i2v"):
            found.append(mode)
            rules.append({"when": {"mode": mode}, "require": asked})
    return found, rules


def _files(fields: Sequence[Table]) -> _Files:
    files = {field["name"]: field for field in fields if field["type"] in _MEDIA}
    images = {name: field for name, field in files.items() if field["type"] == "image"}
    first = next((name for name in images if _FIRST_FRAME.search(name) or _says_first(images[name])), None)
    last = next((name for name in images if _LAST_FRAME.search(name) and name != first), None)
    seen = [name for name, field in files.items() if not field["type"].startswith("audio")]
    references = next((name for name in seen if _REFERENCE.search(name) and name not in (first, last)), None)
    return _Files(files, first, last, references)


def _says_first(field: Table) -> bool:
    return bool(re.search(r"(first|start(ing)?) (frame|image)", field.get("help", ""), re.I))


def _told(document: Document, files: _Files) -> str | None:
    """The mode that the names tell, if the files bear it out."""
    path = document.endpoint.partition("/")[2]
    told = f"{path} {document.category} {document.name}".lower().replace("_", "-")
    return next((mode for words, mode in _TOLD if re.search(words, told) and _is_possible(mode, files)), None)


def _is_possible(mode: str, files: _Files) -> bool:
    match mode:
        case (
            "upscale" | "reframe" | "inpaint" | "retake" | "extend" | "motion" | "edit" | "lipsync" | "sound"
        ):
            return "video" in files.kinds
        case "interpolate":
            return bool(files.needed)
        case "avatar" | "effects" | "keyframes":
            return bool(files.kinds)
        case "remix":
            return True
    return "image" in files.needed_kinds


def _by_needed_files(files: _Files) -> str | None:
    needed = files.needed_kinds
    if files.is_needed(files.first) and files.is_needed(files.last):
        return "flf2v"
    if {"audio", "image"} <= needed:
        return "avatar"
    if {"audio", "video"} <= needed:
        return "lipsync"
    if needed == {"image"} and all(field["type"] == "images" for field in files.needed):
        return "r2v"
    return next((mode for kind, mode in _BY_FILE.items() if kind in needed), None)


def _by_category(document: Document, files: _Files, has_prompt: bool) -> str:
    """Where no file is required."""
    if document.category in _BY_CATEGORY:
        return _BY_CATEGORY[document.category]
    by_file = next((mode for kind, mode in _BY_FILE.items() if kind in files.kinds), "t2v")
    return "t2v" if has_prompt else by_file


def may_hold(condition: Condition | None, mode: str) -> bool:
    """Whether a condition can hold in this mode; what it says of other fields may be so."""
    return condition is None or any(all(_may(test, mode) for test in tests) for tests in condition.any_of)


def surely_holds(condition: Condition | None, mode: str) -> bool:
    """Whether a condition holds in this mode, whatever else is chosen."""
    if condition is None:
        return True
    return any(all(test.field == "mode" and _may(test, mode) for test in tests) for tests in condition.any_of)


def _may(test: Test, mode: str) -> bool:
    return test.field != "mode" or (mode not in test.none_of and (test.one_of is None or mode in test.one_of))


def is_sent(spec: Spec, field: Field, mode: str) -> bool:
    """Whether a field can be in the request in this mode."""
    dropped = any(field.name in rule.drop or field.name in _emptied(rule) for rule in _rules(spec, mode))
    return may_hold(field.show_if, mode) and not dropped


def options(spec: Spec, field: Field, modes: list[str]) -> list[JSON]:
    """What a select offers in any of these modes."""
    offered = field.options if isinstance(field, SelectField) else ()
    return [
        option.value for option in offered if any(_is_offered(spec, field, option, mode) for mode in modes)
    ]


def _is_offered(spec: Spec, field: Field, option: Option, mode: str) -> bool:
    for rule in _rules(spec, mode):
        if field.name in rule.only and not _among(option.value, rule.only[field.name]):
            return False
        if isinstance(rule.forbid, dict) and field.name in rule.forbid:
            forbidden = rule.forbid[field.name]
            if _among(option.value, forbidden if isinstance(forbidden, list) else [forbidden]):
                return False
    return may_hold(option.when, mode)


def defaults(spec: Spec, field: Field, modes: list[str]) -> list[JSON]:
    """Its defaults in these modes, each once."""
    found: list[JSON] = []
    for mode in modes:
        default = field.default
        for rule in _rules(spec, mode):
            default = rule.default.get(field.name, default)
        left = options(spec, field, [mode])
        if isinstance(field, SelectField) and default is not None and not _among(default, left):
            continue  # the engine moves it to an option that is left: the provider's own is as good a guess
        if not _among(default, found):
            found.append(default)
    return found


def _rules(spec: Spec, mode: str) -> Iterator[Rule]:
    return (rule for rule in spec.rules if surely_holds(rule.when, mode))


def _emptied(rule: Rule) -> tuple[str, ...]:
    return rule.forbid if isinstance(rule.forbid, tuple) else ()


def _among(value: JSON, values: list[JSON] | tuple[JSON, ...]) -> bool:
    return any(same(value, each) for each in values)
