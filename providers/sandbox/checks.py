"""Looks at a submission's fields as the services do: what is missing, unknown, of a wrong type, or no option."""

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from providers.sandbox.store import Trouble

NUMBER = (int, float)
Rule: TypeAlias = type | tuple[type, ...] | frozenset[Any]
Rules: TypeAlias = Mapping[str, Rule]


def one_of(*options: Any) -> frozenset[Any]:
    """A rule that takes these values and no others."""
    return frozenset(options)


def trouble_in(
    given: Mapping[str, Any],
    rules: Rules,
    needs: Collection[str] = (),
    *,
    strict: bool = False,
) -> Trouble | None:
    """The first thing wrong with `given`: what `needs` names is not there, or a member breaks its rule.

    Kinds are missing, unknown (only where the service is strict), type and option. An explicit null is absent.
    """
    for name in needs:
        if given.get(name) in (None, "", [], {}):
            return Trouble(name, "missing", f"{name} is required")
    for name, value in given.items():
        rule = rules.get(name)
        if rule is None:
            if strict:
                return Trouble(name, "unknown", f"Unrecognized field: {name}")
        elif value is not None and (trouble := _broken(name, value, rule)):
            return trouble
    return None


def _broken(name: str, value: Any, rule: Rule) -> Trouble | None:
    if isinstance(rule, frozenset):
        fits = isinstance(value, str | int | float) and value in rule and not isinstance(value, bool)
        said = f"{name} must be one of {', '.join(sorted(map(str, rule)))}"
        return None if fits else Trouble(name, "option", said)
    kinds = rule if isinstance(rule, tuple) else (rule,)
    if isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool)):
        return None
    return Trouble(name, "type", f"{name} must be of type {' or '.join(kind.__name__ for kind in kinds)}")
