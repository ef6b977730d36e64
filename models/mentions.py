"""Which fields the rest of a spec names: no other field can change what is shown, offered, sent or asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from models.condition import Condition
from models.expression import Expression, references
from models.rule import Rule
from models.spec import Derive, Spec

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
