"""What only Runway's wire has: a version in every call, a set of fields for each model, and uploads in two steps."""

from typing import Any

import pytest

from tests.providers.sandbox.pictures import picture
from tests.providers.sandbox.running import RunningSandbox
from tests.providers.sandbox.services import WIRES, at

RUNWAY = WIRES["runway"]
GEN4 = {"model": "gen4_turbo", "promptImage": "https://e.example/a.png", "ratio": "1280:720"}


@pytest.mark.parametrize("version", [{}, {"x-runway-version": "2023-01-01"}])
def test_a_call_without_the_version_is_refused(sandbox: RunningSandbox, version: dict[str, str]) -> None:
    headers = {"authorization": "Bearer any", **version}
    for method, path in [("POST", "/v1/text_to_video"), ("GET", "/v1/tasks/x"), ("DELETE", "/v1/tasks/x")]:
        answer = sandbox.ask(method, f"/runway{path}", key=False, headers=headers)
        assert (answer.status_code, "X-Runway-Version" in answer.json()["error"]) == (400, True)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"aspectRatio": "16:9"}, "aspectRatio"),
        ({"audio": True}, "audio"),
        ({"ratio": None}, "ratio"),
        ({"ratio": "16:9"}, "ratio"),
        ({"model": "gen9"}, "model"),
        ({"promptImage": "http://127.0.0.1/a.png"}, "promptImage"),
        ({"promptImage": [{"uri": "http://e.example/a.png", "position": "first"}]}, "promptImage"),
        ({"duration": 1.5}, "duration"),
    ],
)
def test_each_model_takes_its_own_fields_only(
    sandbox: RunningSandbox, change: dict[str, Any], field: str
) -> None:
    answer = sandbox.ask("POST", "/runway/v1/image_to_video", json=GEN4 | change)
    assert (answer.status_code, answer.json()["issues"][0]["path"]) == (400, [field])


def test_an_upload_is_promised_taken_and_named_in_a_task(sandbox: RunningSandbox) -> None:
    promised = sandbox.ask(
        "POST", "/runway/v1/uploads", json={"filename": "a.png", "type": "ephemeral"}
    ).json()
    data = picture(320, 240)
    place = promised["uploadUrl"]
    lacking = sandbox.ask("POST", place, key=False, files={"file": ("a.png", data)})
    assert lacking.status_code == 403
    taken = sandbox.ask("POST", place, key=False, data=promised["fields"], files={"file": ("a.png", data)})
    assert taken.status_code == 204
    body = {"model": "veo3.1", "promptImage": promised["runwayUri"], "ratio": "1280:720", "duration": 4}
    made = sandbox.ask("POST", "/runway/v1/image_to_video", json=body).json()
    assert at(RUNWAY.watched(sandbox, made["id"])[-1], "status") == "SUCCEEDED"


def test_progress_and_cost_come_with_the_states(calm_sandbox: RunningSandbox) -> None:
    job_id = RUNWAY.started(calm_sandbox, "Counted")
    seen = RUNWAY.watched(calm_sandbox, job_id)
    progress = [each["progress"] for each in seen if "progress" in each]
    assert progress == sorted(progress)
    assert 0 <= progress[0] < progress[-1] <= 1
    assert seen[0]["estimatedCost"] == seen[-1]["cost"] == {"credits": 20}
    failed = RUNWAY.started(calm_sandbox, "[fault: fail] Counted")
    assert RUNWAY.watched(calm_sandbox, failed)[-1]["cost"] == {"credits": 0}


def test_more_tasks_than_the_account_may_run_are_throttled_first(calm_sandbox: RunningSandbox) -> None:
    for number in range(10):
        RUNWAY.started(calm_sandbox, f"[fault: endless] {number}")
    last = RUNWAY.started(calm_sandbox, "One too many")
    assert RUNWAY.looked(calm_sandbox, last).json()["status"] == "THROTTLED"


def test_a_deleted_task_is_gone_and_the_free_call_tells_of_credits(sandbox: RunningSandbox) -> None:
    job_id = RUNWAY.started(sandbox, "[fault: endless] To be deleted")
    assert sandbox.ask("DELETE", f"/runway/v1/tasks/{job_id}").status_code == 204
    assert RUNWAY.looked(sandbox, job_id).status_code == 404
    assert sandbox.ask("DELETE", f"/runway/v1/tasks/{job_id}").status_code == 404
    assert sandbox.ask("GET", "/runway/v1/organization").json()["creditBalance"] > 0
