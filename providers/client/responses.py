"""One HTTP answer as the interpreter sees it: status, headers, JSON body; and what it says of an error.

The last answer of a finished job → its files and its cost; pure.
"""

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
from providers.description.schema import Pointers, ProviderDescription
from providers.description.templates import fill_path
from providers.outcomes import (
    Billing,
    Cost,
    ErrorKind,
    Operation,
    OutputFile,
    ProviderError,
    kind_of_status,
    make_error,
)

LONGEST_MESSAGE: Final = 500  # characters of a provider's own words
LONGEST_WAIT: Final = 3600.0  # seconds that we let a provider ask us to wait


class HTTPResponse(Struct, frozen=True):
    """`body` is UNSET where it is no JSON; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: JSON | UnsetType

    @classmethod
    def read(cls, status: int, headers: Mapping[str, str], content: bytes) -> "HTTPResponse":
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


def named_kind(description: ProviderDescription, answer: HTTPResponse) -> ErrorKind | None:
    """The class that the body's own code or message names, before anyone looks at the HTTP status."""
    told = told_by(description, answer)
    for kind, patterns in description.error.classes.items():
        if any(re.search(pattern, told) for pattern in patterns):
            return kind
    return None


def is_refusal(description: ProviderDescription, answer: HTTPResponse) -> bool:
    """Whether the wire lists this answer as one that surely started nothing."""
    return any(re.search(pattern, told_by(description, answer)) for pattern in description.error.refusals)


def told_by(description: ProviderDescription, answer: HTTPResponse) -> str:
    """What patterns are tried on: "HTTP-status code message"."""
    return f"{answer.status} {code_of(description, answer)} {message_of(description, answer)}"


def envelope_refuses(description: ProviderDescription, answer: HTTPResponse) -> bool:
    """Whether the declared envelope says no, whatever the HTTP status."""
    if description.ok is None:
        return False
    said = answer.at(description.ok.at)
    return said is not None and said != description.ok.equals


def _refusing(description: ProviderDescription, answer: HTTPResponse) -> bool:
    """Whether the envelope's code and words are those of an error: "success" is none."""
    return envelope_refuses(description, answer) or answer.status >= 400


def error_of(
    description: ProviderDescription,
    answer: HTTPResponse,
    kind: ErrorKind | None = None,
    billing: Billing | None = None,
) -> ProviderError:
    """The error an answer tells of; by default its billing is what it says itself, or the wire knows of that class."""
    fallback = kind_of_status(answer.status) if answer.status >= 400 else "unknown"
    kind = kind or named_kind(description, answer) or fallback
    words = message_of(description, answer)
    unbilled = any(re.search(pattern, words) for pattern in description.error.unbilled)
    known: Billing = "not_billed" if unbilled else description.billing.get(kind, "unknown")
    return make_error(
        kind, description.display_name, words, billing=billing or known, field=field_of(description, answer)
    )


def code_of(description: ProviderDescription, answer: HTTPResponse) -> str:
    """The provider's own code of the error, or ""."""
    code = first_text(answer.document, description.error.code)
    return code or (
        first_text(answer.document, description.ok.at)
        if _refusing(description, answer) and description.ok
        else ""
    )


def message_of(description: ProviderDescription, answer: HTTPResponse) -> str:
    """The provider's own words, on one line and cut at 500 characters, or ""."""
    words = first_text(answer.document, description.error.message)
    if not words and description.ok and _refusing(description, answer):
        words = first_text(answer.document, description.ok.message)
    for pattern in description.error.hide:
        words = re.sub(pattern, "…", words)
    words = " ".join(words.split())
    return words if len(words) <= LONGEST_MESSAGE else words[: LONGEST_MESSAGE - 1] + "…"


def field_of(description: ProviderDescription, answer: HTTPResponse) -> str | None:
    """The input to blame: the last name on the path that the provider gives (["body", "image_url"])."""
    names = [name for name in find_any(answer.document, description.error.field) if isinstance(name, str)]
    return names[-1] if names else None


def wait_of(
    description: ProviderDescription, answer: HTTPResponse, now: datetime | None = None
) -> float | None:
    """Seconds that the provider asks us to wait: from Retry-After, or found in its message."""
    said, precisely = answer.headers.get("retry-after", ""), answer.headers.get("retry-after-ms", "")
    seconds = None
    if re.fullmatch(r"\d+", precisely):
        seconds = float(precisely) / 1000
    elif re.fullmatch(r"\d+(\.\d+)?", said.strip()):
        seconds = float(said)
    elif said:
        seconds = _until(said, now or datetime.now(UTC))
    elif found := _told_wait(description, answer):
        seconds = float(found[1])
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_WAIT)


def _told_wait(description: ProviderDescription, answer: HTTPResponse) -> re.Match[str] | None:
    said = first_text(answer.document, description.error.wait_at)
    in_words = (
        re.search(description.error.wait, message_of(description, answer)) if description.error.wait else None
    )
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
    description: ProviderDescription,
    operation: Operation,
    documents: Sequence[JSON],
    origins: Collection[str],
) -> tuple[OutputFile, ...]:
    """The files of a finished job, each address once; addresses that may not be followed are left out.

    `documents` are the last answer, where files are, and the status, which may know more of them.
    """
    files = {file.url: file for file in _files(description, operation, documents, origins)}
    return tuple(files.values())


def _files(
    description: ProviderDescription,
    operation: Operation,
    documents: Sequence[JSON],
    origins: Collection[str],
) -> Iterator[OutputFile]:
    for element in find_any(documents[0], description.output.each):
        url = _address(description, operation, element)
        link = relative(url, origins) if url else None
        if link and _wanted(description, element):
            places = (element, *documents)
            size = _size(places, description.output.size)
            yield OutputFile(
                url=link,
                width=_whole(places, description.output.width) or size[0],
                height=_whole(places, description.output.height) or size[1],
                duration=_number(places, description.output.duration),
                format=_format(element, description.output.format),
                keyed=description.output.key == "own-origin" and link.startswith("/"),
            )


def _address(description: ProviderDescription, operation: Operation, element: JSON) -> str | None:
    if description.output.template:
        members = element if isinstance(element, dict) else {}
        return fill_path(description.output.template, {**members, **names_of(operation)})
    return first_text(element, description.output.url)


def _wanted(description: ProviderDescription, element: JSON) -> bool:
    return all(
        any(re.search(pattern, str(value)) for value in find(element, pointer))
        for pointer, pattern in description.output.where.items()
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


def cost(description: ProviderDescription, document: JSON) -> Cost | None:
    """What the provider says it charged, if it says so."""
    if description.cost is None:
        return None
    try:
        amount = Decimal(first_text(document, description.cost.at)) * Decimal(description.cost.times)
    except ArithmeticError:
        return None
    if not amount.is_finite() or amount.is_signed() or abs(amount.adjusted()) > MOST_DIGITS:
        return None
    return Cost(f"{amount.normalize():f}", description.cost.currency, f"{description.display_name}'s answer")
