"""Which fields of a drawn form have an error, in page order, and where on the page each is mended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from models.spec.fields import KINDS, MediaField
from web.pages.fields import FieldView


class FieldError(Struct, frozen=True):
    """One field that needs a change: its name in the form, what people call it, the id of the control that mends it."""

    name: str
    label: str
    control: str


def field_errors(views: Iterable[FieldView], within: str = "") -> Iterator[FieldError]:
    """Every error that is printed beside a field; what is wrong inside rows comes before the rows as a whole."""
    for view in views:
        own = [FieldError(view.name, within + view.label, control_of(view))] if view.error else []
        if view.type == "group":
            yield from own
            yield from field_errors(view.fields, f"{within}{view.label}: ")
        else:
            for number, row in enumerate(view.rows, 1):
                yield from field_errors(row, f"{within}{view.label} {number}: ")
            yield from own


def control_of(view: FieldView) -> str:
    """The id of the control to go to: of several the one nearest to the sentence."""
    match view.type:
        case "rows":
            return f"add-{view.dashed}" if view.room else f"remove-{view.dashed}-{len(view.rows) - 1}"
        case "group" if view.fields:
            return control_of(view.fields[0])
        case "select" if view.control in ("segments", "shapes"):
            return f"{view.id}-{_number_chosen(view)}"
        case kind if issubclass(KINDS[kind], MediaField):
            return _file_control(view)
    return view.id


def _number_chosen(view: FieldView) -> int:
    """Of radio buttons, what Tab would reach: the one that is chosen, else the first."""
    return next((number for number, option in enumerate(view.options, 1) if option.chosen), 1)


def _file_control(view: FieldView) -> str:
    if view.value:
        return f"{view.id}-address"
    if view.files and not view.many:
        return f"{view.id}-replace"
    return f"{view.id}-file" if view.room else f"remove-{view.dashed}-{len(view.files) - 1}"


def form_error(errors: Mapping[str, str], shown: Iterable[FieldError]) -> str:
    """What is wrong with the form as a whole, and with fields that are not drawn and so cannot tell it themselves."""
    drawn = {"", *(each.name for each in shown)}
    return " ".join(
        [*filter(None, [errors.get("")]), *(errors[name] for name in errors if name not in drawn)]
    )
