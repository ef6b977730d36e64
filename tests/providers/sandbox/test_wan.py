"""What only DashScope's wire has: a header that makes it asynchronous, sizes with a star, a cancel in the queue, and
uploads by a policy."""

from typing import Any

import pytest

from tests.providers.sandbox.pictures import clip_size, picture
from tests.providers.sandbox.running import RunningSandbox
from tests.providers.sandbox.services import WAN

SERVICES = "/wan/api/v1/services/aigc"
SYNTHESIS = f"{SERVICES}/video-generation/video-synthesis"


def test_a_finished_task_tells_times_and_usage(sandbox: RunningSandbox) -> None:
    last = WAN.watched(sandbox, WAN.started(sandbox, "Told"))[-1]
    assert last["usage"]["size"] == "426*240"
    assert (last["usage"]["duration"], last["usage"]["SR"], last["usage"]["video_count"]) == (1, 240, 1)
    output = last["output"]
    assert output["submit_time"] < output["scheduled_time"] < output["end_time"]
    assert output["orig_prompt"] == "Told"


def test_without_the_header_it_would_be_synchronous_and_is_refused(sandbox: RunningSandbox) -> None:
    headers = {"authorization": "Bearer any"}
    answer = sandbox.ask("POST", SYNTHESIS, key=False, headers=headers, json=WAN.body("x"))
    assert (answer.status_code, answer.json()["code"]) == (403, "AccessDenied")


def test_a_cancel_works_in_the_queue_only(calm_sandbox: RunningSandbox) -> None:
    job_id = WAN.started(calm_sandbox, "[fault: endless]")
    assert calm_sandbox.ask("POST", f"/wan/api/v1/tasks/{job_id}/cancel").status_code == 200
    assert WAN.looked(calm_sandbox, job_id).json()["output"]["task_status"] == "CANCELED"
    later = WAN.started(calm_sandbox, "[fault: endless]")
    WAN.until(calm_sandbox, later, "RUNNING")
    refused = calm_sandbox.ask("POST", f"/wan/api/v1/tasks/{later}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (400, "UnsupportedOperation")


@pytest.mark.parametrize(
    ("service", "body", "code"),
    [
        ("video-generation", {"model": "wan2.6-t2v"}, "InvalidParameter"),
        ("video-generation", {"model": "wan2.6-t2v", "input": {"negative_prompt": "x"}}, "InvalidParameter"),
        ("image2video", {"model": "wan2.6-t2v", "input": {"prompt": "x"}}, "InvalidParameter"),
        ("video-generation", {"model": "wan2.2-kf2v-flash", "input": {"prompt": "x"}}, "InvalidParameter"),
        ("video-generation", {"model": "a", "input": {"img_url": "oss://a/b.png"}}, "InvalidURL"),
    ],
)
def test_what_is_wrong_is_told_by_code(
    sandbox: RunningSandbox, service: str, body: dict[str, Any], code: str
) -> None:
    answer = sandbox.ask("POST", f"{SERVICES}/{service}/video-synthesis", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["request_id"]


@pytest.mark.parametrize("parameters", [{"size": "1280x720"}, {"duration": "5"}, {"seed": "x"}])
def test_a_parameter_in_another_spelling_is_refused(
    sandbox: RunningSandbox, parameters: dict[str, str]
) -> None:
    answer = sandbox.ask("POST", SYNTHESIS, json=WAN.body("x") | {"parameters": parameters})
    assert answer.json()["code"] == "InvalidParameter"


def test_a_file_goes_up_by_a_policy_and_starts_the_clip(sandbox: RunningSandbox) -> None:
    asked = "/wan/api/v1/uploads?action=getPolicy&model=wan2.6-i2v"
    policy = sandbox.ask("GET", asked).json()["data"]
    key = f"{policy['upload_dir']}/a.png"
    form = {"key": key, "policy": policy["policy"], "Signature": policy["signature"]}
    files = {"file": ("a.png", picture(320, 240), "image/png")}
    assert sandbox.ask("POST", policy["upload_host"], key=False, data=form, files=files).status_code == 200
    assert sandbox.ask("POST", policy["upload_host"], key=False, files=files).status_code == 403
    body = {"model": "wan2.6-i2v", "input": {"img_url": f"oss://{key}", "prompt": "x"}}
    body["parameters"] = {"duration": 1}
    headers = {"x-dashscope-ossresourceresolve": "enable"}
    made = sandbox.ask("POST", SYNTHESIS, json=body, headers=headers).json()
    last = WAN.watched(sandbox, made["output"]["task_id"])[-1]
    clip = sandbox.ask("GET", last["output"]["video_url"], key=False)
    assert clip_size(clip.content) == (320, 240)
    assert sandbox.ask("GET", "/wan/api/v1/uploads").status_code == 400


def test_tasks_are_listed(sandbox: RunningSandbox) -> None:
    job_id = WAN.started(sandbox, "Listed")
    assert sandbox.ask("GET", "/wan/api/v1/tasks").json()["data"][0]["task_id"] == job_id
