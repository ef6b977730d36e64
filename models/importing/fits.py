"""Whether a value is one that a document's own schema takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.values import JSON, same

if TYPE_CHECKING:
    from models.importing.shape import Shape

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,),
    "object": (dict,),
}  # fmt: skip


def misfit(shape: Shape, value: JSON) -> str | None:
    """Why a value is not allowed, as the end of a sentence; None if it is."""
    if value is None:
        return None if shape.nullable else "is null"
    if shape.type == "union":
        return (
            None if any(misfit(each, value) is None for each in shape.variants) else "fits none of its kinds"
        )
    if shape.type in _TYPES and not _is(shape.type, value):
        return f"is not of its type, {shape.type}"
    if shape.enum and not shape.open and not any(same(value, each) for each in shape.enum):
        return "is not in its enum"
    match value:
        case bool():
            return None
        case int() | float():
            return _number_misfit(shape, value)
        case str():
            return _outside(len(value), shape.min_length, shape.max_length, "characters")
        case list():
            return _list_misfit(shape, value)
        case dict():
            return _table_misfit(shape, value)


def _is(type_: str, value: JSON) -> bool:
    if isinstance(value, bool):
        return type_ == "boolean"
    return isinstance(value, _TYPES[type_])


def _number_misfit(shape: Shape, value: int | float) -> str | None:
    if shape.low is not None and (value < shape.low or (shape.above and value == shape.low)):
        return f"is below its minimum of {shape.low}"
    if shape.high is not None and (value > shape.high or (shape.below and value == shape.high)):
        return f"is above its maximum of {shape.high}"
    if (
        shape.step
        and abs((value - shape.step_from) / shape.step - round((value - shape.step_from) / shape.step)) > 1e-6
    ):
        return f"is not a multiple of {shape.step}"
    return None


def _outside(size: int, low: int | None, high: int | None, what: str) -> str | None:
    if (low is not None and size < low) or (high is not None and size > high):
        return f"has {size} {what}"
    return None


def _list_misfit(shape: Shape, value: list[JSON]) -> str | None:
    wrong = _outside(len(value), shape.min_items, shape.max_items, "items")
    if wrong or shape.items is None:
        return wrong
    items = shape.items
    return next((wrong for each in value if (wrong := misfit(items, each))), None)


def _table_misfit(shape: Shape, value: dict[str, JSON]) -> str | None:
    for member in shape.members:
        if member.name not in value:
            if member.required:
                return f"lacks {member.name}"
        elif wrong := misfit(member.shape, value[member.name]):
            return wrong
    return None
