"""Text ↔ typed values, for posted forms and for links."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from models.form.empties import has_default
from models.spec.fields import (
    Field,
    Form,
    GroupField,
    IntegerField,
    JsonField,
    MediaListField,
    NumberField,
    RowsField,
    SeedField,
    SelectField,
    SwitchField,
)
from models.spec.schema import Spec
from models.spec.values import JSON, Values, as_text, is_absent, same


def read_form(spec: Spec, pairs: Iterable[tuple[str, str]]) -> Values:
    """What a form or a link says, typed by the spec; names that are no fields are passed over.

    Text that cannot be read as its field's type stays text, for check to refuse. "" of a field that has a default
    says that it was emptied, of any other it is absent. CRLF is a line end, a list repeats its name, rows are
    shots.0.prompt and groups camera.zoom.
    """
    texts: dict[str, list[str]] = {}
    for name, text in pairs:
        texts.setdefault(name, []).append(text.replace("\r\n", "\n"))
    return _read(spec.form, texts)


def _read(form: Form, texts: Mapping[str, list[str]]) -> Values:
    read = {field.name: _read_field(form, field, texts) for field in form.fields}
    return {name: value for name, value in read.items() if value == "" or not is_absent(value)}


def _read_field(form: Form, field: Field, texts: Mapping[str, list[str]]) -> JSON:
    if isinstance(field, GroupField):
        group = _read(field.form, _inside(field.name, texts))
        return group if field.required or not _only_defaults(field, group) else None
    if isinstance(field, RowsField):
        return _read_rows(field, _inside(field.name, texts))
    given = [text for text in texts.get(field.name, []) if text]
    if isinstance(field, MediaListField):
        return [text.strip() for text in given]
    if not given:
        return "" if field.name in texts and has_default(form, field) else None
    return from_text(field, given[-1])


def _only_defaults(group: GroupField, values: Values) -> bool:
    """A form always posts its selects: an optional group that holds nothing else was not filled in."""
    return all(same(value, group.form.by_name[name].default) for name, value in values.items())


def _read_rows(field: RowsField, texts: Mapping[str, list[str]]) -> JSON:
    """Rows in the order of their numbers; numbers may be missing, and a row without any value is none."""
    numbers = {name.partition(".")[0] for name in texts}
    rows = [
        _read(field.form, _inside(number, texts))
        for number in sorted(filter(str.isdecimal, numbers), key=int)
    ]
    return [row for row in rows if not all(map(is_absent, row.values()))]


def _inside(name: str, texts: Mapping[str, list[str]]) -> dict[str, list[str]]:
    prefix = name + "."
    return {each.removeprefix(prefix): values for each, values in texts.items() if each.startswith(prefix)}


def from_text(field: Field, text: str) -> JSON:
    """One text as a value of its field, or the text itself where it cannot be one."""
    match field:
        case SelectField():
            return _read_option(field, text)
        case SwitchField():
            return {"true": True, "on": True, "false": False}.get(text, text)
        case IntegerField() | SeedField():
            return _read_number(text, whole=True)
        case NumberField():
            return _read_number(text, whole=False)
        case JsonField():
            return _read_json(text)
        case _:
            return text


def _read_option(field: SelectField, text: str) -> JSON:
    for option in field.options:
        if as_text(option.value) == text:
            return option.value
    numbers = field.open and all(isinstance(option.value, int | float) for option in field.options)
    return _read_number(text, whole=False) if numbers else text


def _read_number(text: str, *, whole: bool) -> JSON:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return text if whole else float(text)
    except ValueError:
        return text


def _read_json(text: str) -> JSON:
    try:
        read: JSON = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    return read


def to_text(field: Field, value: JSON) -> str:
    """A value as a form control holds it. Of a list, group or rows field, ask for each part by itself."""
    if isinstance(field, JsonField) and not is_absent(value):
        return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    return as_text(value)


def to_pairs(fields: Sequence[Field], values: Mapping[str, JSON], prefix: str = "") -> list[tuple[str, str]]:
    """The pairs that read_form reads back as these values: for links and hidden inputs."""
    pairs: list[tuple[str, str]] = []
    for field in fields:
        value, name = values.get(field.name), prefix + field.name
        match field, value:
            case _, None:
                continue
            case GroupField(), dict():
                pairs += to_pairs(field.fields, value, f"{name}.")
            case RowsField(), list():
                for index, row in enumerate(value):
                    if isinstance(row, dict):
                        pairs += to_pairs(field.fields, row, f"{name}.{index}.")
            case MediaListField(), list():
                pairs += [(name, as_text(each)) for each in value]
            case _:
                pairs.append((name, to_text(field, value)))
    return pairs
