"""Properties of a document → fields of a spec, as the tables that TOML will hold, with the way back for each.

A property that may be of several kinds → a select for its presets and one more field for each other kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace

from models.importing import field_kinds as draft_kinds
from models.importing import field_kinds as kinds
from models.importing.field_kinds import default_label, help_text, label
from models.importing.form_inputs import (
    Choice,
    Column,
    Draft,
    Grouped,
    Intake,
    LeftOut,
    Listed,
    Piece,
    Records,
    Table,
    Way,
    in_house_order,
    taken,
)
from models.importing.shape import Member, Shape, misfit
from models.spec.references import RESERVED
from models.spec.values import JSON, as_text, is_absent

_EMPTY: dict[str, JSON] = {"string": "", "array": [], "object": {}}


class Drafter:
    """Drafts the fields of one form: the whole, one row, or a group. `place` is "" for the whole."""

    def __init__(self, note: Callable[[str, str], None], wire: str = "*", place: str = "") -> None:
        self.note = note
        self.wire = wire
        self.place = place
        self.names: set[str] = set()

    def pieces(self, members: Sequence[Member]) -> dict[str, Piece]:
        """One for each property, in order."""
        self.names = {member.name for member in members if _is_name(member.name)}
        return {member.name: self.piece(member) for member in members}

    def piece(self, member: Member) -> Piece:
        """A field for one property, or the reason why there is none."""
        name, shape = member.name, member.shape
        here = self.here(name)
        if '"' in name or not name:
            self.note(here, "has a name that a spec cannot write: left out")
            return Piece((), LeftOut(), left_out="its name")
        if shape.secret:
            if not member.required:
                self.note(here, "is a secret: left out, for it would be stored with every job")
                return Piece((), LeftOut(), left_out="a secret")
            self.note(here, "is a secret that the provider requires: it is stored with every job")
        if shape.deprecated:
            self.note(here, "is deprecated by the provider")
        if not self.place and member.required and len(shape.enum) == 1 and not shape.open:
            return Piece((), LeftOut(), request={self.path(name): shape.enum[0]}, left_out="always the same")
        if shape.type == "union":
            return draft_union(self, member)
        return self.field(name, shape, member.required)

    def field(
        self, name: str, shape: Shape, required: bool, *, called: str | None = None, more: Table | None = None
    ) -> Piece:
        """The field of the property `name`, `called` otherwise where the property has several, with `more` keys."""
        here = self.here(name)
        draft = self.draft(name, shape, here)
        field_name = self.named(called or name)
        titled = label(field_name, shape, "accept" in draft.table or draft.table["type"] in _FILES)
        intake = draft.intake(field_name)
        request: Table = {}
        if (
            required
            and shape.has_default
            and is_absent(shape.default)
            and shape.type in _EMPTY
            and not self.place
        ):
            required, request = False, {self.path(name): _EMPTY[shape.type]}
        elif required and shape.nullable:
            self.note(here, "is required although it may be null: the form asks for a value")
        table = {
            "name": field_name,
            "label": titled,
            "required": required,
            "default": self.default(shape, field_name, intake, draft, here),
            "wire": self.wired(name, field_name, draft),
            "help": help_text(field_name, shape, draft.table["type"] in _FILES),
        }
        rules = draft.rules(field_name, titled or default_label(field_name)) if draft.rules else []
        return Piece((in_house_order(table | draft.table | (more or {})),), intake, tuple(rules), request)

    def draft(self, name: str, shape: Shape, here: str) -> Draft:
        """By what the property is."""
        kind = kinds.file_kind(name, shape)
        if kind:
            return draft_kinds.files(
                kind, shape, many=False, as_object=False, note=lambda each: self.note(here, each)
            )
        if shape.type == "array":
            return self.list(name, shape, here)
        if shape.type == "object":
            return self.object(name, shape, here)
        if shape.enum and _are_told_apart(shape.enum):
            return draft_kinds.select(name, shape)
        match shape.type:
            case "string":
                return draft_kinds.text(name, shape)
            case "integer" | "number":
                return draft_kinds.number(name, shape)
            case "boolean":
                return draft_kinds.switch()
        self.note(here, "may be any JSON: its content is checked only by the provider")
        return draft_kinds.free()

    def object(self, name: str, shape: Shape, here: str) -> Draft:
        """A file, a group, or free JSON."""
        kind = kinds.file_object_kind(name, shape)
        if kind:
            return draft_kinds.files(
                kind, shape, many=False, as_object=True, note=lambda each: self.note(here, each)
            )
        if not shape.members:
            self.note(here, "is a table of free names: its content is checked only by the provider")
            return draft_kinds.free()
        inside, members = self.nested(shape, here)
        return Draft({"type": "group"} | inside, lambda field: Grouped(field, members))

    def list(self, name: str, shape: Shape, here: str) -> Draft:
        """Files, rows of an object's members, rows of one value each, or free JSON."""
        items = shape.items or Shape()
        if items.type == "union" and all(each.type == "object" and each.members for each in items.variants):
            self.note(
                here, "has rows of several kinds: only the provider checks which of their members go together"
            )
            items = _all_members(items)
        if shape.unique:
            self.note(here, "must hold nothing twice, which only the provider checks")
        seen = _seen_as_item(shape, items)
        if kind := kinds.file_kind(name, seen):
            return draft_kinds.files(
                kind, shape, many=True, as_object=False, note=lambda each: self.note(here, each)
            )
        if kind := kinds.file_object_kind(name, seen):
            return draft_kinds.files(
                kind, shape, many=True, as_object=True, note=lambda each: self.note(here, each)
            )
        counts = {"min_count": shape.min_items or None, "max_count": shape.max_items}
        if items.type == "object" and items.members:
            inside, members = self.nested(items, here + "[]")
            return Draft({"type": "rows"} | counts | inside, lambda field: Records(field, members))
        if items.type in ("string", "integer", "number", "boolean"):
            return self.column(name, items, here, counts)
        self.note(here, "is a list of free JSON: its content is checked only by the provider")
        return draft_kinds.free()

    def column(self, name: str, items: Shape, here: str, counts: Table) -> Draft:
        """Rows with one field for a list of plain values."""
        inner = Drafter(self.note, place=here + "[]")
        piece = inner.field(_singular(name), items, True)
        inside: Table = {"fields": list(piece.fields), "rules": list(piece.rules)}
        member = piece.fields[0]["name"]
        return Draft(
            {"type": "rows"} | counts | inside,
            lambda field: Column(field, piece.intake),
            f"${member}",
        )

    def nested(self, shape: Shape, here: str) -> tuple[Table, dict[str, Intake]]:
        """The fields and rules of a group or row, and the way back for each of its properties."""
        inner = Drafter(self.note, place=here)
        pieces = inner.pieces(shape.members)
        fields = [field for piece in pieces.values() for field in piece.fields]
        rules = [rule for piece in pieces.values() for rule in piece.rules]
        return {"fields": fields, "rules": rules}, {name: piece.intake for name, piece in pieces.items()}

    def default(self, shape: Shape, field: str, intake: Intake, draft: Draft, here: str) -> JSON:
        """The default in the form's own terms; a file by an address that is not https cannot be one."""
        if shape.default is None or (shape.enum and draft.table["type"] == "json"):
            return None
        default = taken(intake, shape.default).get(field)
        if draft.table["type"] in _FILES:
            refs = default if isinstance(default, list) else [default]
            if not all(isinstance(ref, str) and ref.startswith("https://") for ref in refs):
                self.note(here, "has a file as default that is no https address: left out")
                return None
        return default

    def wired(self, name: str, field: str, draft: Draft) -> JSON:
        """Where it goes, unless the spec's own `wire` says so."""
        if draft.shape is not None:
            return {"at": self.path(name), "as": draft.shape}
        return None if field == name else self.path(name)

    def path(self, name: str) -> str:
        quoted = name if re.fullmatch(r"[\w-]+", name) else f'"{name}"'
        return self.wire.replace("*", quoted)

    def here(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name

    def named(self, wanted: str) -> str:
        """The wanted name, or one like it that a form can have and nothing else here has."""
        if _is_name(wanted) and wanted in self.names:
            return wanted
        plain = re.sub(r"\W+", "_", wanted).strip("_") or "field"
        plain = plain if plain.isidentifier() else f"field_{plain}"
        plain = f"{plain}_choice" if plain in RESERVED else plain
        number, free = 1, plain
        while free in self.names:
            number += 1
            free = f"{plain}_{number}"
        self.names.add(free)
        return free


_FILES = ("image", "video", "audio", "file", "images", "videos", "audios", "files")


def _are_told_apart(options: Sequence[JSON]) -> bool:
    """Whether a form, which holds texts, can tell them apart: 5 and "5" it cannot."""
    return len({as_text(option) for option in options}) == len(options)


def _is_name(name: str) -> bool:
    return name.isidentifier() and not name.startswith("_") and name not in RESERVED


def _singular(name: str) -> str:
    word = re.sub(r"\W", "_", name).rpartition("_")[2]
    single = word[:-1] if word.endswith("s") and len(word) > 3 and not word.endswith("ss") else word
    return single if _is_name(single) else "value"


def _all_members(union: Shape) -> Shape:
    """One object for a union of objects: every member once, required where all of them require it."""
    members: dict[str, Member] = {}
    for variant in union.variants:
        for member in variant.members:
            members.setdefault(member.name, member)
    required = set.intersection(*(set(variant.required_members) for variant in union.variants))
    found = tuple(Member(name, each.shape, name in required) for name, each in members.items())
    return replace(union.variants[0], members=found, title=union.title, description=union.description)


def _seen_as_item(shape: Shape, items: Shape) -> Shape:
    """An item with what only the list says about it."""
    return replace(
        items,
        title=items.title or shape.title,
        description=items.description or shape.description,
        examples=(*items.examples, *shape.examples),
        media={**shape.media, **items.media},
    )


_SAID = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "boolean": "switch",
    "array": "list",
    "object": "custom",
}


def draft_union(drafter: Drafter, member: Member) -> Piece:
    """One field where one kind can stand for all, else a choice between them."""
    shape, variants = member.shape, member.shape.variants
    lists = [variant for variant in variants if variant.type == "array"]
    if len(lists) == 1 and all(_is_item(member.name, lists[0], variant) for variant in variants):
        default: JSON = (
            shape.default if isinstance(shape.default, list) or shape.default is None else [shape.default]
        )
        piece = drafter.field(member.name, _with_text(lists[0], shape, default), member.required)
        return Piece(piece.fields, Listed(piece.intake), piece.rules, piece.request)
    addresses = [variant for variant in variants if variant.type == "string"]
    if addresses and all(_is_file(member.name, variant, shape) for variant in variants):
        return drafter.field(member.name, _with_text(addresses[0], shape, None), member.required)
    return _choice(drafter, member)


def _choice(drafter: Drafter, member: Member) -> Piece:
    name, shape = member.name, member.shape
    preset = next((each for each in shape.variants if each.enum), None)
    others = [each for each in shape.variants if each is not preset]
    field = drafter.named(name)
    titled = label(field, shape, False) or default_label(field)
    tokens = _tokens(others, preset)
    pieces = [
        _own_field(drafter, member, field, token, titled, other)
        for token, other in zip(tokens, others, strict=True)
    ]
    kinds_and_pieces = zip(tokens, others, pieces, strict=True)
    ways = tuple(Way(token, other, piece.intake) for token, other, piece in kinds_and_pieces)
    choice = Choice(field, preset.enum if preset else (), bool(preset and preset.open), ways)
    fields = [_wired(drafter, name, each) for piece in pieces for each in piece.fields]
    drop: Table = {
        "when": {field: (tokens if len(tokens) > 1 else tokens[0]) if preset else {"set": True}},
        "drop": [field],
        "message": f"{titled} is sent as written below.",
    }
    select = _select(choice, member, titled, None if field == name else drafter.path(name))
    return Piece((select, *fields), choice, (drop, *(rule for piece in pieces for rule in piece.rules)))


def _own_field(drafter: Drafter, member: Member, field: str, token: str, titled: str, other: Shape) -> Piece:
    """The field of one kind, shown while that kind is chosen."""
    return drafter.field(
        member.name,
        _with_text(other, other, _own_default(other, member.shape)),
        True,
        called=f"{member.name}_{token}" if token.isidentifier() else f"{member.name}_custom",
        more={
            "show_if": {field: token},
            "wire": None,
            "label": f"{_said(token)} {titled[:1].lower()}{titled[1:]}",
        },
    )


def _select(choice: Choice, member: Member, titled: str, wire: str | None) -> Table:
    """The choice between the presets and the other kinds."""
    shape = member.shape
    other: list[Any] = [{"value": way.option, "label": _said(way.option)} for way in choice.ways]
    return in_house_order(
        {
            "name": choice.field,
            "type": "select",
            "label": "" if titled == default_label(choice.field) else titled,
            "required": member.required,
            "options": [*choice.presets, *other],
            "open": choice.open,
            "default": None if shape.default is None else taken(choice, shape.default).get(choice.field),
            "wire": wire,
            "help": help_text(choice.field, shape, False),
        }
    )


def _wired(drafter: Drafter, name: str, table: Table) -> Table:
    """A field of one kind goes where the property itself goes."""
    wire = table.get("wire")
    return in_house_order({**table, "wire": wire if isinstance(wire, dict) else drafter.path(name)})


def _tokens(others: list[Shape], preset: Shape | None) -> list[str]:
    """The option that stands for each kind: no preset is called so, and each is another."""
    tokens: list[str] = []
    for other in others:
        said = _SAID.get(other.type, "custom") if len(others) > 1 or preset is None else "custom"
        token, number = said, 1
        while token in tokens or (preset is not None and token in preset.enum):
            number += 1
            token = f"{said}_{number}"
        tokens.append(token)
    return tokens


def _said(token: str) -> str:
    return token.replace("_", " ").capitalize()


def _own_default(other: Shape, shape: Shape) -> JSON:
    return (
        shape.default if shape.default is not None and misfit(other, shape.default) is None else other.default
    )


def _is_item(name: str, list_: Shape, variant: Shape) -> bool:
    if variant is list_:
        return True
    items = list_.items or Shape()
    return variant.type == items.type or (_is_file(name, items, list_) and _is_file(name, variant, list_))


def _is_file(name: str, variant: Shape, around: Shape) -> bool:
    seen = _with_text(variant, around, None)
    return bool(kinds.file_kind(name, seen) or kinds.file_object_kind(name, seen))


def _with_text(variant: Shape, around: Shape, default: JSON) -> Shape:
    """A variant with the words that stand around the union, and the default that counts for it."""
    own_title = variant.type == "object" and around is variant
    return replace(
        variant,
        title=variant.title if own_title else around.title or variant.title,
        description=around.description or variant.description,
        examples=(*variant.examples, *around.examples),
        default=default,
        has_default=default is not None,
        nullable=around.nullable or variant.nullable,
    )
