"""In which modes a model works, guessed from its endpoint, its category and the files it takes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from models.importing import kinds
from models.importing.document import Document
from models.importing.piece import Table

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
