"""One place of the request body: what a spec sends there against what the provider's document says now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from models.fields import Field, Integer, Media, Number, Rows, Seed, Select, Text, Textarea
from models.importing.places import Property, Sent, same_json
from models.values import JSON, as_number, as_text, is_absent

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
    selects = [each for each in plain if isinstance(each.field, Select)]
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
        case Integer() | Number() | Seed():
            return _NUMBERS
        case Text() | Textarea():
            return _TEXTS
        case Rows():
            return _LISTS
        case Media() if field.is_list:
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
    if isinstance(each.field, Media):
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
    return each.field.wire is not None and each.field.wire.encode is not None


def _encoded(each: Sent, value: JSON) -> JSON:
    """A value as it is sent."""
    if value is None:
        return None
    match each.field.wire.encode if each.field.wire else None:
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
