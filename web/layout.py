"""What every page has around it: the header, the sandbox's tag, and whether htmx is asking.

The templates of the page: one Jinja environment, strict about names, escaping everything.

Our style sheet, script and icons: read once, hashed, compressed, and cached by browsers until they change.
"""

from __future__ import annotations

import gzip
import hashlib
import time
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template import TemplateConfig
from msgspec import Struct

from providers.registry import ProviderSnapshots
from web.errors import AnyRequest
from web.pages.card_text import listed


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


def shell(providers: ProviderSnapshots, here: str) -> dict[str, Any]:
    """What `page.html` needs; `here` is the page in the header that is lit."""
    return {"here": here, "now_seconds": time.time(), "sandboxed": sandboxed(providers)}


def sandboxed(providers: ProviderSnapshots) -> Sandboxed | None:
    """None where every provider is the real one."""
    played = [each for each in providers.all() if each.sandbox]
    if not played:
        return None
    names = listed([each.display_name for each in played])
    keys = tuple(each.description.auth.env for each in played if each.description and each.description.auth)
    drawn = "a real job and a real video file, with a drawn test picture instead of a generated one"
    return Sandboxed(
        title="No key, no cost" if len(played) == len(providers.all()) else f"{names} in the sandbox",
        sentence=f"There is no key for {names}, so their videos are made on this machine: {drawn}. Nothing is billed.",
        keys=keys,
    )


STATIC = Path(__file__).parent / "static"

# Spelt out, for what the machine's own table says differs between machines. Litestar adds the charset to texts.
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
}
COMPRESSED = (".css", ".js", ".svg", ".txt", ".webmanifest")


class Asset(msgspec.Struct, frozen=True):
    """One static file as it is sent."""

    body: bytes
    gzipped: bytes | None
    content_type: str
    digest: str


class Assets:
    """The static files of one folder, each read again only when it changed on disk."""

    def __init__(self, folder: Path = STATIC) -> None:
        self.folder = folder
        self._read: dict[str, tuple[tuple[int, int], Asset]] = {}

    def get(self, name: str) -> Asset | None:
        """The file by its path below the folder, or None: also for what lies outside or has no known type."""
        path = self.folder / name
        if ".." in name.split("/") or path.suffix not in TYPES or not path.is_file():
            return None
        stat = path.stat()
        stamp = (stat.st_mtime_ns, stat.st_size)
        known = self._read.get(name)
        if known is None or known[0] != stamp:
            known = self._read[name] = (stamp, _read(path))
        return known[1]

    def url(self, name: str) -> str:
        """The address of a file, with its hash, so that it may be kept for ever; `KeyError` where there is none."""
        asset = self.get(name)
        if asset is None:
            raise KeyError(f"There is no static file {name}.")
        return f"/static/{name}?v={asset.digest}"


@cache
def our_assets() -> Assets:
    """The files under `web/static`, read once for the whole process."""
    return Assets()


def static_url(name: str) -> str:
    """For templates: the address of one of our static files."""
    return our_assets().url(name)


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    gzipped = gzip.compress(body, 9, mtime=0) if path.suffix in COMPRESSED else None
    return Asset(
        body=body,
        gzipped=gzipped if gzipped is not None and len(gzipped) < len(body) else None,
        content_type=TYPES[path.suffix],
        digest=hashlib.sha256(body).hexdigest()[:12],
    )


TEMPLATES = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """Every text is escaped, and a name that does not exist is an error; a template is compiled once a process."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["static_url"] = static_url
    return made


def template_config() -> TemplateConfig[JinjaTemplateEngine]:
    """What the application is built with."""
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment()))
