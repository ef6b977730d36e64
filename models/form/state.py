"""A form for given values: every field with its value, options and limits now in force.

It is worked out once a request. Validation, price, body and frame take it, and the page draws it.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from models.form.empties import has_default, is_placeholder
from models.form.messages import while_text
from models.form.rules import Evaluation, FieldConstraints, OptionState, constraints, default_now, evaluate
from models.spec.conditions import Scope
from models.spec.fields import Field, Form, GroupField, Limit, RowsField, Rule
from models.spec.schema import Spec
from models.spec.values import JSON, Facts, Values, as_text, is_absent

__all__ = [
    "FieldState",
    "FormState",
    "OptionState",
    "form_state",
    "posted_state",
    "state_of",
    "without_hidden",
]


class FieldState(Struct, frozen=True, kw_only=True):
    """One field as it is now."""

    field: Field
    visible: bool
    required: bool = False
    why_required: str = ""  # the message of the rule that requires it
    value: JSON = None  # given, or the default in force; of a hidden field what was given
    default: JSON = None  # the default now in force
    placeholder: str = ""  # shown in grey while it is empty
    constraints: FieldConstraints
    limit: Limit  # the narrowest of its own limits and those of the rules in force
    dropped: str | None = None  # why it is shown but not sent
    forms: tuple[FormState, ...] = ()  # of each row of a `rows` field; a group has exactly one
    blank: tuple[FieldState, ...] = ()  # an empty row, to add one

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def rows(self) -> tuple[tuple[FieldState, ...], ...]:
        """The fields of each of `forms`."""
        return tuple(form.fields for form in self.forms)

    @property
    def options(self) -> tuple[OptionState, ...]:
        return self.constraints.options

    @property
    def forbidden(self) -> str | None:
        """Why it must stay empty now."""
        return self.constraints.forbidden

    # The limits that templates need by name; None is "no limit".
    @property
    def min(self) -> int | float | None:
        return self.limit.min

    @property
    def max(self) -> int | float | None:
        return self.limit.max

    @property
    def step(self) -> int | float | None:
        return self.limit.step

    @property
    def max_length(self) -> int | None:
        return self.limit.max_length

    @property
    def min_count(self) -> int | None:
        return None if self.limit.count is None or self.limit.count.min is None else int(self.limit.count.min)

    @property
    def max_count(self) -> int | None:
        return None if self.limit.count is None or self.limit.count.max is None else int(self.limit.count.max)

    @property
    def max_mb(self) -> int | float | None:
        return None if self.limit.megabytes is None else self.limit.megabytes.max

    @property
    def accept(self) -> tuple[str, ...]:
        """File formats of a media field: "jpeg", "png", "mp4", …; empty is any."""
        accepted: tuple[str, ...] = getattr(self.field, "accept", ())
        return accepted


class FormState(Struct, frozen=True):
    """The whole form, fields in page order; the first is `mode`; hidden ones are there too."""

    form: Form
    given: Mapping[str, JSON]  # what it was worked out for
    fields: tuple[FieldState, ...]
    evaluation: Evaluation

    @property
    def values(self) -> Values:
        """What is in force: of the visible fields, given or default."""
        return dict(self.evaluation.scope.values)

    @property
    def facts(self) -> Facts:
        return self.evaluation.scope.facts

    def field(self, name: str) -> FieldState:
        return next(state for state in self.fields if state.name == name)


def form_state(spec: Spec, values: Values, facts: Facts) -> FormState:
    """What is in force for these values."""
    return state_of(spec.form, values, facts)


def posted_state(spec: Spec, values: Values, facts: Facts) -> FormState:
    """The same for what a form posts, which holds what is hidden too: without that, in rows and groups as well."""
    state = form_state(spec, values, facts)
    shown = without_hidden(state, values)
    return state if shown == values else form_state(spec, shown, facts)


def without_hidden(state: FormState, values: Mapping[str, JSON]) -> Values:
    """`values`, which come to this state, without those of hidden fields; a name that is no field's stays."""
    fields = {each.name: each for each in state.fields}
    return {
        name: _without_hidden_inside(fields[name], value) if name in fields else value
        for name, value in values.items()
        if name not in fields or fields[name].visible
    }


def _without_hidden_inside(state: FieldState, value: JSON) -> JSON:
    forms = iter(state.forms)
    if isinstance(state.field, GroupField) and isinstance(value, dict):
        return without_hidden(next(forms), value)
    if isinstance(state.field, RowsField) and isinstance(value, list):
        return [without_hidden(next(forms), row) if isinstance(row, dict) else row for row in value]
    return value


def state_of(form: Form, given: Mapping[str, JSON], facts: Facts, outer: Scope | None = None) -> FormState:
    """The same for any form: a whole spec's, one row's, or a group's."""
    evaluation = evaluate(form, given, facts, outer)
    fields = tuple(_field_state(form, field, evaluation, given) for field in form.fields)
    return FormState(form, given, fields, evaluation)


def _field_state(form: Form, field: Field, evaluation: Evaluation, given: Mapping[str, JSON]) -> FieldState:
    narrowed = constraints(form, field, evaluation.rules, evaluation.scope)
    visible = field.name in evaluation.visible
    value = evaluation.scope.values.get(field.name) if visible else given.get(field.name)
    requiring = next((rule for rule in evaluation.rules if field.name in rule.require), None)
    required = field.required or requiring is not None or _asks_for_prompt(form, field, evaluation)
    return FieldState(
        field=field,
        visible=visible,
        required=visible and narrowed.forbidden is None and required,
        why_required=requiring.message if requiring else "",
        value=given.get(field.name) if is_absent(value) else value,
        default=default_now(form, field, evaluation.rules, evaluation.scope, narrowed),
        placeholder=_placeholder(field, evaluation.scope),
        constraints=narrowed,
        limit=narrowed.limit,
        dropped=_why_dropped(form, field, evaluation.rules),
        forms=_row_forms(field, value, evaluation.scope),
        blank=state_of(field.form, {}, evaluation.scope.facts, evaluation.scope).fields
        if isinstance(field, RowsField)
        else (),
    )


def _asks_for_prompt(form: Form, field: Field, evaluation: Evaluation) -> bool:
    """Where a default says that the provider can do without, a person is asked all the same."""
    either = any(field.name in rule.exactly_one_of for rule in evaluation.rules)
    return has_default(form, field) and is_placeholder(field, evaluation.scope) and not either


def _placeholder(field: Field, scope: Scope) -> str:
    own: str = getattr(field, "placeholder", "")
    return own or (as_text(field.default) if is_placeholder(field, scope) else "")


def _row_forms(field: Field, value: JSON, scope: Scope) -> tuple[FormState, ...]:
    if isinstance(field, GroupField):
        rows: list[JSON] = [value if isinstance(value, dict) else {}]
    elif isinstance(field, RowsField) and isinstance(value, list):
        rows = value
    else:
        return ()
    return tuple(state_of(field.form, row, scope.facts, scope) for row in rows if isinstance(row, dict))


def _why_dropped(form: Form, field: Field, rules: tuple[Rule, ...]) -> str | None:
    for rule in rules:
        if field.name in rule.drop:
            return rule.message or f"Not sent {while_text(rule.when, form)}".rstrip() + "."
    return None
