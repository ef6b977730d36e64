"""What only MiniMax's wires have: two generations under one roof, a third step, and a challenge before callbacks."""

import json
from typing import Any

import pytest

from tests.providers.sandbox.inbox import Inbox
from tests.providers.sandbox.pictures import clip_size, picture
from tests.providers.sandbox.running import RunningSandbox
from tests.providers.sandbox.services import MINIMAX, MINIMAX_V1, at

TEXT = [{"type": "text", "text": "x"}]
H3 = {"model": "MiniMax-H3", "content": TEXT, "ratio": "16:9"}


def test_the_old_way_tells_the_size_and_takes_a_third_step(calm_sandbox: RunningSandbox) -> None:
    job_id = MINIMAX_V1.started(calm_sandbox, "Sized")
    assert MINIMAX_V1.looked(calm_sandbox, job_id).json()["status"] == "Preparing"
    early = calm_sandbox.ask("GET", f"/minimax/v1/files/retrieve?file_id={job_id}0").json()
    assert early["base_resp"]["status_code"] == 2013
    last = MINIMAX_V1.watched(calm_sandbox, job_id)[-1]
    assert (last["video_width"], last["video_height"]) == (910, 512)
    file = calm_sandbox.ask("GET", f"/minimax/v1/files/retrieve?file_id={last['file_id']}").json()["file"]
    assert file["bytes"] == len(calm_sandbox.ask("GET", file["download_url"], key=False).content)


def test_an_upload_is_named_by_its_handle(sandbox: RunningSandbox) -> None:
    form: dict[str, Any] = {
        "data": {"purpose": "video_generation"},
        "files": {"file": ("a.png", picture(320, 240))},
    }
    file = sandbox.ask("POST", "/minimax/v1/files/upload", **form).json()["file"]
    assert (
        sandbox.ask("GET", f"/minimax/v1/files/retrieve?file_id={file['file_id']}").json()["file"]["bytes"]
        > 0
    )
    image = {"type": "image_url", "image_url": {"url": f"mm_file://{file['file_id']}"}, "role": "first_frame"}
    body = {"model": "MiniMax-H3-Max", "content": [*TEXT, image], "resolution": "480P", "ratio": "adaptive"}
    made = sandbox.ask("POST", "/minimax/v2/video_generation", json=body).json()
    link = at(MINIMAX.watched(sandbox, made["task_id"])[-1], "task.content.url")
    assert clip_size(sandbox.ask("GET", link, key=False).content) == (640, 480)


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "x"},
        {"first_frame_image": "https://e.example/a.png"},
        {"model": "MiniMax-Hailuo-2.3"},
        {"ratio": None},
        {"duration": 3},
        {"resolution": "720P"},
        {"content": [{"type": "text"}]},
    ],
)
def test_the_new_way_refuses_what_it_does_not_take(sandbox: RunningSandbox, change: dict[str, Any]) -> None:
    answer = sandbox.ask("POST", "/minimax/v2/video_generation", json=H3 | change)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "bad_request_error")
    assert answer.json()["error"]["message"].endswith("(2013)")


@pytest.mark.parametrize(
    "body",
    [{"prompt": "x"}, {"model": "T2V-01"}, {"model": "T2V-01", "prompt": "x", "duration": "6"}],
)
def test_the_old_way_refuses_under_200(sandbox: RunningSandbox, body: dict[str, Any]) -> None:
    answer = sandbox.ask("POST", "/minimax/v1/video_generation", json=body)
    assert (answer.status_code, answer.json()["base_resp"]["status_code"]) == (200, 2013)


def test_a_task_is_canceled_or_deleted_listed_and_made_again_larger(sandbox: RunningSandbox) -> None:
    endless = MINIMAX.started(sandbox, "[fault: endless]")
    gone = sandbox.ask("DELETE", f"/minimax/v2/video_generation/{endless}").json()
    assert (gone["task_id"], gone["status"]) == (endless, "cancelled")
    assert MINIMAX.looked(sandbox, endless).json()["task"]["status"] == "cancelled"
    early = {"model": "MiniMax-H3", "source_task_id": endless, "resolution": "2K"}
    assert sandbox.ask("POST", "/minimax/v2/video_regeneration", json=early).status_code == 500
    done = MINIMAX.started(sandbox, "Done")
    MINIMAX.watched(sandbox, done)
    again = sandbox.ask(
        "POST", "/minimax/v2/video_regeneration", json=early | {"source_task_id": done}
    ).json()
    assert MINIMAX.looked(sandbox, again["task_id"]).json()["task"]["resolution"] == "2K"
    assert (
        sandbox.ask("GET", "/minimax/v2/query/video_generation").json()["items"][0]["id"] == again["task_id"]
    )
    assert sandbox.ask("DELETE", f"/minimax/v2/video_generation/{done}").json()["status"] == "deleted"
    assert MINIMAX.looked(sandbox, done).status_code == 500


@pytest.mark.parametrize("wire", [MINIMAX, MINIMAX_V1], ids=["v2", "v1"])
def test_a_callback_is_called_only_after_it_has_echoed_the_challenge(
    calm_sandbox: RunningSandbox, inbox: Inbox, wire: Any
) -> None:
    inbox.answer = lambda body: body if b"challenge" in body else b""
    body = wire.body("Heard") | {"callback_url": inbox.url}
    made = calm_sandbox.ask("POST", f"/minimax{wire.submit}", json=body).json()
    assert set(inbox.next().document) == {"challenge"}
    wire.until(calm_sandbox, made[wire.id], wire.words[1])
    assert at(inbox.next().document, wire.state) == wire.words[1]
    wire.watched(calm_sandbox, made[wire.id])
    assert at(inbox.next().document, wire.state) == wire.words[2]


def test_who_does_not_echo_hears_nothing_more(sandbox: RunningSandbox, inbox: Inbox) -> None:
    inbox.answer = lambda _body: json.dumps({"challenge": "another"}).encode()
    made = sandbox.ask("POST", "/minimax/v2/video_generation", json=H3 | {"callback_url": inbox.url}).json()
    MINIMAX.watched(sandbox, made["task_id"])
    assert inbox.next().document["challenge"]
    assert inbox.letters.empty()
