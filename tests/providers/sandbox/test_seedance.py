"""What only Ark's wire has: content in a list, roles of images, nulls, and a DELETE that depends on the state."""

import base64
from typing import Any

import pytest

from tests.providers.sandbox.pictures import clip_size, picture
from tests.providers.sandbox.running import RunningSandbox
from tests.providers.sandbox.services import SEEDANCE

TASKS = "/seedance/api/v3/contents/generations/tasks"


def task(content: list[Any], **more: Any) -> dict[str, Any]:
    return {"model": "doubao-seedance-1-0-pro-250528", "content": content, "duration": 1, **more}


def image(width: int, height: int, role: str) -> dict[str, Any]:
    url = "data:image/png;base64," + base64.b64encode(picture(width, height)).decode()
    return {"type": "image_url", "image_url": {"url": url}, "role": role}


def test_the_image_whose_role_is_first_frame_starts_the_clip(sandbox: RunningSandbox) -> None:
    content = [
        {"type": "text", "text": "Roles"},
        image(100, 100, "last_frame"),
        image(320, 240, "first_frame"),
    ]
    job_id = sandbox.ask("POST", TASKS, json=task(content)).json()["id"]
    last = SEEDANCE.watched(sandbox, job_id)[-1]
    assert clip_size(sandbox.ask("GET", last["content"]["video_url"], key=False).content) == (320, 240)


def test_size_and_length_can_stand_in_the_text(sandbox: RunningSandbox) -> None:
    body = task([{"type": "text", "text": "A cat --rs 480p --rt 1:1 --dur 2"}])
    del body["duration"]
    last = SEEDANCE.watched(sandbox, sandbox.ask("POST", TASKS, json=body).json()["id"])[-1]
    assert (last["resolution"], last["duration"]) == ("480p", 2)
    assert clip_size(sandbox.ask("GET", last["content"]["video_url"], key=False).content) == (480, 480)


def test_a_finished_task_tells_what_was_made(sandbox: RunningSandbox) -> None:
    body = task([{"type": "text", "text": "Told"}], seed=11, ratio="9:16", resolution="256p")
    last = SEEDANCE.watched(sandbox, sandbox.ask("POST", TASKS, json=body).json()["id"])[-1]
    told = {
        name: last[name] for name in ("seed", "ratio", "resolution", "duration", "framespersecond", "error")
    }
    assert told == {
        "seed": 11,
        "ratio": "9:16",
        "resolution": "256p",
        "duration": 1,
        "framespersecond": 24,
        "error": None,
    }
    assert last["usage"]["total_tokens"] > 0
    assert last["updated_at"] >= last["created_at"]


def test_a_task_can_expire(sandbox: RunningSandbox) -> None:
    job_id = SEEDANCE.started(sandbox, "[fault: expired_job]")
    SEEDANCE.until(sandbox, job_id, "expired")


def test_delete_cancels_in_the_queue_refuses_at_work_and_removes_at_the_end(
    calm_sandbox: RunningSandbox,
) -> None:
    queued = SEEDANCE.started(calm_sandbox, "[fault: endless] Queued")
    assert calm_sandbox.ask("DELETE", f"{TASKS}/{queued}", json={}).status_code == 200
    assert SEEDANCE.looked(calm_sandbox, queued).json()["status"] == "cancelled"
    job_id = SEEDANCE.started(calm_sandbox, "Deleted")
    SEEDANCE.until(calm_sandbox, job_id, "running")
    refused = calm_sandbox.ask("DELETE", f"{TASKS}/{job_id}", json={})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "OperationDenied")
    SEEDANCE.watched(calm_sandbox, job_id)
    assert calm_sandbox.ask("DELETE", f"{TASKS}/{job_id}", json={}).status_code == 200
    assert SEEDANCE.looked(calm_sandbox, job_id).status_code == 404


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"model": "x"}, "MissingParameter", "content"),
        (task([{"type": "image", "url": "x"}]), "InvalidParameter", "content.type"),
        (task([{"type": "text"}]), "MissingParameter", "content.text"),
        (task([{"type": "image_url", "image_url": {}}]), "MissingParameter", "content.image_url.url"),
        (task([image(8, 8, "middle_frame")]), "InvalidParameter", "content.role"),
        (task([{"type": "text", "text": "x"}], duration="5"), "InvalidParameter", "duration"),
    ],
)
def test_what_is_wrong_is_named(sandbox: RunningSandbox, body: Any, code: str, param: str) -> None:
    answer = sandbox.ask("POST", TASKS, json=body)
    assert (answer.status_code, answer.json()["error"]["code"], answer.json()["error"]["param"]) == (
        400,
        code,
        param,
    )


def test_tasks_are_listed_by_state_and_page(sandbox: RunningSandbox) -> None:
    SEEDANCE.watched(sandbox, SEEDANCE.started(sandbox, "Listed"))
    page = sandbox.ask("GET", f"{TASKS}?page_num=1&page_size=1&filter.status=succeeded").json()
    assert len(page["items"]) == 1 <= page["total"]
    assert page["items"][0]["status"] == "succeeded"
