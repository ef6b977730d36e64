"""Whether one value is of its field's kind and within limits; the sentence if it is not."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal

from models.address import is_public_https
from models.condition import Span
from models.fields import (
    Field,
    Group,
    Integer,
    Job,
    Media,
    MediaList,
    Number,
    Rows,
    Seed,
    Select,
    Switch,
    Text,
    Textarea,
)
from models.rule import Limit, on_steps
from models.values import JSON, Facts, MediaFacts
from models.words import listed, number_text, span_text

GONE = "This file is not here any more: choose it again."


def kind_error(field: Field, value: JSON) -> str | None:
    """Whether the value has the JSON type of its field."""
    match field:
        case Text() | Textarea() | Job() if not isinstance(value, str):
            return f"{field.label} must be text."
        case Integer() | Seed() if isinstance(value, bool) or not isinstance(value, int):
            return f"{field.label} must be a whole number."
        case Number() if isinstance(value, bool) or not _finite(value):
            return f"{field.label} must be a number."
        case Switch() if not isinstance(value, bool):
            return f"{field.label} must be true or false."
        case Select(open=True) if type(value) not in {type(option.value) for option in field.options}:
            return (
                f"{field.label} must be written like {listed(option.label for option in field.options[:3])}."
            )
        case MediaList() if not _all_are(value, str):
            return f"{field.label} must be a list of files."
        case Media() if not isinstance(field, MediaList) and not isinstance(value, str):
            return f"{field.label} must be one file: an upload's id or an https address."
        case Rows() if not _all_are(value, dict):
            return f"{field.label} must be a list of tables."
        case Group() if not isinstance(value, dict):
            return f"{field.label} must be a table."
    return None


def _finite(value: JSON) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _all_are(value: JSON, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(each, kind) for each in value)


def limit_error(field: Field, value: JSON, limit: Limit, facts: Facts) -> str | None:
    """The first limit that the value breaks. A fact that is not known breaks none."""
    match value:
        case bool() | None | dict():
            return None
        case int() | float():
            return _number_error(field, value, limit)
        case list() if limit.count and not limit.count.holds(len(value)):
            things = "files" if isinstance(field, Media) else "rows"
            return f"{field.label} takes {span_text(limit.count)} {things}; there are {len(value)} now."
    if isinstance(field, Media):
        files = [facts[ref] for ref in _refs(value) if ref in facts]
        return next((error for file in files for error in _measure_errors(field, file, limit)), None)
    return _length_error(field, value, limit) if isinstance(value, str) else None


def _number_error(field: Field, value: int | float, limit: Limit) -> str | None:
    unit = getattr(field, "unit", "")
    within = Span(limit.min, limit.max)
    if not within.holds(value):
        return f"{field.label} must be {span_text(within)}{' ' + unit if unit else ''}."
    if not limit.step:
        return None
    start = field.limit.min if limit.min is None else limit.min
    below, above = on_steps(value, start, limit.step)
    if below == Decimal(str(value)):
        return None
    return f"{field.label} goes in steps of {limit.step}: choose {below} or {above}."


def _length_error(field: Field, value: str, limit: Limit) -> str | None:
    length = len(value)
    if limit.max_length is not None and length > limit.max_length:
        return f"{field.label} has {length:,} characters; at most {limit.max_length:,} are possible."
    if limit.min_length is not None and length < limit.min_length:
        return f"{field.label} has {length:,} characters; at least {limit.min_length:,} are needed."
    return None


_MEASURES = {
    "width": "{} pixels wide",
    "height": "{} pixels high",
    "ratio": "{} times as wide as high",
    "pixels": "{} pixels large",
    "seconds": "{} seconds long",
    "megabytes": "{} MB large",
}


def _measure_errors(field: Media, file: MediaFacts, limit: Limit) -> Iterator[str]:
    for fact, words in _MEASURES.items():
        allowed: Span | None = getattr(limit, fact)
        found = file.measure(fact)
        if allowed and found is not None and not allowed.holds(found):
            is_text = words.format(number_text(found))
            yield f"{field.label}: this {file.kind} is {is_text}; it must be {span_text(allowed)}. Choose another."


def file_error(field: Media, value: JSON, facts: Facts) -> str | None:
    """Whether each file is there, of the right kind and in a format that is taken."""
    for ref in _refs(value):
        if ref not in facts:
            if ":" not in ref:
                return GONE
            if not is_public_https(ref):
                return f"{field.label}: only a public https address can be used, such as https://example.com/a.png."
            continue
        file = facts[ref]
        if field.media_kind not in ("file", file.kind):
            return f"{field.label} must be {_a(field.media_kind)}; this is {_a(file.kind)}. Choose another."
        if field.accept and file.format and file.format not in field.accept:
            formats = listed(each.upper() for each in field.accept)
            return f"{field.label} must be {formats}; this file is {file.format.upper()}. Choose another."
    return None


def _refs(value: JSON) -> list[str]:
    """The files of a media field; of a list, those that are texts."""
    return [ref for ref in (value if isinstance(value, list) else [value]) if isinstance(ref, str)]


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
