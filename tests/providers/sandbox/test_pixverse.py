"""What only PixVerse's wire has: a trace id in every call, pictures by number, and the fullest facts of a clip."""

from typing import Any

import pytest

from tests.providers.sandbox.pictures import clip_size, picture
from tests.providers.sandbox.running import RunningSandbox
from tests.providers.sandbox.services import PIXVERSE

V2 = "/pixverse/openapi/v2"
CLIP = {"model": "v5", "prompt": "x", "quality": "360p", "duration": 5}


def test_a_call_without_a_trace_id_is_refused(sandbox: RunningSandbox) -> None:
    headers = {"api-key": "any", "ai-trace-id": ""}
    answer = sandbox.ask("GET", f"{V2}/account/balance", headers=headers)
    assert (answer.status_code, answer.json()["ErrCode"], answer.json()["Resp"]) == (200, 400011, None)
    assert sandbox.ask("GET", f"{V2}/account/balance").json()["Resp"]["credit_monthly"] > 0


def test_a_trace_id_that_was_used_gives_the_earlier_answer(sandbox: RunningSandbox) -> None:
    traced = {"ai-trace-id": "one-and-the-same"}
    first, second = (PIXVERSE.started(sandbox, "Traced", headers=traced) for _ in range(2))
    assert first == second != PIXVERSE.started(sandbox, "Traced")
    assert sandbox.submissions()["by_prompt"]["Traced"] == 2


def test_a_picture_is_uploaded_and_named_by_its_number(sandbox: RunningSandbox) -> None:
    files = {"image": ("a.png", picture(320, 240), "image/png")}
    up = sandbox.ask("POST", f"{V2}/image/upload", files=files).json()["Resp"]
    assert sandbox.ask("GET", up["img_url"], key=False).content == picture(320, 240)
    made = sandbox.ask(
        "POST", f"{V2}/video/img/generate", json=CLIP | {"img_id": up["img_id"], "seed": 7}
    ).json()
    resp = PIXVERSE.watched(sandbox, made["Resp"]["video_id"])[-1]["Resp"]
    clip = sandbox.ask("GET", resp["url"], key=False).content
    assert clip_size(clip) == (resp["outputWidth"], resp["outputHeight"]) == (480, 360)
    assert (resp["size"], resp["seed"], resp["has_audio"]) == (len(clip), 7, False)


def test_a_picture_elsewhere_and_other_media_get_numbers_too(sandbox: RunningSandbox) -> None:
    elsewhere = {"image_url": "https://e.example/a.png"}
    by_form = sandbox.ask("POST", f"{V2}/image/upload", data=elsewhere, files={"x": (None, "")}).json()
    first = sandbox.ask("POST", f"{V2}/image/upload", json=elsewhere).json()["Resp"]["img_id"]
    assert by_form["ErrCode"] == 0
    media = sandbox.ask("POST", f"{V2}/media/upload", files={"media": ("a.mp4", b"mp4")}).json()
    assert media["Resp"]["media_id"]
    frames = {"first_frame_img": first, "last_frame_img": by_form["Resp"]["img_id"]}
    made = sandbox.ask("POST", f"{V2}/video/transition/generate", json=CLIP | frames).json()
    assert made["ErrCode"] == 0
    assert sandbox.ask("POST", f"{V2}/image/upload", json={}).json()["ErrCode"] == 400017
    assert sandbox.ask("POST", f"{V2}/media/upload", json={}).json()["ErrCode"] == 400017


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("img", {"img_id": 5}),
        ("img", {"img_id": "5"}),
        ("img", {}),
        ("text", {}),
        ("text", {"aspect_ratio": "16:9", "quality": "4k"}),
        ("text", {"aspect_ratio": "16:9", "duration": "5"}),
        ("fusion", {"image_references": [{"img_id": 5}]}),
        ("nothing", {}),
    ],
)
def test_what_is_wrong_is_400017_under_200(
    sandbox: RunningSandbox, kind: str, change: dict[str, Any]
) -> None:
    answer = sandbox.ask("POST", f"{V2}/video/{kind}/generate", json=CLIP | change)
    assert (answer.status_code, answer.json()["ErrCode"]) == (200, 400017)
