"""A model's integration in a few lines of plain text: what is asked, what is sent, what it costs and who says so."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from models.check import check
from models.fields import Field, Group, Integer, Job, Media, Number, Rows, Select
from models.payload import finish, map_body
from models.price import UNKNOWN, typical_price
from models.spec import Spec
from models.values import JSON, as_text
from models.words import span_text, while_text

_MOST_OPTIONS = 8


def title(spec: Spec) -> str:
    """One line: key, name, provider, status and modes."""
    where = ", ".join(dict.fromkeys(spec.endpoint_for(mode) for mode in spec.modes))
    return f"{spec.key}: {spec.display_name} on {spec.provider} ({where}), {spec.status}; {', '.join(spec.modes)}"


def summary(spec: Spec, answers: str) -> str:
    """Six lines. `answers` says how the provider's answers become ours, which only its own floor knows."""
    rules = list(_rules(spec))
    lines = (
        ("fields", "; ".join(_field(spec, field) for field in spec.fields)),
        ("sent", _sent(spec)),
        ("answered", answers),
        ("rules", " ".join(rules) or "none"),
        ("price", f"{typical_price(spec)}, {'; '.join(_price_parts(spec))}"),
        ("facts", f"{spec.source} (checked {spec.checked})"),
    )
    return "\n".join(f"{name}: {' '.join(text.split())}" for name, text in lines)


def _field(spec: Spec, field: Field) -> str:
    """`duration 5|10 = 5 → input.seconds`; a star is required, a question mark shown only under a condition."""
    wire = spec.wire_of(field).at
    own = spec.wire.replace("*", field.name)
    marks = "*" * field.required + "?" * (field.show_if is not None)
    kind = _kind(field)
    default = "" if field.default is None else f" = {as_text(field.default)}"
    sent = any(field.name in derive.source for derive in spec.derive) and field.wire is None
    to = " (derived)" if sent else "" if wire == own else f" → {wire}"
    return f"{field.name}{marks} {kind}{default}{to}"


def _kind(field: Field) -> str:
    match field:
        case Select():
            shown = [as_text(option.value) for option in field.options[:_MOST_OPTIONS]]
            more = ["…"] * (len(field.options) > _MOST_OPTIONS or field.open)
            return "|".join([*shown, *more])
        case Integer() | Number() if field.min is not None and field.max is not None:
            return f"{as_text(field.min)}–{as_text(field.max)}"
        case Group() | Rows():
            return f"{field.kind} of {', '.join(each.name for each in field.fields)}"
        case Media() if field.limit.count:
            return f"{field.kind} ({span_text(field.limit.count)})"
        case Job():
            return f"job (its {field.send})"
    return field.kind


def _sent(spec: Spec) -> str:
    """The final body of the first example, as it leaves before media are delivered."""
    if not spec.examples:
        return "no example"
    inputs = spec.examples[0].inputs
    checked = check(spec, inputs, {})
    mode = str(checked.values.get("mode", spec.modes[0]))
    body: JSON = finish(map_body(spec, checked.values), {})
    if spec.workflow:  # nobody reads a graph here: what the example itself says of it
        body = spec.examples[0].body
        return f"{spec.workflow} to {spec.endpoint_for(mode)} with {_json(body)}"
    return f"{spec.endpoint_for(mode)} {_json(body)}"


def _json(value: JSON) -> str:
    return msgspec.json.encode(value).decode()


def _rules(spec: Spec) -> Iterator[str]:
    for rule in spec.rules:
        when = while_text(rule.when, spec.form)
        told = rule.message or _effect_names(rule)
        yield f"{told} ({when})" if when and not rule.message else told


def _effect_names(rule: object) -> str:
    """The effects of a rule without a message of its own, by their keys."""
    names = ("require", "only", "forbid", "default", "limit", "drop", "exactly_one_of", "total")
    return "; ".join(_effect(name, getattr(rule, name)) for name in names if getattr(rule, name)) + "."


def _effect(name: str, value: object) -> str:
    match value:
        case dict() if name == "default":
            return f"default {', '.join(f'{field} = {as_text(each)}' for field, each in value.items())}"
        case dict() | tuple():
            return f"{name} {', '.join(value)}"
    return name


def _price_parts(spec: Spec) -> Iterator[str]:
    """How many rates, what is added, and who asks it."""
    if len(spec.price.rates) > 1:
        yield f"{len(spec.price.rates)} rates"
    if any(rate.unknown for rate in spec.price.rates) and typical_price(spec) != UNKNOWN:
        yield "unknown for some choices"
    if spec.price.add or spec.price.times:
        yield "with surcharges"
    yield f"{spec.price.source} (checked {spec.price.checked})"
