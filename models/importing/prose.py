"""Rules that a document states only in words → suggestions for a person, each with the sentence it came from.

Nothing found here is ever in force by itself: words are read by patterns, and a pattern can be wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from models.importing.field_kinds import sentences
from models.importing.form_inputs import Piece, Plain, Table, Written
from models.importing.mentions import Mentions
from models.importing.prose_limits import limits_in
from models.importing.prose_rules import rules_in
from models.importing.shape import Member


class Suggestion(Struct, frozen=True):
    """A sentence about a field and the rule it seems to mean; `rule` is None where a person must read it."""

    field: str
    sentence: str
    rule: Table | None = None


# What a sentence that states a rule sounds like.
_SMELL = re.compile(
    r"\bonly\b|\bmust\b|cannot|can't|\brequire[ds]?\b|ignored|not supported|not available|limited to|\beither\b|"
    r"unless|exclusive|\bmax(imum)?\b.*\d|\bmin(imum)?\b.*\d|up to \d|at (most|least)|exceed|\bcosts?\b|billing|"
    r"\bcredits?\b|deprecated|"
    r"\d ?MB\b|JSON (array|list|object|string)",
    re.I,
)
# What sounds so and is none.
_HARMLESS = re.compile(
    r"must be publicly accessible|random seed|maximum (quality|compression|enhancement)|read only", re.I
)


def suggestions(members: Sequence[Member], pieces: Mapping[str, Piece]) -> tuple[Suggestion, ...]:
    """In the order of the properties; a sentence counts once."""
    fields = {field["name"]: field for piece in pieces.values() for field in piece.fields}
    found: dict[tuple[str, str], list[Suggestion]] = {}
    for member in members:
        piece = pieces[member.name]
        if not piece.fields:
            continue
        field = piece.fields[0]
        mentions = Mentions(field, fields, _properties(pieces))
        for sentence in _sentences_of(member):
            found.setdefault((field["name"], sentence), list(_read(mentions, sentence)))
    return tuple(each for several in found.values() for each in several)


def _properties(pieces: Mapping[str, Piece]) -> dict[str, str]:
    """Property → the field that stands for it."""
    return {
        name: piece.intake.field if isinstance(piece.intake, Plain | Written) else piece.fields[0]["name"]
        for name, piece in pieces.items()
        if piece.fields
    }


def _sentences_of(member: Member) -> list[str]:
    items = member.shape.items
    described = [member.shape.description, items.description if items else ""]
    return [sentence for text in described for sentence in sentences(text)]


def _read(mentions: Mentions, sentence: str) -> Iterator[Suggestion]:
    name = mentions.name
    rules = [*rules_in(mentions, sentence)]
    limits = limits_in(mentions.field, sentence)
    if limits is not None and limits:
        rules.append({"limit": {name: limits}})
    yield from (Suggestion(name, sentence, rule) for rule in rules)
    if not rules and limits is None and _SMELL.search(sentence) and not _HARMLESS.search(sentence):
        yield Suggestion(name, sentence)


def contradictions(members: Sequence[Member]) -> Iterator[tuple[str, str]]:
    """(property, sentence) where words and schema give different ranges; the schema is what counts."""
    for member in members:
        shape = member.shape
        if shape.type not in ("integer", "number"):
            continue
        for sentence in sentences(shape.description):
            told = limits_in({"type": shape.type}, sentence) or {}
            stated = {"min": shape.low, "max": shape.high}
            apart = [
                end
                for end in ("min", "max")
                if None not in (told.get(end), stated[end]) and told[end] != stated[end]
            ]
            if apart and "step" not in told:
                schema = " to ".join("…" if each is None else str(each) for each in stated.values())
                yield (
                    member.name,
                    f'says "{sentence}" in words, but {schema} in its schema: the schema counts',
                )
