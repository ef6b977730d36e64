"""The last answer of a finished job → its files and its cost; pure."""

import re
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

from models.spec.values import JSON
from providers.answers import Cost, Operation, OutputFile
from providers.calls import Pointers
from providers.links import relative
from providers.pointer import find, find_any, first_number, first_text
from providers.request import names_of
from providers.template import fill_path
from providers.wire import Wire

MOST_PIXELS = 1e6  # of a side
MOST_DIGITS = 20  # of an amount; "1e999999" would be a million of them


def outputs(
    wire: Wire, operation: Operation, documents: Sequence[JSON], origins: Collection[str]
) -> tuple[OutputFile, ...]:
    """The files of a finished job, each address once; addresses that may not be followed are left out.

    `documents` are the last answer, where files are, and the status, which may know more of them.
    """
    files = {file.url: file for file in _files(wire, operation, documents, origins)}
    return tuple(files.values())


def _files(
    wire: Wire, operation: Operation, documents: Sequence[JSON], origins: Collection[str]
) -> Iterator[OutputFile]:
    for element in find_any(documents[0], wire.output.each):
        url = _address(wire, operation, element)
        link = relative(url, origins) if url else None
        if link and _wanted(wire, element):
            places = (element, *documents)
            size = _size(places, wire.output.size)
            yield OutputFile(
                url=link,
                width=_whole(places, wire.output.width) or size[0],
                height=_whole(places, wire.output.height) or size[1],
                duration=_number(places, wire.output.duration),
                format=_format(element, wire.output.format),
                keyed=wire.output.key == "own-origin" and link.startswith("/"),
            )


def _address(wire: Wire, operation: Operation, element: JSON) -> str | None:
    if wire.output.template:
        members = element if isinstance(element, dict) else {}
        return fill_path(wire.output.template, {**members, **names_of(operation)})
    return first_text(element, wire.output.url)


def _wanted(wire: Wire, element: JSON) -> bool:
    return all(
        any(re.search(pattern, str(value)) for value in find(element, pointer))
        for pointer, pattern in wire.output.where.items()
    )


def _number(places: Sequence[JSON], pointers: Pointers) -> float | None:
    return next((found for place in places if (found := first_number(place, pointers))), None)


def _whole(places: Sequence[JSON], pointers: Pointers) -> int | None:
    number = _number(places, pointers)
    return round(number) if number is not None and 0 < number < MOST_PIXELS else None


def _size(places: Sequence[JSON], pointers: Pointers) -> tuple[int | None, int | None]:
    """Width and height out of "1280x720" or "1280*720"."""
    for place in places:
        if found := re.fullmatch(r"(\d{1,6})[x*](\d{1,6})", first_text(place, pointers)):
            return int(found[1]), int(found[2])
    return None, None


def _format(element: JSON, pointers: Pointers) -> str | None:
    """ "mp4" out of "video/mp4"."""
    return first_text(element, pointers).partition(";")[0].rpartition("/")[2] or None


def cost(wire: Wire, document: JSON) -> Cost | None:
    """What the provider says it charged, if it says so."""
    if wire.cost is None:
        return None
    try:
        amount = Decimal(first_text(document, wire.cost.at)) * Decimal(wire.cost.times)
    except ArithmeticError:
        return None
    if not amount.is_finite() or amount.is_signed() or abs(amount.adjusted()) > MOST_DIGITS:
        return None
    return Cost(f"{amount.normalize():f}", wire.cost.currency, f"{wire.display_name}'s answer")
