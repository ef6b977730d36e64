"""Checked values → the complete body of the request, with media as leaves to be delivered.

A request's body while it is built: where values go, what shape they take, and where media lie in it.

Wire values that several form fields make together, looked up in a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy

import msgspec
from msgspec import Struct

from models.form.empties import stays_empty
from models.form.messages import listed, shown
from models.form.state import FieldState, FormState, form_state
from models.spec.conditions import Scope, holds
from models.spec.fields import Field, FieldMapping, GroupField, JobField, MediaField, RowsField
from models.spec.schema import Derive, Spec
from models.spec.values import JSON, NO_FACTS, Facts, Values, as_number, as_text, is_absent, same


class MediaLeaf(Struct, frozen=True):
    """One file in the body: where (JSON pointer), what kind, and which (an upload's id or an https address).

    Kinds are image, video, audio and file; "job" is an earlier job of ours, to be replaced by its id at the
    provider, "job-video" one to be replaced by its video.
    """

    at: str
    kind: str
    ref: str


class BodyConflictError(ValueError):
    """Two values want the same place in the body: a fault of the spec, which its examples bring to light."""


class Piece(Struct, frozen=True):
    """A value on its way into the body: its media and encodings by pointers relative to it."""

    value: JSON
    media: tuple[MediaLeaf, ...] = ()
    encode: tuple[str, ...] = ()


def list_of(pieces: Sequence[Piece]) -> Piece:
    """Pieces as one list."""
    return _around(
        [piece.value for piece in pieces], {f"/{index}": piece for index, piece in enumerate(pieces)}
    )


def _around(value: JSON, parts: dict[str, Piece]) -> Piece:
    """A value that holds these parts at these pointers."""
    moved = [_seen_from(under, part) for under, part in parts.items()]
    return Piece(
        value,
        tuple(leaf for part in moved for leaf in part.media),
        tuple(at for part in moved for at in part.encode),
    )


def _seen_from(under: str, piece: Piece) -> Piece:
    """The same piece with its pointers as seen from further up."""
    media = tuple(MediaLeaf(under + leaf.at, leaf.kind, leaf.ref) for leaf in piece.media)
    return Piece(piece.value, media, tuple(under + at for at in piece.encode))


def encode(wire: FieldMapping, piece: Piece) -> Piece:
    """The piece as its wire writes it; JSON text waits until the media in it are delivered."""
    match wire.encode:
        case "json":
            return Piece(piece.value, piece.media, (*piece.encode, ""))
        case "string":
            return Piece(as_text(piece.value))
        case "seconds":
            seconds = as_number(piece.value)
            return Piece(piece.value if seconds is None else f"{seconds}s")
        case "star":
            return Piece(as_text(piece.value).replace("x", "*"))
    return piece


def fill(shape: JSON, piece: Piece) -> Piece | None:
    """The shape of `as` with the piece where "$" stands, and a member of a row or group where "$name" does.

    None where a "$name" has no value: that part of the shape is then left out.
    """
    if isinstance(shape, str) and shape.startswith("$"):
        return _member(piece, shape[1:])
    if isinstance(shape, dict):
        parts = {name: part for name, each in shape.items() if (part := fill(each, piece))}
        value: dict[str, JSON] = {name: part.value for name, part in parts.items()}
        return _around(value, {"/" + _escaped(name): part for name, part in parts.items()})
    if isinstance(shape, list):
        return list_of([part for each in shape if (part := fill(each, piece))])
    return Piece(shape)


def _member(piece: Piece, name: str) -> Piece | None:
    if not name:
        return piece
    if not isinstance(piece.value, dict) or name not in piece.value:
        return None
    under = "/" + _escaped(name)
    media = tuple(
        MediaLeaf(leaf.at.removeprefix(under), leaf.kind, leaf.ref)
        for leaf in piece.media
        if leaf.at == under or leaf.at.startswith(under + "/")
    )
    encode = tuple(at.removeprefix(under) for at in piece.encode if at == under or at.startswith(under + "/"))
    return Piece(piece.value[name], media, encode)


_NAME = re.compile(r'"([^"]*)"|([^."]+)')


def path_names(path: str) -> list[str]:
    """The names of a dotted path; one with a dot in it stands in quotes: input."lora.scale"."""
    return [quoted or bare for quoted, bare in _NAME.findall(path)]


def _leaves(tree: JSON, under: str = "") -> Iterator[str]:
    """The pointers of everything in a tree of tables."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield f"{under}/{_escaped(name)}"
            yield from _leaves(value, f"{under}/{_escaped(name)}")


class Body:
    """A body being built over constants, which a value sent to the same place replaces."""

    def __init__(self, constants: dict[str, JSON] | None = None) -> None:
        self.tree: dict[str, JSON] = constants or {}
        self.constants = set(_leaves(self.tree))
        self.media: list[MediaLeaf] = []
        self.encode: list[str] = []

    def put(self, wire: FieldMapping, piece: Piece) -> None:
        """Puts a piece at a dotted path, or at the end of the list there ("content[]")."""
        *above, last = path_names(wire.at.removesuffix("[]"))
        table = self.tree
        for name in above:
            inner = table.setdefault(name, {})
            if not isinstance(inner, dict):
                raise BodyConflictError(f"{wire.at}: {name} is not a table")
            table = inner
        pointer = "".join("/" + _escaped(name) for name in (*above, last))
        if wire.at.endswith("[]"):
            inside = table.setdefault(last, [])
            if not isinstance(inside, list):
                raise BodyConflictError(f"{wire.at}: there is something else than a list")
            pointer = f"{pointer}/{len(inside)}"
            inside.append(piece.value)
        elif last in table and pointer not in self.constants:
            raise BodyConflictError(f"{wire.at} is sent twice")
        else:
            table[last] = piece.value
            self.constants.discard(pointer)
        placed = _seen_from(pointer, piece)
        self.media += placed.media
        self.encode += placed.encode


def pointer_names(pointer: str) -> list[str]:
    """The names along a JSON pointer."""
    return [_plain(name) for name in pointer.split("/")[1:]]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _plain(name: str) -> str:
    return name.replace("~1", "/").replace("~0", "~")


def derived(spec: Spec, scope: Scope) -> Iterator[tuple[Derive, JSON]]:
    """Each derived value in force. It is left out where one of its fields has no value."""
    for derive in spec.derive:
        row = _row(derive, scope)
        if row:
            yield derive, row[-1]


def derive_errors(spec: Spec, scope: Scope) -> Iterator[tuple[str, str]]:
    """A combination that the table does not list, blamed on the last field that a person can change."""
    for derive in spec.derive:
        if _applies(derive, scope) and _row(derive, scope) is None:
            fields = [spec.form.by_name[name] for name in derive.source]
            chosen = listed(
                (f"{field.label} {shown(field, scope.value(field.name))}" for field in fields), "and"
            )
            yield derive.source[-1], f"{chosen} do not go together: choose another."


def _applies(derive: Derive, scope: Scope) -> bool:
    return holds(derive.when, scope) and not any(is_absent(scope.value(name)) for name in derive.source)


def _row(derive: Derive, scope: Scope) -> tuple[JSON, ...] | None:
    if not _applies(derive, scope):
        return None
    chosen = [scope.value(name) for name in derive.source]
    for row in derive.table:
        if all(same(cell, value) for cell, value in zip(row, chosen, strict=False)):
            return row
    return None


__all__ = ["BodyConflictError", "Mapped", "MediaLeaf", "finish", "map_body", "map_state"]


class Mapped(Struct, frozen=True):
    """`body` holds each media's ref where its delivered value belongs; `encode` are pointers to turn into
    JSON text after delivery, innermost first."""

    body: dict[str, JSON]
    media: tuple[MediaLeaf, ...] = ()
    encode: tuple[str, ...] = ()


def map_body(spec: Spec, values: Values, facts: Facts = NO_FACTS) -> Mapped:
    """The body for checked values. `facts` only matter where a rule drops a field by a fact of a file."""
    return map_state(spec, form_state(spec, values, facts))


def map_state(spec: Spec, state: FormState) -> Mapped:
    """The same for a form that was worked out already, and checked."""
    body = Body(deepcopy(spec.request))
    hidden_in_derive = {name for derive in spec.derive for name in derive.source}
    states = {each.name: each for each in state.fields}
    for field in spec.fields:
        if field.mapping or field.name not in hidden_in_derive:
            _send(body, states[field.name], spec.wire_of(field), state)
    for derive, value in derived(spec, state.evaluation.scope):
        body.put(FieldMapping(derive.at), Piece(value))
    return Mapped(body.tree, tuple(body.media), tuple(sorted(body.encode, key=len, reverse=True)))


def _send(body: Body, state: FieldState, wire: FieldMapping, whole: FormState) -> None:
    """Puts one field's value into the body, unless it is absent, hidden or dropped."""
    value = whole.evaluation.scope.values.get(state.name)
    nothing = is_absent(value) and not stays_empty(state.field, value)
    if nothing or state.dropped is not None:
        return
    inner = iter(state.forms)
    pieces = [_piece(state.field, item, inner) for item in (value if isinstance(value, list) else [value])]
    if wire.shape is not None:
        pieces = [filled for piece in pieces if (filled := fill(wire.shape, piece))]
    if isinstance(value, list) and not wire.at.endswith("[]"):
        pieces = [list_of(pieces)]
    for piece in pieces:
        body.put(wire, encode(wire, piece))


def _piece(field: Field, value: JSON, inner: Iterator[FormState]) -> Piece:
    """One value with its media marked; a row or a group, the next of `inner`, becomes a body of its own."""
    if isinstance(field, GroupField | RowsField) and isinstance(value, dict):
        return _inner_body(next(inner))
    if isinstance(field, MediaField) and isinstance(value, str):
        return Piece(value, (MediaLeaf("", field.media_kind, value),))
    if isinstance(field, JobField) and isinstance(value, str):
        return Piece(value, (MediaLeaf("", "job" if field.send == "id" else "job-video", value),))
    return Piece(value)


def _inner_body(form: FormState) -> Piece:
    body = Body()
    for state in form.fields:
        _send(body, state, state.field.mapping or FieldMapping(state.name), form)
    return Piece(body.tree, tuple(body.media), tuple(body.encode))


def finish(mapped: Mapped, delivered: Mapping[str, JSON]) -> dict[str, JSON]:
    """The body with the delivered values (by pointer; refs stay where none is given), then encoded."""
    body: dict[str, JSON] = msgspec.json.decode(msgspec.json.encode(mapped.body))
    for leaf in mapped.media:
        if leaf.at in delivered:
            _replace(body, leaf.at, delivered[leaf.at])
    for at in mapped.encode:
        _replace(body, at, msgspec.json.encode(_at(body, at)).decode())
    return body


def _at(body: JSON, pointer: str) -> JSON:
    for name in pointer_names(pointer):
        if isinstance(body, list):
            body = body[int(name)]
        elif isinstance(body, dict):
            body = body[name]
    return body


def _replace(body: JSON, pointer: str, value: JSON) -> None:
    holder, last = _at(body, pointer.rpartition("/")[0]), pointer_names(pointer)[-1]
    if isinstance(holder, list):
        holder[int(last)] = value
    elif isinstance(holder, dict):
        holder[last] = value
