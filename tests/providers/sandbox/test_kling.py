"""What only Kling's wire has: keys that are JWTs, strings for numbers, bare base64, and ids of the caller's own."""

import base64
import hmac
import json
import time
from typing import Any

import pytest

from tests.providers.sandbox.inbox import Inbox
from tests.providers.sandbox.pictures import clip_size, picture
from tests.providers.sandbox.running import RunningSandbox
from tests.providers.sandbox.services import KLING, at

TEXT, IMAGE = "/kling/v1/videos/text2video", "/kling/v1/videos/image2video"


def jwt(exp: float = 1800, nbf: float = -5, alg: str = "HS256", iss: str = "ak") -> dict[str, str]:
    def packed(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    now = time.time()
    text = f"{packed({'alg': alg, 'typ': 'JWT'})}.{packed({'iss': iss, 'exp': now + exp, 'nbf': now + nbf})}"
    signature = base64.urlsafe_b64encode(hmac.digest(b"sk", text.encode(), "sha256")).decode().rstrip("=")
    return {"authorization": f"Bearer {text}.{signature}"}


@pytest.mark.parametrize(
    ("claims", "code"),
    [({}, 0), ({"alg": "none"}, 1002), ({"iss": ""}, 1002), ({"nbf": 60}, 1003), ({"exp": -1}, 1004)],
)
def test_a_jwt_is_good_in_its_time(sandbox: RunningSandbox, claims: dict[str, Any], code: int) -> None:
    answer = sandbox.ask("GET", TEXT, key=False, headers=jwt(**claims))
    assert (answer.status_code, answer.json()["code"]) == (401 if code else 200, code)


@pytest.mark.parametrize(
    ("authorization", "code"), [("Bearer plain", 0), ("", 1001), ("Basic x", 1002), ("Bearer a.b.c", 1002)]
)
def test_a_key_may_be_plain(sandbox: RunningSandbox, authorization: str, code: int) -> None:
    answer = sandbox.ask("GET", TEXT, key=False, headers={"authorization": authorization})
    assert (answer.status_code, answer.json()["code"]) == (401 if code else 200, code)


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (TEXT, {"duration": 5}),
        (TEXT, {"sound": True}),
        (TEXT, {"aspect_ratio": "4:3"}),
        (TEXT, {"prompt": ""}),
        (TEXT, {"prompt": "x" * 2501}),
        (IMAGE, {}),
        (IMAGE, {"image": "data:image/png;base64,aaaa"}),
    ],
)
def test_what_is_spelled_otherwise_is_1201(
    sandbox: RunningSandbox, path: str, change: dict[str, Any]
) -> None:
    answer = sandbox.ask("POST", path, json=KLING.body("x") | change)
    assert (answer.status_code, answer.json()["code"]) == (400, 1201)


def test_an_image_in_bare_base64_starts_the_clip(sandbox: RunningSandbox) -> None:
    body = KLING.body("x") | {"image": base64.b64encode(picture(320, 240)).decode()}
    job_id = sandbox.ask("POST", IMAGE, json=body).json()["data"]["task_id"]
    while (data := sandbox.ask("GET", f"{IMAGE}/{job_id}").json()["data"])["task_status"] != "succeed":
        sandbox.tick()
    (video,) = data["task_result"]["videos"]
    assert video["duration"] == "1.0"
    assert clip_size(sandbox.ask("GET", video["url"], key=False).content) == (960, 720)
    assert KLING.looked(sandbox, job_id).json()["code"] == 1203


def test_a_callers_own_id_finds_the_task_and_can_be_used_once(sandbox: RunningSandbox) -> None:
    body = KLING.body("Own id") | {"external_task_id": "job-1"}
    made = sandbox.ask("POST", TEXT, json=body).json()["data"]
    assert (made["task_status"], made["task_info"]) == ("submitted", {"external_task_id": "job-1"})
    again = sandbox.ask("POST", TEXT, json=body)
    assert (again.status_code, again.json()["code"]) == (400, 1201)
    assert KLING.looked(sandbox, "job-1").json()["data"]["task_id"] == made["task_id"]
    assert sandbox.submissions()["by_prompt"]["Own id"] == 1
    assert sandbox.ask("GET", TEXT).json()["data"][0]["task_id"] == made["task_id"]


def test_a_callback_is_the_bare_task(calm_sandbox: RunningSandbox, inbox: Inbox) -> None:
    made = calm_sandbox.ask("POST", TEXT, json=KLING.body("Told") | {"callback_url": inbox.url}).json()
    KLING.until(calm_sandbox, at(made, "data.task_id"), "processing")
    told = [inbox.next().document]
    KLING.watched(calm_sandbox, at(made, "data.task_id"))
    told.append(inbox.next().document)
    assert [each["task_status"] for each in told] == ["processing", "succeed"]
    assert {each["task_id"] for each in told} == {at(made, "data.task_id")}
    assert told[1]["final_unit_deduction"] == "0"
    assert calm_sandbox.ask("POST", "/kling/v1/videos/nothing", json={}).status_code == 404
