"""The two workflows of a real ComfyUI server, where one answers at SHOTLIST_COMFYUI_BASE_URL."""

import asyncio
import io
import os
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from models.payload import MediaLeaf
from models.spec.values import JSON
from providers.client.http import HTTPClients
from providers.client.provider_client import ProviderClient
from providers.outcomes import (
    Accepted,
    CancelAsked,
    Fetched,
    Handle,
    LocalFile,
    Operation,
    PollResult,
    Refused,
    Submission,
)
from tests.providers.descriptions import ALL
from tests.support import PATIENCE

ORIGIN = os.environ.get("SHOTLIST_COMFYUI_BASE_URL", "")
pytestmark = pytest.mark.comfyui

# ColorTransfer stands in for a sampler: it reports progress with each frame and can be interrupted there.
T2V: dict[str, JSON] = {
    "1": {"class_type": "PrimitiveStringMultiline", "inputs": {"value": "a red kite over the sea"}},
    "2": {"class_type": "EmptyImage", "inputs": {"width": 320, "height": 180, "batch_size": 24, "color": 3355545}},
    "3": {"class_type": "ImageAddNoise", "inputs": {"image": ["2", 0], "seed": 7, "strength": 0.3}},
    "4": {"class_type": "EmptyImage", "inputs": {"width": 320, "height": 180, "batch_size": 1, "color": 12622902}},
    "5": {"class_type": "ImageAddNoise", "inputs": {"image": ["4", 0], "seed": 1, "strength": 0.5}},
    "6": {"class_type": "ColorTransfer", "inputs": {"image_target": ["3", 0], "image_ref": ["5", 0],
        "method": "reinhard_lab", "source_stats": "per_frame", "strength": 1.0}},
    "7": {"class_type": "TextOverlay", "inputs": {"images": ["6", 0], "text": ["1", 0], "font_size": 10.0,
        "color": "#ffffff", "position": "bottom", "align": "center", "outline": True}},
    "8": {"class_type": "CreateVideo", "inputs": {"images": ["7", 0], "fps": 12.0}},
    "9": {"class_type": "SaveVideo", "inputs": {"video": ["8", 0], "filename_prefix": "video/t2v", "format": "mp4",
        "codec": "h264"}},
}  # fmt: skip
I2V: dict[str, JSON] = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "up_1"}},
    "2": {"class_type": "ImageScale", "inputs": {"image": ["1", 0], "upscale_method": "bilinear", "width": 320,
        "height": 180, "crop": "center"}},
    "3": {"class_type": "RepeatImageBatch", "inputs": {"image": ["2", 0], "amount": 24}},
    "4": {"class_type": "ImageAddNoise", "inputs": {"image": ["3", 0], "seed": 7, "strength": 0.1}},
    "5": {"class_type": "ColorTransfer", "inputs": {"image_target": ["4", 0], "image_ref": ["2", 0],
        "method": "reinhard_lab", "source_stats": "per_frame", "strength": 1.0}},
    "6": {"class_type": "TextOverlay", "inputs": {"images": ["5", 0], "text": "slow zoom", "font_size": 10.0,
        "color": "#ffffff", "position": "bottom", "align": "center", "outline": True}},
    "7": {"class_type": "CreateVideo", "inputs": {"images": ["6", 0], "fps": 12.0}},
    "8": {"class_type": "SaveVideo", "inputs": {"video": ["7", 0], "filename_prefix": "video/i2v", "format": "mp4",
        "codec": "h264"}},
}  # fmt: skip


@pytest.fixture
async def line(clients: HTTPClients) -> ProviderClient:
    if not ORIGIN:
        pytest.skip("SHOTLIST_COMFYUI_BASE_URL names no server")
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            await client.get(f"{ORIGIN}/system_stats", timeout=PATIENCE)
        except httpx.TransportError:
            pytest.skip(f"no ComfyUI answers at {ORIGIN}")
    return ProviderClient(ALL["comfyui"], ORIGIN, str, clients)


def order(graph: dict[str, JSON], *media: MediaLeaf) -> Submission:
    return Submission("comfyui", "made-for-the-test", "", "t2v", graph, media)


def long_one(frames: int) -> dict[str, JSON]:
    canvas: JSON = {
        "class_type": "EmptyImage",
        "inputs": {"width": 320, "height": 180, "batch_size": frames, "color": 3355545},
    }
    return {**T2V, "2": canvas}


async def until_over(line: ProviderClient, operation: Operation) -> list[PollResult]:
    """Every look up to the last."""
    looks: list[PollResult] = []
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await line.poll(operation)
            assert isinstance(found, PollResult), found
            looks.append(found)
            if found.state not in ("queued", "processing"):
                return looks
            await asyncio.sleep(0.2)


async def test_text_becomes_a_video(line: ProviderClient) -> None:
    answer = await line.submit(order(T2V), {}, job_id=uuid4().hex)
    assert isinstance(answer, Accepted)
    [*_, last] = await until_over(line, answer.operation)
    assert last.state == "succeeded"
    [file] = last.outputs
    content = io.BytesIO()
    fetched = await line.fetch(file, content, 50_000_000)
    assert isinstance(fetched, Fetched)
    assert fetched.content_type == "video/mp4"
    assert content.getvalue()[4:8] == b"ftyp"


async def test_a_picture_becomes_a_video(line: ProviderClient, tmp_path: Path) -> None:
    path = tmp_path / "up_1"
    Image.new("RGB", (320, 180), "teal").save(path, "PNG")
    leaf = MediaLeaf("/1/inputs/image", "image", "up_1")
    handle = await line.upload_media(leaf, LocalFile(path, "teal.png", "image/png", path.stat().st_size))
    assert isinstance(handle, Handle)
    answer = await line.submit(order(I2V, leaf), {leaf.at: handle.value}, job_id=uuid4().hex)
    assert isinstance(answer, Accepted)
    [*_, last] = await until_over(line, answer.operation)
    assert (last.state, len(last.outputs)) == ("succeeded", 1)


async def test_progress_and_place_are_shown_and_a_run_can_be_canceled(line: ProviderClient) -> None:
    running = await line.submit(order(long_one(1500)), {}, job_id=uuid4().hex)
    waiting = await line.submit(order(T2V), {}, job_id=uuid4().hex)
    assert isinstance(running, Accepted)
    assert isinstance(waiting, Accepted)
    progress: list[float] = []
    async with asyncio.timeout(PATIENCE):
        while not progress:
            found = await line.poll(running.operation)
            assert isinstance(found, PollResult)
            progress += [found.progress] if found.progress else []
    assert 0 < progress[0] < 1
    place = await line.poll(waiting.operation)
    assert isinstance(place, PollResult)
    assert (place.state, place.position) == ("queued", 1)
    assert await line.cancel(waiting.operation) == CancelAsked()
    dropped = await line.poll(waiting.operation, cancel_sent=True)
    assert isinstance(dropped, PollResult)
    assert dropped.state == "canceled"
    assert await line.cancel(running.operation) == CancelAsked()
    [*_, last] = await until_over(line, running.operation)
    assert last.state == "canceled"


async def test_a_graph_that_cannot_run_is_refused_in_the_nodes_own_words(line: ProviderClient) -> None:
    answer = await line.submit(order(I2V), {}, job_id=uuid4().hex)
    assert isinstance(answer, Refused)
    assert answer.error.kind == "invalid_input"
    assert "up_1" in answer.error.message


async def test_an_order_can_be_asked_for_by_the_jobs_own_id(line: ProviderClient) -> None:
    number, graph = uuid4().hex, order(T2V)
    answer = await line.submit(graph, {}, job_id=number)
    assert isinstance(answer, Accepted)
    found = await line.find(graph, job_id=number)
    assert isinstance(found, Accepted)
    assert found.operation.id == answer.operation.id
    await until_over(line, answer.operation)
