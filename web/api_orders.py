"""Ordering by the JSON API: POST /api/video/jobs, and what is said to a program that sends no order."""

import hashlib
from typing import Annotated, Any

import msgspec
from litestar import Response, post
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.exceptions import ClientException, SerializationException, ValidationException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import BaseRouteHandler
from litestar.params import HeaderParameter, JSONBody

from tasks.context import Parts
from tasks.create_job import Answer, Invalid, KeyReused, NotReady, Placed, PriceRose, UnknownModel, place
from web.data_uris import take_data_uris
from web.errors import (
    AnyRequest,
    ErrorAnswer,
    FieldErrors,
    Refused,
    Unfit,
    answer,
    documented,
    on_http_exception,
    on_unfit,
)
from web.shapes import JobAnswer, job_answer

MAX_JSON_REQUEST = 70_000_000
"""Bytes of an order: a file of 50 MB as a data URI and some. Larger files are uploaded first."""


class NewJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to make: the model's key, and its fields as GET /api/video/models/{key} describes them.

    A file field takes an upload's id, an https URL or a data URI.
    """

    model: str
    values: dict[str, Any] = {}


async def json_only(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A page of another site can post forms and plain text without asking; it cannot post JSON."""
    media_type = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        sent = media_type or "no content type"
        raise Refused(
            415,
            "unsupported_media_type",
            f"Send JSON with the header Content-Type: application/json; this was {sent}. Nothing was ordered.",
        )


def on_wrong_shape(_: AnyRequest, error: ValidationException) -> Response[FieldErrors]:
    """JSON, but not an order: a sentence for each part that is wrong."""
    found = error.extra if isinstance(error.extra, list) else []
    errors = dict(_shape_error(str(each.get("key", "")), str(each.get("message", ""))) for each in found)
    return on_unfit(_, Unfit(errors or dict([_shape_error("", "")])))


def on_not_json(_: AnyRequest, error: Exception) -> Response[ErrorAnswer]:
    why = (
        "it is nested too deeply"
        if isinstance(error, RecursionError)
        else str(getattr(error, "detail", error))
    )
    return answer(
        400, "malformed_json", f"The body is not JSON that can be read ({why}). Nothing was ordered."
    )


def _shape_error(key: str, message: str) -> tuple[str, str]:
    if key == "model" or "required field `model`" in message:
        return "model", "Say which model, by its key as text: GET /api/video/models lists them."
    if key == "values":
        return "values", 'Give the fields as an object, such as {"prompt": "A paper boat"}.'
    if "unknown field" in message:
        name = message.split("`")[1]
        return (
            name,
            f'An order has "model" and "values"; the model\'s fields go inside "values". Move {name} there.',
        )
    return "", 'Send an object such as {"model": "…", "values": {"prompt": "…"}}.'


@post(
    "/jobs",
    summary="Order a video",
    tags=["jobs"],
    guards=[json_only],
    request_max_body_size=MAX_JSON_REQUEST,
    exception_handlers={
        ValidationException: on_wrong_shape,
        SerializationException: on_not_json,
        ClientException: on_not_json,
        RequestEntityTooLarge: on_http_exception,
        RecursionError: on_not_json,
        UnicodeDecodeError: on_not_json,
    },
    responses={
        400: documented(ErrorAnswer, "Not JSON"),
        404: documented(ErrorAnswer, "Unknown model"),
        409: documented(ErrorAnswer, "The model is not ready, or the Idempotency-Key was used before"),
        413: documented(ErrorAnswer, "Too large: upload the files first"),
        415: documented(ErrorAnswer, "Not application/json"),
        422: documented(FieldErrors, "A sentence for each field that is wrong"),
    },
)
async def create_job(
    data: JSONBody[NewJob],
    parts: NamedDependency[Parts],
    owner: NamedDependency[str],
    idempotency_key: Annotated[
        str,
        HeaderParameter(name="Idempotency-Key", description="The same key again replays the first answer."),
    ] = "",
) -> JobAnswer:
    """Check and accept an order; the job then runs by itself. Nothing is paid for before it is accepted."""
    if len(idempotency_key) > 255:
        raise Refused(
            400, "bad_request", "The Idempotency-Key is longer than 255 characters. Nothing was ordered."
        )
    spec, values = parts.catalogue.get(data.model), data.values
    if spec is not None:
        taken = await take_data_uris(parts.uploads, owner, spec.fields, values)
        if taken.errors:
            raise Unfit(taken.errors)
        values = taken.values
    placed = await place(
        parts,
        owner=owner,
        model=data.model,
        values=values,
        from_form=False,
        idempotency_key=idempotency_key or None,
        body_hash=_fingerprint(data),
    )
    return _answer(placed)


def _answer(placed: Answer) -> JobAnswer:
    match placed:
        case Placed(job):
            return job_answer(job)
        case Invalid(errors):
            raise Unfit(errors)
        case UnknownModel(sentence=sentence):
            raise Refused(404, "unknown_model", sentence)
        case NotReady(sentence):
            raise Refused(409, "not_ready", sentence)
        case KeyReused(sentence):
            raise Refused(409, "idempotency_key_reused", sentence)
        case PriceRose(sentence=sentence):
            raise Refused(409, "price_rose", sentence)


def _fingerprint(data: NewJob) -> str:
    """Of what was asked for, however it was spaced or ordered, before data URIs became uploads."""
    return hashlib.sha256(msgspec.json.encode(data, order="deterministic")).hexdigest()
