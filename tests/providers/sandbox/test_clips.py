"""The rendered files: exact size and length, H.264 with the index in front, the prompt or first frame drawn."""

import base64
import io
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageStat

from providers.sandbox.video.picture import drawable, missing, wrapped
from providers.sandbox.video.render import Errand, render
from tests.providers.sandbox.running import RunningSandbox


def rendered(folder: Path, body: dict[str, Any], *, endpoint: str = "x", image: Path | None = None) -> Path:
    to = folder / f"{len(list(folder.iterdir()))}.mp4"
    prompt = str(body.get("prompt", "A paper boat on a rainy street"))
    render(Errand(endpoint, body, prompt, str(image) if image else None, str(to)))
    return to


def frame_of(path: Path) -> Image.Image:
    return frames_of(path)[0]


def frames_of(path: Path) -> list[Image.Image]:
    with av.open(str(path)) as video:
        return [frame.to_image() for frame in video.decode(video=0)]  # type: ignore[no-untyped-call]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("endpoint", "body", "size", "seconds", "audio"),
    [
        ("kwaivgi/kling-v2.1-master", {"aspect_ratio": "9:16"}, (1080, 1920), 5.0, False),
        ("fal-ai/veo3.1", {"duration": "4s"}, (1280, 720), 4.0, True),
        ("minimax/hailuo-02", {"resolution": "768p"}, (1366, 768), 6.0, False),
        ("bytedance/seedance-1-pro", {"resolution": "480p", "aspect_ratio": "21:9"}, (1120, 480), 5.0, False),
        ("fal-ai/ltx-2/text-to-video", {"resolution": "2160p", "duration": 2}, (3840, 2160), 2.0, True),
        ("x", {"resolution": "240p", "num_frames": 81, "fps": 16}, (426, 240), 5.0625, False),
        ("x", {"resolution": "240p", "duration": 2.3, "enable_audio": True}, (426, 240), 2.3, True),
    ],
)
def test_a_clip_has_the_size_and_length_asked_for(
    tmp_path: Path, endpoint: str, body: dict[str, Any], size: tuple[int, int], seconds: float, audio: bool
) -> None:
    path = rendered(tmp_path, body, endpoint=endpoint)
    with av.open(str(path)) as clip:
        video = clip.streams.video[0]
        frame = 1 / float(video.average_rate or 1)
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (video.width, video.height) == size
        assert (clip.duration or 0) / 1e6 == pytest.approx(seconds, abs=0.002)
        assert [stream.codec_context.name for stream in clip.streams.audio] == (["aac"] if audio else [])
        shown = sum(1 for _ in clip.decode(video))
        assert shown == pytest.approx(seconds / frame, abs=1.01)


def test_the_index_lies_in_front_so_that_a_browser_can_start_at_once(tmp_path: Path) -> None:
    data = rendered(tmp_path, {"resolution": "240p", "duration": 1}).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_the_prompt_is_drawn_into_the_lower_third(tmp_path: Path) -> None:
    endpoint = "x"
    short = frame_of(
        rendered(tmp_path, {"resolution": "360p", "duration": 1, "prompt": "A"}, endpoint=endpoint)
    )
    text = "A fox runs through fresh snow while the sun goes down behind the pines"
    long = frame_of(
        rendered(tmp_path, {"resolution": "360p", "duration": 1, "prompt": text}, endpoint=endpoint)
    )
    width, height = long.size

    def letters(frame: Image.Image, top: float, bottom: float) -> int:
        part = frame.crop((0, int(height * top), width, int(height * bottom))).convert("L")
        return sum(part.histogram()[215:])

    assert letters(long, 0.6, 0.88) > 5 * letters(short, 0.6, 0.88) > 0
    assert letters(long, 0.3, 0.5) == 0


def test_the_line_moves(tmp_path: Path) -> None:
    frames = frames_of(rendered(tmp_path, {"resolution": "240p", "duration": 2}))
    box = (
        ImageChops.difference(frames[10], frames[-10])
        .convert("L")
        .point(lambda level: 255 * (level > 60))
        .getbbox()
    )
    assert box is not None
    assert box[3] > frames[0].height * 0.9


@pytest.mark.parametrize("name", ["frame.png", "frame.jpg", "frame.webp"])
def test_a_first_frame_is_the_picture_and_gives_the_shape(tmp_path: Path, name: str) -> None:
    image = tmp_path / name
    Image.new("RGB", (640, 480), (220, 40, 30)).save(image)
    frame = frame_of(
        rendered(tmp_path, {"duration": 1}, endpoint="fal-ai/wan-25-preview/image-to-video", image=image)
    )
    red, green, blue = ImageStat.Stat(frame.crop((200, 60, 440, 200))).mean
    assert frame.size == (640, 480)
    assert red > 150 > 90 > green
    assert blue < 90


def test_a_turned_photo_is_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (400, 300), "blue").save(tmp_path / "turned.jpg", exif=exif)
    assert frame_of(rendered(tmp_path, {"duration": 1}, image=tmp_path / "turned.jpg")).size == (300, 400)


def test_a_broken_first_frame_leaves_the_gradient(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnonsense")
    frame = frame_of(rendered(tmp_path, {"resolution": "240p", "duration": 1}, image=tmp_path / "broken.png"))
    assert frame.size == (426, 240)


def test_any_text_can_be_drawn(tmp_path: Path) -> None:
    for prompt in (
        "",
        " ",
        "一只猫在雪地里奔跑",
        "🦊" * 40,
        "word" * 300,
        "line\nline\r\nline",
        "\x00\x07odd",
    ):
        assert (
            rendered(tmp_path, {"resolution": "240p", "duration": 1, "prompt": prompt}).stat().st_size > 1000
        )


@pytest.mark.parametrize(
    "text", ["plain words", "a dash — and “quotes”", "naïve café", "一只猫 and a fox", "tab\tand\r\nline"]
)
def test_no_letter_is_drawn_as_an_empty_box(text: str) -> None:
    shown, font = drawable(text, 20)
    assert missing(shown, font) == set()
    assert "  " not in shown
    assert shown.split()[-1] in text.replace("“", '"').replace("”", '"')


def test_a_long_text_is_cut_to_its_lines_at_any_width() -> None:
    draw = ImageDraw.Draw(Image.new("L", (10, 10)))
    font = ImageFont.load_default(size=20)
    for text in ("word " * 80, "unbroken" * 40, "short"):
        lines = wrapped(draw, text, font, 300, 3)
        assert len(lines) <= 3
        assert max(draw.textlength(line, font=font) for line in lines) <= 300
        assert lines[-1].endswith("...") == (len(text) > 5)


def test_a_data_uri_and_an_upload_become_the_first_frame(sandbox: RunningSandbox) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (320, 200), "green").save(buffer, "PNG")
    uri = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    request = sandbox.request(
        "From a data URI", "fal-ai/wan-25-preview/image-to-video", image_url=uri, resolution="240p"
    )
    sandbox.requested(request)
    video = sandbox.ask("GET", request["response_url"]).json()["video"]
    assert (video["width"], video["height"]) == (384, 240)

    form = {"content": ("frame.png", buffer.getvalue(), "image/png")}
    file = sandbox.ask("POST", "/replicate/v1/files", files=form).json()
    prediction = sandbox.predict(
        "From an upload", "kwaivgi/kling-v2.1-master", start_image=file["urls"]["get"]
    )
    last = sandbox.predicted(prediction)[-1]
    clip = sandbox.ask("GET", last["output"]).content
    with av.open(io.BytesIO(clip)) as probed:
        assert (probed.streams.video[0].width, probed.streams.video[0].height) == (410, 256)
    echoed = last["input"]["start_image"]
    assert sandbox.ask("GET", echoed).content == buffer.getvalue()


def test_an_image_that_is_none_ends_the_job_as_the_services_do(sandbox: RunningSandbox) -> None:
    uri = "data:image/png;base64," + base64.b64encode(b"not an image").decode()
    request = sandbox.request("Bad image", "fal-ai/wan-25-preview/image-to-video", image_url=uri)
    sandbox.requested(request)
    result = sandbox.ask("GET", request["response_url"])
    assert (result.status_code, result.json()["detail"][0]["type"]) == (422, "image_load_error")
    assert result.json()["detail"][0]["loc"] == ["body", "image_url"]
    last = sandbox.predicted(sandbox.predict("Bad image", start_image=uri))[-1]
    assert (last["status"], "start_image" in last["error"]) == ("failed", True)


def test_equal_jobs_share_one_rendering(sandbox: RunningSandbox) -> None:
    outputs = [sandbox.predicted(sandbox.predict("The same"))[-1]["output"] for _ in range(2)]
    assert outputs[0] != outputs[1]
    first = sandbox.ask("GET", outputs[0]).content
    before = len(list((sandbox.folder / "clips").glob("*.mp4")))
    assert sandbox.ask("GET", outputs[1]).content == first
    assert len(list((sandbox.folder / "clips").glob("*.mp4"))) == before
