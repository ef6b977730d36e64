"""Finding a value in a JSON document by a pointer: RFC 6901, and `*` for all members."""

from collections.abc import Iterator, Sequence
from math import isfinite

from models.spec.values import JSON


def find(document: JSON, pointer: str) -> Iterator[JSON]:
    """All present values at the pointer, in document order; `null` counts as absent.

    "" is the whole document, "/detail/0/msg" one place, "/logs/*/message" all messages.
    """
    if not pointer:
        if document is not None:
            yield document
        return
    name, more, rest = pointer[1:].partition("/")
    for member in _members(document, name.replace("~1", "/").replace("~0", "~")):
        yield from find(member, more + rest)


def _members(document: JSON, name: str) -> Iterator[JSON]:
    if isinstance(document, dict):
        if name == "*":
            yield from document.values()
        elif name in document:
            yield document[name]
    elif isinstance(document, list):
        if name == "*":
            yield from document
        elif name.isdecimal() and int(name) < len(document):
            yield document[int(name)]


def find_any(document: JSON, pointers: str | Sequence[str]) -> Iterator[JSON]:
    """What the first pointer that finds anything finds."""
    for pointer in (pointers,) if isinstance(pointers, str) else pointers:
        found = list(find(document, pointer))
        if found:
            yield from found
            return


def first(document: JSON, pointers: str | Sequence[str]) -> JSON:
    """The first value that any of the pointers finds, trying them in order; None if none does."""
    return next(find_any(document, pointers), None)


def first_text(document: JSON, pointers: str | Sequence[str]) -> str:
    """The first text or number that any of the pointers finds, as text; "" if there is none."""
    for pointer in (pointers,) if isinstance(pointers, str) else pointers:
        for value in find(document, pointer):
            if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
                return str(value)
    return ""


def first_number(document: JSON, pointers: str | Sequence[str]) -> float | None:
    """The first finite number that any of the pointers finds, also one written as text, or as seconds ("5s")."""
    try:
        number = float(first_text(document, pointers).removesuffix("s"))
    except ValueError:
        return None
    return number if isfinite(number) else None
