"""The size, length and frame rate that a request asks for, whichever way it spells them, and the models' defaults."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

LONGEST_SIDE = 4096
LONGEST_SECONDS = 60.0
SMALLEST_SIDE = 64


class Shape(Struct, frozen=True):
    """Width and height in pixels (both even), length in seconds, frames a second, and whether there is sound."""

    width: int
    height: int
    seconds: float
    fps: float
    audio: bool


class Default(Struct, frozen=True):
    """What a model does when the request says nothing. `short` is the short side in pixels; `ratio` is width / height;
    with `image_decides` a first frame overrides an asked-for ratio; `needs` are the inputs it cannot do without."""

    short: int = 720
    ratio: float = 16 / 9
    seconds: float = 5.0
    fps: float = 24.0
    audio: bool = False
    image_decides: bool = False
    needs: tuple[str, ...] = ()


# By how an endpoint begins; the longest that fits counts. Source: the providers' published input schemas.
DEFAULTS = {
    "": Default(),
    "kwaivgi/kling-v2.1-master": Default(short=1080, image_decides=True, needs=("prompt",)),
    "minimax/hailuo-02": Default(short=1080, seconds=6, image_decides=True, needs=("prompt",)),
    "bytedance/seedance-1-pro": Default(short=1080, image_decides=True, needs=("prompt",)),
    "fal-ai/veo3.1": Default(seconds=8, audio=True, needs=("prompt",)),
    "fal-ai/wan-25-preview": Default(short=1080, audio=True, needs=("prompt",)),
    "fal-ai/ltx-2": Default(short=1080, seconds=6, fps=25, audio=True, needs=("prompt",)),
    "sora-2": Default(ratio=9 / 16, seconds=4, audio=True, needs=("prompt",)),
    "veo-3": Default(seconds=8, audio=True, needs=("prompt",)),
    "grok-imagine": Default(short=480, seconds=8, audio=True, image_decides=True),
    "wan2.": Default(short=1080, fps=30),
    "MiniMax-Hailuo": Default(short=768, seconds=6, image_decides=True),
    "MiniMax-H3": Default(short=768, audio=True),
}
MODES = {"std": 720, "pro": 1080}  # Kling names a quality, not a size
NAMED_SIDES = {"2k": 1440, "4k": 2160, "uhd": 2160, "hd": 720, "fhd": 1080}
NAMED_RATIOS = {"landscape": 16 / 9, "portrait": 9 / 16, "square": 1.0}


def default_for(endpoint: str) -> Default:
    """The defaults of the model at this endpoint."""
    return DEFAULTS[max((start for start in DEFAULTS if endpoint.startswith(start)), key=len)]


def shape_of(endpoint: str, body: object, image: tuple[int, int] | None = None) -> Shape:
    """What the request's `body` asks of `endpoint`; `image` is the size in pixels of its first frame, if it has one."""
    default = default_for(endpoint)
    asked = dict(reversed([*_leaves(body)]))
    width, height = _size(asked, default, image)
    fps = _number(asked, "fps", "framespersecond", "framerate") or default.fps
    return Shape(width, height, _seconds(asked, fps, default), fps, _audio(asked, default))


def _leaves(value: object) -> Iterator[tuple[str, Any]]:
    """Every scalar with its own key, lower-case and without `_` and `-`, outermost and first ones first."""
    if isinstance(value, Mapping):
        inner = []
        for key, member in value.items():
            if isinstance(member, Mapping | list):
                inner.append(member)
            else:
                yield re.sub(r"[_-]", "", str(key)).lower(), member
                yield from _flags(member)
        for member in inner:
            yield from _leaves(member)
    elif isinstance(value, list):
        for member in value:
            yield from _leaves(member)


def _flags(text: object) -> Iterator[tuple[str, str]]:
    """What an older prompt says in itself, such as `--rs 720p --dur 5 --rt 16:9`."""
    if isinstance(text, str) and "--" in text:
        for name, value in re.findall(r"--(rs|rt|dur|fps|resolution|ratio|duration)\s+(\S+)", text):
            yield {"rs": "resolution", "rt": "ratio", "dur": "duration"}.get(name, name), value


def _size(asked: Mapping[str, Any], default: Default, image: tuple[int, int] | None) -> tuple[int, int]:
    for name in ("size", "resolution", "ratio", "videosize", "imagesize"):
        if pixels := _pixels(asked.get(name)):
            return _even(*pixels)
    if (width := _number(asked, "width")) and (height := _number(asked, "height")):
        return _even(width, height)
    short = _short_side(asked.get("resolution") or asked.get("size") or asked.get("quality"))
    short = short or MODES.get(str(asked.get("mode"))) or (2160 if asked.get("mode") == "4k" else None)
    ratio = None if image and default.image_decides else _ratio(asked)
    if ratio is None and image:
        own = min(image)
        short = short or max(SMALLEST_SIDE, min(own, default.short))
        return _even(image[0] * short / own, image[1] * short / own)
    return _from_ratio(ratio or default.ratio, short or default.short)


def _from_ratio(ratio: float, short: float) -> tuple[int, int]:
    ratio = min(4.0, max(0.25, ratio))
    return _even(short * ratio, short) if ratio >= 1 else _even(short, short / ratio)


def _even(width: float, height: float) -> tuple[int, int]:
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))


def _pixels(value: object) -> tuple[int, int] | None:
    """1280x720, 1280*720 or 1280:720; a ratio such as 16:9 is too small to be meant as pixels."""
    found = re.fullmatch(r"\s*(\d+)\s*[xX*×:]\s*(\d+)\s*", value) if isinstance(value, str) else None
    if not found:
        return None
    width, height = int(found[1]), int(found[2])
    return (width, height) if min(width, height) >= SMALLEST_SIDE else None


def _short_side(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if value >= SMALLEST_SIDE else None
    if not isinstance(value, str):
        return None
    name = value.strip().lower()
    found = re.fullmatch(r"(\d{2,4})p?", name)
    if found and int(found[1]) >= SMALLEST_SIDE:
        return float(found[1])
    return NAMED_SIDES.get(name)


def _ratio(asked: Mapping[str, Any]) -> float | None:
    for name in ("aspectratio", "ratio", "orientation", "size", "imagesize", "videosize"):
        value = asked.get(name)
        if not isinstance(value, str):
            continue
        found = re.search(r"(\d+(?:\.\d+)?)\s*[:x/_]\s*(\d+(?:\.\d+)?)", value)
        if found and float(found[2]):
            wide = float(found[1]) / float(found[2])
            return 1 / wide if value.startswith("portrait") and wide > 1 else wide
        if value.lower() in NAMED_RATIOS:
            return NAMED_RATIOS[value.lower()]
    return None


def _seconds(asked: Mapping[str, Any], fps: float, default: Default) -> float:
    seconds = _number(asked, "duration", "durationseconds", "seconds", "videolength", "durationsec")
    if seconds is None and (frames := _number(asked, "numframes", "frames")):
        seconds = frames / fps
    return min(LONGEST_SECONDS, seconds or default.seconds)


def _audio(asked: Mapping[str, Any], default: Default) -> bool:
    for name in ("generateaudio", "enableaudio", "withaudio", "audio", "sound"):
        if isinstance(asked.get(name), bool):
            return bool(asked[name])
        if asked.get(name) in ("on", "off"):
            return bool(asked[name] == "on")
    return default.audio


def _number(asked: Mapping[str, Any], *names: str) -> float | None:
    """The first of these that is a positive number: 5, 5.0, "5" or "5s"; `auto` and -1 say nothing."""
    for name in names:
        value = asked.get(name)
        if isinstance(value, str) and (
            found := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:s|sec|seconds)?\s*", value)
        ):
            value = float(found[1])
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return float(value)
    return None
