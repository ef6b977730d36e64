"""Every shipped wire's order, as the company's facts show it: where it goes, what is in it, what comes back."""

import pytest
from msgspec import UNSET, json

from models.spec.values import JSON
from providers.client.interpret import interpret_submit
from providers.client.requests import build_submit
from providers.client.responses import HTTPResponse
from providers.outcomes import Accepted, Operation
from tests.providers.descriptions import ALL, NAMES

HOOK = "https://me.example/hook"

# wire · endpoint · mode · body of the model → address · body that is sent (without a webhook)
ORDERS: list[tuple[str, str, str, dict[str, JSON], str, JSON]] = [
    ("replicate", "minimax/hailuo-02", "t2v", {"input": {"prompt": "x"}},
     "/v1/models/minimax/hailuo-02/predictions", {"input": {"prompt": "x"}}),
    ("fal", "fal-ai/veo3.1/image-to-video", "i2v", {"prompt": "x"}, "/fal-ai/veo3.1/image-to-video", {"prompt": "x"}),
    ("runway", "gen4_turbo", "i2v", {"promptImage": "https://e/i.png", "promptText": "x", "ratio": "1280:720"},
     "/v1/image_to_video",
     {"model": "gen4_turbo", "promptImage": "https://e/i.png", "promptText": "x", "ratio": "1280:720"}),
    ("runway", "gen4.5", "t2v", {"promptText": "x"}, "/v1/text_to_video", {"model": "gen4.5", "promptText": "x"}),
    ("runway", "aleph2", "v2v", {"videoUri": "runway://1"}, "/v1/video_to_video", {"model": "aleph2", "videoUri": "runway://1"}),
    ("luma", "ray-2", "t2v", {"generation_type": "video", "prompt": "x", "duration": "5s"},
     "/dream-machine/v1/generations/video",
     {"generation_type": "video", "model": "ray-2", "prompt": "x", "duration": "5s"}),
    ("luma", "ray-2", "edit", {"media": {"url": "https://e/v.mp4"}}, "/dream-machine/v1/generations/video/modify",
     {"model": "ray-2", "media": {"url": "https://e/v.mp4"}}),
    ("veo", "veo-3.1-generate-preview", "i2v",
     {"instances": {"prompt": "x", "image": {"bytesBase64Encoded": "iVBORw==", "mimeType": "image/png"}},
      "parameters": {"durationSeconds": 8}},
     "/v1beta/models/veo-3.1-generate-preview:predictLongRunning",
     {"instances": [{"prompt": "x", "image": {"bytesBase64Encoded": "iVBORw==", "mimeType": "image/png"}}],
      "parameters": {"durationSeconds": 8}}),
    ("openai", "sora-2", "t2v", {"prompt": "x", "seconds": "4"}, "/v1/videos",
     {"prompt": "x", "model": "sora-2", "seconds": "4"}),
    ("xai", "grok-imagine-video", "t2v", {"prompt": "x", "duration": 5}, "/v1/videos/generations",
     {"model": "grok-imagine-video", "prompt": "x", "duration": 5}),
    ("xai", "grok-imagine-video", "edit", {"video": {"url": "https://e/v.mp4"}}, "/v1/videos/edits",
     {"model": "grok-imagine-video", "video": {"url": "https://e/v.mp4"}}),
    ("seedance", "dreamina-seedance-2-0-260128", "t2v", {"content": [{"type": "text", "text": "x"}], "seed": 11},
     "/api/v3/contents/generations/tasks",
     {"model": "dreamina-seedance-2-0-260128", "content": [{"type": "text", "text": "x"}], "seed": 11}),
    ("wan", "wan2.6-t2v", "t2v", {"input": {"prompt": "x"}, "parameters": {"size": "1280*720"}},
     "/api/v1/services/aigc/video-generation/video-synthesis",
     {"model": "wan2.6-t2v", "input": {"prompt": "x"}, "parameters": {"size": "1280*720"}}),
    ("wan", "wan2.2-kf2v-flash", "flf2v", {"input": {"first_frame_url": "https://e/a.png"}},
     "/api/v1/services/aigc/image2video/video-synthesis",
     {"model": "wan2.2-kf2v-flash", "input": {"first_frame_url": "https://e/a.png"}}),
    ("minimax", "MiniMax-H3", "t2v", {"content": [{"type": "text", "text": "x"}], "resolution": "768P"},
     "/v2/video_generation",
     {"model": "MiniMax-H3", "content": [{"type": "text", "text": "x"}], "resolution": "768P"}),
    ("minimax", "MiniMax-Hailuo-2.3", "t2v", {"prompt": "x"}, "/v1/video_generation",
     {"model": "MiniMax-Hailuo-2.3", "prompt": "x"}),
    ("kling", "kling-v2-6", "t2v", {"prompt": "x", "duration": "5", "mode": "std"}, "/v1/videos/text2video",
     {"model_name": "kling-v2-6", "prompt": "x", "duration": "5", "mode": "std", "external_task_id": "job-1"}),
    ("kling", "kling-v2-6", "flf2v", {"image": "iVBORw=="}, "/v1/videos/image2video",
     {"model_name": "kling-v2-6", "image": "iVBORw==", "external_task_id": "job-1"}),
    ("pixverse", "v5", "i2v", {"prompt": "x", "img_id": 123, "duration": 5}, "/openapi/v2/video/img/generate",
     {"model": "v5", "prompt": "x", "img_id": 123, "duration": 5}),
    ("vidu", "viduq2", "r2v", {"prompt": "x", "images": ["https://e/a.png"]}, "/ent/v2/reference2video",
     {"model": "viduq2", "prompt": "x", "images": ["https://e/a.png"], "payload": "job-1"}),
]  # fmt: skip


def test_every_wire_has_an_order_here() -> None:
    assert {order[0] for order in ORDERS} | {"comfyui"} == set(NAMES)


@pytest.mark.parametrize(("name", "endpoint", "mode", "body", "url", "sent"), ORDERS)
def test_an_order_goes_where_and_as_the_company_wants_it(
    name: str, endpoint: str, mode: str, body: dict[str, JSON], url: str, sent: JSON
) -> None:
    request = build_submit(ALL[name], {"endpoint": endpoint, "mode": mode, "idem": "job-1"}, body)
    assert request
    assert (request.method, request.url, request.body) == ("POST", url, sent)


HOOKED: list[tuple[str, str, JSON]] = [
    ("luma", "callback_url", HOOK),
    ("seedance", "callback_url", HOOK),
    ("minimax", "callback_url", HOOK),
    ("kling", "callback_url", HOOK),
    ("vidu", "callback_url", HOOK),
    ("replicate", "webhook", HOOK),
]


@pytest.mark.parametrize(("name", "member", "value"), HOOKED)
def test_a_webhook_is_registered_with_the_order(name: str, member: str, value: JSON) -> None:
    request = build_submit(ALL[name], {"endpoint": "m", "mode": "t2v", "webhook": HOOK, "idem": "j"}, {})
    assert request
    assert isinstance(request.body, dict)
    assert request.body[member] == value


def test_what_registers_no_webhook_with_an_order_never_mentions_one() -> None:
    for name in set(NAMES) - {hooked[0] for hooked in HOOKED} - {"fal"}:
        request = build_submit(ALL[name], {"endpoint": "m", "mode": "t2v", "webhook": HOOK, "idem": "j"}, {})
        assert request
        assert HOOK not in str((request.url, request.query, request.body))


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("runway", {"X-Runway-Version": "2024-11-06"}),
        ("wan", {"X-DashScope-Async": "enable", "X-DashScope-OssResourceResolve": "enable"}),
    ],
)
def test_the_headers_that_a_company_insists_on(name: str, headers: dict[str, str]) -> None:
    request = build_submit(ALL[name], {"endpoint": "m", "mode": "t2v"}, {})
    assert request
    assert request.headers == headers


def test_openai_wants_a_form_with_the_picture_as_its_file() -> None:
    request = build_submit(ALL["openai"], {"endpoint": "sora-2"}, {"prompt": "x"})
    assert request
    assert (request.encoding, request.files) == ("multipart", ("input_reference",))


def test_a_mode_that_a_company_does_not_have_is_no_order() -> None:
    for name in ("runway", "kling", "pixverse", "vidu"):
        assert build_submit(ALL[name], {"endpoint": "m", "mode": "lipsync"}, {}) is None


# wire · HTTP status · answer → id · values kept
ACCEPTED: list[tuple[str, int, JSON, str]] = [
    ("replicate", 201, {"id": "gm3", "status": "starting"}, "gm3"),
    ("fal", 200, {"status": "IN_QUEUE", "request_id": "764cabcf-b745", "queue_position": 0}, "764cabcf-b745"),
    ("runway", 200, {"id": "17f20503-6c24-4c16-946b-35dbbce2af2f"}, "17f20503-6c24-4c16-946b-35dbbce2af2f"),
    ("luma", 201, {"id": "lg1", "state": "queued", "assets": None}, "lg1"),
    ("veo", 200, {"name": "models/veo-3.1/operations/abc"}, "models/veo-3.1/operations/abc"),
    ("openai", 200, {"id": "video_123", "object": "video", "status": "queued", "progress": 0}, "video_123"),
    ("xai", 200, {"request_id": "x1"}, "x1"),
    ("seedance", 200, {"id": "cgt-2026-abc"}, "cgt-2026-abc"),
    ("wan", 200, {"request_id": "r", "output": {"task_status": "PENDING", "task_id": "t-1"}}, "t-1"),
    ("minimax", 200, {"task_id": "424010985738629"}, "424010985738629"),
    ("minimax", 200, {"task_id": "mm1", "base_resp": {"status_code": 0, "status_msg": "success"}}, "mm1"),
    ("kling", 200, {"code": 0, "message": "SUCCEED", "data": {"task_id": "8672", "task_status": "submitted"}}, "8672"),
    ("pixverse", 200, {"ErrCode": 0, "ErrMsg": "Success", "Resp": {"video_id": 318633193768896}}, "318633193768896"),
    ("vidu", 200, {"task_id": "v1", "state": "created", "credits": 4}, "v1"),
    ("comfyui", 200, {"prompt_id": "dbc6ffd2-f377", "number": 0, "node_errors": {}}, "dbc6ffd2-f377"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "status", "body", "number"), ACCEPTED)
def test_an_accepted_order_has_its_id(name: str, status: int, body: JSON, number: str) -> None:
    asked = Operation("", endpoint="m", mode="t2v")
    answer = interpret_submit(
        ALL[name], HTTPResponse.read(status, {}, json.encode(body)), asked, [ALL[name].base]
    )
    assert isinstance(answer, Accepted)
    assert answer.operation.id == number


def test_every_wire_has_an_accepted_order_here() -> None:
    assert {accepted[0] for accepted in ACCEPTED} == set(NAMES)


def test_a_free_call_that_checks_the_key_has_no_content_that_would_cost() -> None:
    checked = {name: wire.check for name, wire in ALL.items() if wire.check}
    assert set(NAMES) - set(checked) == {"veo", "xai"}  # no such call is known there
    for name, call in checked.items():
        assert call.method == "GET" or (name, call.body) == ("fal", {})
        assert call.body is UNSET or name == "fal"
