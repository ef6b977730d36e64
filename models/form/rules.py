"""The rules engine: for given values, which fields are visible, which rules hold, and what is in force.

Everything that checks, draws, settles, prices or maps asks here, so that none of them can disagree.

What the rules in force leave of one field: its options, limits, and what is refused, each with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct

from models.form.empties import in_effect, is_placeholder, stays_empty
from models.form.messages import listed, shown, while_text
from models.spec.conditions import Scope, Span, holds
from models.spec.fields import (
    Field,
    Form,
    GroupField,
    Limit,
    Option,
    RowsField,
    Rule,
    SelectField,
    SwitchField,
    on_steps,
    span,
)
from models.spec.values import JSON, Facts, Values, as_number, is_absent, same

_N = TypeVar("_N", int, int | float)

_SWITCH = (Option(True, "On"), Option(False, "Off"))


class OptionState(Struct, frozen=True):
    """One choice; `why` says in a sentence why it is not allowed now.

    It may be chosen all the same: settle then makes room for it, if it can, by moving another field.
    """

    value: JSON
    label: str
    allowed: bool = True
    why: str = ""


class FieldConstraints(Struct, frozen=True):
    """The field as it may be filled now."""

    field: Field
    options: tuple[OptionState, ...] = ()
    closed: bool = False  # only `options` may be chosen
    refused: tuple[tuple[JSON, str], ...] = ()  # values that must not be, each with its reason
    forbidden: str | None = None  # why it must stay empty
    limits: tuple[tuple[Limit, str], ...] = ()  # of the rules in force, each with its message

    def refusal(self, value: JSON) -> str | None:
        """Why this value is not to be chosen now, as far as options and forbidden values say; None if it is."""
        if is_absent(value):
            return None
        if self.forbidden is not None:
            return self.forbidden
        for refused, why in self.refused:
            if same(refused, value):
                return why
        for option in self.options:
            if same(option.value, value):
                return None if option.allowed else option.why
        return f"Choose {self.choices()}." if self.closed else None

    def choices(self) -> str:
        """The options left, as a sentence lists them."""
        return (
            listed(option.label for option in self.options if option.allowed) or "nothing: no option is left"
        )

    def nearest(self, value: JSON) -> JSON:
        """The allowed value most like this one; None where the field must be empty."""
        if self.forbidden is not None:
            return None
        if self.options and self.refusal(value) is not None:
            return self._nearest_option(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and self.limits:
            return self._within(value)
        return None if self.refusal(value) is not None else value

    def _nearest_option(self, value: JSON) -> JSON:
        allowed = [(place, option) for place, option in enumerate(self.options) if option.allowed]
        if not allowed:
            return None
        here = next((place for place, option in enumerate(self.options) if same(option.value, value)), 0)
        number = as_number(value)

        def distance(choice: tuple[int, OptionState]) -> tuple[Decimal, int]:
            other = as_number(choice[1].value)
            apart = Decimal("Infinity") if number is None or other is None else abs(number - other)
            return (apart, abs(choice[0] - here))

        return min(allowed, key=distance)[1].value

    def _within(self, number: int | float) -> int | float:
        """The number moved into min and max, then onto the steps."""
        limit, kind = self.limit, type(number)
        if limit.max is not None:
            number = min(number, limit.max)
        if limit.min is not None:
            number = max(number, limit.min)
        if limit.step:
            below, above = on_steps(number, self.field.limit.min, limit.step)
            number = kind(above if limit.min is not None and below < Decimal(str(limit.min)) else below)
        return number

    @property
    def limit(self) -> Limit:
        """The narrowest of its own limits and those of the rules."""
        merged = self.field.limit
        for limit, _message in self.limits:
            merged = _stricter(merged, limit)
        return merged


def constraints(form: Form, field: Field, rules: Sequence[Rule], scope: Scope) -> FieldConstraints:
    """`rules` are those of the form that are in force."""
    forbidden = next((_why(form, rule) for rule in rules if field.name in _emptied(rule)), None)
    refused = tuple(each for rule in rules for each in _refused(form, field, rule))
    options = tuple(_options(form, field, rules, scope, refused))
    only = any(field.name in rule.only for rule in rules)
    closed = only or isinstance(field, SwitchField) or (isinstance(field, SelectField) and not field.open)
    limits = tuple((rule.limit[field.name], rule.message) for rule in rules if field.name in rule.limit)
    return FieldConstraints(field, options, closed, refused, forbidden, limits)


def _options(
    form: Form, field: Field, rules: Sequence[Rule], scope: Scope, refused: tuple[tuple[JSON, str], ...]
) -> Iterator[OptionState]:
    """A select's own options; of any other field those that an `only` names."""
    only = [rule for rule in rules if field.name in rule.only]
    for option in _own_options(field, only):
        offered = holds(option.when, scope)
        why = "" if offered else f"{option.label} is offered only {while_text(option.when, form)}."
        for rule in only:
            if not why and not any(same(option.value, value) for value in rule.only[field.name]):
                why = _why_only(form, field, rule)
        why = why or next((why for value, why in refused if same(value, option.value)), "")
        yield OptionState(option.value, option.label, not why, why)


def _own_options(field: Field, only: Sequence[Rule]) -> Sequence[Option]:
    if isinstance(field, SelectField):
        return field.options
    if isinstance(field, SwitchField):
        return _SWITCH
    return [Option(value, shown(field, value)) for value in only[0].only[field.name]] if only else ()


def _emptied(rule: Rule) -> tuple[str, ...]:
    return rule.forbid if isinstance(rule.forbid, tuple) else ()


def _refused(form: Form, field: Field, rule: Rule) -> Iterator[tuple[JSON, str]]:
    if isinstance(rule.forbid, dict) and field.name in rule.forbid:
        values = rule.forbid[field.name]
        for value in values if isinstance(values, list) else [values]:
            yield value, _why(form, rule, f"{field.label} cannot be {shown(field, value)}")


def _why(form: Form, rule: Rule, instead: str = "This must stay empty") -> str:
    return rule.message or f"{instead} {while_text(rule.when, form)}".rstrip() + "."


def _why_only(form: Form, field: Field, rule: Rule) -> str:
    choices = listed(shown(field, value) for value in rule.only[field.name])
    return _why(form, rule, f"{field.label} must be {choices}")


def _stricter(one: Limit, other: Limit) -> Limit:
    return Limit(
        min=_greater(one.min, other.min),
        max=_smaller(one.max, other.max),
        step=one.step if other.step is None else other.step,
        min_length=_greater(one.min_length, other.min_length),
        max_length=_smaller(one.max_length, other.max_length),
        **{part: _overlap(getattr(one, part), getattr(other, part)) for part in SPANS},
    )


SPANS = ("count", "width", "height", "ratio", "pixels", "seconds", "megabytes")


def _overlap(one: Span | None, other: Span | None) -> Span | None:
    if one is None or other is None:
        return one or other
    return span(_greater(one.min, other.min), _smaller(one.max, other.max))


def _greater(one: _N | None, other: _N | None) -> _N | None:
    return max((each for each in (one, other) if each is not None), default=None)


def _smaller(one: _N | None, other: _N | None) -> _N | None:
    return min((each for each in (one, other) if each is not None), default=None)


# Each look may make one more field appear or take another default. The linter refuses specs that need more.
ROUNDS = 12


class Evaluation(Struct, frozen=True):
    """What is in force over one form."""

    scope: Scope  # values of visible fields, given or default: what conditions and expressions see
    visible: frozenset[str]
    rules: tuple[Rule, ...]  # those whose `when` holds, in order
    settled: bool  # False if the rules never come to rest on these values


def evaluate(form: Form, given: Mapping[str, JSON], facts: Facts, outer: Scope | None = None) -> Evaluation:
    """Looks at the rules again and again until nothing changes: a default may make another field appear."""
    evaluation = _evaluate_once(form, given, Scope(given, facts, outer))
    for _ in range(ROUNDS):
        if evaluation.settled:
            break
        evaluation = _evaluate_once(form, given, evaluation.scope)
    return evaluation


def _evaluate_once(form: Form, given: Mapping[str, JSON], scope: Scope) -> Evaluation:
    rules = tuple(rule for rule in form.rules if holds(rule.when, scope))
    visible = [field for field in form.fields if field.show_if is None or holds(field.show_if, scope)]
    values: Values = {}
    for field in visible:
        value = in_effect(field, given.get(field.name), default_now(form, field, rules, scope))
        value = _completed(field, value, scope)
        if not is_absent(value) or stays_empty(field, value):
            values[field.name] = value
    return Evaluation(
        scope=Scope(values, scope.facts, scope.outer),
        visible=frozenset(field.name for field in visible),
        rules=rules,
        settled=values == scope.values,
    )


def default_now(
    form: Form, field: Field, rules: Sequence[Rule], scope: Scope, narrowed: FieldConstraints | None = None
) -> JSON:
    """The last default that a rule in force gives, else the field's own, moved to what is allowed now.

    `narrowed` are the constraints of the field under these rules, where they are known already.
    """
    if is_placeholder(field, scope):
        return None
    default = field.default
    for rule in rules:
        default = rule.default.get(field.name, default)
    if is_absent(default):
        return default
    return (narrowed or constraints(form, field, rules, scope)).nearest(default)


def _completed(field: Field, value: JSON, scope: Scope) -> JSON:
    """Rows and groups with the defaults of their own fields filled in; an optional group only once it has a value."""
    if isinstance(field, GroupField) and (isinstance(value, dict) or (value is None and field.required)):
        return dict(evaluate(field.form, value or {}, scope.facts, scope).scope.values)
    if isinstance(field, RowsField) and isinstance(value, list):
        return [
            dict(evaluate(field.form, row, scope.facts, scope).scope.values) if isinstance(row, dict) else row
            for row in value
        ]
    return value
