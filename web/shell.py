"""What every page has around it: the header, the sandbox's tag, and whether htmx is asking."""

from __future__ import annotations

import time
from typing import Any

from litestar.response import Template
from msgspec import Struct

from tasks.context import Parts
from web.errors import AnyRequest
from web.words import listed


class Sandboxed(Struct, frozen=True):
    """Which providers the sandbox plays, and the names of the keys that would change it."""

    title: str
    sentence: str
    keys: tuple[str, ...]


def is_htmx(request: AnyRequest) -> bool:
    """Whether a fragment is wanted; a page restored from history wants the whole."""
    headers = request.headers
    return headers.get("hx-request") == "true" and headers.get("hx-history-restore-request") != "true"


def show(template: str, **context: Any) -> Template:
    """A page or fragment; fragments that act on more of the page name their targets themselves."""
    return Template(
        template, context={"alone": False, "plain": False, "said": "", **context}, media_type="text/html"
    )


def shell(parts: Parts, here: str) -> dict[str, Any]:
    """What `page.html` needs; `here` is the page in the header that is lit."""
    return {"here": here, "now_seconds": time.time(), "sandboxed": sandboxed(parts)}


def sandboxed(parts: Parts) -> Sandboxed | None:
    """None where every provider is the real one."""
    wires = parts.wires.all()
    played = [wire for wire in wires if (choice := parts.lines.choose(wire.name)) and choice.sandbox]
    if not played:
        return None
    names = listed([wire.display_name for wire in played])
    keys = tuple(wire.auth.env for wire in played if wire.auth)
    drawn = "a real job and a real video file, with a drawn test picture instead of a generated one"
    return Sandboxed(
        title="No key, no cost" if len(played) == len(wires) else f"{names} in the sandbox",
        sentence=f"There is no key for {names}, so their films are made on this machine: {drawn}. Nothing is billed.",
        keys=keys,
    )
