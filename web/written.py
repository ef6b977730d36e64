"""A spec as JSON for programs, in the words of its TOML file: conditions and expressions as they are written there."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from models.spec.conditions import Condition, Span, Test
from models.spec.expressions import Expression
from models.spec.fields import Field
from models.spec.schema import Spec
from models.spec.values import JSON

ALWAYS = ("name", "label", "required", "value")
"""Keys that are told even where they hold what they hold by default."""

OURS = ("wire",)
"""Where a value goes in the provider's request is not the caller's business."""


def as_written(spec: Spec) -> dict[str, Any]:
    """Fields (the mode first), rules, constraints, price and examples; what was left out of the file is left out."""
    return {
        "fields": [_json(field) for field in spec.form.fields],
        "rules": [_json(rule) for rule in spec.rules],
        "constraints": _json(spec.constraints),
        "price": _json(spec.price),
        "examples": [_json(example) for example in spec.examples],
    }


def _json(value: Any) -> JSON:
    match value:
        case Condition():
            tables: list[JSON] = [{test.field: _test(test) for test in tests} for tests in value.any_of]
            return tables[0] if len(tables) == 1 else tables
        case Expression():
            return value.text
        case msgspec.Struct():
            return _table(value)
        case Decimal() | date():
            return str(value)
        case list() | tuple():
            return [_json(item) for item in value]
        case dict():
            return {name: _json(item) for name, item in value.items()}
        case _:
            return value  # type: ignore[no-any-return]


def _table(struct: msgspec.Struct) -> dict[str, JSON]:
    table: dict[str, JSON] = {"type": struct.kind} if isinstance(struct, Field) else {}
    for field in msgspec.structs.fields(struct):
        value = getattr(struct, field.name)
        if field.name in OURS or (field.name not in ALWAYS and value in (field.default, None, (), {})):
            continue
        table[field.encode_name] = _json(value)
    return table


def _test(test: Test) -> JSON:
    if test.one_of is not None:
        return _json(test.one_of[0] if len(test.one_of) == 1 else test.one_of)
    written: dict[str, JSON] = {}
    if test.none_of:
        written["not"] = _json(test.none_of)
    if test.is_set is not None:
        written["set"] = test.is_set
    if test.span:
        written |= _span(test.span)
    if test.count:
        written["count"] = _span(test.count)
    return written | {fact: _span(span) for fact, span in test.facts}


def _span(span: Span) -> dict[str, JSON]:
    limits: dict[str, JSON] = {"min": span.min, "max": span.max}
    return {name: limit for name, limit in limits.items() if limit is not None}
