"""What a provider's document says now against what a spec says: added, removed, changed, and what each means.

One place of the request body: what a spec sends there against what the provider's document says now.

Where the fields of a spec and the properties of a document meet: the paths of the request body.

Writes the safe part of a drift into a spec's TOML; comments and layout stay.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import tomlkit
from msgspec import Struct, structs

from models.importing import modes as in_mode
from models.importing.draft import Drafted
from models.importing.shape import Member, Shape
from models.payload import path_names
from models.spec.fields import (
    Field,
    FieldMapping,
    GroupField,
    IntegerField,
    MediaField,
    MediaListField,
    NumberField,
    RowsField,
    SeedField,
    SelectField,
    TextareaField,
    TextField,
)
from models.spec.schema import Spec
from models.spec.values import JSON, as_number, as_text, is_absent


class Property(Struct, frozen=True):
    """One place of a document: what may stand there, and whether something must where its table is there."""

    path: str
    shape: Shape
    required: bool


class Sent(Struct, frozen=True):
    """One place that a spec fills. `at` is where the field stands in the TOML; a field may fill several places."""

    path: str
    field: Field
    at: tuple[str | int, ...]
    plain: bool  # the value goes there as it is, or by `encode` alone
    options: list[JSON] = []  # of a select, those offered in the modes asked for
    defaults: list[JSON] = []


def properties(members: Sequence[Member], under: str) -> Iterator[Property]:
    """Every place below `under` ("input." or ""), tables and lists of tables opened."""
    for member in members:
        path = under + member.name
        yield Property(path, member.shape, member.required)
        yield from _inside(member.shape, path)


def _inside(shape: Shape, path: str) -> Iterator[Property]:
    for variant in (shape, *shape.variants):
        if variant.members:
            yield from properties(variant.members, path + ".")
        if variant.items is not None:
            yield Property(path + "[]", variant.items, True)
            yield from _inside(variant.items, path + "[]")


def sent(spec: Spec, modes: list[str]) -> Iterator[Sent]:
    """Every place that a field of the spec fills in some of its modes, in the order of the fields."""
    derived_from = {name for derive in spec.derive for name in derive.source}
    for index, field in enumerate(spec.fields):
        if field.mapping is None and field.name in derived_from:
            continue
        if any(in_mode.is_sent(spec, field, mode) for mode in modes):
            for each in _sent(field, spec.wire_of(field), "", ("fields", index)):
                top = spec if each.field is field else structs.replace(spec, rules=())
                offered = in_mode.options(top, each.field, modes)
                yield structs.replace(
                    each, options=offered, defaults=in_mode.defaults(top, each.field, modes)
                )


def _sent(field: Field, wire: FieldMapping, under: str, at: tuple[str | int, ...]) -> Iterator[Sent]:
    path = under + ".".join(path_names(wire.at.removesuffix("[]")))
    yield Sent(path, field, at, wire.shape is None)
    if wire.encode is not None:
        return  # a text, whatever it was made of
    many = isinstance(field, RowsField | MediaListField)
    item = path + "[]" if many or wire.at.endswith("[]") else path
    if many:
        yield Sent(item, field, at, False)
    if wire.shape is not None:
        yield from _shaped(field, wire.shape, item, at)
    elif isinstance(field, RowsField | GroupField):
        for index, member in enumerate(field.fields):
            yield from _sent(
                member, member.mapping or FieldMapping(member.name), item + ".", (*at, "fields", index)
            )


def _shaped(field: Field, shape: JSON, path: str, at: tuple[str | int, ...]) -> Iterator[Sent]:
    """The places of `as`: a member of rows or a group where "$name" stands."""
    if isinstance(shape, dict):
        for name, each in shape.items():
            yield from _shaped(field, each, f"{path}.{name}", at)
    elif isinstance(shape, str) and shape.startswith("$") and isinstance(field, RowsField | GroupField):
        for index, member in enumerate(field.fields):
            if member.name == shape[1:]:
                yield Sent(path, member, (*at, "fields", index), True)
    else:
        yield Sent(path, field, at, False)


def constants(tree: JSON, under: str = "") -> Iterator[tuple[str, JSON]]:
    """The places that [request] fills, with what it sends."""
    if isinstance(tree, dict) and tree:
        for name, each in tree.items():
            yield from constants(each, f"{under}.{name}" if under else name)
    elif under:
        yield under, tree


def same_json(one: JSON, other: JSON) -> bool:
    """Equal in the request: 5 and 5.0 are, 5 and "5" are not."""
    if isinstance(one, int | float) and isinstance(other, int | float) and not isinstance(one, bool | None):
        return not isinstance(other, bool) and float(one) == float(other)
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


What: TypeAlias = Literal["added", "removed", "changed"]


class Edit(Struct, frozen=True):
    """A change of the TOML that breaks no request that was right before: `key` of the field at `at` becomes `value`;
    of options, `value` are those to add.
    """

    at: tuple[str | int, ...]
    key: str
    value: JSON


class Change(Struct, frozen=True):
    """One difference. `place` is the path in the request; without `edits` a person must decide."""

    what: What
    place: str
    sentence: str
    edits: tuple[Edit, ...] = ()


def compared(place: Property, filled: list[Sent]) -> Iterator[Change]:
    """One place, which several fields may fill, each in its own circumstances."""
    plain = [each for each in filled if each.plain]
    if not plain:
        return
    yield from _required(place, plain)
    enum = place.shape.enum or next((each.enum for each in place.shape.variants if each.enum), ())
    selects = [each for each in plain if isinstance(each.field, SelectField)]
    if enum and selects and (place.shape.variants or len(selects) == len(plain)):
        yield from _options(place, selects, enum)
    for each in plain:
        yield from _limits(place, each)
        yield from _type(place, each)
        yield from _default(place, each)


def fixed(place: Property, values: list[JSON]) -> Iterator[Change]:
    """Constants and derived values against the options of the document."""
    if not place.shape.enum or place.shape.open:
        return
    gone = [value for value in values if not _in(value, place.shape.enum)]
    if gone:
        sentence = f"{_listed(gone)} is sent, but not possible any more: requests with it are refused."
        yield Change("changed", place.path, sentence)


def kind_of(place: Property) -> str:
    """What may stand there, in a few words."""
    shape = place.shape
    if shape.enum:
        return ", ".join(as_text(each) for each in shape.enum[:8]) + (", …" if len(shape.enum) > 8 else "")
    return {"any": "any JSON", "union": "of several kinds"}.get(shape.type, shape.type)


def _required(place: Property, filled: list[Sent]) -> Iterator[Change]:
    always = any(each.field.show_if is None for each in filled)
    sure = any(each.field.required or not is_absent(each.field.default) for each in filled)
    needed = place.required and place.shape.default is None and not place.path.endswith("[]")
    if needed and not sure and always:
        edits = (Edit(filled[0].at, "required", True),) if len(filled) == 1 else ()
        yield Change(
            "changed", place.path, "The provider requires it now: a request without it is refused.", edits
        )


def _options(place: Property, selects: list[Sent], enum: tuple[JSON, ...]) -> Iterator[Change]:
    offered = [_encoded(each, value) for each in selects for value in each.options]
    new = [value for value in enum if not _in(value, offered)]
    gone = [
        value
        for value in offered
        if not _in(value, enum) and not (place.shape.variants and value == "custom")
    ]
    if gone and not place.shape.open:
        sentence = f"{_listed(gone)} cannot be chosen any more: requests with it are refused. Take it out."
        yield Change("removed", place.path, sentence)
    if new:
        safe = len(selects) == 1 and not _encodes(selects[0]) and len(gone) < len(offered)
        edits = (Edit(selects[0].at, "options", new),) if safe else ()
        yield Change("added", place.path, f"{_listed(new)} can be chosen too.", edits)


_NUMBERS = (("min", "low"), ("max", "high"))
_TEXTS = (("min_length", "min_length"), ("max_length", "max_length"))
_LISTS = (("min_count", "min_items"), ("max_count", "max_items"))


def _limit_keys(field: Field) -> tuple[tuple[str, str], ...]:
    match field:
        case IntegerField() | NumberField() | SeedField():
            return _NUMBERS
        case TextField() | TextareaField():
            return _TEXTS
        case RowsField():
            return _LISTS
        case MediaField() if field.is_list:
            return _LISTS
    return ()


def _limits(place: Property, each: Sent) -> Iterator[Change]:
    """Limits that the document states. One that the spec alone states has another source and is no difference."""
    for key, fact in _limit_keys(each.field):
        ours, theirs = getattr(each.field, key), getattr(place.shape, fact)
        if theirs is None or (ours is None and key in ("min_length", "min_count") and theirs <= 1):
            continue
        is_top = key.startswith("max")
        if ours is None or (ours > theirs if is_top else ours < theirs):
            here = "no limit here" if ours is None else f"here {ours}"
            refused = "more" if is_top else "less"
            yield Change(
                "changed", place.path, f"{key} is {theirs} ({here}): {refused} is refused. Narrow it."
            )
        elif (
            ours != theirs and each.field.limit.step is None and not (place.shape.above or place.shape.below)
        ):
            yield Change(
                "changed",
                place.path,
                f"{key} is {theirs} (here {ours}): more is possible.",
                (Edit(each.at, key, theirs),),
            )


def _type(place: Property, each: Sent) -> Iterator[Change]:
    """The JSON type of what is sent."""
    wanted = {variant.type for variant in (place.shape, *place.shape.variants)} - {"union"}
    ours = _sent_type(each)
    if ours is None or "any" in wanted or ours in wanted or (ours == "integer" and "number" in wanted):
        return
    sentence = f"It must be of type {' or '.join(sorted(wanted))}, but {ours} is sent: requests are refused."
    yield Change("changed", place.path, sentence)


def _sent_type(each: Sent) -> str | None:
    if _encodes(each):
        return "string"
    if isinstance(each.field, MediaField):
        return "array" if each.field.is_list else "string"
    return {
        "text": "string", "textarea": "string", "integer": "integer", "seed": "integer", "number": "number",
        "switch": "boolean", "group": "object", "rows": "array",
    }.get(each.field.kind)  # fmt: skip


def _default(place: Property, each: Sent) -> Iterator[Change]:
    theirs = place.shape.default
    if is_absent(theirs) or isinstance(theirs, dict | list):
        return
    for default in each.defaults:
        ours = _encoded(each, default)
        if not is_absent(ours) and not isinstance(ours, dict | list) and not same_json(ours, theirs):
            sentence = f"The provider's default is {_listed([theirs])}; {_listed([ours])} is sent."
            yield Change("changed", place.path, sentence)


def _encodes(each: Sent) -> bool:
    return each.field.mapping is not None and each.field.mapping.encode is not None


def _encoded(each: Sent, value: JSON) -> JSON:
    """A value as it is sent."""
    if value is None:
        return None
    match each.field.mapping.encode if each.field.mapping else None:
        case "string" | "json":
            return as_text(value)
        case "seconds":
            return f"{as_number(value)}s"
        case "star":
            return as_text(value).replace("x", "*")
    return value


def _in(value: JSON, values: Any) -> bool:
    return any(same_json(value, each) for each in values)


def _listed(values: list[JSON]) -> str:
    shown = [f'"{value}"' if isinstance(value, str) else as_text(value) for value in values[:12]]
    return ", ".join(shown) + (f" and {len(values) - 12} more" if len(values) > 12 else "")


def drift(
    spec: Spec, drafted: Drafted, endpoint: str, left_out: frozenset[str] = frozenset()
) -> tuple[Change, ...]:
    """All differences from a document of one of the spec's endpoints. `left_out` are properties that the spec leaves
    out on purpose. A limit that only the spec states (from prose, or the company's own pages) is no difference.
    """
    if drafted.document.schema is None or not drafted.described:
        return (
            Change(
                "removed", endpoint, "The provider's document has no input schema: nothing can be compared."
            ),
        )
    modes = [mode for mode in spec.modes if spec.endpoint_for(mode) == endpoint]
    stated = {
        each.path: each for each in properties(drafted.members, drafted.document.wire.removesuffix("*"))
    }
    filled: dict[str, list[Sent]] = {}
    for each in sent(spec, modes):
        filled.setdefault(each.path, []).append(each)
    values = {path: [value] for path, value in constants(spec.request)}
    derived = [each for each in spec.derive if any(in_mode.may_hold(each.when, mode) for mode in modes)]
    values |= {each.at: [row[-1] for row in each.table] for each in derived}
    known = {*filled, *values}
    changes = [*_removed(known, stated), *_added(known, stated, left_out)]
    for path, place in stated.items():
        changes += compared(place, filled.get(path, []))
        changes += fixed(place, values.get(path, []))
    return tuple(change for index, change in enumerate(changes) if change not in changes[:index])


def _removed(known: set[str], stated: Mapping[str, Property]) -> Iterator[Change]:
    """Places that the spec fills and the document does not know, unless they lie in what may hold anything."""
    for path in sorted(known):
        above = path
        while above and above not in stated:
            above = above.removesuffix("[]") if above.endswith("[]") else above.rpartition(".")[0]
        if above != path and not (above and _holds_anything(stated[above])) and not _below(path, known):
            yield Change(
                "removed",
                path.removesuffix("[]"),
                "The document does not know it: it is ignored or refused. Take it out.",
            )


def _holds_anything(place: Property) -> bool:
    shapes = (place.shape, *place.shape.variants)
    return any(shape.type in ("any", "object") and not shape.members for shape in shapes)


def _below(path: str, known: set[str]) -> bool:
    """Whether the spec fills places inside this one."""
    return any(other.startswith((path + ".", path + "[]")) for other in known)


def _added(known: set[str], stated: Mapping[str, Property], left_out: frozenset[str]) -> Iterator[Change]:
    for path, place in stated.items():
        parent, _, name = path.rpartition(".")
        if (
            path.endswith("[]")
            or path in known
            or _below(path, known)
            or name in left_out
            or place.shape.secret
        ):
            continue
        around = parent.removesuffix("[]")
        if around in stated and not _below(around, known - {around + "[]"}):
            continue  # nothing inside that table is filled by the spec: the table itself is told, or sent whole
        if not place.required and (
            place.shape.deprecated or len(place.shape.enum) == 1 or f"{parent}.url" in known
        ):
            continue  # what goes out of use, has one value only, or stands beside a file's address is no choice
        if place.required and not place.shape.has_default:
            sentence = f"The provider requires it ({kind_of(place)}): without it every request is refused. Add a field."
        else:
            sentence = f"The provider offers it too ({kind_of(place)}). Requests work without it."
        yield Change("added", path, sentence)


def safe_edits(spec: Spec, changes: Mapping[str, Sequence[Change]]) -> tuple[Edit, ...]:
    """The edits that break nothing at any endpoint of the spec, by endpoint with what changed there. A field that
    several endpoints share is edited only if all of them are known and allow it.
    """
    edits = {
        endpoint: [edit for change in found for edit in change.edits] for endpoint, found in changes.items()
    }
    sent_at = {
        endpoint: _places_sent(spec, endpoint)
        for endpoint in {spec.endpoint_for(mode) for mode in spec.modes}
    }
    safe: list[Edit] = []
    for edit in (each for found in edits.values() for each in found):
        sharing = [endpoint for endpoint, places in sent_at.items() if edit.at in places]
        if edit not in safe and all(edit in edits.get(endpoint, ()) for endpoint in sharing):
            safe.append(edit)
    return tuple(safe)


def _places_sent(spec: Spec, endpoint: str) -> set[tuple[str | int, ...]]:
    modes = [mode for mode in spec.modes if spec.endpoint_for(mode) == endpoint]
    return {each.at for each in sent(spec, modes)}


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The TOML with new options appended and limits moved. Raises KeyError or IndexError where a field is not there."""
    document = tomlkit.parse(text)
    for edit in edits:
        table: Any = document
        for step in edit.at:
            table = table[step]
        if edit.key == "options" and isinstance(edit.value, list):
            for value in edit.value:
                table["options"].append(value)
            _widen_constraints(document, str(table["name"]), edit.value)
        else:
            table[edit.key] = edit.value
    return tomlkit.dumps(document)


def _widen_constraints(document: Any, field: str, options: Sequence[JSON]) -> None:
    """What is displayed follows what can be chosen."""
    constraints = document.get("constraints", {})
    lengths = [value for value in options if isinstance(value, int | float) and not isinstance(value, bool)]
    if field == "duration" and "max_duration_sec" in constraints and lengths:
        constraints["max_duration_sec"] = max(constraints["max_duration_sec"], *lengths)
    if field == "aspect_ratio" and "aspect_ratios" in constraints:
        for value in options:
            if isinstance(value, str) and ":" in value:
                constraints["aspect_ratios"].append(value)


def left_out_in(text: str) -> frozenset[str]:
    """The properties that a spec leaves out on purpose, as a comment of its own line says: "# left out: a, b"."""
    named = re.findall(r"^\s*#\s*left out:\s*(.+)$", text, re.M)
    return frozenset(name.strip() for line in named for name in line.split(","))
