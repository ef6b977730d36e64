"""A property that may be of several kinds → a select for its presets and one more field for each other kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from models.importing import kinds
from models.importing.fits import misfit
from models.importing.intake import Choice, Listed, Way, taken
from models.importing.piece import Piece, Table, in_house_order
from models.importing.shape import Member, Shape
from models.importing.wording import default_label, help_text, label
from models.values import JSON

if TYPE_CHECKING:
    from models.importing.drafting import Drafter

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
