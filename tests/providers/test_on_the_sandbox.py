"""Every wire against the sandbox, which others wrote from the same facts: neither has seen the other's."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator

import pytest
from PIL import Image

from models.payload import MediaLeaf
from models.spec.values import JSON
from providers.client.http import HTTPClients
from providers.client.provider_client import ProviderClient
from providers.description.catalogue import DescriptionCatalogue
from providers.outcomes import (
    Accepted,
    Fetched,
    Handle,
    Limited,
    LocalFile,
    Operation,
    PollResult,
    Refused,
    Submission,
    Unclear,
)
from providers.registry import ProviderRegistry
from tests.providers.descriptions import FOLDER, NAMES
from tests.providers.sandbox.running import RunningSandbox
from tests.support import PATIENCE

PICTURE = "up_1"
VEO = "veo-3.1-generate-preview"


def graph(prompt: str, frames: JSON) -> JSON:
    """A workflow in API format that shows `frames` (a link to a node) with words over them."""
    return {
        "6": {"class_type": "TextOverlay", "inputs": {"images": frames, "text": prompt, "font_size": 10.0,
              "color": "#ffffff", "position": "bottom", "align": "center", "outline": True}},
        "8": {"class_type": "CreateVideo", "inputs": {"images": ["6", 0], "fps": 12.0}},
        "9": {"class_type": "SaveVideo", "inputs": {"video": ["8", 0], "filename_prefix": "video/x", "format": "mp4",
              "codec": "h264"}},
    }  # fmt: skip


def bodies(prompt: str) -> dict[str, list[tuple[str, str, JSON]]]:
    """By wire: endpoint, mode and body; the first of each is made of words alone."""
    said: JSON = {"type": "text", "text": prompt}
    shown: JSON = {"type": "image_url", "image_url": {"url": PICTURE}, "role": "first_frame"}
    return {
        "replicate": [("minimax/hailuo-02", "t2v", {"input": {"prompt": prompt}})],
        "fal": [("fal-ai/veo3.1", "t2v", {"prompt": prompt})],
        "runway": [
            ("gen4.5", "t2v", {"promptText": prompt, "ratio": "1280:720", "duration": 5}),
            ("gen4_turbo", "i2v", {"promptText": prompt, "promptImage": PICTURE, "ratio": "1280:720", "duration": 5}),
        ],
        "luma": [("ray-2", "t2v", {"generation_type": "video", "prompt": prompt, "duration": "5s"})],
        "veo": [
            (VEO, "t2v", {"instances": {"prompt": prompt}, "parameters": {"durationSeconds": 8}}),
            (VEO, "i2v", {"instances": {"prompt": prompt, "image": PICTURE}}),
        ],
        "openai": [
            ("sora-2", "t2v", {"prompt": prompt, "seconds": "4", "size": "1280x720"}),
            ("sora-2", "i2v", {"prompt": prompt, "seconds": "4", "size": "1280x720", "input_reference": PICTURE}),
        ],
        "xai": [("grok-imagine-video", "t2v", {"prompt": prompt, "duration": 5, "resolution": "720p"})],
        "seedance": [
            ("dreamina-seedance-2-0-260128", "t2v", {"content": [said], "ratio": "16:9", "duration": 5}),
            ("dreamina-seedance-2-0-260128", "i2v", {"content": [said, shown], "duration": 5}),
        ],
        "wan": [
            ("wan2.6-t2v", "t2v", {"input": {"prompt": prompt}, "parameters": {"size": "1280*720", "duration": 5}}),
            ("wan2.2-kf2v-flash", "flf2v", {"input": {"prompt": prompt, "first_frame_url": PICTURE},
                                            "parameters": {"resolution": "720P"}}),
        ],
        "minimax": [
            ("MiniMax-H3", "t2v", {"content": [said], "resolution": "768P", "duration": 5, "ratio": "16:9"}),
            ("MiniMax-Hailuo-2.3", "t2v", {"prompt": prompt, "duration": 6, "resolution": "768P"}),
            ("MiniMax-Hailuo-2.3", "i2v", {"prompt": prompt, "first_frame_image": PICTURE, "duration": 6}),
        ],
        **more_bodies(prompt),
    }  # fmt: skip


def more_bodies(prompt: str) -> dict[str, list[tuple[str, str, JSON]]]:
    canvas: JSON = {
        "class_type": "EmptyImage",
        "inputs": {"width": 320, "height": 180, "batch_size": 24, "color": 9},
    }
    load: JSON = {"class_type": "LoadImage", "inputs": {"image": PICTURE}}
    words, over = graph(prompt, ["2", 0]), graph(prompt, ["2", 0])
    assert isinstance(words, dict)
    assert isinstance(over, dict)
    return {
        "kling": [
            ("kling-v2-6", "t2v", {"prompt": prompt, "duration": "5", "mode": "std", "aspect_ratio": "16:9"}),
            ("kling-v2-6", "i2v", {"prompt": prompt, "image": PICTURE, "duration": "5", "mode": "std"}),
        ],
        "pixverse": [
            ("v5", "t2v", {"prompt": prompt, "aspect_ratio": "16:9", "quality": "720p", "duration": 5}),
            ("v5", "i2v", {"prompt": prompt, "img_id": PICTURE, "quality": "720p", "duration": 5}),
        ],
        "vidu": [
            ("viduq2", "t2v", {"prompt": prompt, "duration": 5, "aspect_ratio": "16:9", "resolution": "720p"}),
            ("viduq2", "i2v", {"prompt": prompt, "duration": 5, "images": [PICTURE], "resolution": "720p"}),
        ],
        "comfyui": [("words", "t2v", {"2": canvas, **words}), ("picture", "i2v", {"2": load, **over})],
    }  # fmt: skip


def leaves(body: JSON, at: str = "") -> Iterator[MediaLeaf]:
    members = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for name, member in members:
        yield from leaves(member, f"{at}/{name}")
    if body == PICTURE:
        yield MediaLeaf(at, "image", PICTURE)


def order_of(name: str, asked: tuple[str, str, JSON]) -> Submission:
    endpoint, mode, body = asked
    assert isinstance(body, dict)
    return Submission(name, endpoint, "", mode, body, tuple(leaves(body)))


@pytest.fixture(scope="module")
def sandbox(starts_processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with RunningSandbox(tmp_path_factory.mktemp("sandbox"), speed=100) as running:
        yield running.url


@pytest.fixture
async def lines(sandbox: str) -> AsyncIterator[ProviderRegistry]:
    async with HTTPClients() as clients:
        yield ProviderRegistry(DescriptionCatalogue([FOLDER]), clients, {}, sandbox)


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> LocalFile:
    path = tmp_path_factory.mktemp("picture") / "teal.png"
    Image.new("RGB", (640, 360), "teal").save(path)
    return LocalFile(path, "teal.png", "image/png", path.stat().st_size)


def line_of(lines: ProviderRegistry, name: str) -> ProviderClient:
    line = lines.client(name, "", sandbox=True)
    assert line
    return line


async def until_over(line: ProviderClient, operation: Operation) -> list[PollResult]:
    looks: list[PollResult] = []
    async with asyncio.timeout(PATIENCE):
        while not looks or looks[-1].state in ("queued", "processing"):
            found = await line.poll(operation)
            assert isinstance(found, PollResult), found
            looks.append(found)
            await asyncio.sleep(0.05)
    return looks


ASKED = [
    pytest.param(name, asked, id=f"{name}-{asked[0]}-{asked[1]}")
    for name, several in bodies("a red kite over the sea").items()
    for asked in several
]


def test_every_wire_is_tried() -> None:
    assert set(bodies("")) == set(NAMES)


@pytest.mark.parametrize(("name", "asked"), ASKED)
async def test_an_order_becomes_a_video(
    lines: ProviderRegistry, picture: LocalFile, name: str, asked: tuple[str, str, JSON]
) -> None:
    line, order = line_of(lines, name), order_of(name, asked)
    handles: dict[str, JSON] = {}
    for leaf in order.media:
        handle = await line.upload_media(leaf, picture, order)
        assert isinstance(handle, Handle), handle
        handles[leaf.at] = handle.value
    answer = await line.submit(order, handles, job_id=f"{name}-{order.mode}-{order.endpoint[-4:]}")
    assert isinstance(answer, Accepted), answer
    [*_, last] = await until_over(line, answer.operation)
    assert last.state == "succeeded", last
    assert (last.billing, last.cost) == ("not_billed", None)
    content = io.BytesIO()
    assert isinstance(await line.fetch(last.outputs[0], content, 100_000_000), Fetched)
    assert content.getvalue()[4:8] == b"ftyp"


REFUSALS = [
    ("no_credit", Refused, "no_credit"),
    ("bad_key", Refused, "auth"),
    ("invalid_input", Refused, "invalid_input"),
    ("blocked", Refused, "moderation"),
    ("rate_limit", Limited, "rate_limited"),
    ("error_after", Unclear, None),
    ("drop_after", Unclear, None),
]
# Google says the same code for an empty account as for too many requests; the key of a local server is no one's.
UNLIKE = {("veo", "no_credit"): "rate_limited"}


@pytest.mark.parametrize(("fault", "answer", "kind"), REFUSALS)
@pytest.mark.parametrize("name", sorted(set(NAMES) - {"comfyui"}))
async def test_a_refusal_is_understood(
    lines: ProviderRegistry, name: str, fault: str, answer: type, kind: str | None
) -> None:
    first = bodies(f"a kite [fault: {fault}]")[name][0]
    outcome = await line_of(lines, name).submit(order_of(name, first), {}, job_id=f"{name}-{fault}")
    if (name, fault) in UNLIKE:
        assert isinstance(outcome, Limited)
        assert outcome.error.kind == UNLIKE[name, fault]
        return
    assert isinstance(outcome, answer), outcome
    if isinstance(outcome, Refused | Limited):
        assert outcome.error.kind == kind


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"comfyui"}))
async def test_the_content_rules_may_end_a_job_later(lines: ProviderRegistry, name: str) -> None:
    line, first = line_of(lines, name), bodies("a kite [fault: moderation]")[name][0]
    answer = await line.submit(order_of(name, first), {}, job_id=f"{name}-moderation")
    assert isinstance(answer, Accepted), answer
    [*_, last] = await until_over(line, answer.operation)
    assert last.error
    assert (last.state, last.error.kind) == ("failed", "moderation")


@pytest.mark.parametrize("name", ["replicate", "fal", "runway", "luma", "minimax", "vidu"])
async def test_a_running_job_is_stopped(lines: ProviderRegistry, name: str) -> None:
    line, first = line_of(lines, name), bodies("a kite [fault: endless]")[name][0]
    answer = await line.submit(order_of(name, first), {}, job_id=f"{name}-endless")
    assert isinstance(answer, Accepted), answer
    await line.cancel(answer.operation)
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await line.poll(answer.operation, cancel_sent=True)
            if isinstance(found, PollResult) and found.state == "canceled":
                break
            await asyncio.sleep(0.05)
