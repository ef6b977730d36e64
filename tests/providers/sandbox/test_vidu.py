"""What only Vidu's wire has: fields that are refused by name, a payload of the caller's, and its own signature."""

import base64
from typing import Any
from urllib.parse import urlsplit

import pytest

from providers.sandbox.webhook_sender import vidu_signature
from tests.providers.sandbox.inbox import Inbox
from tests.providers.sandbox.pictures import clip_size, picture
from tests.providers.sandbox.running import RunningSandbox
from tests.providers.sandbox.services import VIDU, at

CLIP = {"model": "viduq3", "prompt": "x", "duration": 1, "resolution": "360p"}
URL = "https://e.example/a.png"


def test_the_signature_is_that_of_the_golden_vector() -> None:
    date = "Tue, 14 Nov 2023 22:13:20 GMT"
    made = vidu_signature("vda_test_key", "/hooks/vidu", "", date, "n-1")
    assert made == "6hb8EgUN+wVY4upZ2cmk1QVJfcg5STIbaDmJ5Fk6HK8="


def test_a_callback_is_signed_by_the_key_that_ordered(calm_sandbox: RunningSandbox, inbox: Inbox) -> None:
    body = VIDU.body("Told") | {"callback_url": inbox.url + "&a=2", "payload": "mine"}
    headers = {"authorization": "Token vda_own"}
    made = calm_sandbox.ask("POST", "/vidu/ent/v2/text2video", json=body, headers=headers).json()
    VIDU.until(calm_sandbox, made["task_id"], "processing")
    letters = [inbox.next()]
    VIDU.watched(calm_sandbox, made["task_id"])
    letters.append(inbox.next())
    assert [each.document["state"] for each in letters] == ["processing", "success"]
    assert letters[1].document["payload"] == "mine"
    told = letters[1].headers
    path = urlsplit(inbox.url).path
    signed = vidu_signature("vda_own", path, "a=2&job=1", told["date"], told["x-request-nonce"])
    assert told["x-hmac-signature"] == signed
    assert told["x-hmac-signed-headers"] == "Date;x-request-nonce"


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        ("text2video", {"prompt": ""}, "FieldLacking"),
        ("text2video", {"images": [URL]}, "FieldUnwanted"),
        ("img2video", {"images": [URL], "aspect_ratio": "16:9"}, "FieldUnwanted"),
        ("img2video", {"images": [URL, URL]}, "FieldItemCountOutOfRange"),
        ("start-end2video", {"images": [URL]}, "FieldItemCountOutOfRange"),
        ("reference2video", {"images": [URL] * 8}, "FieldItemCountOutOfRange"),
        ("text2video", {"resolution": "4k"}, "FieldInvalid"),
        ("text2video", {"duration": "5"}, "FieldInvalid"),
    ],
)
def test_each_kind_takes_its_own_fields_only(
    sandbox: RunningSandbox, kind: str, change: dict[str, Any], reason: str
) -> None:
    answer = sandbox.ask("POST", f"/vidu/ent/v2/{kind}", json=CLIP | change)
    assert (answer.status_code, answer.json()["reason"]) == (400, reason)


def test_the_first_of_the_images_starts_the_clip(sandbox: RunningSandbox) -> None:
    images = [
        f"data:image/png;base64,{base64.b64encode(picture(*size)).decode()}"
        for size in [(320, 240), (64, 64)]
    ]
    made = sandbox.ask("POST", "/vidu/ent/v2/start-end2video", json=CLIP | {"images": images}).json()
    assert (made["state"], made["credits"]) == ("created", 4)
    assert made["images"][0].startswith(f"{sandbox.url}/_sandbox/inputs/")
    link = at(VIDU.watched(sandbox, made["task_id"])[-1], "creations.0.url")
    assert clip_size(sandbox.ask("GET", link, key=False).content) == (480, 360)


def test_a_cancel_ends_a_task_as_failed_by_its_user(sandbox: RunningSandbox) -> None:
    job_id = VIDU.started(sandbox, "[fault: endless]")
    cancel = f"/vidu/ent/v2/tasks/{job_id}/cancel"
    assert sandbox.ask("POST", cancel, json={}).json() == {}
    last = VIDU.looked(sandbox, job_id).json()
    assert (last["state"], last["err_code"], last["creations"]) == ("failed", "UserCancelled", [])
    assert sandbox.ask("POST", cancel, json={}).status_code == 409
    assert sandbox.ask("POST", "/vidu/ent/v2/tasks/1/cancel", json={}).status_code == 404
    assert sandbox.ask("GET", "/vidu/ent/v2/tasks").json()["tasks"][0]["id"] == job_id
    assert sandbox.ask("GET", "/vidu/ent/v2/credits").json()["remains"]
