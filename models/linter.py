"""What a readable spec must also satisfy: its examples map, its prices are sourced, its rules come to rest.

Which fields the rest of a spec names: no other field can change what is shown, offered, sent or asked for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from models.form.autocorrect import autocorrect
from models.form.validate import check, kind_error, limit_error
from models.payload import BodyConflictError, finish, map_body
from models.pricing import unit_price
from models.spec.conditions import Condition
from models.spec.expressions import Expression, references
from models.spec.fields import Field, Form, GroupField, RowsField, Rule, SelectField, SwitchField
from models.spec.schema import Derive, Problem, Rate, Spec
from models.spec.values import JSON, Values, is_absent

ALWAYS = ("mode", "duration")
"""What endpoints, and prices by the second, go by without being told."""


def mentioned(spec: Spec) -> frozenset[str]:
    """Names in conditions, rules, expressions and derivations, those inside rows and groups included."""
    return frozenset((*ALWAYS, *_names((spec.fields, spec.rules, spec.price, spec.derive))))


def _names(part: Any) -> Iterator[str]:
    match part:
        case Condition():
            yield from (test.field.partition(".")[0] for tests in part.any_of for test in tests)
        case Expression():
            yield from (name for name, _ in references(part.tree))
        case Rule():
            for named in (part.require, part.only, part.forbid, part.default, part.limit, part.drop):
                yield from named
            yield from part.exactly_one_of
            yield from _names((part.when, part.total, part.equals))
        case Derive():
            yield from part.source
            yield from _names(part.when)
        case Struct():
            yield from _names([getattr(part, name) for name in part.__struct_fields__])
        case tuple() | list():
            for each in part:
                yield from _names(each)


def lint(spec: Spec) -> tuple[Problem, ...]:
    """Everything wrong with it; empty is good."""
    found = [
        *_sources(spec),
        *_amounts(spec),
        *_forms(spec, spec.form, ""),
        *_constraints(spec),
        *_examples(spec),
        *_trials(spec),
    ]
    return tuple(dict.fromkeys(Problem(spec.file, *parts) for parts in found))


_Found = Iterator[tuple[str, str, str]]  # place, key, sentence


def _sources(spec: Spec) -> _Found:
    """Facts need a source; a price that nobody knows says so, and who was asked."""
    for key in ("display_name", "family", "source"):
        if not getattr(spec, key).strip():
            yield "", key, "is empty"
    if "*" not in spec.wire:
        yield "", "wire", 'has no *, which stands for the name of the field; expected "*" or "input.*"'
    if not spec.price.source.strip():
        yield "price", "source", "is empty; expected who asks this price, or where it was looked for"
    if not spec.price.rates:
        yield "price", "rates", "is empty; expected a rate, or [{ unknown = true }]"
    for index, rate in enumerate(spec.price.rates):
        if not _is_clear(rate):
            yield f"price.rates[{index}]", "", "expected one of usd, low and high, or unknown = true"


def _amounts(spec: Spec) -> _Found:
    """What is counted down to or paid: a deadline of 0 s would give up every job that was just paid for."""
    for key in ("typical_sec", "deadline_sec"):
        if getattr(spec.timing, key) <= 0:
            yield "timing", key, f"is {getattr(spec.timing, key)}; expected more than 0 seconds"
    for index, rate in enumerate(spec.price.rates):
        for key in ("usd", "low", "high"):
            amount = getattr(rate, key)
            if amount is not None and amount < 0:
                yield f"price.rates[{index}]", key, f"is {amount}; expected an amount that is not negative"


def _is_clear(rate: Rate) -> bool:
    ranged = rate.low is not None or rate.high is not None
    return [rate.usd is not None, ranged, rate.unknown].count(True) == 1


def _forms(spec: Spec, form: Form, place: str) -> _Found:
    """Defaults that break their own limits, rules without effect, and cycles of show_if."""
    for field in form.fields:
        wrong = kind_error(field, field.default) or limit_error(field, field.default, field.limit, {})
        if not is_absent(field.default) and wrong:
            yield f"{place}{field.name}", "default", wrong
        if isinstance(field, GroupField | RowsField):
            yield from _forms(spec, field.form, f"{place}{field.name}.")
    for index, rule in enumerate(form.rules):
        if not _has_effect(rule):
            yield (
                f"{place}rules[{index}]",
                "",
                "has no effect; expected require, only, forbid, default, limit, …",
            )
    cycle = _cycle(form)
    if cycle:
        yield place, "show_if", f"goes round in a circle: {' → '.join(cycle)}"


def _has_effect(rule: Rule) -> bool:
    return any(
        (
            rule.require,
            rule.only,
            rule.forbid,
            rule.default,
            rule.limit,
            rule.drop,
            rule.exactly_one_of,
            rule.total,
        )
    )


def _cycle(form: Form) -> list[str]:
    """Fields whose being shown depends, over others, on themselves; empty if there are none."""
    needs = {field.name: field.show_if.fields if field.show_if else () for field in form.fields}

    def walk(path: list[str]) -> list[str]:
        for name in needs.get(path[-1], ()):
            if name in path:
                return [*path[path.index(name) :], name]
            found = walk([*path, name])
            if found:
                return found
        return []

    return next((found for name in needs if (found := walk([name]))), [])


def _constraints(spec: Spec) -> _Found:
    """What is displayed must agree with what can be chosen."""
    longest = spec.constraints.max_duration_sec
    for number in _numbers(spec.form.by_name.get("duration")):
        if longest is not None and number > longest:
            yield "constraints", "max_duration_sec", f"is {longest}, but duration goes to {number}"
    ratios = spec.form.by_name.get("aspect_ratio")
    if spec.constraints.aspect_ratios and isinstance(ratios, SelectField):
        offered = {option.value for option in ratios.options if ":" in str(option.value)}
        for ratio in offered.symmetric_difference(spec.constraints.aspect_ratios):
            yield "constraints", "aspect_ratios", f"{ratio} is not both here and an option of aspect_ratio"


def _numbers(field: Field | None) -> list[int | float]:
    if isinstance(field, SelectField):
        return [value for option in field.options if isinstance(value := option.value, int | float)]
    return [field.limit.max] if field and field.limit.max is not None else []


def _examples(spec: Spec) -> _Found:
    if len(spec.examples) < 1:
        yield "", "examples", "is missing; expected [[examples]] with inputs and the body they map to"
    for index, example in enumerate(spec.examples):
        place = f"examples[{index}]"
        checked = check(spec, example.inputs, {})
        for name, sentence in checked.errors.items():
            yield place, f"inputs.{name}", sentence
        if checked.errors:
            continue
        if index == 0 and "t2v" in spec.modes and checked.values.get("mode") != "t2v":
            yield place, "inputs.mode", "expected the first example to be t2v, which this model can"
        try:
            body = finish(map_body(spec, checked.values), {})
        except BodyConflictError as error:
            yield place, "inputs", str(error)
            continue
        difference = _difference(example.body, body, "body", whole=not spec.workflow)
        if difference:
            yield place, *difference


def _difference(expected: JSON, found: JSON, at: str, *, whole: bool) -> tuple[str, str] | None:
    """Where two bodies first differ, and how; not whole: in what the expected one names (nobody repeats a graph)."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in {**expected, **found} if whole else expected:
            if name not in found:
                return f"{at}.{name}", "is not sent"
            if name not in expected:
                return f"{at}.{name}", f"is sent too, as {_json(found[name])}"
            inside = _difference(expected[name], found[name], f"{at}.{name}", whole=whole)
            if inside:
                return inside
        return None
    if _json(expected) != _json(found):
        return at, f"is {_json(expected)}, but {_json(found)} is sent"
    return None


def _json(value: JSON) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()


def _trials(spec: Spec) -> _Found:
    """Edits one choice after another, as a person would, from every mode and every example."""
    openly_unknown = any(rate.unknown for rate in spec.price.rates)
    for values, changed in _edits(spec):
        chosen = f"{changed} = {values.get(changed)!r}"
        settled = autocorrect(spec, values, touched=values, changed=changed, facts={})
        if not settled.at_rest:
            yield "rules", "", f"never come to rest after {chosen} is chosen (values {_json(values)})"
            continue
        checked = check(
            spec,
            settled.state.values,
            {},
        )
        if not checked.errors:
            try:
                map_body(spec, checked.values)
            except BodyConflictError as error:
                yield "fields", "wire", f"{error} after {chosen}"
        if not openly_unknown and unit_price(spec, settled.values, {}) is None:
            yield "price", "rates", f"no rate holds for {chosen}; expected one, or {{ unknown = true }}"


def _edits(spec: Spec) -> Iterator[tuple[Values, str]]:
    """Fields that nothing else names are tried all together, at either end: on each other they have no effect."""
    modes: list[Values] = [{"mode": mode} for mode in spec.modes]
    named = mentioned(spec)
    alone = {field.name: _choices(field) for field in spec.form.fields if field.name not in named}
    ends = [{name: choices[end] for name, choices in alone.items() if choices} for end in (0, -1)]
    for start in [*modes, *(example.inputs for example in spec.examples)]:
        for end in ends:
            yield {**start, **end}, next(iter(end), "mode")
        for field in spec.form.fields:
            for choice in _choices(field) if field.name in named else ():
                yield {**start, field.name: choice}, field.name


def _choices(field: Field) -> list[JSON]:
    match field:
        case SelectField():
            return [option.value for option in field.options]
        case SwitchField():
            return [True, False]
        case _:
            return [
                each
                for each in (field.limit.min, field.limit.max)
                if each is not None and not field.limit.count
            ]
