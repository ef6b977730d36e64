"""The rules engine: for given values, which fields are visible, which rules hold, and what is in force.

Everything that checks, draws, settles, prices or maps asks here, so that none of them can disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from models.condition import Scope, holds
from models.empty import in_effect, is_placeholder, stays_empty
from models.fields import Field, Form, Group, Rows
from models.narrow import narrow
from models.rule import Rule
from models.values import JSON, Facts, Values, is_absent

# Each look may make one more field appear or take another default. The linter refuses specs that need more.
LOOKS = 12


class Force(Struct, frozen=True):
    """What is in force over one form."""

    scope: Scope  # values of visible fields, given or default: what conditions and expressions see
    visible: frozenset[str]
    rules: tuple[Rule, ...]  # those whose `when` holds, in order
    settled: bool  # False if the rules never come to rest on these values


def in_force(form: Form, given: Mapping[str, JSON], facts: Facts, outer: Scope | None = None) -> Force:
    """Looks at the rules again and again until nothing changes: a default may make another field appear."""
    force = _look(form, given, Scope(given, facts, outer))
    for _ in range(LOOKS):
        if force.settled:
            break
        force = _look(form, given, force.scope)
    return force


def _look(form: Form, given: Mapping[str, JSON], scope: Scope) -> Force:
    rules = tuple(rule for rule in form.rules if holds(rule.when, scope))
    visible = [field for field in form.fields if field.show_if is None or holds(field.show_if, scope)]
    values: Values = {}
    for field in visible:
        value = in_effect(field, given.get(field.name), default_now(form, field, rules, scope))
        value = _completed(field, value, scope)
        if not is_absent(value) or stays_empty(field, value):
            values[field.name] = value
    return Force(
        scope=Scope(values, scope.facts, scope.outer),
        visible=frozenset(field.name for field in visible),
        rules=rules,
        settled=values == scope.values,
    )


def default_now(form: Form, field: Field, rules: Sequence[Rule], scope: Scope) -> JSON:
    """The last default that a rule in force gives, else the field's own, moved to what is allowed now."""
    if is_placeholder(field, scope):
        return None
    default = field.default
    for rule in rules:
        default = rule.default.get(field.name, default)
    return default if is_absent(default) else narrow(form, field, rules, scope).nearest(default)


def _completed(field: Field, value: JSON, scope: Scope) -> JSON:
    """Rows and groups with the defaults of their own fields filled in; an optional group only once it has a value."""
    if isinstance(field, Group) and (isinstance(value, dict) or (value is None and field.required)):
        return dict(in_force(field.form, value or {}, scope.facts, scope).scope.values)
    if isinstance(field, Rows) and isinstance(value, list):
        return [
            dict(in_force(field.form, row, scope.facts, scope).scope.values) if isinstance(row, dict) else row
            for row in value
        ]
    return value
