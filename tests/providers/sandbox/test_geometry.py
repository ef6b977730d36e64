"""What a request asks for, in every spelling, and that the rendered clip is exactly that."""

from pathlib import Path
from typing import Any

import pytest

from providers.sandbox.video.geometry import Shape, shape_of
from providers.sandbox.video.render import affordable_fps

KLING, HAILUO, SEEDANCE = "kwaivgi/kling-v2.1-master", "minimax/hailuo-02", "bytedance/seedance-1-pro"
VEO, WAN, LTX = "fal-ai/veo3.1", "fal-ai/wan-25-preview/text-to-video", "fal-ai/ltx-2/text-to-video"


@pytest.mark.parametrize(
    ("endpoint", "body", "width", "height", "seconds"),
    [
        (KLING, {}, 1920, 1080, 5),
        (KLING, {"duration": 10, "aspect_ratio": "9:16"}, 1080, 1920, 10),
        (KLING, {"aspect_ratio": "1:1"}, 1080, 1080, 5),
        (HAILUO, {}, 1920, 1080, 6),
        (HAILUO, {"resolution": "768p", "duration": 10}, 1366, 768, 10),
        (HAILUO, {"resolution": "512p"}, 910, 512, 6),
        (SEEDANCE, {}, 1920, 1080, 5),
        (SEEDANCE, {"resolution": "480p", "aspect_ratio": "21:9", "duration": 12}, 1120, 480, 12),
        (SEEDANCE, {"resolution": "720p", "aspect_ratio": "9:21"}, 720, 1680, 5),
        (SEEDANCE, {"aspect_ratio": "4:3"}, 1440, 1080, 5),
        (VEO, {}, 1280, 720, 8),
        (VEO, {"duration": "4s", "aspect_ratio": "9:16"}, 720, 1280, 4),
        (VEO, {"resolution": "4k", "duration": "6s"}, 3840, 2160, 6),
        (f"{VEO}/image-to-video", {"aspect_ratio": "auto"}, 1280, 720, 8),
        (WAN, {}, 1920, 1080, 5),
        (WAN, {"resolution": "480p", "duration": "10"}, 854, 480, 10),
        (LTX, {}, 1920, 1080, 6),
        (LTX, {"resolution": "1440p", "duration": 8}, 2560, 1440, 8),
        (LTX, {"resolution": "2160p"}, 3840, 2160, 6),
        ("x", {}, 1280, 720, 5),
        ("x", {"size": "1280*720"}, 1280, 720, 5),
        ("x", {"size": "720x1280"}, 720, 1280, 5),
        ("x", {"ratio": "1584:672"}, 1584, 672, 5),
        ("x", {"width": 832, "height": 480}, 832, 480, 5),
        ("x", {"resolution": "1920x1080"}, 1920, 1080, 5),
        ("x", {"resolution": "1080P"}, 1920, 1080, 5),
        ("x", {"resolution": 540}, 960, 540, 5),
        ("x", {"image_size": "portrait_16_9"}, 720, 1280, 5),
        ("x", {"video_size": {"width": 640, "height": 360}}, 640, 360, 5),
        (
            "x",
            {"parameters": {"aspectRatio": "9:16", "durationSeconds": 8, "resolution": "1080p"}},
            1080,
            1920,
            8,
        ),
        ("x", {"num_frames": 81, "fps": 16}, 1280, 720, 5.0625),
        ("x", {"num_frames": 121, "frames_per_second": 24, "duration": 3}, 1280, 720, 3),
        ("x", {"duration": "auto", "aspect_ratio": "adaptive"}, 1280, 720, 5),
        ("x", {"duration": -1, "seconds": "12"}, 1280, 720, 12),
        ("x", {"size": "99999x99999", "duration": 10_000}, 4096, 4096, 60),
        ("x", {"resolution": None, "aspect_ratio": None, "duration": None}, 1280, 720, 5),
        ("x", {"prompt": "16:9 in 4k, 10s", "items": [1, "2:3"]}, 1280, 720, 5),
        ("sora-2", {}, 720, 1280, 4),
        ("sora-2", {"size": "1792x1024", "seconds": "12"}, 1792, 1024, 12),
        ("veo-3.1-generate-preview", {"prompt": "x", "parameters": {"resolution": "1080p"}}, 1920, 1080, 8),
        ("grok-imagine-video", {}, 854, 480, 8),
        ("ray-2", {"duration": "9s", "resolution": "540p", "aspect_ratio": "21:9"}, 1260, 540, 9),
        ("gen4_turbo", {"ratio": "832:1104", "duration": 10}, 832, 1104, 10),
        ("wan2.6-t2v", {"input": {"prompt": "x"}, "parameters": {"size": "832*480"}}, 832, 480, 5),
        ("MiniMax-H3", {"resolution": "2K", "ratio": "9:16", "duration": 4}, 1440, 2560, 4),
        ("MiniMax-Hailuo-2.3", {"resolution": "1080P"}, 1920, 1080, 6),
        ("kling-v2-6", {"mode": "std", "duration": "5"}, 1280, 720, 5),
        ("kling-v2-6", {"mode": "pro", "aspect_ratio": "1:1", "duration": "10"}, 1080, 1080, 10),
        ("kling-v3", {"mode": "4k"}, 3840, 2160, 5),
        ("pixverse/v5", {"quality": "540p", "duration": 8}, 960, 540, 8),
        ("doubao", {"content": [{"type": "text", "text": "A cat --rs 480p --rt 4:3 --dur 3"}]}, 640, 480, 3),
        ("comfyui", {"width": 320.0, "height": 180.0, "num_frames": 24.0, "fps": 12.0}, 320, 180, 2),
    ],
)
def test_size_and_length_are_read_in_every_spelling(
    endpoint: str, body: dict[str, Any], width: int, height: int, seconds: float
) -> None:
    shape = shape_of(endpoint, body)
    assert (shape.width, shape.height, shape.seconds) == (width, height, seconds)


@pytest.mark.parametrize(
    ("endpoint", "body", "image", "size"),
    [
        (VEO, {"aspect_ratio": "auto", "resolution": "720p"}, (1000, 500), (1440, 720)),
        (VEO, {"aspect_ratio": "16:9", "resolution": "720p"}, (1000, 500), (1280, 720)),
        (WAN, {"resolution": "720p"}, (900, 1600), (720, 1280)),
        (WAN, {}, (640, 360), (640, 360)),
        (WAN, {}, (6000, 4000), (1620, 1080)),
        (KLING, {"aspect_ratio": "9:16"}, (1280, 720), (1280, 720)),
        (HAILUO, {"resolution": "768p"}, (1024, 768), (1024, 768)),
        (SEEDANCE, {"resolution": "1080p", "aspect_ratio": "16:9"}, (500, 500), (1080, 1080)),
        (LTX, {}, (401, 301), (400, 300)),
        (LTX, {}, (8, 4), (128, 64)),
    ],
)
def test_a_first_frame_gives_its_own_shape_unless_a_ratio_is_asked_for(
    endpoint: str, body: dict[str, Any], image: tuple[int, int], size: tuple[int, int]
) -> None:
    shape = shape_of(endpoint, body, image)
    assert (shape.width, shape.height) == size


@pytest.mark.parametrize(
    ("endpoint", "body", "audio"),
    [
        (VEO, {}, True),
        (VEO, {"generate_audio": False}, False),
        (KLING, {}, False),
        ("x", {"enable_audio": True}, True),
        ("kling-v2-6", {"sound": "on"}, True),
        ("kling-v2-6", {"sound": "off"}, False),
    ],
)
def test_sound_follows_the_switch_or_the_model(endpoint: str, body: dict[str, Any], audio: bool) -> None:
    assert shape_of(endpoint, body).audio is audio


@pytest.mark.parametrize(
    ("width", "height", "asked", "fps"),
    [
        (1280, 720, 24, 24),
        (1280, 720, 50, 25),
        (1920, 1080, 60, 30),
        (3840, 2160, 24, 12),
        (3840, 2160, 25, 25 / 3),
    ],
)
def test_the_frame_rate_is_asked_for_or_a_whole_part_of_it(
    width: int, height: int, asked: int, fps: float
) -> None:
    assert float(affordable_fps(Shape(width, height, 5, asked, audio=False))) == fps


def test_every_model_of_the_facts_gets_a_shape(facts: Path) -> None:
    """Real schemas' own defaults, whatever they are called, never trip the reader."""
    import json

    paths = sorted((facts / "models").glob("*.json"))
    assert len(paths) > 100
    for path in paths:
        document = json.loads(path.read_text())
        for field in document["fields"]:
            for value in [field.get("default"), *(field.get("enum") or [])]:
                shape = shape_of(document.get("endpoint", ""), {field["name"]: value})
                assert shape.width % 2 == shape.height % 2 == 0, (path.name, field["name"], value)
                assert 0 < shape.seconds <= 60, (path.name, field["name"], value)
