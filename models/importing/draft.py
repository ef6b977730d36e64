"""A Document → the whole spec, as the tables that TOML will hold, with everything noticed on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct

from models.body import path_names
from models.empty import PROMPT, TEXT_DRIVEN
from models.importing import guess
from models.importing.document import Document
from models.importing.drafting import Drafter
from models.importing.example import spec_examples
from models.importing.guess_modes import modes as modes_of
from models.importing.intake import Intake, taken_members
from models.importing.kinds import is_main
from models.importing.notice import Notice
from models.importing.piece import Piece, Table, in_house_order
from models.importing.prose import Suggestion, contradictions, suggestions
from models.importing.resolve import Resolver
from models.importing.shape import Member, Shape, read_shape
from models.importing.wording import help_text
from models.read import build_spec
from models.spec import Problem, Spec
from models.values import JSON, Values

# A form of so few fields needs no "advanced".
_FEW = 5


class Drafted(Struct, frozen=True, kw_only=True):
    """`table` is the spec as TOML will hold it; `members` and `intakes` are the way back from the document."""

    key: str
    document: Document
    table: Table
    members: tuple[Member, ...]
    intakes: dict[str, Intake]
    described: bool  # whether the document has properties at all; else the fields are guesses
    left_out: dict[str, str]  # property → why it has no field
    suggestions: tuple[Suggestion, ...]
    notices: tuple[Notice, ...]
    spec: Spec | tuple[Problem, ...]

    def values(self, given: dict[str, JSON]) -> Values:
        """The form's values for an input of the document."""
        return taken_members(self.intakes, given)


def draft(document: Document, today: date) -> Drafted:
    """Raises nothing, whatever is wrong with the document."""
    resolver = Resolver(document.root)
    shape = read_shape(resolver, document.schema, "") if document.schema is not None else Shape()
    members = shape.members
    if not members:
        members = _guessed(document, resolver)
    drafter = Drafter(resolver.note, document.wire)
    pieces = drafter.pieces(members)
    table = _table(document, pieces, today)
    found = tuple(readable(each, table) for each in suggestions(members, pieces))
    for name, sentence in contradictions(members):
        resolver.note(name, sentence)
    spec = build_spec(table, key=_key(document), file=_key(document) + ".toml")
    intakes = {name: piece.intake for name, piece in pieces.items()}
    if isinstance(spec, Spec):
        table["examples"] = spec_examples(spec, members, intakes)
        spec = build_spec(table, key=spec.key, file=spec.file)
    _note_output(document, resolver)
    return Drafted(
        key=_key(document),
        document=document,
        table=table,
        members=members,
        intakes=intakes,
        described=bool(shape.members),
        left_out={name: piece.left_out for name, piece in pieces.items() if piece.left_out},
        suggestions=found,
        notices=(*document.notices, *resolver.notices),
        spec=spec,
    )


def readable(suggestion: Suggestion, table: Table) -> Suggestion:
    """A rule that the grammar would not take is left as its sentence."""
    rules = [*table.get("rules", []), suggestion.rule]
    if suggestion.rule is None or isinstance(build_spec({**table, "rules": rules}, key="", file=""), Spec):
        return suggestion
    return Suggestion(suggestion.field, suggestion.sentence)


def _guessed(document: Document, resolver: Resolver) -> tuple[Member, ...]:
    """What an endpoint of this category takes in all likelihood, where no document says it."""
    if document.schema is not None:
        resolver.note("", "The input schema describes no properties: its fields are unknown")
    names = ["prompt"]
    if document.category.startswith(("image", "video", "audio")):
        names.append(document.category.partition("-")[0] + "_url")
    which = "field prompt is" if len(names) == 1 else f"fields {' and '.join(names)} are"
    resolver.note("", f"The {which} only guessed from its category: ask the provider's own page")
    return tuple(
        Member(name, Shape(type="string", description="URL" if name != "prompt" else ""), True)
        for name in names
    )


def _table(document: Document, pieces: dict[str, Piece], today: date) -> Table:
    """The spec but for its examples, without what says nothing."""
    fields = [field for piece in pieces.values() for field in piece.fields]
    modes, mode_rules = modes_of(document, fields)
    provider = _provider_name(document.provider)
    table = {
        **_identity(document, provider, today),
        "wire": "" if document.wire == "*" else document.wire,
        "fields": _with_advanced(_asking(fields, modes)),
        "request": _request(piece.request for piece in pieces.values()),
        "capabilities": {"modes": modes} | ({"audio": True} if guess.has_audio(fields) else {}),
        "constraints": guess.constraints(fields),
        "price": {
            "rates": [{"unknown": True}],
            "source": f"{provider}'s schema document says no price: look it up on the model's own page",
            "checked": today,
        },
        "rules": [*mode_rules, *(rule for piece in pieces.values() for rule in piece.rules)],
    }
    return {key: each for key, each in table.items() if each not in ("", {}, [])} | {
        "fields": table["fields"]
    }


def _identity(document: Document, provider: str, today: date) -> Table:
    name = guess.display_name(document)
    version = f" (version {document.version[:12]})" if document.version else ""
    return {
        "display_name": name,
        "family": guess.family(name),
        "provider": document.provider,
        "endpoint": document.endpoint,
        "version": document.version if document.needs_version else "",
        "summary": help_text("", Shape(description=document.description), False),
        "status": "imported",
        "source": f"{provider}'s schema document of {document.endpoint}{version}",
        "checked": today,
    }


def _request(constants: Iterable[Table]) -> Table:
    """What every body holds from the start, as the tree that it is; paths are split as `wire` paths are."""
    tree: Table = {}
    for path, value in (each for table in constants for each in table.items()):
        *above, last = path_names(path)
        inside = tree
        for name in above:
            inside = inside.setdefault(name, {})
        inside[last] = value
    return tree


def _asking(fields: Sequence[Table], modes: Sequence[str]) -> list[Table]:
    """A prompt's default becomes its placeholder where words alone make the video: nobody is billed for the example."""
    driven = any(mode in TEXT_DRIVEN for mode in modes)
    return [_asked(field) if driven and _has_default_prompt(field) else field for field in fields]


def _has_default_prompt(field: Table) -> bool:
    return field["name"] == PROMPT and field["type"] in ("text", "textarea") and bool(field.get("default"))


def _asked(field: Table) -> Table:
    return in_house_order(
        {
            **field,
            "default": None,
            "placeholder": field.get("placeholder") or field["default"],
            "required": True,
        }
    )


def _with_advanced(fields: Sequence[Table]) -> list[Table]:
    """Behind "advanced" what is neither required nor what most people look for."""
    if len(fields) <= _FEW:
        return list(fields)
    return [field if _is_in_front(field) else in_house_order({**field, "advanced": True}) for field in fields]


def _is_in_front(field: Table) -> bool:
    return bool(field.get("required") or field.get("show_if")) or is_main(field["name"])


def _note_output(document: Document, resolver: Resolver) -> None:
    """A model that makes no video does not belong on a page for videos."""
    output = document.output
    if output is None or (output.get("type") == "object" and "properties" not in output):
        return
    if not re.search(r"video|mp4|uri|url|file|gif|\$ref", str({**output, "description": ""})[:4000], re.I):
        resolver.note("", "Its output does not look like a video")


def _key(document: Document) -> str:
    """A file name: the endpoint without its owner."""
    _, _, path = document.endpoint.partition("/")
    return re.sub(r"[^a-z0-9.]+", "-", (path or document.endpoint).lower()).strip("-.") or "imported"


def _provider_name(provider: str) -> str:
    return "fal" if provider == "fal" else provider.capitalize()
