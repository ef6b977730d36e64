"""The media that come with a request: data URIs and uploads, kept once each by their digest in the data folder."""

import base64
import binascii
import hashlib
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    try:
        return base64.b64decode(text.split(",", 1)[1], validate=True)
    except (binascii.Error, ValueError):
        return b""


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
