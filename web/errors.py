"""What a request that cannot be answered gets: one JSON shape, `{"error": {class, message}}`, with a sentence."""

import logging
from typing import Any, Protocol

import msgspec
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec

from tasks.errors import DatabaseAway
from tasks.storage.store import StorageAway

log = logging.getLogger("shotlist.web")

AnyRequest = Request[Any, Any, Any]


class ErrorFacts(msgspec.Struct, frozen=True):
    """The class is for programs, the message for people."""

    class_: str = msgspec.field(name="class")
    message: str


class ErrorAnswer(msgspec.Struct, frozen=True):
    """Why a request was not carried out."""

    error: ErrorFacts


class FieldErrors(msgspec.Struct, frozen=True):
    """A sentence by field: "shots.0.prompt" inside rows, "" for the request as a whole."""

    errors: dict[str, str]


class Unfit(Exception):  # noqa: N818
    """An order that cannot be carried out as it is, with a sentence by field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


class RequestRefused(Exception):  # noqa: N818
    """A request that ends here, with its status, its class and a sentence."""

    def __init__(self, status: int, error_class: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_class = error_class
        self.message = message


class Coded(Protocol):
    """A refusal of the floors below: a code for programs, a sentence for people."""

    @property
    def code(self) -> str: ...

    @property
    def sentence(self) -> str: ...


STATUS = {"not_found": 404, "unknown_model": 404}


def refusal(refused: Coded) -> RequestRefused:
    """The same, as an answer: its status is 409 unless nothing is there."""
    return RequestRefused(STATUS.get(refused.code, 409), refused.code, refused.sentence)


# What Litestar itself refuses: its own words are for developers, these are for whoever asked.
SENTENCES = {
    400: ("bad_request", "This request cannot be read. Nothing was done."),
    401: ("unauthorized", "Sign in first. Nothing was done."),
    403: (
        "forbidden",
        "This page is out of date, so nothing was done: load it again and repeat what you did.",
    ),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take that kind of request. Nothing was done."),
    413: (
        "too_large",
        "This request is larger than Shotlist takes, so nothing was done: choose smaller files.",
    ),
    415: ("unsupported_media_type", "This address does not take that kind of content. Nothing was done."),
}


def answer(status: int, error_class: str, message: str, **headers: str) -> Response[ErrorAnswer]:
    """An error as a response; header names are given with underscores."""
    return Response(
        ErrorAnswer(ErrorFacts(error_class, message)),
        status_code=status,
        media_type=MediaType.JSON,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def on_refused(_: AnyRequest, refused: RequestRefused) -> Response[ErrorAnswer]:
    return answer(refused.status, refused.error_class, refused.message)


def documented(shape: type[msgspec.Struct], description: str) -> ResponseSpec:
    """An answer in the OpenAPI document, without the random words that stand for examples there."""
    return ResponseSpec(shape, description=description, generate_examples=False)


def on_unfit(_: AnyRequest, unfit: Unfit) -> Response[FieldErrors]:
    return Response(FieldErrors(unfit.errors), status_code=422, media_type=MediaType.JSON)


def on_invalid(_: AnyRequest, error: ValidationException) -> Response[ErrorAnswer]:
    """A parameter of the address or a header that is not of its type."""
    found = error.extra if isinstance(error.extra, list) else []
    told = "; ".join(f"{each.get('key')}: {each.get('message')}" for each in found)
    return answer(
        400, "bad_request", f"This request cannot be read ({told or error.detail}). Nothing was done."
    )


def on_not_text(_: AnyRequest, __: UnicodeDecodeError) -> Response[ErrorAnswer]:
    return answer(400, *SENTENCES[400])


def on_http_exception(_: AnyRequest, error: HTTPException) -> Response[ErrorAnswer]:
    error_class, sentence = SENTENCES.get(error.status_code, ("refused", error.detail))
    if error.status_code >= 500:
        return on_bug(_, error)
    allow = (error.headers or {}).get("Allow") or (error.headers or {}).get("allow")
    return answer(error.status_code, error_class, sentence, **({"allow": allow} if allow else {}))


def on_away(request: AnyRequest, error: DatabaseAway) -> Response[ErrorAnswer]:
    """The database will be back; whoever asked is told so, and whether something may have been done."""
    log.warning("%s %s: the database is away (%s)", request.method, request.scope["path"], error)
    told = "The database of this Shotlist does not answer just now. Try again in a moment"
    if request.method not in ("GET", "HEAD"):
        told = f"{told}, and look at your jobs before you repeat an order"
    return answer(503, "unavailable", f"{told}.", retry_after="5")


def on_storage(request: AnyRequest, error: StorageAway) -> Response[ErrorAnswer]:
    """The disk or the bucket: what was stored is still there."""
    log.warning("%s %s: the storage is away (%s)", request.method, request.scope["path"], error)
    done = "" if request.method in ("GET", "HEAD") else " Nothing was stored."
    told = f"The storage of this Shotlist cannot be used just now ({error}).{done} Try again in a moment."
    return answer(503, "storage", told, retry_after="5")


def on_bug(request: AnyRequest, error: Exception) -> Response[ErrorAnswer]:
    """Something we did not foresee: the log has it all, the answer has nothing that could be secret."""
    log.error("%s %s failed", request.method, request.scope["path"], exc_info=error)
    return answer(
        500, "internal", "Something went wrong inside Shotlist; its log says what. Look before you try again."
    )
