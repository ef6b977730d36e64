"""Jobs go through the states that the real services show, on both wires."""

import io
import re
from typing import Any

import av
import pytest

from tests.providers.sandbox.running import RunningSandbox, in_order


def test_a_prediction_starts_processes_with_a_growing_log_and_succeeds(calm_sandbox: RunningSandbox) -> None:
    first = calm_sandbox.predict("A paper boat")
    seen = calm_sandbox.predicted(first)
    assert first["status"] == "starting"
    assert in_order([each["status"] for each in seen]) == ["starting", "processing", "succeeded"]
    lengths = [len(each["logs"]) for each in seen]
    assert lengths == sorted(lengths)
    assert len(set(lengths)) > 4
    bar = re.compile(r"^\s*(\d+)%\s*\|.+?\|\s*(\d+)/(\d+)")
    percents = [int(found[1]) for each in seen if (found := bar.match(each["logs"].rpartition("\n")[2]))]
    assert percents == sorted(percents)
    assert percents[-1] == 100


def test_a_prediction_tells_its_output_only_when_it_has_succeeded(calm_sandbox: RunningSandbox) -> None:
    *before, last = calm_sandbox.predicted(calm_sandbox.predict("A lighthouse"))
    assert {each["output"] for each in before} == {None}
    assert last["output"].startswith(calm_sandbox.url + "/replicate/")
    assert last["created_at"] < last["started_at"] < last["completed_at"]
    assert last["metrics"]["predict_time"] > 0
    clip = calm_sandbox.ask("GET", last["output"], key=False)
    assert clip.headers["content-type"] == "video/mp4"
    with av.open(io.BytesIO(clip.content), "r") as video:
        assert video.duration == pytest.approx(1_000_000, abs=42_000)


def test_a_fal_request_moves_up_in_the_queue_then_logs_then_has_a_result(
    calm_sandbox: RunningSandbox,
) -> None:
    first = calm_sandbox.request("A paper boat", endpoint="someone/video/text-to-video", seed=7)
    seen = calm_sandbox.requested(first)
    assert (
        first["status_url"] == f"{calm_sandbox.url}/fal/someone/video/requests/{first['request_id']}/status"
    )
    assert in_order([each["status"] for each in seen]) == ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]
    places = [each["queue_position"] for each in seen if each["status"] == "IN_QUEUE"]
    assert places == sorted(places, reverse=True)
    assert places[0] > places[-1] == 0
    logs = [len(each["logs"]) for each in seen if each["status"] != "IN_QUEUE"]
    assert logs == sorted(logs)
    assert set(seen[-1]["logs"][0]) == {"message", "level", "source", "timestamp"}
    answer = calm_sandbox.ask("GET", first["response_url"])
    assert answer.headers["x-fal-request-id"] == first["request_id"]
    result = answer.json()
    clip = calm_sandbox.ask("GET", result["video"]["url"], key=False)
    assert len(clip.content) == result["video"]["file_size"]
    assert (result["video"]["width"], result["video"]["height"], result["seed"]) == (456, 256, 7)


def test_fal_answers_202_until_it_is_over_and_keeps_logs_null_unless_asked(
    calm_sandbox: RunningSandbox,
) -> None:
    request = calm_sandbox.request("[fault: endless] A boat")
    calm_sandbox.watch(request["status_url"], ("IN_PROGRESS",))
    answer = calm_sandbox.ask("GET", request["status_url"])
    assert (answer.status_code, answer.json()["logs"]) == (202, None)


def test_a_fal_result_asked_for_too_early_says_so(sandbox: RunningSandbox) -> None:
    request = sandbox.request("[fault: endless] A boat")
    early = sandbox.ask("GET", request["response_url"])
    assert (early.status_code, early.json()) == (400, {"detail": "Request is still in progress"})


@pytest.mark.parametrize("state", ["starting", "processing"])
def test_a_prediction_can_be_canceled_in_the_queue_and_at_work(
    calm_sandbox: RunningSandbox, state: str
) -> None:
    prediction = calm_sandbox.predict("[fault: endless] A boat that never leaves")
    calm_sandbox.watch(prediction["urls"]["get"], (state,))
    assert calm_sandbox.ask("POST", prediction["urls"]["cancel"]).json()["status"] == "canceled"
    assert calm_sandbox.predicted(prediction)[-1]["output"] is None


def test_a_cancel_after_the_end_changes_nothing(sandbox: RunningSandbox) -> None:
    prediction = sandbox.predict("A boat")
    sandbox.predicted(prediction)
    assert sandbox.ask("POST", prediction["urls"]["cancel"]).json()["status"] == "succeeded"
    request = sandbox.request("A boat")
    sandbox.requested(request)
    late = sandbox.ask("PUT", request["cancel_url"])
    assert (late.status_code, late.json()) == (400, {"status": "ALREADY_COMPLETED"})


def test_a_fal_cancel_is_a_request_and_the_result_tells_how_it_ended(sandbox: RunningSandbox) -> None:
    request = sandbox.request("[fault: endless] A boat")
    asked = sandbox.ask("PUT", request["cancel_url"])
    assert (asked.status_code, asked.json()) == (202, {"status": "CANCELLATION_REQUESTED"})
    assert "error" in sandbox.requested(request)[-1]
    assert sandbox.ask("GET", request["response_url"]).status_code == 499


def test_prefer_wait_holds_the_answer_until_the_prediction_is_over(sandbox: RunningSandbox) -> None:
    body = {"version": "someone/video", "input": {"prompt": "Held", "resolution": "256p", "duration": 1}}
    held = sandbox.ask("POST", "/replicate/v1/predictions", json=body, headers={"prefer": "wait=60"})
    assert (held.status_code, held.json()["status"]) == (201, "succeeded")
    body["input"] = {"prompt": "[fault: endless] Held"}
    short = sandbox.ask("POST", "/replicate/v1/predictions", json=body, headers={"prefer": "wait=1"})
    assert (short.status_code, short.json()["status"]) == (202, "processing")


def test_cancel_after_ends_a_prediction_at_its_deadline(sandbox: RunningSandbox) -> None:
    body = {"version": "someone/video", "input": {"prompt": "[fault: endless] Late"}}
    late = sandbox.ask("POST", "/replicate/v1/predictions", json=body, headers={"cancel-after": "1s"}).json()
    assert late["deadline"] > late["created_at"]
    assert sandbox.predicted(late)[-1]["status"] == "canceled"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/replicate/v1/predictions", {}),
        ("/replicate/v1/predictions", {"authorization": "Key abc"}),
        ("/replicate/v1/predictions", {"authorization": "Bearer"}),
        ("/fal/someone/video", {}),
        ("/fal/someone/video", {"authorization": "Bearer abc"}),
    ],
)
def test_a_missing_key_or_a_wrong_scheme_is_401_and_orders_nothing(
    sandbox: RunningSandbox, path: str, headers: dict[str, str]
) -> None:
    before = sandbox.submissions()["total"]
    body = {"version": "a/b", "input": {"prompt": "x"}, "prompt": "x"}
    assert sandbox.ask("POST", path, key=False, headers=headers, json=body).status_code == 401
    assert sandbox.submissions()["total"] == before


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/replicate/v1/models/a/b/predictions", {}, 422),
        ("/replicate/v1/models/a/b/predictions", {"input": {"prompt": 5}}, 422),
        ("/replicate/v1/models/minimax/hailuo-02/predictions", {"input": {}}, 422),
        ("/replicate/v1/predictions", {"input": {"prompt": "x"}}, 422),
        ("/replicate/v1/predictions", {"version": "a/b", "input": {}, "webhook": {}}, 422),
        ("/replicate/v1/predictions", {"version": "a/b", "input": {}, "webhook_events_filter": ["x"]}, 422),
        ("/replicate/v1/predictions", ["x"], 400),
        ("/fal/a/b", "x", 400),
    ],
)
def test_a_submission_that_makes_no_sense_is_refused(
    sandbox: RunningSandbox, path: str, body: Any, status: int
) -> None:
    answer = sandbox.ask("POST", path, json=body)
    assert (answer.status_code, "detail" in answer.json()) == (status, True)


def test_fal_accepts_a_wrong_prompt_and_tells_at_the_result(sandbox: RunningSandbox) -> None:
    answer = sandbox.ask("POST", "/fal/fal-ai/veo3.1", json={"prompt": 5}).json()
    sandbox.requested(answer)
    result = sandbox.ask("GET", answer["response_url"])
    (entry,) = result.json()["detail"]
    assert result.status_code == 422
    assert (entry["loc"], entry["type"], entry["input"]) == (["body", "prompt"], "string_type", 5)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/replicate/v1/predictions/nobody"),
        ("POST", "/replicate/v1/predictions/nobody/cancel"),
        ("GET", "/fal/a/b/requests/nobody"),
        ("GET", "/fal/a/b/requests/nobody/status"),
        ("PUT", "/fal/a/b/requests/nobody/cancel"),
        ("GET", "/replicate/v1/nothing"),
        ("GET", "/replicate/delivery/nobody/output.mp4"),
        ("GET", "/elsewhere"),
    ],
)
def test_what_is_not_there_is_404(sandbox: RunningSandbox, method: str, path: str) -> None:
    assert sandbox.ask(method, path).status_code == 404


def test_predictions_are_listed_newest_first(sandbox: RunningSandbox) -> None:
    older, newer = sandbox.predict("Older"), sandbox.predict("Newer")
    listed = [each["id"] for each in sandbox.ask("GET", "/replicate/v1/predictions").json()["results"]]
    assert listed[:2] == [newer["id"], older["id"]]


def test_links_follow_the_host_that_was_asked(sandbox: RunningSandbox) -> None:
    prediction = sandbox.ask("GET", "/replicate/v1/predictions").json()["results"][0]["id"]
    own = sandbox.ask("GET", f"/replicate/v1/predictions/{prediction}", headers={"host": "localhost:81"})
    assert own.json()["urls"]["get"] == f"http://localhost:81/replicate/v1/predictions/{prediction}"


def test_submissions_are_counted_by_prompt(sandbox: RunningSandbox) -> None:
    before = sandbox.submissions()["total"]
    sandbox.predict("Counted twice")
    request = sandbox.request("Counted twice")
    told = sandbox.submissions()
    assert told["total"] == before + 2
    assert told["by_prompt"]["Counted twice"] == 2
    last = told["submissions"][-1]
    assert (last["provider"], last["id"], last["endpoint"]) == ("fal", request["request_id"], "someone/video")
    assert last["billed"] is True
