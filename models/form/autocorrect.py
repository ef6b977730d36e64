"""Keeps a form consistent while it is edited: nothing typed is lost silently.

Selects, switches and numbers that a rule no longer allows move to the nearest allowed value, with a note. The
field just edited stays if another can make room for it. Texts, files, rows and groups are never touched: where
they are wrong, check says so.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from models.form.empties import has_default, stays_empty
from models.form.messages import shown
from models.form.state import FieldState, FormState, state_of
from models.form.validate import kind_error, limit_error
from models.spec.conditions import Scope
from models.spec.fields import (
    Field,
    Form,
    GroupField,
    IntegerField,
    NumberField,
    RowsField,
    SeedField,
    SelectField,
    SwitchField,
)
from models.spec.schema import Spec
from models.spec.values import JSON, Facts, Values, is_absent, same


class Autocorrected(Struct, frozen=True):
    """Values to draw (those of hidden fields too), a note for each field that was moved, and the form's state."""

    values: Values
    notes: dict[str, str]
    state: FormState
    at_rest: bool = True  # False if the rules kept moving values; the linter refuses such a spec


def autocorrect(
    spec: Spec, values: Values, *, touched: Collection[str] = (), changed: str | None = None, facts: Facts
) -> Autocorrected:
    """`touched`: fields that the person has set, whose values stay; `changed`: the one edited just now, inside
    rows or groups "shots.0.duration" or just "shots".

    An untouched field that has a default follows it. The mode counts as touched.
    """
    form = spec.form
    kept = {"mode", *touched, changed.partition(".")[0] if changed else ""}
    given = {
        name: value
        for name, value in values.items()
        if name in form.by_name and (name in kept or not has_default(form, form.by_name[name]))
    }
    return _settle_form(form, given, changed, facts, None)


def touched_in(spec: Spec, values: Values, facts: Facts) -> set[str]:
    """The fields of a drawn form whose values are not just the default that was in force."""
    states = state_of(spec.form, values, facts).fields
    return {each.name for each in states if _is_touched(each, values.get(each.name))}


def _is_touched(state: FieldState, value: JSON) -> bool:
    """A text that was emptied of its default was touched."""
    emptied = stays_empty(state.field, value) and not is_absent(state.default)
    return (emptied or not is_absent(value)) and state.value != state.default


class _Move(Struct, frozen=True):
    name: str
    value: JSON
    note: str


def _settle_form(
    form: Form, given: Values, changed: str | None, facts: Facts, outer: Scope | None
) -> Autocorrected:
    given = dict(given)
    notes: dict[str, str] = {}
    at_rest = False
    for _ in range(2 * len(form.fields) + 2):
        state = state_of(form, given, facts, outer)
        move = _next_move(form, state, given, changed)
        if move is None:
            at_rest = True
            break
        given[move.name] = move.value
        notes[move.name] = move.note
    before = dict(given)
    nested_at_rest = _settle_nested(form, given, notes, changed, state.evaluation.scope)
    if given != before or not at_rest:
        state = state_of(form, given, facts, outer)
    drawn = {name: value for name, value in given.items() if _is_kept(form, form.by_name[name], value)}
    values = {**state.values, **drawn}
    return Autocorrected(values, notes, state, at_rest and nested_at_rest and state.evaluation.settled)


def _is_kept(form: Form, field: Field, value: JSON) -> bool:
    """What was typed stays, and what was emptied stays empty, also where it is hidden now."""
    return not is_absent(value) or (stays_empty(field, value) and has_default(form, field))


def _settle_nested(
    form: Form, given: Values, notes: dict[str, str], changed: str | None, scope: Scope
) -> bool:
    """The same inside groups and rows, in `given` and `notes` themselves; whether all came to rest."""
    at_rest = True
    for field in form.fields:
        value = given.get(field.name)
        if not isinstance(field, GroupField | RowsField) or not isinstance(value, dict | list):
            continue
        parts: dict[str, JSON] = {f"{field.name}.": value}
        if isinstance(value, list):
            parts = {f"{field.name}.{index}.": row for index, row in enumerate(value)}
        for prefix, part in parts.items():
            if isinstance(part, dict):
                inside = _settle_part(field, part, prefix, changed, scope)
                at_rest = at_rest and inside.at_rest
                notes |= inside.notes
                parts[prefix] = {name: inside.values[name] for name in part if name in inside.values}
        given[field.name] = list(parts.values()) if isinstance(value, list) else parts[f"{field.name}."]
    return at_rest


def _settle_part(
    field: GroupField | RowsField, row: Values, prefix: str, changed: str | None, scope: Scope
) -> Autocorrected:
    member = changed.removeprefix(prefix) if changed and changed.startswith(prefix) else None
    inside = _settle_form(field.form, row, member, scope.facts, scope)
    notes = {prefix + name: note for name, note in inside.notes.items()}
    return Autocorrected(inside.values, notes, inside.state, inside.at_rest)


def _next_move(form: Form, state: FormState, given: Values, changed: str | None) -> _Move | None:
    """The first value that a rule in force refuses, and where it goes."""
    for each in state.fields:
        value = given.get(each.name)
        if not each.visible or is_absent(value):
            continue
        why = _refusal(each, value, state.facts)
        if why is None:
            continue
        if each.name == changed:
            room = _make_room(form, state, given, each, why)
            if room:
                return room
        if _may_move(each.field):
            nearest = each.constraints.nearest(value)
            if nearest != value:
                return _Move(each.name, nearest, _note(each.field, value, nearest, why))
    return None


def _refusal(state: FieldState, value: JSON, facts: Facts) -> str | None:
    """Why the rules in force refuse a value; None for what is wrong whatever the rules say, such as a typo."""
    field = state.field
    if kind_error(field, value) or limit_error(field, value, field.limit, facts):
        return None
    refusal = state.constraints.refusal(value)
    if refusal is not None:
        return refusal
    for limit, message in state.constraints.limits:
        broken = limit_error(field, value, limit, facts)
        if broken:
            return message or broken
    return None


def _make_room(form: Form, state: FormState, given: Values, edited: FieldState, why: str) -> _Move | None:
    """Another field's nearest value with which the field just edited may stay as it is."""
    scope = state.evaluation.scope
    value = given[edited.name]
    for name in _conditions_on(state, edited):
        other = next((each for each in state.fields if each.name == name), None)
        if other is None or name in ("mode", edited.name) or not other.visible or not _may_move(other.field):
            continue
        for choice in _alternatives(other):
            after = state_of(form, {**given, name: choice}, scope.facts, scope.outer)
            kept, moved = after.field(edited.name), after.field(name)
            fits = _refusal(kept, value, scope.facts) is None and _refusal(moved, choice, scope.facts) is None
            if fits and kept.visible and moved.visible:
                return _Move(name, choice, _note(other.field, other.value, choice, why))
    return None


def _conditions_on(state: FormState, edited: FieldState) -> list[str]:
    """The fields on which it depends what the edited field may be."""
    name = edited.name
    conditions = [
        rule.when
        for rule in state.evaluation.rules
        if name in rule.only or name in rule.forbid or name in rule.limit
    ]
    if isinstance(edited.field, SelectField):
        conditions += [option.when for option in edited.field.options]
    return list(dict.fromkeys(field for when in conditions if when for field in when.fields))


def _alternatives(state: FieldState) -> list[JSON]:
    """Every other option, the nearest first."""
    places = {str(option.value): place for place, option in enumerate(state.options)}
    here = places.get(str(state.value), 0)
    others = [option.value for option in state.options if not same(option.value, state.value)]
    return sorted(others, key=lambda value: abs(places[str(value)] - here))


def _may_move(field: Field) -> bool:
    return isinstance(field, SelectField | SwitchField | IntegerField | NumberField | SeedField)


def _note(field: Field, old: JSON, new: JSON, why: str) -> str:
    if is_absent(new):
        return f"{shown(field, old)} was taken out. {why}"
    return f"Changed from {shown(field, old)} to {shown(field, new)}. {why}"
