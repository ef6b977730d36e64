"""What a draft of a spec still lacks, as questions in the order in which a person would answer them.

An answer to one of the questions of `missing` → the draft with it in the place where it goes.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from typing import Any

import tomlkit
from msgspec import Struct
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from models.importing.toml_writer import field_line, inline
from models.spec.fields import KINDS
from models.spec.loader import parse_toml
from models.spec.values import MODE_LABELS


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


# Questions that are answered with several keys of one table.
_TABLES = ("price", "constraints")
_LISTS = ("fields", "fields.prompt")
_EXAMPLE = re.compile(r"number (\d+)")


class AnswerError(ValueError):
    """An answer that cannot be taken; the message says what would be one."""


def answered(draft: str, question: Question, answer: str, today: date) -> str:
    """The draft with the answer in it. A plain value will do where the question is for one key."""
    document = tomlkit.parse(draft)
    if question.field in _TABLES:
        table = _entry(document, question.field)
        for key, value in _fragment(question, answer).items():
            table[key] = value
    elif question.field in _LISTS:
        _append_fields(document, question, answer)
    else:
        holder, key = _place(document, question)
        holder[key] = _value(question, key, answer, today)
    return _sound(tomlkit.dumps(document), question)


def _sound(text: str, question: Question) -> str:
    """The text with an empty line before each table, if it is TOML still."""
    text = re.sub(r"(?<!\n)\n(?=\[)", "\n\n", text).rstrip() + "\n"
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AnswerError(
            f"That does not fit into the file ({error}); expected {question.example}"
        ) from error
    return text


def _entry(document: Any, name: str) -> Any:
    if name not in document:
        document[name] = tomlkit.table()
    return document[name]


def _append_fields(document: Any, question: Question, answer: str) -> None:
    """One field a line, as in the files that we have."""
    added = _plain_text(f"each = [{answer.strip().rstrip(',')}]", question)["each"]
    if not added or not all(isinstance(field, dict) for field in added):
        raise AnswerError(f"Expected a line for each field, such as {question.example}")
    if "fields" not in document:
        lines = "".join(f"  {field_line(field)},\n" for field in added)
        document["fields"] = tomlkit.parse(f"fields = [\n{lines}]\n")["fields"]
        return
    fields = document["fields"]
    for field in added:
        if isinstance(fields, AoT):
            fields.append(tomlkit.item(field))
        else:
            fields.add_line(*_as_written([field]), indent="  ")


def _place(document: Any, question: Question) -> tuple[Any, str]:
    """The table of the draft that a question is about, and the key in it."""
    name = question.field
    if name == "modes":
        return _entry(document, "capabilities"), "modes"
    if name.startswith("examples."):
        number = _EXAMPLE.search(question.goes_to)
        return _nth_example(document, int(number[1]) if number else 1), name.partition(".")[2]
    *above, key = name.split(".")
    holder: Any = document
    for part in above:
        plain, _, index = part.partition("[")
        holder = _entry(holder, plain)
        holder = holder[int(index.rstrip("]"))] if index else holder
    return holder, key


def _nth_example(document: Any, number: int) -> Any:
    if "examples" not in document:
        document["examples"] = tomlkit.aot()
    while len(document["examples"]) < number:
        document["examples"].append(tomlkit.table())
    return document["examples"][number - 1]


def _value(question: Question, key: str, answer: str, today: date) -> Any:
    """What stands after `key =`, or the answer itself; a word without quotes is text."""
    text = answer.strip().rstrip(",")
    if re.match(rf"{re.escape(key)}\s*=", text):
        return _read(text, question)[key]
    if key == "checked" and text.lower() in ("today", "now"):
        return today
    if key == "modes" and not text.startswith("["):
        return [mode for mode in re.split(r"[\s,]+", text) if mode]
    try:
        value = _read(f"{key} = {text}", question)[key]
    except AnswerError:
        if question.example.partition("=")[2].strip()[:1] != '"':
            raise
        return text
    is_text = question.example.partition("=")[2].strip()[:1] == '"'
    return text if is_text and not isinstance(value, str | dict) else value


def _fragment(question: Question, answer: str) -> dict[str, Any]:
    """Several keys, a line each; of a price a bare number is US dollars a clip, and "unknown" is an answer."""
    text = answer.strip()
    if question.field == "price" and (plain := _plain_price(text)):
        return plain
    return dict(_read(text, question))


def _plain_price(text: str) -> dict[str, Any]:
    if text.lower() in ("unknown", "nobody knows"):
        return {"rates": _as_written([{"unknown": True}])}
    found = re.fullmatch(r"\$?\s*(\d+(?:\.\d+)?)\s*(?:(?:a|per|/)\s*(second|clip))?", text)
    return {"per": found[2] or "clip", "rates": _as_written([{"usd": found[1]}])} if found else {}


def _as_written(value: Any) -> Any:
    """A value as the house writes it: tables in a list stay on their line."""
    return tomlkit.parse(f"each = {inline(value)}")["each"]


def _plain_text(text: str, question: Question) -> dict[str, Any]:
    return _read(text, question).unwrap()


def _read(text: str, question: Question) -> tomlkit.TOMLDocument:
    """As tomlkit reads it, so that the draft keeps how it was written."""
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise AnswerError(f"That is not understood ({error}); expected {question.example}") from error
