"""What a spec offers in some of its modes: rules and conditions that speak of the mode alone, applied."""

from __future__ import annotations

from collections.abc import Iterator

from models.condition import Condition, Test
from models.fields import Field, Option, Select
from models.rule import Rule
from models.spec import Spec
from models.values import JSON, same


def may_hold(condition: Condition | None, mode: str) -> bool:
    """Whether a condition can hold in this mode; what it says of other fields may be so."""
    return condition is None or any(all(_may(test, mode) for test in tests) for tests in condition.any_of)


def surely_holds(condition: Condition | None, mode: str) -> bool:
    """Whether a condition holds in this mode, whatever else is chosen."""
    if condition is None:
        return True
    return any(all(test.field == "mode" and _may(test, mode) for test in tests) for tests in condition.any_of)


def _may(test: Test, mode: str) -> bool:
    return test.field != "mode" or (mode not in test.none_of and (test.one_of is None or mode in test.one_of))


def is_sent(spec: Spec, field: Field, mode: str) -> bool:
    """Whether a field can be in the request in this mode."""
    dropped = any(field.name in rule.drop or field.name in _emptied(rule) for rule in _rules(spec, mode))
    return may_hold(field.show_if, mode) and not dropped


def options(spec: Spec, field: Field, modes: list[str]) -> list[JSON]:
    """What a select offers in any of these modes."""
    offered = field.options if isinstance(field, Select) else ()
    return [
        option.value for option in offered if any(_is_offered(spec, field, option, mode) for mode in modes)
    ]


def _is_offered(spec: Spec, field: Field, option: Option, mode: str) -> bool:
    for rule in _rules(spec, mode):
        if field.name in rule.only and not _among(option.value, rule.only[field.name]):
            return False
        if isinstance(rule.forbid, dict) and field.name in rule.forbid:
            forbidden = rule.forbid[field.name]
            if _among(option.value, forbidden if isinstance(forbidden, list) else [forbidden]):
                return False
    return may_hold(option.when, mode)


def defaults(spec: Spec, field: Field, modes: list[str]) -> list[JSON]:
    """Its defaults in these modes, each once."""
    found: list[JSON] = []
    for mode in modes:
        default = field.default
        for rule in _rules(spec, mode):
            default = rule.default.get(field.name, default)
        left = options(spec, field, [mode])
        if isinstance(field, Select) and default is not None and not _among(default, left):
            continue  # the engine moves it to an option that is left: the provider's own is as good a guess
        if not _among(default, found):
            found.append(default)
    return found


def _rules(spec: Spec, mode: str) -> Iterator[Rule]:
    return (rule for rule in spec.rules if surely_holds(rule.when, mode))


def _emptied(rule: Rule) -> tuple[str, ...]:
    return rule.forbid if isinstance(rule.forbid, tuple) else ()


def _among(value: JSON, values: list[JSON] | tuple[JSON, ...]) -> bool:
    return any(same(value, each) for each in values)
