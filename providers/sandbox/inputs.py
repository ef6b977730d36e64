"""The media that come with a request: data URIs and uploads, kept once each by their digest in the data folder.

The list of texts and media that Ark and MiniMax take in place of a prompt.

What a submission says, whether it comes as JSON or as a form, and the prompt in it.
"""

import base64
import hashlib
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from providers.data_uri import read_data_uri
from providers.sandbox.server.asgi import Request, read_form
from providers.sandbox.store import Trouble

SCHEME = "sandbox-input:"
KEEP_SECONDS = 24 * 3600.0
IMAGES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif", b"BM": "bmp", b"II*\0": "tif"}
LATER_FRAMES = re.compile(r"end|last|tail|final|frame1|mask|ref|style|subject|element", re.IGNORECASE)
TELLING = ("role", "type", "position")  # members that say what the others are for
PICTURES = re.compile(r"image|img|frame|photo|picture|keyframe", re.IGNORECASE)


class Inputs:
    """A folder of media files named by their SHA-256."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "inputs"
        self._folder.mkdir(parents=True, exist_ok=True)

    def keep(self, data: bytes) -> str:
        """Stores `data` and tells its name."""
        name = f"{hashlib.sha256(data).hexdigest()[:40]}.{suffix_of(data)}"
        path = self._folder / name
        if path.exists():
            path.touch()
        else:
            partial = path.with_suffix(".partial")
            partial.write_bytes(data)
            partial.replace(path)
        return name

    def path(self, name: str) -> Path | None:
        """Where the file of this name lies, if it is here."""
        path = self._folder / Path(name).name
        return path if path.is_file() else None

    def settle(self, value: Any, own_file: Callable[[str], str | None]) -> Any:
        """The body with each data URI, and each address that `own_file` knows, replaced by a short reference."""
        if isinstance(value, dict):
            return {key: self.settle(member, own_file) for key, member in value.items()}
        if isinstance(value, list):
            return [self.settle(member, own_file) for member in value]
        if isinstance(value, str):
            data = decode_data_uri(value)
            name = own_file(value) if data is None else self.keep(data)
            return SCHEME + name if name else value
        return value

    def forget_old(self, now: float | None = None) -> None:
        """Removes what nobody stored in the last day; uploads at the real services expire too."""
        before = (time.time() if now is None else now) - KEEP_SECONDS
        for path in self._folder.iterdir():
            if path.stat().st_mtime < before:
                path.unlink(missing_ok=True)


def suffix_of(data: bytes) -> str:
    """A file's suffix by its first bytes; `bin` when it is nothing that we know."""
    if data[:4] == b"RIFF" and data[8:12] in (b"WEBP", b"WAVE"):
        return data[8:12].decode().lower()
    if data[4:8] == b"ftyp":
        return "avif" if data[8:12] in (b"avif", b"heic", b"mif1") else "mp4"
    return next((suffix for start, suffix in IMAGES.items() if data.startswith(start)), "bin")


def decode_data_uri(text: str) -> bytes | None:
    """The bytes of a base64 data URI; None when `text` is none. What cannot be decoded counts as empty."""
    if not text.startswith("data:") or ";base64," not in text[:200]:
        return None
    found = read_data_uri(text)
    return found[1] if found else b""


def first_frame(body: Any) -> str | None:
    """The stored name of the image that a clip starts with, by the name of its field."""
    names = [
        name for key, name in _references(body, "") if not LATER_FRAMES.search(key) and PICTURES.search(key)
    ]
    return names[0] if names else None


def unusable_image(body: Any) -> Trouble | None:
    """The first image field whose file is no image that can be opened."""
    for key, name in _references(body, ""):
        if PICTURES.search(key) and name.endswith((".bin", ".wave", ".mp4")):
            said = "Failed to load the image. Please ensure the image file is not corrupted and is a supported format."
            return Trouble(field=key.split(".")[-1], kind="image_load_error", message=said)
    return None


def _references(value: Any, key: str) -> list[tuple[str, str]]:
    """Each reference in `value` with the dotted place where it stands."""
    if isinstance(value, dict):
        own = " ".join([key, *(value[name] for name in TELLING if isinstance(value.get(name), str))])
        return [
            found
            for name, member in value.items()
            for found in _references(member, f"{own}.{name}".strip(". "))
        ]
    if isinstance(value, list):
        return [found for member in value for found in _references(member, key)]
    if isinstance(value, str) and value.startswith(SCHEME):
        return [(key, value[len(SCHEME) :])]
    return []


KINDS = ("text", "image_url", "video_url", "audio_url", "draft_task")
ROLES = {
    "image_url": ("first_frame", "last_frame", "reference_image"),
    "video_url": ("reference_video",),
    "audio_url": ("reference_audio",),
}


def wrong_content(content: list[Any]) -> Trouble | None:
    """The first entry that is no text and no media, or whose role its kind does not have."""
    for entry in content:
        kind = entry.get("type") if isinstance(entry, dict) else None
        if kind not in KINDS:
            return Trouble("content.type", "option", f"content.type must be one of {', '.join(KINDS)}")
        if kind == "text" and not isinstance(entry.get("text"), str):
            return Trouble("content.text", "missing", "content.text is required")
        if kind in ROLES and not _address(entry, kind):
            return Trouble(f"content.{kind}.url", "missing", f"content.{kind}.url is required")
        if kind in ROLES and entry.get("role") not in (None, *ROLES[kind]):
            return Trouble("content.role", "option", f"content.role must be one of {', '.join(ROLES[kind])}")
    return None


def _address(entry: dict[str, Any], kind: str) -> str:
    place = entry.get(kind)
    return str(place.get("url") or "") if isinstance(place, dict) else ""


PROMPTS = ("prompt", "promptText", "prompt_text", "text", "caption")


def json_object(request: Request) -> dict[str, Any] | None:
    """The body as a JSON object; None when it is none."""
    try:
        value = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        return None
    return value if isinstance(value, dict) else None


def form_or_json(request: Request) -> dict[str, Any] | None:
    """A JSON object, or a form with its files as data URIs and `a[b]` as the member b of a."""
    content_type = request.headers.get("content-type", "")
    if "multipart/form-data" not in content_type:
        return json_object(request)
    given: dict[str, Any] = {}
    for part in read_form(content_type, request.body):
        value: str = part.data.decode("utf-8", "replace")
        if part.filename:
            value = f"data:{part.content_type or 'image/png'};base64,{base64.b64encode(part.data).decode()}"
        outer, bracket, inner = part.name.removesuffix("]").partition("[")
        if bracket and isinstance(given.setdefault(outer, {}), dict):
            given[outer][inner] = value
        else:
            given[outer] = value
    return given or None


def prompt_in(body: Any) -> str:
    """The first text under a name that prompts have, wherever it stands; "" without one."""
    if isinstance(body, Mapping):
        own = next((body[name] for name in PROMPTS if isinstance(body.get(name), str)), "")
        return own or next((found for member in body.values() if (found := prompt_in(member))), "")
    if isinstance(body, list):
        return next((found for member in body if (found := prompt_in(member))), "")
    return ""
