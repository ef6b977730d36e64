"""The values a person chooses, the facts of the files they chose, and what "equal" and "absent" mean for both.

Whether a text is an address from which a provider, or we, could fetch a file; nothing is asked for here.

The modes a video model can work in, and what people call them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from ipaddress import ip_address
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    JSON: TypeAlias = bool | int | float | str | list["JSON"] | dict[str, "JSON"] | None
else:
    JSON = Any

Values: TypeAlias = dict[str, JSON]


class MediaFacts(Struct, frozen=True):
    """What is known of one file: megabytes of 1,000,000 bytes, pixels, seconds; None is "not known"."""

    kind: str  # "image", "video", "audio" or "file"
    megabytes: float | None = None
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    format: str | None = None  # "jpeg", "png", "webp", "mp4", …

    def measure(self, fact: str) -> float | None:
        """One measurable fact by its name in a spec: `ratio` is width / height, `pixels` their product."""
        if fact not in ("ratio", "pixels"):
            measured: float | None = getattr(self, fact)
            return measured
        if not self.width or not self.height:
            return None
        return self.width / self.height if fact == "ratio" else self.width * self.height


# By the value of a media field: an upload's id or an https URL. URLs usually have no facts.
Facts: TypeAlias = Mapping[str, MediaFacts]

NO_FACTS: Facts = MappingProxyType({})

FACTS = ("width", "height", "ratio", "pixels", "seconds", "megabytes")

UNCHOSEN = "\0unchosen"
"""Stands for what must still be chosen, where a price is foreseen: it will be there, and nothing is known of it."""


def is_unchosen(value: JSON) -> bool:
    """Whether it stands for a choice that is still to be made, or holds one that does."""
    match value:
        case list():
            return any(is_unchosen(each) for each in value)
        case dict():
            return any(is_unchosen(each) for each in value.values())
    return value == UNCHOSEN


def is_absent(value: JSON) -> bool:
    """Nothing, an empty text and an empty list or table all count as "not given"."""
    return value is None or value == "" or value == [] or value == {}


def same(one: JSON, other: JSON) -> bool:
    """Equal as JSON: 5 and 5.0 are, 5 and "5" or 1 and true are not."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


_NUMBER = re.compile(r"-?\d+(\.\d+)?s?")


def as_number(value: JSON) -> Decimal | None:
    """The number that a value stands for: 5, "5" and "5s" are 5, a switch is 0 or 1, "auto" is none."""
    match value:
        case bool() | int() | float():
            return Decimal(int(value)) if isinstance(value, bool) else Decimal(str(value))
        case str() if _NUMBER.fullmatch(value):
            return Decimal(value.removesuffix("s"))
        case _:
            return None


def as_text(value: JSON) -> str:
    """A plain value as people and forms write it: true, 5, 2.5, 16:9."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


LOCAL = ("localhost", "local", "internal", "home.arpa")


def is_public_https(address: str) -> bool:
    """False for another scheme, a host that is none or that lies inside somebody's own network, and for a password."""
    if not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return parts.scheme == "https" and not parts.username and port != 0 and _is_public(host.rstrip("."))


def _is_public(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        labels = host.split(".")
        return all(labels) and len(labels) > 1 and not host.endswith(tuple(f".{name}" for name in LOCAL))


MODE_LABELS = {
    "t2v": "Text to video",
    "i2v": "Image to video",
    "it2v": "Image and text to video",
    "flf2v": "First and last frame",
    "r2v": "References to video",
    "v2v": "Video to video",
    "a2v": "Audio to video",
    "keyframes": "Key frames",
    "shots": "Several shots",
    "extend": "Extend a video",
    "edit": "Edit a video",
    "remix": "Remix a video",
    "retake": "Retake a part",
    "inpaint": "Inpaint a video",
    "reframe": "Reframe a video",
    "motion": "Motion transfer",
    "effects": "Effects",
    "avatar": "Talking avatar",
    "lipsync": "Lip sync",
    "sound": "Add sound",
    "upscale": "Upscale a video",
    "interpolate": "Smoother motion",
}
