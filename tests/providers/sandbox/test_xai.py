"""What only xAI's wire has: 202 while pending, exact prices, and a moderated video that is done and empty."""

from typing import Any

import pytest

from tests.providers.sandbox.running import RunningSandbox
from tests.providers.sandbox.services import XAI


def test_it_is_202_with_progress_until_it_is_done(calm_sandbox: RunningSandbox) -> None:
    job_id = XAI.started(calm_sandbox, "Pending")
    first = XAI.looked(calm_sandbox, job_id)
    assert (first.status_code, first.json()) == (202, {"status": "pending", "progress": 0})
    *before, last = XAI.watched(calm_sandbox, job_id)
    progress = [each["progress"] for each in before]
    assert progress == sorted(progress)
    assert progress[-1] > 50
    assert last["video"]["duration"] == 1
    assert last["usage"]["cost_in_usd_ticks"] == 500_000_000
    assert last["error"] is None


def test_what_is_moderated_is_done_without_an_address_and_costs_the_same(sandbox: RunningSandbox) -> None:
    job_id = XAI.started(sandbox, "[fault: moderation] Empty")
    last = XAI.watched(sandbox, job_id)[-1]
    assert (last["status"], last["video"]["url"], last["video"]["respect_moderation"]) == ("done", "", False)
    assert last["usage"]["cost_in_usd_ticks"] > 0


def test_a_request_can_expire(sandbox: RunningSandbox) -> None:
    job_id = XAI.started(sandbox, "[fault: expired_job]")
    while (answer := XAI.looked(sandbox, job_id)).status_code == 202:
        sandbox.tick()
    assert answer.json()["status"] == "expired"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("generations", {"prompt": "x"}),
        ("generations", {"model": "grok-imagine-video"}),
        ("generations", {"model": "grok-imagine-video", "prompt": "x", "duration": 16}),
        ("generations", {"model": "grok-imagine-video", "prompt": "x", "duration": "6"}),
        ("generations", {"model": "grok-imagine-video", "prompt": "x", "resolution": "4k"}),
        ("edits", {"model": "grok-imagine-video", "prompt": "x"}),
        ("extensions", {"model": "grok-imagine-video", "video": {"url": "https://e.example/a.mp4"}}),
    ],
)
def test_a_wrong_body_is_422(sandbox: RunningSandbox, path: str, body: dict[str, Any]) -> None:
    answer = sandbox.ask("POST", f"/xai/v1/videos/{path}", json=body)
    assert (answer.status_code, list(answer.json())) == (422, ["error"])


def test_a_file_that_is_asked_to_be_stored_has_an_id(sandbox: RunningSandbox) -> None:
    wanted = {"filename": "a.mp4", "public_url": True}
    body = XAI.body("Stored") | {"storage_options": wanted}
    made = sandbox.ask("POST", "/xai/v1/videos/generations", json=body).json()
    last = XAI.watched(sandbox, made["request_id"])[-1]
    assert last["video"]["file_output"]["public_url"] == last["video"]["url"]
