"""What every company says when it does not take an order, and the class that it becomes."""

import pytest
from msgspec import json

from models.spec.values import JSON
from providers.client.interpret import interpret_submit
from providers.client.responses import HTTPResponse
from providers.outcomes import Limited, Operation, Refused, Unclear
from tests.providers.descriptions import ALL, NAMES


def judged(name: str, status: int, body: object, headers: dict[str, str] | None = None) -> object:
    content = body if isinstance(body, bytes) else json.encode(body)
    answer = HTTPResponse.read(status, headers or {}, content)
    return interpret_submit(ALL[name], answer, Operation("", endpoint="m", mode="t2v"), [ALL[name].base])


def runway(text: str) -> JSON:
    return {"error": text}


def openai(code: str, message: str = "no") -> JSON:
    return {"error": {"message": message, "type": "invalid_request_error", "param": "prompt", "code": code}}


def ark(code: str) -> JSON:
    return {"error": {"code": code, "message": "no", "param": "", "type": "BadRequest"}}


def wan(code: str) -> JSON:
    return {"code": code, "message": "no", "request_id": "r"}


def minimax1(code: int) -> JSON:
    return {"base_resp": {"status_code": code, "status_msg": "no"}}


def minimax2(kind: str, number: int) -> JSON:
    return {
        "type": "error",
        "error": {"type": kind, "message": f"no ({number})", "http_code": "4"},
        "request_id": "r",
    }


def kling(code: int) -> JSON:
    return {"code": code, "message": "no", "request_id": "r"}


def pixverse(code: int) -> JSON:
    return {"ErrCode": code, "ErrMsg": "invalid param", "Resp": None}


def google(status: str) -> JSON:
    return {"error": {"code": 400, "message": "no", "status": status}}


def vidu(code: str) -> JSON:
    return {"code": code, "message": "no", "metadata": {}}


COMFY: JSON = {
    "error": {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation", "details": ""},
    "node_errors": {
        "1": {
            "errors": [{"type": "custom_validation_failed", "message": "Custom validation failed for node",
                        "details": "image - Invalid image file: absent.png", "extra_info": {"input_name": "image"}}],
            "dependent_outputs": ["8"], "class_type": "LoadImage",
        }
    },
}  # fmt: skip

# wire · HTTP status · answer → class
REFUSED: list[tuple[str, int, JSON, str]] = [
    ("replicate", 402, {"title": "Insufficient credit", "detail": "You have insufficient credit"}, "no_credit"),
    ("replicate", 422, {"title": "Input validation failed", "detail": "- duration"}, "invalid_input"),
    ("fal", 403, {"detail": "User is locked. Reason: Exhausted balance."}, "no_credit"),
    ("fal", 422, {"detail": [{"msg": "no", "type": "content_policy_violation"}]}, "moderation"),
    ("runway", 400, runway("Validation of body failed"), "invalid_input"),
    ("runway", 400, runway("You do not have enough credits to run this task."), "no_credit"),
    ("runway", 401, runway("no key"), "auth"),
    ("luma", 400, {"detail": "Insufficient credits"}, "no_credit"),
    ("luma", 400, {"detail": "Invalid prompt"}, "invalid_input"),
    ("luma", 400, {"detail": "Prompt was blocked by moderation"}, "moderation"),
    ("luma", 403, {"detail": "Not authenticated"}, "auth"),
    ("veo", 400, google("INVALID_ARGUMENT"), "invalid_input"),
    ("veo", 400, google("FAILED_PRECONDITION"), "invalid_input"),
    ("veo", 403, google("PERMISSION_DENIED"), "auth"),
    ("veo", 404, google("NOT_FOUND"), "invalid_input"),
    ("openai", 400, openai("moderation_blocked"), "moderation"),
    ("openai", 429, openai("insufficient_quota"), "no_credit"),
    ("openai", 400, openai("billing_hard_limit_reached"), "no_credit"),
    ("openai", 401, openai("invalid_api_key"), "auth"),
    ("openai", 400, openai("invalid_value"), "invalid_input"),
    ("xai", 400, {"error": {"message": "rejected by content moderation", "type": "x", "code": "c"}}, "moderation"),
    ("xai", 400, {"code": "invalid-argument", "error": "duration is too long"}, "invalid_input"),
    ("xai", 403, {"error": "no"}, "auth"),
    ("seedance", 400, ark("InputTextSensitiveContentDetected"), "moderation"),
    ("seedance", 400, ark("InputImageSensitiveContentDetected.PrivacyInformation"), "moderation"),
    ("seedance", 403, ark("AccountOverdueError"), "no_credit"),
    ("seedance", 403, ark("OperationDenied"), "auth"),
    ("seedance", 400, ark("InvalidParameter.UnsupportedModel"), "invalid_input"),
    ("seedance", 404, ark("InvalidEndpointOrModel.NotFound"), "invalid_input"),
    ("wan", 400, wan("DataInspectionFailed"), "moderation"),
    ("wan", 400, wan("Arrearage"), "no_credit"),
    ("wan", 429, wan("Throttling.AllocationQuota"), "no_credit"),
    ("wan", 401, wan("InvalidApiKey"), "auth"),
    ("wan", 403, wan("Model.AccessDenied"), "auth"),
    ("wan", 400, wan("InvalidParameter"), "invalid_input"),
    ("minimax", 200, minimax1(1026), "moderation"),
    ("minimax", 200, minimax1(1008), "no_credit"),
    ("minimax", 200, minimax1(1028), "no_credit"),
    ("minimax", 200, minimax1(1030), "no_credit"),
    ("minimax", 200, minimax1(2056), "no_credit"),
    ("minimax", 200, minimax1(2061), "no_credit"),
    ("minimax", 200, minimax1(2049), "auth"),
    ("minimax", 200, minimax1(2013), "invalid_input"),
    ("minimax", 422, minimax2("unprocessable_entity_error", 1026), "moderation"),
    ("minimax", 402, minimax2("insufficient_balance_error", 1008), "no_credit"),
    ("minimax", 401, minimax2("authorized_error", 1004), "auth"),
    ("minimax", 400, minimax2("bad_request_error", 2013), "invalid_input"),
    ("kling", 429, kling(1100), "no_credit"),
    ("kling", 429, kling(1101), "no_credit"),
    ("kling", 429, kling(1102), "no_credit"),
    ("kling", 429, kling(1304), "auth"),
    ("kling", 401, kling(1002), "auth"),
    ("kling", 403, kling(1103), "auth"),
    ("kling", 400, kling(1201), "invalid_input"),
    ("kling", 404, kling(1203), "invalid_input"),
    ("kling", 400, kling(1301), "moderation"),
    ("pixverse", 200, pixverse(400017), "invalid_input"),
    ("pixverse", 200, pixverse(500090), "no_credit"),
    ("pixverse", 200, pixverse(10001), "auth"),
    ("pixverse", 401, pixverse(10003), "auth"),
    ("vidu", 400, vidu("FieldUnwanted"), "invalid_input"),
    ("vidu", 400, vidu("ImageDownloadFailure"), "invalid_input"),
    ("vidu", 400, vidu("TaskPromptPolicyViolation"), "moderation"),
    ("vidu", 400, vidu("AuditSubmitIllegal"), "moderation"),
    ("vidu", 400, vidu("CreditInsufficient"), "no_credit"),
    ("vidu", 401, {"reason": "Unauthorized", "message": "no"}, "auth"),
    ("vidu", 400, {"code": 400, "reason": "CreditInsufficient", "message": "no"}, "no_credit"),
    ("runway", 400, runway("Your request was rejected by our content moderation."), "moderation"),
    ("xai", 403, {"error": "Your team has used all available credits"}, "no_credit"),
    ("minimax", 500, {"type": "error", "error": {"type": "server_error", "message": "record not found (1000)"}},
     "invalid_input"),
    ("comfyui", 400, COMFY, "invalid_input"),
    ("comfyui", 400, {"error": {"type": "missing_node_type", "message": "Node 'overlay' not found."}}, "invalid_input"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "status", "body", "kind"), REFUSED)
def test_a_refusal_has_its_class_and_is_not_billed(name: str, status: int, body: JSON, kind: str) -> None:
    answer = judged(name, status, body)
    assert isinstance(answer, Refused)
    assert (answer.error.kind, answer.error.billing) == (kind, "not_billed")
    assert ALL[name].display_name in answer.error.sentence


LIMITED: list[tuple[str, int, JSON, dict[str, str], float | None]] = [
    ("replicate", 429, {"detail": "Your rate limit resets in ~30s."}, {}, 30.0),
    ("fal", 429, {"detail": "slow"}, {"retry-after": "7"}, 7.0),
    ("runway", 429, runway("too many"), {"Retry-After": "9"}, 9.0),
    ("luma", 429, {"detail": "Rate limit exceeded"}, {"Retry-After": "5"}, 5.0),
    ("veo", 429, {"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED",
                            "details": [{"@type": "x.RetryInfo", "retryDelay": "30s"}]}}, {}, 30.0),
    ("openai", 429, openai("rate_limit_exceeded"), {"retry-after-ms": "1500", "Retry-After": "9"}, 1.5),
    ("xai", 429, {"error": "team limit"}, {}, None),
    ("seedance", 429, ark("RateLimitExceeded.EndpointRPMExceeded"), {}, None),
    ("seedance", 429, ark("ServerOverloaded"), {}, None),
    ("wan", 429, wan("Throttling.RateQuota"), {}, None),
    ("minimax", 200, minimax1(1002), {}, None),
    ("minimax", 429, minimax2("rate_limit_error", 1002), {}, None),
    ("kling", 429, kling(1302), {}, None),
    ("kling", 429, {"code": 1303, "message": "parallel task over resource pack limit"}, {}, None),
    ("pixverse", 200, pixverse(500044), {"Retry-After": "4"}, 4.0),
    ("pixverse", 429, pixverse(0), {}, None),
    ("vidu", 429, vidu("QuotaExceeded"), {}, None),
    ("vidu", 400, vidu("OperationInProcess"), {}, None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "status", "body", "headers", "wait"), LIMITED)
def test_too_many_orders_wait(
    name: str, status: int, body: JSON, headers: dict[str, str], wait: float | None
) -> None:
    answer = judged(name, status, body, headers)
    assert isinstance(answer, Limited)
    assert answer.retry_after == wait


DOWN: list[tuple[str, int, JSON]] = [
    ("runway", 502, runway("bad gateway")),
    ("luma", 500, {"detail": "oops"}),
    ("veo", 503, google("UNAVAILABLE")),
    ("openai", 500, openai("server_error")),
    ("xai", 500, {"error": "oops"}),
    ("seedance", 500, ark("InternalServiceError")),
    ("wan", 500, wan("InternalError.Timeout")),
    ("minimax", 200, minimax1(1000)),
    ("minimax", 500, minimax2("server_error", 1000)),
    ("kling", 500, kling(5000)),
    ("kling", 503, kling(5001)),
    ("pixverse", 500, pixverse(99999)),
    ("vidu", 500, vidu("InternalServiceFailure")),
    ("comfyui", 500, "500 Internal Server Error"),
]


@pytest.mark.parametrize(("name", "status", "body"), DOWN)
def test_a_provider_that_is_down_may_have_taken_the_order(name: str, status: int, body: JSON) -> None:
    assert isinstance(judged(name, status, body), Unclear)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("status", "body"), [(502, b"<html>"), (200, b"<html>"), (200, b"{}"), (302, b""), (408, b"")]
)
def test_nothing_that_is_no_answer_is_taken_for_one(name: str, status: int, body: bytes) -> None:
    assert isinstance(judged(name, status, body), Unclear)


def test_no_wire_is_without_refusals() -> None:
    assert {row[0] for row in REFUSED} == set(NAMES)
    assert {row[0] for row in LIMITED} | {"comfyui"} == set(NAMES)


def test_comfyui_blames_the_nodes_input_in_its_words() -> None:
    answer = judged("comfyui", 400, COMFY)
    assert isinstance(answer, Refused)
    assert (answer.error.field, answer.error.message) == ("image", "image - Invalid image file: absent.png")


def test_the_words_of_an_envelope_that_says_success_are_no_error() -> None:
    accepted = judged("kling", 200, {"code": 0, "message": "SUCCEED", "data": {}})
    assert accepted == Unclear("Kling answered 200 to the order without an id")
