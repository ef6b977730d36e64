"""Our style sheet, script and icons: read once, hashed, compressed, and cached by browsers until they change."""

import gzip
import hashlib
from functools import cache
from pathlib import Path

import msgspec

FOLDER = Path(__file__).parent / "static"

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

    def __init__(self, folder: Path = FOLDER) -> None:
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
