"""Renders one clip as H.264 in MP4; runs as its own short process, so that the sandbox itself stays small.

`python -m providers.sandbox.video.render` reads an `Errand` as JSON from standard input and prints
the `Clip` it has made.
"""

import math
import os
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import msgspec
from av.video.stream import VideoStream
from msgspec import Struct
from PIL import Image

from providers.child_process import end_with_parent
from providers.sandbox.video import picture
from providers.sandbox.video.geometry import Shape, shape_of

TICKS = 90_000
SOUND_RATE = 48_000
SOUND_FRAME = 1024
BT709 = 1
WHITE, GREY = 235, 128
BUSY_PIXELS = 2560 * 1440
ENCODER = {"preset": "superfast", "tune": "zerolatency", "crf": "18", "aq-mode": "1"}


class Errand(Struct, frozen=True):
    """What to render: the request's body, the file of its first frame, and where the clip goes."""

    endpoint: str
    body: Any
    prompt: str
    first_frame: str | None
    to: str


class Clip(Struct, frozen=True):
    """A finished clip: pixels, seconds, frames a second, bytes."""

    width: int
    height: int
    seconds: float
    fps: float
    frames: int
    bytes: int


def render(errand: Errand) -> Clip:
    """Writes the clip under a temporary name and renames it, so that a half-written one is never seen."""
    first_frame = Path(errand.first_frame) if errand.first_frame else None
    shape = shape_of(errand.endpoint, errand.body, _size_of(first_frame))
    fps = affordable_fps(shape)
    still = picture.background(shape.width, shape.height, f"{errand.endpoint}\n{errand.prompt}", first_frame)
    lettered = picture.lettered(still, errand.prompt, errand.endpoint)
    to = Path(errand.to)
    partial = to.with_suffix(f".{os.getpid()}.partial")
    frames = _write(partial, lettered, shape, fps)
    partial.replace(to)
    return Clip(shape.width, shape.height, shape.seconds, float(fps), frames, to.stat().st_size)


def affordable_fps(shape: Shape) -> Fraction:
    """The asked-for frame rate, or a whole part of it: at most 30, and 12 where a frame has very many pixels."""
    asked = Fraction(shape.fps).limit_denominator(1001)
    most = 12 if shape.width * shape.height > BUSY_PIXELS else 30
    return next(asked / part for part in range(1, 1000) if asked / part <= most)


def _size_of(first_frame: Path | None) -> tuple[int, int] | None:
    if first_frame is None:
        return None
    try:
        with Image.open(first_frame) as image:
            turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
            return (image.height, image.width) if turned else image.size
    except (OSError, ValueError, Image.DecompressionBombError):
        return None


def _write(to: Path, lettered: Image.Image, shape: Shape, fps: Fraction) -> int:
    with av.open(to, "w", format="mp4", options={"movflags": "faststart"}) as container:
        video = _video(container.add_stream("libx264", rate=fps, options=ENCODER), shape)
        sound = container.add_stream("aac", rate=SOUND_RATE, layout="stereo") if shape.audio else None
        silence = _silence(shape.seconds) if sound else iter(())
        frames = 0
        for frame, ticks in _frames(lettered, shape, fps):
            frames += 1
            for packet in video.encode(frame):
                packet.duration = ticks
                container.mux(packet)
            if sound:
                container.mux([made for quiet in _until(silence, frame.time) for made in sound.encode(quiet)])
        container.mux(video.encode(None))
        if sound:
            container.mux(sound.encode(None))
    return frames


def _video(video: VideoStream, shape: Shape) -> VideoStream:
    video.width, video.height, video.pix_fmt = shape.width, shape.height, "yuv420p"
    context = video.codec_context
    context.time_base = Fraction(1, TICKS)
    context.thread_count = 1
    context.gop_size = 48
    context.colorspace = context.color_primaries = context.color_trc = BT709
    return video


def _frames(lettered: Image.Image, shape: Shape, fps: Fraction) -> Iterator[tuple[av.VideoFrame, int]]:
    """Each frame with its length in ticks. One picture a second is converted; between, only the line is drawn."""
    whole = round(shape.seconds * TICKS)
    step = TICKS / fps
    count = max(1, math.ceil(whole / step))
    shown = -1
    for number in range(count):
        start, end = round(number * step), min(whole, round((number + 1) * step))
        if start // TICKS != shown:
            shown = start // TICKS
            frame = _planes(picture.timed(lettered, shown))
        _draw_line(frame, shape, (number + 1) / count)
        frame.pts, frame.time_base = start, Fraction(1, TICKS)
        yield frame, end - start


def _planes(image: Image.Image) -> av.VideoFrame:
    frame: av.VideoFrame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
    return frame.reformat(format="yuv420p", dst_colorspace="ITU709", interpolation="BILINEAR")


def _draw_line(frame: av.VideoFrame, shape: Shape, fraction: float) -> None:
    left, top, right, bottom = picture.line_box(shape.width, shape.height)
    reach = left + max(2, round((right + 1 - left) * fraction) // 2 * 2)
    for plane, part, level in zip(frame.planes, (1, 2, 2), (WHITE, GREY, GREY), strict=True):
        pixels = memoryview(plane)
        run = bytes([level]) * (reach // part - left // part)
        for row in range(top // part, (bottom + 1) // part):
            start = row * plane.line_size + left // part
            pixels[start : start + len(run)] = run


def _silence(seconds: float) -> Iterator[av.AudioFrame]:
    for start in range(0, int(seconds * SOUND_RATE) - SOUND_FRAME, SOUND_FRAME):
        quiet = av.AudioFrame(format="fltp", layout="stereo", samples=SOUND_FRAME)
        for plane in quiet.planes:
            plane.update(bytes(plane.buffer_size))
        quiet.sample_rate, quiet.pts, quiet.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
        yield quiet


def _until(silence: Iterator[av.AudioFrame], seconds: float | None) -> Iterator[av.AudioFrame]:
    """Silence up to the picture's time and a little ahead, so that both are interleaved in the file."""
    for quiet in silence:
        yield quiet
        if quiet.time is not None and seconds is not None and quiet.time > seconds + 0.5:
            return


def main() -> None:
    """Renders the errand on standard input at low priority, and ends with the process that asked for it."""
    end_with_parent(int(sys.argv[1]) if len(sys.argv) > 1 else None)
    os.nice(5)
    errand = msgspec.json.decode(sys.stdin.buffer.read(), type=Errand)
    sys.stdout.buffer.write(msgspec.json.encode(render(errand)))


if __name__ == "__main__":
    main()
