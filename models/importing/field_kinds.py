"""What kind of form field a property is, decided from its schema, its name and its prose.

The keys of each field kind, out of the facts of a property.

Labels and help texts for a form, out of a document's titles and descriptions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from decimal import Decimal

from models.importing.form_inputs import Address, Draft, Plain, Table, Written
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


# Limits of files as fal states them → keys of a spec.
_FILE_LIMITS = {
    "min_width": "min_width", "max_width": "max_width", "min_height": "min_height", "max_height": "max_height",
    "min_aspect_ratio": "min_ratio", "max_aspect_ratio": "max_ratio",
    "min_duration": "min_seconds", "max_duration": "max_seconds",
}  # fmt: skip


def text(name: str, shape: Shape) -> Draft:
    long = is_long_text(name, shape)
    examples = [each for each in shape.examples if isinstance(each, str) and 0 < len(each) <= 140]
    return Draft(
        {
            "type": "textarea" if long else "text",
            "min_length": shape.min_length or None,
            "max_length": shape.max_length,
            "placeholder": examples[0] if examples and long and shape.default is None else None,
        },
        Written,
    )


def select(name: str, shape: Shape) -> Draft:
    return Draft(
        {"type": "select", "options": list(shape.enum), "open": shape.open, "unit": unit(name, shape)}
    )


def number(name: str, shape: Shape) -> Draft:
    """integer, number or seed. A spec's limits include their ends: an excluded one is a rule of its own."""
    whole = shape.type == "integer"
    low, high, ends = shape.low, shape.high, []
    if whole:
        low = None if low is None else math.floor(low) + 1 if shape.above else math.ceil(low)
        high = None if high is None else math.ceil(high) - 1 if shape.below else math.floor(high)
    else:
        ends = [
            (each, more) for each, more, out in ((low, True, shape.above), (high, False, shape.below)) if out
        ]
    step = _exact_step(shape)
    if step and low is not None:
        start = Decimal(str(shape.step_from))
        steps = math.ceil((Decimal(str(low)) - start) / Decimal(str(step)))
        low = _plain(start + steps * Decimal(str(step)))
        low = (
            low if not (shape.above and low == shape.low) else _plain(Decimal(str(low)) + Decimal(str(step)))
        )
    seed = is_seed(name, shape) and not step
    table: Table = {"type": "seed" if seed else shape.type, "min": low, "max": high, "step": step}
    if not seed:
        table["unit"] = unit(name, shape)
    return Draft(table, rules=_excluding(ends) if ends else None)


def _exact_step(shape: Shape) -> int | float | None:
    """The step, unless the default itself is off it by a rounding error."""
    if not shape.step or shape.step < 0:
        return None
    if isinstance(shape.default, int | float):
        apart = Decimal(str(shape.default)) - Decimal(str(shape.step_from))
        if apart % Decimal(str(shape.step)):
            return None
    return shape.step


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _excluding(ends: list[tuple[int | float | None, bool]]) -> Callable[[str, str], list[Table]]:
    def rules(field: str, label: str) -> list[Table]:
        return [
            {"forbid": {field: [end]}, "message": f"{label} must be {'more' if more else 'less'} than {end}."}
            for end, more in ends
        ]

    return rules


def switch() -> Draft:
    return Draft({"type": "switch"})


def free() -> Draft:
    return Draft({"type": "json"})


def files(kind: str, shape: Shape, *, many: bool, as_object: bool, note: Callable[[str], None]) -> Draft:
    """One file or a list of them; `as_object` where the provider wants `{ url = … }`."""
    limits = {**shape.media, **(shape.items.media if shape.items else {})}
    table: Table = {"type": f"{kind}s" if many else kind}
    for key, limit in limits.items():
        if key in _FILE_LIMITS and isinstance(limit, int | float):
            table[_FILE_LIMITS[key]] = math.floor(limit) if re.search("width|height", key) else limit
        elif key == "max_file_size" and isinstance(limit, int | float):
            table["max_mb"] = limit / 1_000_000
        elif key != "timeout":
            note(f"limits a file by {key} = {limit}, which only the provider checks")
    if many:
        table |= {"min_count": shape.min_items or None, "max_count": shape.max_items}
    return Draft(table, Address if as_object else Plain, {"url": "$"} if as_object else None)


# At most so many characters of help; the rest of a long description is for the provider's own page.
_HELP = 180

_FILLER = {
    "a", "an", "the", "of", "to", "for", "in", "on", "by", "is", "be", "it", "its", "this", "that", "will",
    "with", "and", "or", "as", "from", "which", "used", "use", "using", "input", "output", "generated",
    "generation", "generate", "video", "model", "text", "describing", "description", "guide", "optional",
    "whether", "if", "value", "number", "set", "enable", "specify", "url", "your",
}  # fmt: skip


def default_label(name: str) -> str:
    """What a field without a label is called."""
    return name.replace("_", " ").capitalize()


def label(name: str, shape: Shape, is_file: bool) -> str:
    """A better label than the name itself gives, or ""."""
    plain = default_label(name)
    titled = (
        shape.title
        and len(shape.title) <= 40
        and not re.search(r"^[A-Z]\w*[a-z][A-Z][a-z]|(Input|Config|Params)$", shape.title)
    )
    wanted = _sentence_case(shape.title) if titled else plain
    if _squeezed(wanted) == _squeezed(plain) and not re.search(r"[a-z][A-Z]|\b[A-Z]{2,}\b", wanted):
        wanted = plain
    if is_file:
        wanted = re.sub(r"\s*\b(url|uri|path|file)(s?)$", r"\2", wanted, flags=re.I).strip() or wanted
        wanted = re.sub(r"(?<=\w)ss$", "s", wanted)
    wanted = wanted[:1].upper() + wanted[1:]
    return "" if wanted == plain else wanted


def help_text(name: str, shape: Shape, is_file: bool) -> str:
    """The first sentences of the description, unless they only repeat the name."""
    text = re.sub(r"\s+", " ", shape.description).strip().strip("`")
    if text == "An enumeration.":  # what Python says of every enum without a docstring
        return ""
    if is_file:
        text = re.sub(r"^(the |an? |optional )*urls? (of|to|for) (the |an? )?", "", text, flags=re.I)
        text = text[:1].upper() + text[1:]
    kept = _first_sentences(text)
    words = set(re.findall(r"[a-z]+", kept.lower())) - _FILLER
    known = set(re.findall(r"[a-z]+", f"{name} {shape.title}".lower().replace("_", " ")))
    return "" if words <= known else kept


def sentences(text: str) -> list[str]:
    """The sentences of a description. "e.g." and "max." do not end one."""
    text = re.sub(r"[ \t]+", " ", text).strip()
    parts = re.split(r"(?<=[.!?])\s+(?=[A-Z0-9'\"`(])|\n+\s*[-•*]?\s*|\s[•]\s", text)
    joined: list[str] = []
    for part in parts:
        if joined and re.search(r"\b(e\.g|i\.e|max|min|approx|vs|etc)\.$", joined[-1], re.I):
            joined[-1] += " " + part
        elif part and part.strip():
            joined.append(part.strip())
    return joined


def _first_sentences(text: str) -> str:
    kept = ""
    for sentence in sentences(text):
        if re.match(r"(max|min)[\w ]*: ?\d", sentence, re.I):
            continue
        if kept and len(kept) + len(sentence) >= _HELP:
            break
        kept = f"{kept} {sentence}".strip()
    if len(kept) > _HELP + 60:
        kept = kept[:_HELP].rsplit(" ", 1)[0].rstrip(",;:") + " …"
    return kept


def _sentence_case(title: str) -> str:
    """ "Number Of Frames" → "Number of frames"; names such as LoRA or CFG stay."""
    title = title.replace("_", " ").strip()
    first, *rest = title.split(" ") if title else [""]
    lowered = [
        word.lower()
        if re.fullmatch(r"\(?[A-Z]?[a-z'-]+\)?:?", word) or re.fullmatch(r"[A-Z][a-z]+-[A-Z][a-z]+", word)
        else word
        for word in rest
    ]
    return " ".join([first[:1].upper() + first[1:], *lowered])


def _squeezed(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
