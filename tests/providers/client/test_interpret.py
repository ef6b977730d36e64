"""DESIGN's table of answers to a submission, row by row, on the pure interpreter."""

import pytest
from msgspec import json

from providers.client.interpret import interpret_submit
from providers.client.responses import HTTPResponse
from providers.description.schema import ProviderDescription
from providers.outcomes import Accepted, Limited, Operation, Refused, Unclear
from tests.providers.descriptions import FAL, NUMBERS, REPLICATE

ORDER = Operation("", endpoint="owner/name", mode="t2v")


def judged(
    wire: ProviderDescription, status: int, body: object, headers: dict[str, str] | None = None
) -> object:
    content = body if isinstance(body, bytes) else json.encode(body)
    return interpret_submit(wire, HTTPResponse.read(status, headers or {}, content), ORDER, [wire.base])


@pytest.mark.parametrize(
    ("wire", "status", "body", "kind"),
    [
        (REPLICATE, 422, {"title": "Input validation failed", "detail": "- input.duration"}, "invalid_input"),
        (
            REPLICATE,
            402,
            {"title": "Insufficient credit", "detail": "You have insufficient credit."},
            "no_credit",
        ),
        (REPLICATE, 401, {"title": "Unauthenticated", "detail": "You did not pass a token"}, "auth"),
        (REPLICATE, 404, {"detail": "The requested resource could not be found."}, "invalid_input"),
        (REPLICATE, 400, {"detail": "The input was flagged as sensitive (E005)"}, "moderation"),
        (REPLICATE, 403, b"<html>no entry</html>", "auth"),
        (FAL, 403, {"detail": "User is locked. Reason: Exhausted balance. Top up."}, "no_credit"),
        (FAL, 403, {"detail": "forbidden"}, "auth"),
        (FAL, 422, {"detail": [{"loc": ["body", "x"], "msg": "no", "type": "value_error"}]}, "invalid_input"),
        (FAL, 422, {"detail": [{"msg": "no", "type": "content_policy_violation"}]}, "moderation"),
        (NUMBERS, 429, {"code": 1101, "message": "arrears"}, "no_credit"),
        (NUMBERS, 200, {"code": 1301, "message": "content"}, "moderation"),
        (NUMBERS, 200, {"code": 77, "message": "never heard of"}, "unknown"),
        (NUMBERS, 503, {"code": 1304, "message": "we take no orders from there"}, "provider_down"),
    ],
)
def test_a_refusal_is_not_billed_and_its_body_decides_its_class(
    wire: ProviderDescription, status: int, body: object, kind: str
) -> None:
    answer = judged(wire, status, body)
    assert isinstance(answer, Refused)
    assert (answer.error.kind, answer.error.billing) == (kind, "not_billed")
    assert "It was not billed." in answer.error.sentence


@pytest.mark.parametrize(
    ("wire", "status", "body", "headers", "wait"),
    [
        (REPLICATE, 429, {"detail": "throttled"}, {"Retry-After": "7"}, 7.0),
        (REPLICATE, 429, {"detail": "Request was throttled. Your rate limit resets in ~30s."}, {}, 30.0),
        (FAL, 429, b"", {}, None),
        (FAL, 429, b"", {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0.0),
        (FAL, 429, b"", {"retry-after": "999999"}, 3600.0),
        (FAL, 429, b"", {"retry-after": "soon"}, None),
        (FAL, 429, b"", {"retry-after-ms": "9" * 400}, 3600.0),
        (FAL, 429, b"", {"retry-after": "Thu, 01 Jan 99999999999 00:00:00 GMT"}, None),
        (FAL, 429, b"", {"retry-after": f"Thu, 01 Jan 2026 00:00:00 +{9**30}"}, None),
        (NUMBERS, 200, {"code": 1303, "message": "parallel task over limit"}, {}, None),
        (NUMBERS, 503, {"code": 1303, "message": "too many"}, {"retry-after": "2"}, 2.0),
    ],
)
def test_too_many_requests_wait_as_long_as_the_provider_says(
    wire: ProviderDescription, status: int, body: object, headers: dict[str, str], wait: float | None
) -> None:
    answer = judged(wire, status, body, headers)
    assert isinstance(answer, Limited)
    assert (answer.retry_after, answer.error.kind) == (wait, "rate_limited")


@pytest.mark.parametrize(
    ("wire", "status", "body"),
    [
        (REPLICATE, 201, {"status": "starting"}),
        (REPLICATE, 201, {"id": "", "status": "starting"}),
        (REPLICATE, 201, {"id": None}),
        (REPLICATE, 201, {"id": True}),
        (REPLICATE, 200, b"<html>hello</html>"),
        (REPLICATE, 200, b'{"id": "abc'),
        (REPLICATE, 200, b""),
        (REPLICATE, 200, b"\xff\xfe"),
        (REPLICATE, 200, [1, 2]),
        (REPLICATE, 302, {"id": "abc"}),
        (REPLICATE, 304, b""),
        (REPLICATE, 408, {"detail": "timeout"}),
        (REPLICATE, 425, b""),
        (REPLICATE, 500, {"detail": "oops"}),
        (REPLICATE, 502, b"<html>bad gateway</html>"),
        (REPLICATE, 503, {"id": "abc"}),
        (FAL, 504, {"detail": "x", "error_type": "request_timeout"}),
        (NUMBERS, 200, {"code": 5000, "message": "internal"}),
        (NUMBERS, 500, {"code": 1301, "message": "moderation told by a broken server"}),
        (NUMBERS, 503, {"code": 1309, "message": "x"}),
    ],
)
def test_whatever_may_have_been_accepted_is_unclear(
    wire: ProviderDescription, status: int, body: object
) -> None:
    assert isinstance(judged(wire, status, body), Unclear)


def test_an_accepted_prediction_keeps_its_links_relative_to_the_origin() -> None:
    links = {"get": "https://api.replicate.com/v1/predictions/gm3", "cancel": "http://10.0.0.1/c", "web": "x"}
    answer = judged(REPLICATE, 201, {"id": "gm3", "status": "starting", "urls": links})
    assert answer == Accepted(
        Operation("gm3", {"get": "/v1/predictions/gm3"}, endpoint="owner/name", mode="t2v")
    )


def test_a_number_is_an_id_too_and_values_for_later_calls_are_kept() -> None:
    answer = judged(NUMBERS, 200, {"code": 0, "data": {"task_id": 318633193768896, "group": "g1"}})
    assert isinstance(answer, Accepted)
    assert answer.operation.id == "318633193768896"
    assert answer.operation.kept == {"group": "g1"}


def test_an_envelope_that_is_absent_refuses_nothing() -> None:
    assert isinstance(judged(NUMBERS, 200, {"data": {"task_id": "t"}}), Accepted)


def test_the_blamed_field_and_the_providers_words_reach_the_sentence() -> None:
    body = {
        "detail": [{"loc": ["body", "image_url", 0], "msg": "too  small\nby far", "type": "image_too_small"}]
    }
    answer = judged(FAL, 422, body)
    assert isinstance(answer, Refused)
    assert answer.error.field == "image_url"
    assert answer.error.sentence == (
        "fal did not accept the input (image_url): too small by far. It was not billed. Change it and run it again."
    )


def test_endless_words_are_cut() -> None:
    answer = judged(REPLICATE, 422, {"detail": "x" * 5000})
    assert isinstance(answer, Refused)
    assert len(answer.error.message) == 500
