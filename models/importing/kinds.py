"""What kind of form field a property is, decided from its schema, its name and its prose."""

from __future__ import annotations

import re
from collections.abc import Iterable

from models.importing.shape import Shape

# Words of names and prose that say what a file holds; a weak one counts where no strong one is.
_STRONG = {
    "image": "image", "images": "image", "img": "image", "imgs": "image", "picture": "image", "pictures": "image",
    "photo": "image", "photos": "image", "png": "image", "jpg": "image", "jpeg": "image", "webp": "image",
    "video": "video", "videos": "video", "clip": "video", "clips": "video", "footage": "video", "movie": "video",
    "mp4": "video", "webm": "video", "mov": "video",
    "audio": "audio", "audios": "audio", "sound": "audio", "song": "audio", "music": "audio", "speech": "audio",
    "wav": "audio", "mp3": "audio", "vocals": "audio",
}  # fmt: skip
_WEAK = {
    "frame": "image", "frames": "image", "keyframe": "image", "mask": "image", "portrait": "image", "face": "image",
    "avatar": "image", "logo": "image", "reference": "image", "character": "image", "style": "image",
    "voice": "audio", "bgm": "audio",
}  # fmt: skip

# Addresses of things that nobody uploads into a form.
_NO_FILE = re.compile(
    r"webhook|callback|lora|weights?|checkpoint|\bmodel|repo|website|web page|hugging|civitai", re.I
)

_WEIGHTS = re.compile(r"\blora|weights|checkpoint|hugging ?face|civitai", re.I)

_FILE_NAME = re.compile(r"(^|_)(urls?|uris?|files?|path|paths)$", re.I)
_FILE_FORMATS = ("uri", "url", "uri-reference", "binary", "byte", "data-url", "file")
_FILE_PROSE = re.compile(r"\burls?\b|\buri\b|base64|upload|file|publicly accessible", re.I)
_EXTENSION = re.compile(r"^(?:https?|data):.*?\.?(\w{3,4})(?:\?.*)?$", re.I | re.S)

# What an object that stands for a file may say besides its address.
_FILE_FACTS = {
    "url", "content_type", "file_name", "file_size", "file_data", "width", "height", "duration", "fps", "num_frames",
    "timestamp", "sample_rate", "channels", "bitrate", "id", "path",
}  # fmt: skip


def file_kind(name: str, shape: Shape) -> str | None:
    """image, video, audio or file for a text that is a file's address; None for any other property."""
    if shape.type != "string" or shape.enum or shape.open or not _is_address(name, shape):
        return None
    return _held(name, shape) or "file"


def file_object_kind(name: str, shape: Shape) -> str | None:
    """The same for an object `{url, …}` that stands for a file."""
    names = {member.name for member in shape.members}
    if shape.type != "object" or "url" not in names or not names <= _FILE_FACTS:
        return None
    if set(shape.required_members) > {"url"} or _NO_FILE.search(name):
        return None
    return _held(name, shape) or "file"


def is_seed(name: str, shape: Shape) -> bool:
    return shape.type == "integer" and not shape.enum and (name == "seed" or name.endswith("_seed"))


def is_long_text(name: str, shape: Shape) -> bool:
    """Whether a text wants several lines: prompts, scripts, and whatever may be or is long."""
    if re.search(
        r"prompt|script|lyrics|caption|description|story|transcript|(^|_)text($|_)|dialog", name, re.I
    ):
        return True
    longest = max(
        (len(text) for text in (shape.default, *shape.examples) if isinstance(text, str)), default=0
    )
    return longest > 80 or (shape.max_length or 0) > 200


def is_prompt(name: str) -> bool:
    """Whether this is the text that says what to make."""
    return name.lower() in (
        "prompt",
        "text_prompt",
        "prompt_text",
        "text",
        "script",
        "input_text",
        "text_input",
    )


_MAIN = {
    "prompt", "prompts", "text", "script", "image", "images", "video", "videos", "audio", "sound", "frame", "mask",
    "duration", "seconds", "aspect", "ratio", "resolution", "size", "orientation", "voice", "avatar", "character",
    "element", "elements", "shot", "shots", "camera", "style", "effect", "template", "scale", "mode", "model", "loop",
    "reference", "references", "transitions", "keyframes", "keypoints",
}  # fmt: skip
_TECHNICAL = {
    "negative", "seed", "strength", "guidance", "cfg", "sampler", "scheduler", "shift", "lora", "loras", "checker",
    "safety", "interpolated", "interpolation", "interpolator", "optimizer", "enhance", "enhancement", "expand",
    "expansion", "trim", "preserve", "preprocess", "watermark", "sync", "delete", "match", "return", "num", "write",
    "output", "quality", "reverse", "fixed", "moderation", "filter",
}  # fmt: skip


def is_main(name: str) -> bool:
    """Whether most people want to see this field; the others go behind "advanced"."""
    words = set(name.lower().split("_"))
    return bool(words & _MAIN) and not words & _TECHNICAL


def unit(name: str, shape: Shape) -> str:
    """ "s" or "fps" for a number that is one of these for sure."""
    if shape.type not in ("integer", "number") or re.search(r"millisecond|minutes", shape.description, re.I):
        return ""
    if re.search(r"(^|_)fps$|frames_per_second|frame_rate", name, re.I):
        return "fps"
    counted = re.search(r"(^|_)(duration|seconds|sec)$", name, re.I)
    in_seconds = name.lower().endswith(("seconds", "sec")) or re.search(
        r"second|\d ?s\b", shape.description, re.I
    )
    return "s" if counted and in_seconds else ""


def _is_address(name: str, shape: Shape) -> bool:
    known = _named_kind(name) is not None
    if not known and (
        _NO_FILE.search(f"{name.replace('_', ' ')} {shape.title}") or _WEIGHTS.search(shape.description)
    ):
        return False
    if shape.format in _FILE_FORMATS or shape.media:
        return True
    named = _FILE_NAME.search(name)
    if named:
        told = bool(_FILE_PROSE.search(shape.description)) or bool(_example_kind(shape))
        return told or (known and named[2].lower().startswith("ur"))
    return known and bool(
        _example_kind(shape) or re.search(r"\burl of|\burl to|base64", shape.description, re.I)
    )


def _held(name: str, shape: Shape) -> str | None:
    """What the file holds: by its name, its limits, its examples, its prose, its class."""
    by_limits = "video" if "max_fps" in shape.media else None
    return (
        _named_kind(name)
        or by_limits
        or _example_kind(shape)
        or _word_kind(re.findall(r"[a-z0-9]+", f"{shape.title} {shape.description}".lower()), first=True)
        or _word_kind([ref.lower().removesuffix("input") for ref in shape.refs], first=True)
    )


def _named_kind(name: str) -> str | None:
    return _word_kind(re.findall(r"[a-z]+|mp[34]", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()))


def _word_kind(words: Iterable[str], *, first: bool = False) -> str | None:
    """In a name the last word counts ("mask_video_url" is a video), in prose the first."""
    listed = list(words)
    for meanings in (_STRONG,) if first else (_STRONG, _WEAK):
        kinds = [meanings[word] for word in listed if word in meanings]
        if kinds:
            return kinds[0] if first else kinds[-1]
    return None


def _example_kind(shape: Shape) -> str | None:
    for example in shape.examples:
        address = example.get("url") if isinstance(example, dict) else example
        for one in address if isinstance(address, list) else [address]:
            found = _EXTENSION.match(one) if isinstance(one, str) else None
            if found and (kind := _STRONG.get(found[1].lower())):
                return kind
    return None
