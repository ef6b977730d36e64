"""A Document → the whole spec, as the tables that TOML will hold, with everything noticed on the way.

Small valid examples of a document: what it requires, and a prompt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from msgspec import Struct

from models.form.empties import PROMPT, TEXT_DRIVEN
from models.form.validate import check
from models.importing import field_kinds as kinds
from models.importing import modes as guess
from models.importing.field_drafts import Drafter
from models.importing.field_kinds import help_text, is_main, sentences
from models.importing.form_inputs import Intake, Piece, Table, in_house_order, taken_members
from models.importing.modes import modes as modes_of
from models.importing.modes import surely_holds
from models.importing.openapi import Document, Notice, Resolver
from models.importing.shape import Member, Shape, misfit, read_shape
from models.payload import finish, map_body, path_names
from models.spec.loader import build_spec
from models.spec.schema import Problem, Spec
from models.spec.values import JSON, Values, is_absent

_PROMPT = "A paper boat drifts down a rainy street at dusk"
_FILES = {"image": "https://example.com/image.png", "video": "https://example.com/clip.mp4",
          "audio": "https://example.com/sound.mp3", "file": "https://example.com/file.bin"}  # fmt: skip
_DEPTH = 6
# Nothing longer is made, whatever a document asks for.
_LONGEST = 10_000
_MOST = 100


def spec_examples(spec: Spec, members: Sequence[Member], intakes: dict[str, Intake]) -> list[Table]:
    """Inputs and body for each mode of the spec, as far as the smallest input passes there."""
    given = taken_members(intakes, example_input(members))
    examples: list[Table] = []
    for mode in spec.modes:
        inputs: Values = {"mode": mode, **given, **_files_for(spec, mode, given)}
        checked = check(spec, inputs, {})
        if not checked.errors:
            examples.append({"inputs": inputs, "body": finish(map_body(spec, checked.values), {})})
    return examples


def _files_for(spec: Spec, mode: str, given: Values) -> Values:
    """What the rules of a mode ask for besides."""
    needed = [name for rule in spec.rules if surely_holds(rule.when, mode) for name in rule.require]
    files: Values = {}
    for name in needed:
        kind = spec.form.by_name[name].kind
        address = _FILES.get(kind.removesuffix("s"), _FILES["file"])
        if name not in given:
            files[name] = [address] if kind.endswith("s") else address
    return files


def example_input(members: Sequence[Member]) -> dict[str, JSON]:
    """In the document's own terms."""
    chosen: dict[str, JSON] = {}
    for member in members:
        name, shape = member.name, member.shape
        if kinds.is_prompt(name) or (member.required and not shape.has_default):
            chosen[name] = sample(name, shape)
    return chosen


def sample(name: str, shape: Shape, depth: int = 0) -> JSON:
    """One value that the shape takes."""
    if shape.default is not None:
        return shape.default
    if shape.enum:
        return shape.enum[0]
    kind = kinds.file_kind(name, shape)
    if kind:
        return _FILES[kind]
    match shape.type:
        case "string":
            return _text(name, shape)
        case "integer" | "number":
            return _number(shape)
        case "boolean":
            return True
        case "union":
            return sample(name, shape.variants[0], depth + 1)
    given = next(
        (each for each in shape.examples if not is_absent(each) and misfit(shape, each) is None), None
    )
    if shape.type == "array" and depth < _DEPTH:
        if given is not None and (shape.items is None or shape.items.type in ("any", "array")):
            return given
        items = shape.items or Shape()
        return [sample(name, items, depth + 1)] * min(max(1, shape.min_items or 1), _MOST)
    if shape.members and depth < _DEPTH:
        needed = [member for member in shape.members if member.required] or shape.members[:1]
        return {member.name: sample(_called(name, member.name), member.shape, depth + 1) for member in needed}
    return given if given is not None else {"example": True}


def _called(outer: str, inner: str) -> str:
    """The `url` of an image is an image."""
    return f"{outer}_{inner}" if inner == "url" else inner


def _text(name: str, shape: Shape) -> str:
    text = _PROMPT if kinds.is_long_text(name, shape) else "example"
    while len(text) < min(shape.min_length or 0, _LONGEST):
        text += f", {text}"
    return text[: shape.max_length] if shape.max_length else text


def _number(shape: Shape) -> int | float:
    """The smallest that is allowed from 1 on, or the largest below."""
    wanted = 1 if shape.type == "integer" else 1.0
    low, high = shape.low, shape.high
    start = low if low is not None and (low > wanted or shape.step) else wanted
    if shape.step:
        steps = -(-(start - shape.step_from) // shape.step)
        start = shape.step_from + steps * shape.step
    if shape.above and start == low:
        start += shape.step or 1
    if high is not None and (start > high or (shape.below and start == high)):
        start = (
            (low + high) / 2
            if low is not None and shape.type == "number"
            else high - (1 if shape.below else 0)
        )
    return int(start) if shape.type == "integer" else start


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
    sentences: dict[str, tuple[str, ...]]  # field → what its description says that may be a limit or a rule
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
        sentences=_stating(members, pieces),
        notices=(*document.notices, *resolver.notices),
        spec=spec,
    )


# A figure, or a word by which a description states a limit or a rule.
_STATES = re.compile(r"\d|\b(only|must|not|cannot)\b|n't\b", re.I)


def _stating(members: Sequence[Member], pieces: Mapping[str, Piece]) -> dict[str, tuple[str, ...]]:
    """The sentences that a person has to read: what they mean is not guessed, and nothing of it is in force."""
    found: dict[str, tuple[str, ...]] = {}
    for member in members:
        items = member.shape.items
        described = (member.shape.description, items.description if items else "")
        told = [each for text in described for each in sentences(text) if _STATES.search(each)]
        if told and pieces[member.name].fields:
            found[pieces[member.name].fields[0]["name"]] = tuple(dict.fromkeys(told))
    return found


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
