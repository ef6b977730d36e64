"""Where the fields of a spec and the properties of a document meet: the paths of the request body."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from msgspec import Struct, structs

from models.body import path_names
from models.fields import Field, Group, MediaList, Rows, Wire
from models.importing import in_mode
from models.importing.shape import Member, Shape
from models.spec import Spec
from models.values import JSON


class Property(Struct, frozen=True):
    """One place of a document: what may stand there, and whether something must where its table is there."""

    path: str
    shape: Shape
    required: bool


class Sent(Struct, frozen=True):
    """One place that a spec fills. `at` is where the field stands in the TOML; a field may fill several places."""

    path: str
    field: Field
    at: tuple[str | int, ...]
    plain: bool  # the value goes there as it is, or by `encode` alone
    options: list[JSON] = []  # of a select, those offered in the modes asked for
    defaults: list[JSON] = []


def properties(members: Sequence[Member], under: str) -> Iterator[Property]:
    """Every place below `under` ("input." or ""), tables and lists of tables opened."""
    for member in members:
        path = under + member.name
        yield Property(path, member.shape, member.required)
        yield from _inside(member.shape, path)


def _inside(shape: Shape, path: str) -> Iterator[Property]:
    for variant in (shape, *shape.variants):
        if variant.members:
            yield from properties(variant.members, path + ".")
        if variant.items is not None:
            yield Property(path + "[]", variant.items, True)
            yield from _inside(variant.items, path + "[]")


def sent(spec: Spec, modes: list[str]) -> Iterator[Sent]:
    """Every place that a field of the spec fills in some of its modes, in the order of the fields."""
    derived_from = {name for derive in spec.derive for name in derive.source}
    for index, field in enumerate(spec.fields):
        if field.wire is None and field.name in derived_from:
            continue
        if any(in_mode.is_sent(spec, field, mode) for mode in modes):
            for each in _sent(field, spec.wire_of(field), "", ("fields", index)):
                top = spec if each.field is field else structs.replace(spec, rules=())
                offered = in_mode.options(top, each.field, modes)
                yield structs.replace(
                    each, options=offered, defaults=in_mode.defaults(top, each.field, modes)
                )


def _sent(field: Field, wire: Wire, under: str, at: tuple[str | int, ...]) -> Iterator[Sent]:
    path = under + ".".join(path_names(wire.at.removesuffix("[]")))
    yield Sent(path, field, at, wire.shape is None)
    if wire.encode is not None:
        return  # a text, whatever it was made of
    many = isinstance(field, Rows | MediaList)
    item = path + "[]" if many or wire.at.endswith("[]") else path
    if many:
        yield Sent(item, field, at, False)
    if wire.shape is not None:
        yield from _shaped(field, wire.shape, item, at)
    elif isinstance(field, Rows | Group):
        for index, member in enumerate(field.fields):
            yield from _sent(member, member.wire or Wire(member.name), item + ".", (*at, "fields", index))


def _shaped(field: Field, shape: JSON, path: str, at: tuple[str | int, ...]) -> Iterator[Sent]:
    """The places of `as`: a member of rows or a group where "$name" stands."""
    if isinstance(shape, dict):
        for name, each in shape.items():
            yield from _shaped(field, each, f"{path}.{name}", at)
    elif isinstance(shape, str) and shape.startswith("$") and isinstance(field, Rows | Group):
        for index, member in enumerate(field.fields):
            if member.name == shape[1:]:
                yield Sent(path, member, (*at, "fields", index), True)
    else:
        yield Sent(path, field, at, False)


def constants(tree: JSON, under: str = "") -> Iterator[tuple[str, JSON]]:
    """The places that [request] fills, with what it sends."""
    if isinstance(tree, dict) and tree:
        for name, each in tree.items():
            yield from constants(each, f"{under}.{name}" if under else name)
    elif under:
        yield under, tree


def same_json(one: JSON, other: JSON) -> bool:
    """Equal in the request: 5 and 5.0 are, 5 and "5" are not."""
    if isinstance(one, int | float) and isinstance(other, int | float) and not isinstance(one, bool | None):
        return not isinstance(other, bool) and float(one) == float(other)
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
