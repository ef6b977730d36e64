"""Checked values → the complete body of the request, with media as leaves to be delivered."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

import msgspec
from msgspec import Struct

from models.body import Body, BodyConflictError, MediaLeaf, Piece, encode, fill, list_of, pointer_names
from models.condition import Scope
from models.derive import derived
from models.empty import stays_empty
from models.fields import Field, Form, Group, Job, Media, Rows, Wire
from models.force import Force, in_force
from models.spec import Spec
from models.values import JSON, NO_FACTS, Facts, Values, is_absent

__all__ = ["BodyConflictError", "Mapped", "MediaLeaf", "finish", "map_body"]


class Mapped(Struct, frozen=True):
    """`body` holds each media's ref where its delivered value belongs; `encode` are pointers to turn into
    JSON text after delivery, innermost first."""

    body: dict[str, JSON]
    media: tuple[MediaLeaf, ...] = ()
    encode: tuple[str, ...] = ()


def map_body(spec: Spec, values: Values, facts: Facts = NO_FACTS) -> Mapped:
    """The body for checked values. `facts` only matter where a rule drops a field by a fact of a file."""
    force = in_force(spec.form, values, facts)
    body = Body(deepcopy(spec.request))
    hidden_in_derive = {name for derive in spec.derive for name in derive.source}
    for field in spec.fields:
        if field.wire or field.name not in hidden_in_derive:
            _send(body, field, spec.wire_of(field), force)
    for derive, value in derived(spec, force.scope):
        body.put(Wire(derive.at), Piece(value))
    return Mapped(body.tree, tuple(body.media), tuple(sorted(body.encode, key=len, reverse=True)))


def _send(body: Body, field: Field, wire: Wire, force: Force) -> None:
    """Puts one field's value into the body, unless it is absent, hidden or dropped."""
    value = force.scope.values.get(field.name)
    nothing = is_absent(value) and not stays_empty(field, value)
    if nothing or any(field.name in rule.drop for rule in force.rules):
        return
    pieces = [_piece(field, item, force.scope) for item in (value if isinstance(value, list) else [value])]
    if wire.shape is not None:
        pieces = [filled for piece in pieces if (filled := fill(wire.shape, piece))]
    if isinstance(value, list) and not wire.at.endswith("[]"):
        pieces = [list_of(pieces)]
    for piece in pieces:
        body.put(wire, encode(wire, piece))


def _piece(field: Field, value: JSON, scope: Scope) -> Piece:
    """One value with its media marked; a row or a group becomes a body of its own."""
    if isinstance(field, Group | Rows) and isinstance(value, dict):
        return _inner_body(field.form, value, scope)
    if isinstance(field, Media) and isinstance(value, str):
        return Piece(value, (MediaLeaf("", field.media_kind, value),))
    if isinstance(field, Job) and isinstance(value, str):
        return Piece(value, (MediaLeaf("", "job" if field.send == "id" else "job-video", value),))
    return Piece(value)


def _inner_body(form: Form, row: Values, scope: Scope) -> Piece:
    force = in_force(form, row, scope.facts, scope)
    body = Body()
    for field in form.fields:
        _send(body, field, field.wire or Wire(field.name), force)
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
