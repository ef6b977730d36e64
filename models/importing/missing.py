"""What a draft of a spec still lacks, as questions in the order in which a person would answer them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from models.fields import KINDS
from models.modes import MODE_LABELS
from models.toml import parse_toml


class Question(Struct, frozen=True):
    """One thing to find out: the key it is for, an answer as TOML, and the place in the file where it goes."""

    field: str
    question: str
    example: str
    goes_to: str


# Modes that make a clip of a length that somebody chooses or the model fixes.
_TIMED = ("t2v", "i2v", "it2v", "flf2v", "r2v", "keyframes", "shots")
_LENGTHS = re.compile(r"duration|seconds|length|frames|transitions|shots|multi_prompt", re.I)

_TOP = "at the top of the file, before any [table]"

_PLAIN = (
    ("display_name", "What do people call this model?", 'display_name = "Kling v2.1 Master"'),
    ("family", "To which family of models does it belong?", 'family = "Kling"'),
    (
        "provider",
        "Which company's API runs it? The name of one of our provider files.",
        'provider = "replicate"',
    ),
    (
        "endpoint",
        "What does that API call it? A table by mode where it has several names.",
        'endpoint = "kwaivgi/kling-v2.1-master"',
    ),
    (
        "source",
        "Where do these facts come from?",
        'source = "Replicate\'s schema document of kwaivgi/kling-v2.1-master"',
    ),
    ("checked", "On which day did you look?", "checked = 2026-11-22"),
)


def missing(text: str) -> list[Question]:
    """Everything required that is not there yet; empty when nothing is. Raises tomllib.TOMLDecodeError."""
    draft = parse_toml(text)
    return [
        *_plain(draft),
        *_modes(draft),
        *_fields(draft),
        *_limits(draft),
        *_price(draft),
        *_examples(draft),
    ]


def _plain(draft: dict[str, Any]) -> Iterator[Question]:
    for key, question, example in _PLAIN:
        if draft.get(key) in (None, "", {}):
            yield Question(key, question, example, _TOP)
    endpoint = draft.get("endpoint")
    for mode in _modes_of(draft):
        if isinstance(endpoint, dict) and endpoint and not endpoint.get(mode):
            question = f"Under which name does the API run it in the mode {mode}?"
            yield Question(f"endpoint.{mode}", question, f'{mode} = "owner/name"', "in the table endpoint")


def _modes(draft: dict[str, Any]) -> Iterator[Question]:
    if not _modes_of(draft):
        known = ", ".join(f"{mode} ({label.lower()})" for mode, label in list(MODE_LABELS.items())[:6])
        question = f"What can it do? The first is what most people want: {known} …"
        yield Question("modes", question, 'modes = ["t2v", "i2v"]', "[capabilities]")


def _fields(draft: dict[str, Any]) -> Iterator[Question]:
    fields = [field for field in _listed(draft.get("fields")) if isinstance(field, dict)]
    modes = _modes_of(draft)
    if not fields or (set(modes) & {"t2v"} and not _has_prompt(fields, draft)):
        question = "How is it told what to make, and how long may that text be?"
        example = '{ name = "prompt", type = "textarea", required = true, max_length = 2500 },'
        yield Question("fields.prompt", question, example, "fields = [ … ], which comes before any [table]")
    if not fields:
        question = "What else can be chosen: files, length, shape, resolution, sound, seed? One line each."
        example = '{ name = "duration", type = "select", options = [5, 10], default = 5, unit = "s" },'
        yield Question("fields", question, example, "fields = [ … ]")
    yield from _incomplete(fields, "fields")


def _has_prompt(fields: list[dict[str, Any]], draft: dict[str, Any]) -> bool:
    texts = [field for field in fields if field.get("type") in ("text", "textarea", "rows", "json")]
    return bool(texts) or "derive" in draft


def _incomplete(fields: list[dict[str, Any]], place: str) -> Iterator[Question]:
    """What single fields lack."""
    for index, field in enumerate(fields):
        name, here = field.get("name"), f"{place}[{index}]"
        called = f"the field {name}" if name else f"field {index + 1}"
        if not name:
            yield Question(f"{here}.name", f"What is {called} called in the form?", 'name = "prompt"', here)
        if str(field.get("type")) not in KINDS:
            kinds = ", ".join(KINDS)
            yield Question(
                f"{here}.type", f"What kind of field is {called}? One of {kinds}.", 'type = "select"', here
            )
        if field.get("type") == "select" and not field.get("options"):
            question = f"Between what can one choose in {called}? Numbers and texts as the API wants them."
            yield Question(f"{here}.options", question, "options = [5, 10]", here)
        if field.get("type") in ("rows", "group"):
            inside = [each for each in _listed(field.get("fields")) if isinstance(each, dict)]
            if not inside:
                example = 'fields = [{ name = "prompt", type = "textarea", required = true }]'
                yield Question(f"{here}.fields", f"What does {called} consist of?", example, here)
            yield from _incomplete(inside, f"{here}.fields")


def _limits(draft: dict[str, Any]) -> Iterator[Question]:
    """How long a clip gets: a field says it, or [constraints] says what is known of its limits."""
    modes = _modes_of(draft)
    fields = [field for field in _listed(draft.get("fields")) if isinstance(field, dict)]
    timed = not modes or set(modes) & set(_TIMED)
    known = bool(_table(draft, "constraints")) or any(
        _LENGTHS.search(str(field.get("name", "")) + str(field.get("wire", ""))) for field in fields
    )
    if timed and not known:
        question = "What are its limits: how many seconds is a clip at most, how many pixels, which shapes?"
        example = "max_duration_sec = 10\nmax_resolution = { width = 1920, height = 1080 }"
        yield Question("constraints", question, example, "[constraints]")


def _price(draft: dict[str, Any]) -> Iterator[Question]:
    price = _table(draft, "price")
    if not _listed(price.get("rates")):
        question = "What does it cost, in US dollars, and by what: a second, a clip? Say so if nobody knows."
        example = 'per = "second"\nrates = [{ usd = "0.28" }]    # or rates = [{ unknown = true }]'
        yield Question("price", question, example, "[price]")
    if not price.get("source"):
        question = "Who asks that price, or where did you look for it?"
        yield Question(
            "price.source", question, 'source = "replicate.com/kwaivgi/kling-v2.1-master"', "[price]"
        )
    if not price.get("checked"):
        yield Question("price.checked", "On which day was that the price?", "checked = 2026-11-22", "[price]")


def _examples(draft: dict[str, Any]) -> Iterator[Question]:
    examples = [each for each in _listed(draft.get("examples")) if isinstance(each, dict)]
    if not examples:
        examples = [{}]
    for index, example in enumerate(examples):
        place = "[[examples]]" if index == 0 else f"[[examples]], number {index + 1}"
        if "inputs" not in example:
            question = "What would somebody choose, for one request that you know to be right?"
            yield Question(
                "examples.inputs", question, 'inputs = { mode = "t2v", prompt = "A paper boat" }', place
            )
        if "body" not in example:
            question = "What must be sent for it, to the letter?"
            yield Question(
                "examples.body",
                question,
                'body = { input = { prompt = "A paper boat", duration = 5 } }',
                place,
            )


def _modes_of(draft: dict[str, Any]) -> list[str]:
    return [mode for mode in _listed(_table(draft, "capabilities").get("modes")) if isinstance(mode, str)]


def _table(draft: dict[str, Any], key: str) -> dict[str, Any]:
    value = draft.get(key)
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
