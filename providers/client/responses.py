"""One HTTP answer as the interpreter sees it: status, headers, JSON body; and what it says of an error."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from models.spec.values import JSON
from providers.client.requests import names_of
from providers.client.urls import relative
from providers.description.pointers import find, find_any, first_number, first_text
from providers.description.schema import Pointers, Wire
from providers.description.templates import fill_path
from providers.outcomes import (
    Billing,
    Cost,
    ErrorKind,
    Operation,
    OutputFile,
    ProviderError,
    kind_of_status,
    tell,
)

LONGEST_MESSAGE: Final = 500  # characters of a provider's own words
LONGEST_WAIT: Final = 3600.0  # seconds that we let a provider ask us to wait


class Answer(Struct, frozen=True):
    """`body` is UNSET where it is no JSON; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: JSON | UnsetType

    @classmethod
    def read(cls, status: int, headers: Mapping[str, str], content: bytes) -> "Answer":
        """The answer with its body parsed, if that can be done."""
        lower = {name.lower(): value for name, value in headers.items()}
        return cls(status, lower, _parsed(content))

    @property
    def document(self) -> JSON:
        """The body, or null where it is no JSON."""
        return None if self.body is UNSET else self.body

    def at(self, pointer: str) -> JSON:
        """The first value at the pointer, or null."""
        return next(find(self.document, pointer), None)


def _parsed(content: bytes) -> JSON | UnsetType:
    try:
        found: JSON = msgspec.json.decode(content)
        return found
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _forgiven(content)
    except RecursionError:
        return UNSET


def _forgiven(content: bytes) -> JSON | UnsetType:
    """What servers write beside JSON: NaN is null, as ComfyUI has it in graphs; half a character is "?"."""
    try:
        loose = json.loads(content.decode("utf-8-sig", "replace"), parse_constant=lambda _: None)
        found: JSON = msgspec.json.decode(json.dumps(loose, ensure_ascii=False).encode("utf-8", "replace"))
        return found
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors too
        return UNSET


def named_kind(wire: Wire, answer: Answer) -> ErrorKind | None:
    """The class that the body's own code or message names, before anyone looks at the HTTP status."""
    told = told_by(wire, answer)
    for kind, patterns in wire.error.classes.items():
        if any(re.search(pattern, told) for pattern in patterns):
            return kind
    return None


def is_refusal(wire: Wire, answer: Answer) -> bool:
    """Whether the wire lists this answer as one that surely started nothing."""
    return any(re.search(pattern, told_by(wire, answer)) for pattern in wire.error.refusals)


def told_by(wire: Wire, answer: Answer) -> str:
    """What patterns are tried on: "HTTP-status code message"."""
    return f"{answer.status} {code_of(wire, answer)} {message_of(wire, answer)}"


def envelope_refuses(wire: Wire, answer: Answer) -> bool:
    """Whether the declared envelope says no, whatever the HTTP status."""
    if wire.ok is None:
        return False
    said = answer.at(wire.ok.at)
    return said is not None and said != wire.ok.equals


def _refusing(wire: Wire, answer: Answer) -> bool:
    """Whether the envelope's code and words are those of an error: "success" is none."""
    return envelope_refuses(wire, answer) or answer.status >= 400


def error_of(
    wire: Wire, answer: Answer, kind: ErrorKind | None = None, billing: Billing | None = None
) -> ProviderError:
    """The error an answer tells of; by default its billing is what it says itself, or the wire knows of that class."""
    fallback = kind_of_status(answer.status) if answer.status >= 400 else "unknown"
    kind = kind or named_kind(wire, answer) or fallback
    words = message_of(wire, answer)
    unbilled = any(re.search(pattern, words) for pattern in wire.error.unbilled)
    known: Billing = "not_billed" if unbilled else wire.billing.get(kind, "unknown")
    return tell(kind, wire.display_name, words, billing=billing or known, field=field_of(wire, answer))


def code_of(wire: Wire, answer: Answer) -> str:
    """The provider's own code of the error, or ""."""
    code = first_text(answer.document, wire.error.code)
    return code or (first_text(answer.document, wire.ok.at) if _refusing(wire, answer) and wire.ok else "")


def message_of(wire: Wire, answer: Answer) -> str:
    """The provider's own words, on one line and cut at 500 characters, or ""."""
    words = first_text(answer.document, wire.error.message)
    if not words and wire.ok and _refusing(wire, answer):
        words = first_text(answer.document, wire.ok.message)
    for pattern in wire.error.hide:
        words = re.sub(pattern, "…", words)
    words = " ".join(words.split())
    return words if len(words) <= LONGEST_MESSAGE else words[: LONGEST_MESSAGE - 1] + "…"


def field_of(wire: Wire, answer: Answer) -> str | None:
    """The input to blame: the last name on the path that the provider gives (["body", "image_url"])."""
    names = [name for name in find_any(answer.document, wire.error.field) if isinstance(name, str)]
    return names[-1] if names else None


def wait_of(wire: Wire, answer: Answer, now: datetime | None = None) -> float | None:
    """Seconds that the provider asks us to wait: from Retry-After, or found in its message."""
    said, precisely = answer.headers.get("retry-after", ""), answer.headers.get("retry-after-ms", "")
    seconds = None
    if re.fullmatch(r"\d+", precisely):
        seconds = float(precisely) / 1000
    elif re.fullmatch(r"\d+(\.\d+)?", said.strip()):
        seconds = float(said)
    elif said:
        seconds = _until(said, now or datetime.now(UTC))
    elif found := _told_wait(wire, answer):
        seconds = float(found[1])
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_WAIT)


def _told_wait(wire: Wire, answer: Answer) -> re.Match[str] | None:
    said = first_text(answer.document, wire.error.wait_at)
    in_words = re.search(wire.error.wait, message_of(wire, answer)) if wire.error.wait else None
    return in_words or re.fullmatch(r"(\d+(?:\.\d+)?)s?", said)


def _until(date: str, now: datetime) -> float | None:
    try:
        then = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    return (then.replace(tzinfo=then.tzinfo or UTC) - now).total_seconds()


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
