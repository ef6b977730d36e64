"""A spec and its values in words, shapes and JSON Schema.

A model's integration in a few lines of plain text: what is asked, what is sent, what it costs and who says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from models.form.empties import is_placeholder_in, stays_empty
from models.form.messages import shown, span_text, while_text
from models.form.state import FormState, form_state
from models.form.validate import check
from models.payload import finish, map_body
from models.pricing import UNKNOWN, typical_price
from models.spec.fields import (
    Field,
    Form,
    GroupField,
    IntegerField,
    JobField,
    JsonField,
    MediaField,
    MediaListField,
    NumberField,
    RowsField,
    SeedField,
    SelectField,
    SwitchField,
    TextareaField,
    TextField,
)
from models.spec.schema import Spec
from models.spec.values import JSON, Facts, Values, as_text, is_absent


def labels(spec: Spec, values: Values) -> tuple[tuple[str, str], ...]:
    """(label, shown text) of what was chosen, in page order; frozen with a job."""
    chosen = [(field, values.get(field.name)) for field in spec.form.fields]
    if len(spec.modes) == 1:
        chosen = chosen[1:]
    told = ((field, value, stays_empty(field, value)) for field, value in chosen)
    return tuple(
        (field.label, "left empty" if emptied else shown(field, value))
        for field, value, emptied in told
        if emptied or not is_absent(value)
    )


_SHAPE = re.compile(r"(\d+)\s*[:x*×]\s*(\d+)")


def frame(spec: Spec, values: Values, facts: Facts) -> tuple[int, int]:
    """The expected shape of the video as (w, h), a ratio such as (16, 9) or pixels; (16, 9) if nothing says."""
    return frame_state(spec, form_state(spec, values, facts))


def frame_state(spec: Spec, state: FormState) -> tuple[int, int]:
    """The same for a form that was worked out already."""
    dropped = {each.name for each in state.fields if each.dropped is not None}
    sent = {name: value for name, value in state.values.items() if name not in dropped}
    for name, value in sent.items():
        found = (
            _SHAPE.search(value)
            if isinstance(value, str) and isinstance(spec.form.by_name[name], SelectField)
            else None
        )
        if found:
            return int(found[1]), int(found[2])
    width, height = sent.get("width"), sent.get("height")
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        return width, height
    return _first_file_shape(spec, sent, state.facts) or (16, 9)


def _first_file_shape(spec: Spec, sent: Values, facts: Facts) -> tuple[int, int] | None:
    for field in spec.fields:
        value = sent.get(field.name)
        if isinstance(field, MediaField):
            for ref in value if isinstance(value, list) else [value]:
                file = facts.get(ref) if isinstance(ref, str) else None
                if file and file.width and file.height:
                    return file.width, file.height
    return None


def json_schema(spec: Spec) -> dict[str, JSON]:
    """JSON Schema (2020-12) of the values; rules between fields are in the descriptions only."""
    schema = _object_schema(spec.form, spec.modes)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": spec.display_name, **schema}


def _object_schema(form: Form, modes: tuple[str, ...] = ()) -> dict[str, JSON]:
    """`modes` are those of a whole model; a row or group has none of its own."""
    needed: list[JSON] = [field.name for field in form.fields if _is_needed(field, modes)]
    return {
        "type": "object",
        "properties": {field.name: _field_schema(field, form, modes) for field in form.fields},
        "required": needed,
        "additionalProperties": False,
    }


def _is_needed(field: Field, modes: tuple[str, ...]) -> bool:
    if field.show_if is not None:
        return False
    asked = bool(modes) and all(is_placeholder_in(field, (mode,)) for mode in modes)
    return asked or (field.required and is_absent(field.default))


def _field_schema(field: Field, form: Form, modes: tuple[str, ...] = ()) -> dict[str, JSON]:
    only = f"Only {while_text(field.show_if, form)}." if field.show_if else ""
    about: dict[str, JSON] = {
        "title": field.label,
        "description": " ".join(part for part in (field.help, only) if part),
        "default": None if is_placeholder_in(field, modes) else field.default,
    }
    schema = {**_kind_schema(field), **about}
    if field.required and schema.get("type") in ("string", "array"):
        fewest = "minLength" if schema["type"] == "string" else "minItems"
        schema[fewest] = schema.get(fewest) or 1
    return {name: value for name, value in schema.items() if value is not None and value != ""}


def _kind_schema(field: Field) -> dict[str, JSON]:
    limit = field.limit
    match field:
        case TextField() | TextareaField():
            return {"type": "string", "minLength": limit.min_length, "maxLength": limit.max_length}
        case IntegerField() | SeedField():
            return {"type": "integer", "minimum": limit.min, "maximum": limit.max}
        case NumberField():
            return {"type": "number", "minimum": limit.min, "maximum": limit.max}
        case SelectField():
            options: list[JSON] = [option.value for option in field.options]
            return {"examples": options} if field.open else {"enum": options}
        case SwitchField():
            return {"type": "boolean"}
        case MediaListField():
            return {"type": "array", "items": _ref_schema(field), **_count_schema(field)}
        case MediaField():
            return _ref_schema(field)
        case RowsField():
            return {"type": "array", "items": _object_schema(field.form), **_count_schema(field)}
        case GroupField():
            return _object_schema(field.form)
        case JobField():
            return {"type": "string", "format": "job"}
        case JsonField() | _:
            return {}


def _ref_schema(field: MediaField) -> dict[str, JSON]:
    return {"type": "string", "format": field.media_kind}


def _count_schema(field: Field) -> dict[str, JSON]:
    count = field.limit.count
    return {"minItems": count.min, "maxItems": count.max} if count else {}


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
    sent = any(field.name in derive.source for derive in spec.derive) and field.mapping is None
    to = " (derived)" if sent else "" if wire == own else f" → {wire}"
    return f"{field.name}{marks} {kind}{default}{to}"


def _kind(field: Field) -> str:
    match field:
        case SelectField():
            shown = [as_text(option.value) for option in field.options[:_MOST_OPTIONS]]
            more = ["…"] * (len(field.options) > _MOST_OPTIONS or field.open)
            return "|".join([*shown, *more])
        case IntegerField() | NumberField() if field.min is not None and field.max is not None:
            return f"{as_text(field.min)}–{as_text(field.max)}"
        case GroupField() | RowsField():
            return f"{field.kind} of {', '.join(each.name for each in field.fields)}"
        case MediaField() if field.limit.count:
            return f"{field.kind} ({span_text(field.limit.count)})"
        case JobField():
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
