"""An answer to one of the questions of `missing` → the draft with it in the place where it goes."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from models.importing.missing import Question
from models.importing.write import field_line, inline

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
    added = _plain(f"each = [{answer.strip().rstrip(',')}]", question)["each"]
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


def _plain(text: str, question: Question) -> dict[str, Any]:
    return _read(text, question).unwrap()


def _read(text: str, question: Question) -> tomlkit.TOMLDocument:
    """As tomlkit reads it, so that the draft keeps how it was written."""
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise AnswerError(f"That is not understood ({error}); expected {question.example}") from error
