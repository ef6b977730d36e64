"""The one validation, for form, API, command line and linter."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from models.condition import Scope
from models.derive import derive_errors
from models.empty import is_blank, is_refused_empty, stays_empty
from models.fields import Field, Form, Group, Json, Media, MediaList, Rows
from models.force import Force, in_force
from models.limits import file_error, kind_error, limit_error
from models.nearest import did_you_mean
from models.rule import Rule
from models.spec import Spec
from models.state import FieldState, state_of
from models.values import JSON, Facts, Values, is_absent
from models.words import listed, number_text, set_names, shown, while_text

_LISTS, _TABLES = (MediaList, Rows, Json), (Group, Json)
"""Kinds of which an empty list, or an empty table, is "nothing"; of any other it is a wrong value."""


class Checked(Struct, frozen=True):
    """Complete values without hidden fields, and a sentence for each field that is wrong.

    Errors are keyed by the field's name, "shots.0.prompt" inside rows, "camera.zoom" inside a group, "mode" for
    the mode, "" for the form as a whole.
    """

    values: Values
    errors: dict[str, str]


def check(spec: Spec, values: Values, facts: Facts) -> Checked:
    """All errors at once; a given value is never changed, an absent one takes the default in force."""
    mode = values.get("mode")
    if not is_absent(mode) and mode not in spec.modes:
        return Checked(values, {"mode": f"{mode} is not a mode of this model: choose {listed(spec.modes)}."})
    state = state_of(spec.form, values, facts)
    errors: dict[str, str] = {}
    if not state.force.settled:
        errors[""] = "The rules of this model contradict each other on these values: change one of them."
    for name, sentence in _form_errors(spec.form, state.fields, state.force, values):
        errors.setdefault(name, sentence)
    for name, sentence in derive_errors(spec, state.force.scope):
        errors.setdefault(name, sentence)
    return Checked(dict(state.force.scope.values), errors)


def drop_hidden(spec: Spec, values: Values, facts: Facts) -> Values:
    """For the form door, before check: without the values of hidden fields, in rows and groups too."""
    return _without_hidden(spec.form, values, facts, None)


def _without_hidden(form: Form, given: Values, facts: Facts, outer: Scope | None) -> Values:
    force = in_force(form, given, facts, outer)
    kept = {name: value for name, value in given.items() if name not in form.by_name or name in force.visible}
    for field in form.fields:
        inside = kept.get(field.name)
        if isinstance(field, Group) and isinstance(inside, dict):
            kept[field.name] = _without_hidden(field.form, inside, facts, force.scope)
        elif isinstance(field, Rows) and isinstance(inside, list):
            kept[field.name] = [
                _without_hidden(field.form, row, facts, force.scope) if isinstance(row, dict) else row
                for row in inside
            ]
    return kept


def _form_errors(
    form: Form, states: tuple[FieldState, ...], force: Force, given: Values
) -> Iterator[tuple[str, str]]:
    """Everything wrong with a form, a row or a group: (field, sentence)."""
    for name in given:
        if name not in form.by_name:
            yield name, f"There is no field {name}{did_you_mean(name, form.by_name)}"
    for state in states:
        if state.visible:
            yield from _field_errors(state, force, given.get(state.name))
        elif not is_absent(given.get(state.name)):
            only = while_text(state.field.show_if, form)
            yield state.name, f"{state.field.label} applies only {only}: leave it out."
    for rule in force.rules:
        yield from _exactly_one_error(form, rule, force)
        yield from _total_error(form, rule, force)


def _field_errors(state: FieldState, force: Force, given: JSON) -> Iterator[tuple[str, str]]:
    """Everything wrong with one visible field; the first sentence counts."""
    field, value, facts = state.field, force.scope.values.get(state.name), force.scope.facts
    if isinstance(field, Group | Rows) and not is_absent(given):
        value = given
    if (given == [] and not isinstance(field, _LISTS)) or (given == {} and not isinstance(field, _TABLES)):
        yield field.name, f"{field.label} cannot be {'a list' if given == [] else 'a table'}: give one value."
        return
    if is_refused_empty(field, given, state.default):
        yield field.name, _not_empty(field, state.default)
        return
    if state.required and is_blank(value):
        todo = ": choose a file." if isinstance(field, Media) else "."
        yield field.name, state.why_required or f"{field.label} is needed{todo}"
        return
    if is_absent(value) and not stays_empty(field, value):
        return
    refusal = kind_error(field, value) or state.narrow.refusal(value)
    if refusal:
        yield field.name, refusal
        return
    if isinstance(field, Media) and (unusable := file_error(field, value, facts)):
        yield field.name, unusable
    own = limit_error(field, value, field.limit, facts)
    if own:
        yield field.name, own
    for limit, message in state.narrow.limits:
        broken = limit_error(field, value, limit, facts)
        if broken:
            yield field.name, message or broken
    if isinstance(field, Group | Rows):
        yield from _nested_errors(field, value, force.scope)


def _not_empty(field: Field, default: JSON) -> str:
    """What was emptied is not filled in again behind anybody's back."""
    example = "" if isinstance(field, Json) else f", such as {shown(field, default)}"
    return f"{field.label} cannot be empty: give a value{example}."


def _nested_errors(field: Group | Rows, value: JSON, scope: Scope) -> Iterator[tuple[str, str]]:
    rows: list[tuple[str, JSON]] = [(field.name, value)]
    if isinstance(value, list):
        rows = [(f"{field.name}.{index}", row) for index, row in enumerate(value)]
    for place, row in rows:
        assert isinstance(row, dict)  # kind_error has seen to it
        state = state_of(field.form, row, scope.facts, scope)
        for name, sentence in _form_errors(field.form, state.fields, state.force, row):
            yield f"{place}.{name}", sentence


def _exactly_one_error(form: Form, rule: Rule, force: Force) -> Iterator[tuple[str, str]]:
    names = [name for name in rule.exactly_one_of if name in force.visible]
    given = set_names(force.scope.values, names)
    if not names or len(given) == 1:
        return
    choices = listed(form.by_name[name].label for name in names)
    yield (given or names)[-1 if given else 0], rule.message or f"Give exactly one of {choices}."


def _total_error(form: Form, rule: Rule, force: Force) -> Iterator[tuple[str, str]]:
    """Looked at while one of its fields is shown; blamed is the first that has a value.

    A total that is not surely wrong passes: a file given by URL has facts that nobody knows.
    """
    if rule.total is None:
        return
    names = [name for name in rule.total.fields if name in force.visible]
    if not names:
        return
    wanted = _wanted(rule, force.scope)
    if wanted:
        total = number_text(float(rule.total.value(force.scope).low))
        blamed = (set_names(force.scope.values, names) or names)[0]
        label = form.by_name[blamed].label
        yield blamed, rule.message or f"{label}: {rule.total.text} is {total}; it must be {wanted}."


def _wanted(rule: Rule, scope: Scope) -> str:
    """What a total must be and surely is not; empty if it may be."""
    assert rule.total is not None
    total = rule.total.value(scope)
    if rule.equals is not None:
        equals = rule.equals.value(scope)
        if total.low > equals.high or total.high < equals.low:
            return f"exactly {number_text(float(equals.low))}"
    if rule.min is not None and total.high < rule.min:
        return f"at least {number_text(rule.min)}"
    if rule.max is not None and total.low > rule.max:
        return f"at most {number_text(rule.max)}"
    return ""
