"""Every fault of the table does what it says, on both wires, however it is asked for."""

import io
import time
from typing import Any

import av
import httpx
import pytest

from providers.sandbox.faults import FAULTS, TABLE, UnknownFaultError, marks_in, struck
from tests.providers.sandbox.running import SHORT, RunningSandbox, in_order
from tests.support import until

WIRES = ["replicate", "fal"]
HOUR = 3600.0
REFUSED = [
    ("refuse", 400, 400),
    ("bad_key", 401, 401),
    ("no_credit", 402, 403),
    ("not_found", 404, 404),
    ("invalid_input", 422, 422),
    ("blocked", 422, 422),
    ("rate_limit", 429, 429),
    ("busy", 429, 429),
    ("error_before", 500, 500),
]


def submit(sandbox: RunningSandbox, wire: str, prompt: str, **more: Any) -> httpx.Response:
    given = {"prompt": prompt, "resolution": "256p", "duration": 1}
    path = "/replicate/v1/models/a/b/predictions" if wire == "replicate" else "/fal/a/b"
    return sandbox.ask("POST", path, json={"input": given} if wire == "replicate" else given, **more)


def accepted(sandbox: RunningSandbox, prompt: str) -> int:
    return int(sandbox.submissions()["by_prompt"].get(prompt, 0))


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(("fault", "replicate", "fal"), REFUSED)
def test_a_refusal_has_its_status_and_accepts_nothing(
    sandbox: RunningSandbox, wire: str, fault: str, replicate: int, fal: int
) -> None:
    prompt = f"[fault: {fault}] on {wire}"
    answer = submit(sandbox, wire, prompt)
    assert answer.status_code == (replicate if wire == "replicate" else fal)
    assert answer.json()["detail"]
    assert answer.headers.get("retry-after") == ("2" if fault in ("rate_limit", "busy") else None)
    assert accepted(sandbox, prompt) == 0
    assert sandbox.submissions()["attempts"][prompt] == 1


@pytest.mark.parametrize("wire", WIRES)
def test_a_rate_limit_in_a_prompt_lets_the_third_attempt_through(sandbox: RunningSandbox, wire: str) -> None:
    prompt = f"[fault: rate_limit] {wire} thrice"
    assert [submit(sandbox, wire, prompt).is_success for _ in range(3)] == [False, False, True]
    assert accepted(sandbox, prompt) == 1


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
def test_a_dropped_connection_ends_without_an_answer(sandbox: RunningSandbox, wire: str, fault: str) -> None:
    prompt = f"[fault: {fault}] {wire}"
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        submit(sandbox, wire, prompt)
    assert accepted(sandbox, prompt) == (fault == "drop_after")


@pytest.mark.parametrize("wire", WIRES)
def test_a_stalled_submission_is_accepted_and_never_answered(sandbox: RunningSandbox, wire: str) -> None:
    prompt = f"[fault: stall] {wire}"
    with pytest.raises(httpx.ReadTimeout):
        submit(sandbox, wire, prompt, timeout=SHORT)
    until(lambda: accepted(sandbox, prompt) == 1 or None, "it is accepted")


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [("error_after", 500, "json"), ("malformed", 200, "broken"), ("html", 200, "html")],
)
def test_an_accepted_submission_can_be_answered_badly(
    sandbox: RunningSandbox, wire: str, fault: str, status: int, kind: str
) -> None:
    prompt = f"[fault: {fault}] {wire}"
    answer = submit(sandbox, wire, prompt)
    assert (answer.status_code, accepted(sandbox, prompt)) == (status, 1)
    if kind == "json":
        assert answer.json()["detail"]
        return
    assert answer.headers["content-type"] == ("text/html" if kind == "html" else "application/json")
    with pytest.raises(ValueError, match=r".+"):
        answer.json()


def test_moderation_on_replicate_ends_as_failed_with_the_services_words(sandbox: RunningSandbox) -> None:
    last = sandbox.predicted(sandbox.predict("[fault: moderation]"))[-1]
    assert (last["status"], last["output"], "E005" in last["error"]) == ("failed", None, True)


def test_moderation_on_fal_is_complete_and_shows_only_at_the_result(sandbox: RunningSandbox) -> None:
    request = sandbox.request("[fault: moderation]")
    assert "error" not in sandbox.requested(request)[-1]
    result = sandbox.ask("GET", request["response_url"])
    assert (result.status_code, result.json()["detail"][0]["type"]) == (422, "content_policy_violation")


def test_a_failure_comes_midway_and_is_not_billed(calm_sandbox: RunningSandbox) -> None:
    seen = calm_sandbox.predicted(calm_sandbox.predict("[fault: fail] Replicate"))
    assert in_order([each["status"] for each in seen]) == ["starting", "processing", "failed"]
    assert seen[-1]["error"]
    request = calm_sandbox.request("[fault: fail] fal")
    assert calm_sandbox.requested(request)[-1]["error_type"] == "internal_server_error"
    result = calm_sandbox.ask("GET", request["response_url"])
    assert (result.status_code, result.headers["x-fal-error-type"]) == (500, "internal_server_error")
    assert {
        each["billed"] for each in calm_sandbox.submissions()["submissions"] if "fail]" in each["prompt"]
    } == {False}


def test_an_input_can_be_found_wrong_late(sandbox: RunningSandbox) -> None:
    last = sandbox.predicted(sandbox.predict("[fault: rejected_input]"))[-1]
    assert (last["status"], "prompt" in last["error"]) == ("failed", True)
    request = sandbox.request("[fault: rejected_input]")
    sandbox.requested(request)
    assert sandbox.ask("GET", request["response_url"]).json()["detail"][0]["loc"] == ["body", "prompt"]


def test_an_unknown_state_is_shown_while_it_runs_and_the_job_ends_well(calm_sandbox: RunningSandbox) -> None:
    seen = calm_sandbox.predicted(calm_sandbox.predict("[fault: unknown_state]"))
    assert in_order([each["status"] for each in seen]) == ["starting", "rehearsing", "succeeded"]
    seen = calm_sandbox.requested(calm_sandbox.request("[fault: unknown_state]"))
    assert in_order([each["status"] for each in seen]) == ["IN_QUEUE", "WARMING_UP", "COMPLETED"]


def test_an_endless_job_runs_until_it_is_canceled(calm_sandbox: RunningSandbox) -> None:
    prediction = calm_sandbox.predict("[fault: endless]")
    calm_sandbox.move(HOUR)
    assert calm_sandbox.ask("GET", prediction["urls"]["get"]).json()["status"] == "processing"
    calm_sandbox.ask("POST", prediction["urls"]["cancel"])
    assert calm_sandbox.predicted(prediction)[-1]["status"] == "canceled"


def output_of(sandbox: RunningSandbox, wire: str, prompt: str) -> str:
    """The address of a finished clip."""
    if wire == "replicate":
        return str(sandbox.predicted(sandbox.predict(prompt))[-1]["output"])
    request = sandbox.request(prompt)
    sandbox.requested(request)
    return str(sandbox.ask("GET", request["response_url"]).json()["video"]["url"])


@pytest.mark.parametrize("wire", WIRES)
def test_an_expired_output_is_gone(sandbox: RunningSandbox, wire: str) -> None:
    assert sandbox.ask("GET", output_of(sandbox, wire, "[fault: expired_output]")).status_code == 404


@pytest.mark.parametrize("wire", WIRES)
def test_a_truncated_output_ends_before_its_announced_length(sandbox: RunningSandbox, wire: str) -> None:
    address = output_of(sandbox, wire, "[fault: truncated_output]")
    with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
        sandbox.ask("GET", address)


@pytest.mark.parametrize("wire", WIRES)
def test_a_damaged_output_looks_whole_and_does_not_decode(sandbox: RunningSandbox, wire: str) -> None:
    damaged = sandbox.ask("GET", output_of(sandbox, wire, "[fault: damaged_output]"))
    assert damaged.headers["content-length"] == str(len(damaged.content))
    with av.open(io.BytesIO(damaged.content), "r") as video, pytest.raises(av.FFmpegError):
        list(video.decode(video=0))


@pytest.mark.parametrize("wire", WIRES)
def test_an_output_of_the_wrong_type_is_a_page(sandbox: RunningSandbox, wire: str) -> None:
    page = sandbox.ask("GET", output_of(sandbox, wire, "[fault: wrong_type]"))
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html")


def test_a_slow_download_takes_its_time(sandbox: RunningSandbox) -> None:
    address = output_of(sandbox, "replicate", "[fault: slow_download] A boat in the fog, slowly, slowly")
    started = time.monotonic()
    clip = sandbox.ask("GET", address)
    seconds = time.monotonic() - started
    assert len(clip.content) / seconds < 64 * 1024, "a slow machine makes it only slower"


def test_a_header_or_the_address_asks_for_this_request_alone(sandbox: RunningSandbox) -> None:
    prediction = sandbox.predict("Asked by header")
    address = prediction["urls"]["get"]
    assert sandbox.ask("GET", address + "?fault=error_before").status_code == 500
    assert (
        sandbox.ask("GET", address, headers={"x-sandbox-fault": "html"}).headers["content-type"]
        == "text/html"
    )
    assert sandbox.predicted(prediction)[-1]["status"] == "succeeded"
    failing = submit(sandbox, "replicate", "Asked by header", headers={"x-sandbox-fault": "fail"}).json()
    assert sandbox.predicted(failing)[-1]["status"] == "failed"


def test_a_prompt_can_name_the_looks_the_cancel_and_the_output(sandbox: RunningSandbox) -> None:
    marks = "[fault: error_before on look x2] [fault: malformed on look x1] [fault: refuse on cancel]"
    prediction = sandbox.predict(f"{marks} [fault: not_found on output x1] Often")
    looks = [sandbox.ask("GET", prediction["urls"]["get"]) for _ in range(4)]
    assert [each.status_code for each in looks] == [500, 500, 200, 200]
    assert looks[2].content != looks[3].content[: len(looks[2].content)] or len(looks[2].content) < len(
        looks[3].content
    )
    assert sandbox.ask("POST", prediction["urls"]["cancel"]).status_code == 400
    output = sandbox.predicted(prediction)[-1]["output"]
    assert [sandbox.ask("GET", output).status_code for _ in range(2)] == [404, 200]


def test_a_mistyped_fault_is_answered_with_the_nearest_name(sandbox: RunningSandbox) -> None:
    answer = submit(sandbox, "replicate", "[fault: moderaton]")
    assert answer.status_code == 400
    assert answer.json()["detail"] == "There is no fault named 'moderaton'. Did you mean 'moderation'?"
    with pytest.raises(UnknownFaultError, match="not on 'mars'"):
        marks_in("[fault: fail on mars]")


def test_marks_take_turns_and_one_without_a_number_stays() -> None:
    marks = marks_in("[fault: html x2] [fault: rate_limit] [fault: refuse]")
    turns = [struck(marks, before) for before in range(6)]
    names = [fault.name if fault else None for fault in turns]
    assert names == ["html", "html", "rate_limit", "rate_limit", "refuse", "refuse"]


def test_the_page_for_people_lists_every_fault_and_every_wire(sandbox: RunningSandbox) -> None:
    page = sandbox.ask("GET", "/_sandbox").text
    assert [fault.name for fault in TABLE if f"  {fault.name} " not in page] == []
    assert len(FAULTS) == len(TABLE)
    assert f"{sandbox.url}/replicate" in page
    assert f"{sandbox.url}/fal" in page
