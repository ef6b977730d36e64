"""A program orders a video from each model and gets a file that plays."""

from io import BytesIO
from typing import Any

import av
import pytest

from tests.support import Server, png

ORDERS: list[tuple[str, dict[str, Any], tuple[int, int], float]] = [
    ("kling-v2.1-master", {"prompt": "A tall boat", "duration": 5, "aspect_ratio": "9:16"}, (1080, 1920), 5),
    ("hailuo-02", {"prompt": "A gymnast", "resolution": "768p", "duration": 6}, (1366, 768), 6),
    (
        "seedance-1-pro",
        {"prompt": "A fox", "resolution": "480p", "duration": 3, "aspect_ratio": "1:1"},
        (480, 480),
        3,
    ),
    ("veo-3.1", {"prompt": "A keeper", "resolution": "720p", "duration": "4s"}, (1280, 720), 4),
    (
        "wan-2.5",
        {"prompt": "A violin", "resolution": "480p", "duration": "5", "aspect_ratio": "9:16"},
        (480, 854),
        5,
    ),
    ("ltx-2", {"prompt": "A street", "duration": 6}, (1920, 1080), 6),
]


@pytest.mark.parametrize(("model", "values", "size", "seconds"), ORDERS, ids=[order[0] for order in ORDERS])
def test_every_model_makes_a_video_of_the_size_and_length_asked_for(
    server: Server, model: str, values: dict[str, Any], size: tuple[int, int], seconds: float
) -> None:
    job = server.wait(server.order(model, **values))
    assert job["status"] == "succeeded", job
    assert job["sandbox"] is True
    assert job["billing"] == "not_billed"
    file = server.http.get(job["output"]["url"]).content
    assert len(file) == job["output"]["bytes"]
    width, height, length, frames = played(file)
    assert (width, height) == size
    assert length == pytest.approx(seconds, abs=0.3)
    assert frames > seconds
    assert (job["output"]["width"], job["output"]["height"]) == size
    assert server.http.get(job["output"]["poster_url"]).headers["content-type"] == "image/jpeg"


def played(file: bytes) -> tuple[int, int, float, int]:
    """Width, height, seconds and the number of pictures, after decoding all of them."""
    with av.open(BytesIO(file), "r") as video:
        stream = video.streams.video[0]
        frames = len(list(video.decode(stream)))
        return (
            stream.codec_context.width,
            stream.codec_context.height,
            (video.duration or 0) / av.time_base,
            frames,
        )


def test_an_uploaded_first_frame_decides_the_shape(server: Server) -> None:
    uploaded = server.http.post(
        "/api/video/uploads", files={"file": ("frame.png", png((640, 480)), "image/png")}
    )
    assert uploaded.status_code == 201
    assert uploaded.json() == {
        "id": uploaded.json()["id"], "kind": "image", "width": 640, "height": 480, "seconds": None,
        "bytes": len(png((640, 480))),
    }  # fmt: skip
    values = {"mode": "i2v", "prompt": "It moves", "image": uploaded.json()["id"]}
    job = server.wait(server.order("kling-v2.1-master", **values))
    assert job["status"] == "succeeded", job
    assert job["output"]["width"] / job["output"]["height"] == pytest.approx(4 / 3, abs=0.01)
