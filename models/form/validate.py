"""The one validation, for form, API, command line and linter.

Whether one value is of its field's kind and within limits; the sentence if it is not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal

from msgspec import Struct

from models.form.empties import is_blank, is_refused_empty, stays_empty
from models.form.messages import listed, number_text, set_names, shown, span_text, while_text
from models.form.rules import Evaluation
from models.form.state import FieldState, FormState, form_state
from models.payload import derive_errors
from models.spec.conditions import Scope, Span
from models.spec.fields import (
    Field,
    Form,
    GroupField,
    IntegerField,
    JobField,
    JsonField,
    Limit,
    MediaField,
    MediaListField,
    NumberField,
    RowsField,
    Rule,
    SeedField,
    SelectField,
    SwitchField,
    TextareaField,
    TextField,
    on_steps,
)
from models.spec.schema import Spec
from models.spec.suggest import did_you_mean
from models.spec.values import JSON, Facts, MediaFacts, Values, is_absent, is_public_https

GONE = "This file is not here any more: choose it again."


def kind_error(field: Field, value: JSON) -> str | None:
    """Whether the value has the JSON type of its field."""
    match field:
        case TextField() | TextareaField() | JobField() if not isinstance(value, str):
            return f"{field.label} must be text."
        case IntegerField() | SeedField() if isinstance(value, bool) or not isinstance(value, int):
            return f"{field.label} must be a whole number."
        case NumberField() if isinstance(value, bool) or not _finite(value):
            return f"{field.label} must be a number."
        case SwitchField() if not isinstance(value, bool):
            return f"{field.label} must be true or false."
        case SelectField(open=True) if type(value) not in {type(option.value) for option in field.options}:
            return (
                f"{field.label} must be written like {listed(option.label for option in field.options[:3])}."
            )
        case MediaListField() if not _all_are(value, str):
            return f"{field.label} must be a list of files."
        case MediaField() if not isinstance(field, MediaListField) and not isinstance(value, str):
            return f"{field.label} must be one file: an upload's id or an https address."
        case RowsField() if not _all_are(value, dict):
            return f"{field.label} must be a list of tables."
        case GroupField() if not isinstance(value, dict):
            return f"{field.label} must be a table."
    return None


def _finite(value: JSON) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _all_are(value: JSON, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(each, kind) for each in value)


def limit_error(field: Field, value: JSON, limit: Limit, facts: Facts) -> str | None:
    """The first limit that the value breaks. A fact that is not known breaks none."""
    match value:
        case bool() | None | dict():
            return None
        case int() | float():
            return _number_error(field, value, limit)
        case list() if limit.count and not limit.count.holds(len(value)):
            things = "files" if isinstance(field, MediaField) else "rows"
            return f"{field.label} takes {span_text(limit.count)} {things}; there are {len(value)} now."
    if isinstance(field, MediaField):
        files = [facts[ref] for ref in _refs(value) if ref in facts]
        return next((error for file in files for error in _measure_errors(field, file, limit)), None)
    return _length_error(field, value, limit) if isinstance(value, str) else None


def _number_error(field: Field, value: int | float, limit: Limit) -> str | None:
    unit = getattr(field, "unit", "")
    within = Span(limit.min, limit.max)
    if not within.holds(value):
        return f"{field.label} must be {span_text(within)}{' ' + unit if unit else ''}."
    if not limit.step:
        return None
    start = field.limit.min if limit.min is None else limit.min
    below, above = on_steps(value, start, limit.step)
    if below == Decimal(str(value)):
        return None
    return f"{field.label} goes in steps of {limit.step}: choose {below} or {above}."


def _length_error(field: Field, value: str, limit: Limit) -> str | None:
    length = len(value)
    if limit.max_length is not None and length > limit.max_length:
        return f"{field.label} has {length:,} characters; at most {limit.max_length:,} are possible."
    if limit.min_length is not None and length < limit.min_length:
        return f"{field.label} has {length:,} characters; at least {limit.min_length:,} are needed."
    return None


_MEASURES = {
    "width": "{} pixels wide",
    "height": "{} pixels high",
    "ratio": "{} times as wide as high",
    "pixels": "{} pixels large",
    "seconds": "{} seconds long",
    "megabytes": "{} MB large",
}


def _measure_errors(field: MediaField, file: MediaFacts, limit: Limit) -> Iterator[str]:
    for fact, words in _MEASURES.items():
        allowed: Span | None = getattr(limit, fact)
        found = file.measure(fact)
        if allowed and found is not None and not allowed.holds(found):
            is_text = words.format(number_text(found))
            yield f"{field.label}: this {file.kind} is {is_text}; it must be {span_text(allowed)}. Choose another."


def file_error(field: MediaField, value: JSON, facts: Facts) -> str | None:
    """Whether each file is there, of the right kind and in a format that is taken."""
    for ref in _refs(value):
        if ref not in facts:
            if ":" not in ref:
                return GONE
            if not is_public_https(ref):
                return f"{field.label}: only a public https address can be used, such as https://example.com/a.png."
            continue
        file = facts[ref]
        if field.media_kind not in ("file", file.kind):
            return f"{field.label} must be {_a(field.media_kind)}; this is {_a(file.kind)}. Choose another."
        if field.accept and file.format and file.format not in field.accept:
            formats = listed(each.upper() for each in field.accept)
            return f"{field.label} must be {formats}; this file is {file.format.upper()}. Choose another."
    return None


def _refs(value: JSON) -> list[str]:
    """The files of a media field; of a list, those that are texts."""
    return [ref for ref in (value if isinstance(value, list) else [value]) if isinstance(ref, str)]


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


_LISTS, _TABLES = (MediaListField, RowsField, JsonField), (GroupField, JsonField)
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
    return check_state(spec, form_state(spec, values, facts))


def check_state(spec: Spec, state: FormState, given: Mapping[str, JSON] | None = None) -> Checked:
    """The same for a form that was worked out already; `given` where other values than its own come to this state."""
    given = state.given if given is None else given
    mode = given.get("mode")
    if not is_absent(mode) and mode not in spec.modes:
        wrong = f"{mode} is not a mode of this model: choose {listed(spec.modes)}."
        return Checked(dict(given), {"mode": wrong})
    errors: dict[str, str] = {}
    if not state.evaluation.settled:
        errors[""] = "The rules of this model contradict each other on these values: change one of them."
    for name, sentence in _form_errors(state, given):
        errors.setdefault(name, sentence)
    for name, sentence in derive_errors(spec, state.evaluation.scope):
        errors.setdefault(name, sentence)
    return Checked(state.values, errors)


def _form_errors(whole: FormState, given: Mapping[str, JSON]) -> Iterator[tuple[str, str]]:
    """Everything wrong with a form, a row or a group: (field, sentence)."""
    form, evaluation = whole.form, whole.evaluation
    for name in given:
        if name not in form.by_name:
            yield name, f"There is no field {name}{did_you_mean(name, form.by_name)}"
    for state in whole.fields:
        if state.visible:
            yield from _field_errors(state, evaluation, given.get(state.name))
        elif not is_absent(given.get(state.name)):
            only = while_text(state.field.show_if, form)
            yield state.name, f"{state.field.label} applies only {only}: leave it out."
    for rule in evaluation.rules:
        yield from _exactly_one_error(form, rule, evaluation)
        yield from _total_error(form, rule, evaluation)


def _field_errors(state: FieldState, evaluation: Evaluation, given: JSON) -> Iterator[tuple[str, str]]:
    """Everything wrong with one visible field; the first sentence counts."""
    field, value, facts = state.field, evaluation.scope.values.get(state.name), evaluation.scope.facts
    if isinstance(field, GroupField | RowsField) and not is_absent(given):
        value = given
    if (given == [] and not isinstance(field, _LISTS)) or (given == {} and not isinstance(field, _TABLES)):
        yield field.name, f"{field.label} cannot be {'a list' if given == [] else 'a table'}: give one value."
        return
    if is_refused_empty(field, given, state.default):
        yield field.name, _not_empty(field, state.default)
        return
    if state.required and is_blank(value):
        todo = ": choose a file." if isinstance(field, MediaField) else "."
        yield field.name, state.why_required or f"{field.label} is needed{todo}"
        return
    if is_absent(value) and not stays_empty(field, value):
        return
    refusal = kind_error(field, value) or state.constraints.refusal(value)
    if refusal:
        yield field.name, refusal
        return
    if isinstance(field, MediaField) and (unusable := file_error(field, value, facts)):
        yield field.name, unusable
    own = limit_error(field, value, field.limit, facts)
    if own:
        yield field.name, own
    for limit, message in state.constraints.limits:
        broken = limit_error(field, value, limit, facts)
        if broken:
            yield field.name, message or broken
    if isinstance(field, GroupField | RowsField):
        yield from _nested_errors(state, value)


def _not_empty(field: Field, default: JSON) -> str:
    """What was emptied is not filled in again behind anybody's back."""
    example = "" if isinstance(field, JsonField) else f", such as {shown(field, default)}"
    return f"{field.label} cannot be empty: give a value{example}."


def _nested_errors(state: FieldState, value: JSON) -> Iterator[tuple[str, str]]:
    rows: list[tuple[str, JSON]] = [(state.name, value)]
    if isinstance(value, list):
        rows = [(f"{state.name}.{index}", row) for index, row in enumerate(value)]
    for (place, row), form in zip(rows, state.forms, strict=True):
        assert isinstance(row, dict)  # kind_error has seen to it
        for name, sentence in _form_errors(form, row):
            yield f"{place}.{name}", sentence


def _exactly_one_error(form: Form, rule: Rule, evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    names = [name for name in rule.exactly_one_of if name in evaluation.visible]
    given = set_names(evaluation.scope.values, names)
    if not names or len(given) == 1:
        return
    choices = listed(form.by_name[name].label for name in names)
    yield (given or names)[-1 if given else 0], rule.message or f"Give exactly one of {choices}."


def _total_error(form: Form, rule: Rule, evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    """Looked at while one of its fields is shown; blamed is the first that has a value.

    A total that is not surely wrong passes: a file given by URL has facts that nobody knows.
    """
    if rule.total is None:
        return
    names = [name for name in rule.total.fields if name in evaluation.visible]
    if not names:
        return
    wanted = _wanted(rule, evaluation.scope)
    if wanted:
        total = number_text(float(rule.total.value(evaluation.scope).low))
        blamed = (set_names(evaluation.scope.values, names) or names)[0]
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
