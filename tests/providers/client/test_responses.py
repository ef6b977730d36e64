"""Results on the pure interpreter: when a success is one, what its files are, and what it cost."""

import pytest
from msgspec import json, structs

from providers.client.polling import poll_steps
from providers.client.responses import HTTPResponse
from providers.description.schema import OutputPlaces
from providers.outcomes import Cost, Operation, OutputFile, PollResult, Unanswered
from tests.providers.asking import COMPLETED, FAL_LINKS, PREDICTION, QUEUED, TASK, look, seen
from tests.providers.descriptions import ALL, FAL, NUMBERS, REPLICATE


@pytest.mark.parametrize(
    "output",
    [
        "https://replicate.delivery/a.mp4",
        ["https://replicate.delivery/a.mp4"],
        [{"url": "https://replicate.delivery/a.mp4"}],
    ],
)
def test_a_prediction_succeeds_with_whatever_shape_of_output(output: object) -> None:
    outcome = seen(REPLICATE, PREDICTION, (200, {"status": "succeeded", "output": output}))
    assert outcome == PollResult(
        "succeeded", progress=1.0, outputs=(OutputFile("https://replicate.delivery/a.mp4"),), billing="billed"
    )


@pytest.mark.parametrize(
    "output", [None, "", [], {}, 5, "http://replicate.delivery/a.mp4", "file:///etc/passwd"]
)
def test_success_without_a_file_that_may_be_fetched_is_a_failure(output: object) -> None:
    outcome = seen(REPLICATE, PREDICTION, (200, {"status": "succeeded", "output": output}))
    assert outcome.error
    assert (outcome.state, outcome.error.kind, outcome.billing) == ("failed", "bad_output", "unknown")


def test_removed_data_is_expired() -> None:
    outcome = seen(
        REPLICATE, PREDICTION, (200, {"status": "succeeded", "output": None, "data_removed": True})
    )
    assert outcome.error
    assert outcome.error.kind == "expired"


def test_a_failed_prediction_is_classed_by_its_words() -> None:
    words = "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"
    outcome = seen(REPLICATE, PREDICTION, (200, {"status": "failed", "error": words}))
    assert outcome.error
    assert (outcome.error.kind, outcome.error.retryable, outcome.billing) == ("moderation", False, "unknown")
    other = seen(REPLICATE, PREDICTION, (200, {"status": "failed", "error": "CUDA error"}))
    assert other.error
    assert (other.error.kind, other.error.message, other.error.retryable) == ("unknown", "CUDA error", True)


def test_fals_completed_is_success_only_with_its_result() -> None:
    video = {
        "url": "https://v3.fal.media/o.mp4",
        "content_type": "video/mp4",
        "width": 1280,
        "height": 720,
        "duration": 5.0,
    }
    outcome, asked = look(FAL, QUEUED, COMPLETED, (200, {"video": video, "seed": 42}))
    assert outcome == PollResult(
        "succeeded",
        progress=1.0,
        outputs=(OutputFile("https://v3.fal.media/o.mp4", "video", 1280, 720, 5.0, "mp4"),),
        billing="billed",
    )
    assert [request.url for request in asked] == [FAL_LINKS["status"], FAL_LINKS["result"]]
    assert asked[0].query == {"logs": "1"}


@pytest.mark.parametrize(
    ("status", "body", "kind", "billing"),
    [
        (422, {"detail": [{"msg": "no", "type": "content_policy_violation"}]}, "moderation", "unknown"),
        (
            422,
            {"detail": [{"msg": "no", "type": "image_too_small", "loc": ["body", "image_url"]}]},
            "invalid_input",
            "unknown",
        ),
        (403, {"detail": "User is locked. Reason: Exhausted balance."}, "no_credit", "unknown"),
        (500, {"detail": [{"msg": "x", "type": "internal_server_error"}]}, "provider_down", "not_billed"),
        (504, {"detail": "x", "error_type": "startup_timeout"}, "provider_down", "not_billed"),
    ],
)
def test_the_http_error_of_fals_result_is_the_failure(
    status: int, body: object, kind: str, billing: str
) -> None:
    outcome = seen(FAL, QUEUED, COMPLETED, (status, body))
    assert outcome.error
    assert (outcome.state, outcome.error.kind, outcome.billing) == ("failed", kind, billing)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (502, b"<html>"),
        (500, {"detail": "Internal Server Error"}),
        (401, {"detail": "no"}),
        (429, {"detail": "x"}),
        (400, b"<html>"),
        (302, {}),
        (200, b"{"),
    ],
)
def test_an_outage_while_asking_for_the_result_is_no_verdict(status: int, body: object) -> None:
    assert isinstance(look(FAL, QUEUED, COMPLETED, (status, body))[0], Unanswered)


@pytest.mark.parametrize(
    "answers",
    [
        [(200, {"status": "COMPLETED", "error": "Request was cancelled", "error_type": "request_cancelled"})],
        [(200, {"status": "COMPLETED", "error": "x", "error_type": "client_cancelled"})],
        [(200, {"status": "COMPLETED", "error": "Request cancelled"})],
        [COMPLETED, (499, {"detail": "Request was cancelled"})],
    ],
)
def test_what_fal_calls_cancelled_is_canceled_and_no_failure(answers: list[tuple[int, object]]) -> None:
    assert seen(FAL, QUEUED, *answers) == PollResult("canceled", billing="unknown")


def test_a_request_dropped_from_fals_queue_by_our_cancel_is_canceled() -> None:
    assert seen(FAL, QUEUED, (404, {"detail": "x"}), cancel_sent=True) == PollResult(
        "canceled", billing="unknown"
    )


def test_a_result_that_is_not_ready_or_not_there_is_no_failure() -> None:
    assert seen(FAL, QUEUED, COMPLETED, (400, {"detail": "Request is still in progress"})) == PollResult(
        "processing"
    )
    gone, _ = look(FAL, QUEUED, COMPLETED, (404, {"detail": "Not found"}))
    assert isinstance(gone, Unanswered)
    assert gone.gone


def test_a_job_known_by_its_id_alone_can_be_looked_at() -> None:
    found = Operation("r1", endpoint="fal-ai/veo3.1/image-to-video")
    _, asked = look(FAL, found, COMPLETED, (200, {}))
    assert [request.url for request in asked] == [FAL_LINKS["status"], FAL_LINKS["result"]]
    _, asked = look(REPLICATE, Operation("gm3"), (200, {"status": "starting"}))
    assert asked[0].url == "/v1/predictions/gm3"


def test_an_id_that_would_climb_out_of_its_path_is_not_asked_about() -> None:
    for name in ("..", "../../v1/account", "a/../../b"):
        steps = poll_steps(REPLICATE, Operation(name), [])
        with pytest.raises(StopIteration) as end:
            next(steps)
        assert isinstance(end.value.value, Unanswered)


def test_a_third_step_carries_values_and_outputs_are_chosen_built_and_priced() -> None:
    files = [
        {"name": "a b.mp4", "sub": "", "type": "output", "w": 640},
        {"name": "preview.png", "sub": "", "type": "temp"},
        {"name": "c&d.webm", "sub": "x/y", "type": "output", "w": "0"},
    ]
    status = {"code": 0, "data": {"status": True, "file_id": 9}}
    outcome, asked = look(NUMBERS, TASK, (200, status), (200, {"data": {"files": files, "ticks": 500000000}}))
    assert asked[1].url == "/v1/files/9"
    assert asked[1].query == {"group": "g1", "missing": "t2v"}
    assert isinstance(outcome, PollResult)
    assert outcome.outputs == (
        OutputFile("/view?name=a%20b.mp4&sub=", width=640, keyed=True),
        OutputFile("/view?name=c%26d.webm&sub=x%2Fy", keyed=True),
    )
    assert outcome.cost == Cost("0.05", "USD", "Acme's answer")


@pytest.mark.parametrize(("ticks", "amount"), [(30000000000, "3"), ("12", "0.0000000012"), (0, "0")])
def test_a_cost_is_a_plain_decimal(ticks: object, amount: str) -> None:
    status = {"code": 0, "data": {"status": 3, "file_id": 9, "ticks": ticks}}
    outcome, _ = look(NUMBERS, TASK, (200, status), (200, {"data": {"files": []}}))
    assert isinstance(outcome, PollResult)
    assert outcome.cost == Cost(amount, "USD", "Acme's answer")


@pytest.mark.parametrize("ticks", ["-3", "1e9999999", "1e99999", "1e-99999", "Infinity", "NaN", "", "free"])
def test_a_cost_that_is_no_amount_is_none(ticks: str) -> None:
    status = {"code": 0, "data": {"status": 3, "file_id": 9, "ticks": ticks}}
    outcome, _ = look(NUMBERS, TASK, (200, status), (200, {"data": {"files": []}}))
    assert isinstance(outcome, PollResult)
    assert outcome.cost is None


def test_sizes_that_no_video_has_are_left_out() -> None:
    resp = {"status": 1, "url": "https://e/a.mp4", "outputWidth": 1e300, "outputHeight": -4}
    assert seen(ALL["pixverse"], TASK, (200, {"ErrCode": 0, "Resp": resp})).outputs == (
        OutputFile("https://e/a.mp4"),
    )
    [file] = seen(ALL["openai"], TASK, (200, {"status": "completed", "size": "9" * 5000 + "x1"})).outputs
    assert (file.width, file.height) == (None, None)


def test_a_rule_does_not_hold_where_its_exception_does() -> None:
    status = {"code": 0, "data": {"status": 3, "file_id": 9, "filtered": 1}}
    file = {"name": "a.mp4", "sub": "", "type": "output"}
    assert seen(NUMBERS, TASK, (200, status), (200, {"data": {"files": [file]}})).state == "succeeded"


def test_a_step_whose_value_is_missing_is_not_asked() -> None:
    outcome, asked = look(NUMBERS, TASK, (200, {"code": 0, "data": {"status": 3}}))
    assert isinstance(outcome, Unanswered)
    assert len(asked) == 1


def test_a_file_abroad_never_takes_the_key() -> None:
    wire = structs.replace(NUMBERS, then=(), output=OutputPlaces(each="/data/files/*", key="own-origin"))
    files = ["https://cdn.example/a.mp4", "https://api.acme.example/b.mp4"]
    outcome = seen(wire, TASK, (200, {"code": 0, "data": {"status": 3, "files": files}}))
    assert outcome.outputs == (OutputFile("https://cdn.example/a.mp4"), OutputFile("/b.mp4", keyed=True))


def test_the_same_file_named_twice_is_one_output() -> None:
    url = "https://replicate.delivery/a.mp4"
    outcome = seen(REPLICATE, PREDICTION, (200, {"status": "succeeded", "output": [url, url]}))
    assert len(outcome.outputs) == 1


def test_an_output_at_the_origin_of_a_sandbox_is_kept_relative() -> None:
    origin = "http://127.0.0.1:4000/replicate"
    body = {
        "status": "succeeded",
        "output": ["http://127.0.0.1:4000/replicate/f/a.mp4", "http://127.0.0.1:4000/_media/b.mp4"],
    }
    steps = poll_steps(REPLICATE, PREDICTION, [origin])
    next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send(HTTPResponse.read(200, {}, json.encode(body)))
    assert [file.url for file in end.value.value.outputs] == ["/f/a.mp4", "/../_media/b.mp4"]


def test_a_look_carries_the_wait_that_the_provider_asks_for() -> None:
    steps = poll_steps(REPLICATE, PREDICTION, [])
    next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send(HTTPResponse.read(200, {"Retry-After": "9"}, b'{"status": "processing"}'))
    assert end.value.value.retry_after == 9.0
