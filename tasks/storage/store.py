"""Where files are kept under final names: a folder here, or a bucket elsewhere (`tasks.storage.s3`).

Both are a `Store`. A file is first written and probed under a temporary name on this machine (`part`), and only then
put under its key, at once, so that nothing half-written is ever seen.
"""

import asyncio
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from pathlib import Path
from typing import Protocol

import msgspec

from tasks.private_files import sync

MIN_FREE_BYTES = 512 * 1024**2  # below this no order is taken: a paid video could not be stored
LEFT_OVER = 24 * 3600.0  # seconds after which a temporary file belongs to nobody: its process was killed
CHUNK = 256 * 1024

INCOMING = ".incoming"


class StorageAway(OSError):  # noqa: N818
    """The storage cannot be reached, or refuses us, just now; the text is a clause that fits in brackets."""


class Stored(msgspec.Struct, frozen=True):
    """A file that is whole: bytes, Unix seconds of its last change, and a strong ETag in quotes."""

    key: str
    bytes: int
    modified: float
    etag: str


class Store(Protocol):
    """Whole files by key. `OSError`, mostly `StorageAway`, where the storage cannot be used just now."""

    def part(self) -> AbstractContextManager[Path]:
        """A temporary file's path on this machine; whatever is still there at the end is removed."""

    async def put(self, part: Path, key: str) -> None:
        """Store a temporary file under its final name, where it survives a power cut."""

    async def find(self, key: str) -> Stored | None:
        """The file of that key, or None."""

    def read(self, key: str, first: int, length: int) -> AsyncIterator[bytes]:
        """`length` bytes from `first` on, piece by piece."""

    def local(self, key: str) -> AbstractAsyncContextManager[Path | None]:
        """The file as a path of this machine, to be read only; None where there is no such file."""

    async def delete(self, *keys: str) -> None:
        """A key that is not there is no error."""

    async def delete_below(self, prefix: str) -> None:
        """Every key that begins with `prefix` and a slash."""

    async def is_empty(self) -> bool:
        """Whether no file is stored."""

    def has_room(self) -> bool:
        """Whether a paid video could still be stored; asked before money is spent."""

    def tidy(self) -> None:
        """Remove temporary files that a killed process left."""


class FolderStorage:
    """Files below a folder of this machine. Keys are relative paths, made by us: nothing a person typed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.incoming = folder / INCOMING

    @contextmanager
    def part(self) -> Iterator[Path]:
        """On the same disk, so that `put` only renames it."""
        with temporary(self.incoming) as path:
            yield path

    async def put(self, part: Path, key: str) -> None:
        await asyncio.to_thread(_settle, part, self.folder / key)

    async def find(self, key: str) -> Stored | None:
        try:
            stat = await asyncio.to_thread((self.folder / key).stat)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Stored(key, stat.st_size, stat.st_mtime, f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"')

    async def read(self, key: str, first: int, length: int) -> AsyncIterator[bytes]:
        with await asyncio.to_thread((self.folder / key).open, "rb") as file:
            file.seek(first)
            while length > 0 and (chunk := await asyncio.to_thread(file.read, min(CHUNK, length))):
                length -= len(chunk)
                yield chunk

    @asynccontextmanager
    async def local(self, key: str) -> AsyncIterator[Path | None]:
        path = self.folder / key
        yield path if path.is_file() else None

    async def delete(self, *keys: str) -> None:
        for key in keys:
            await asyncio.to_thread((self.folder / key).unlink, missing_ok=True)

    async def delete_below(self, prefix: str) -> None:
        await asyncio.to_thread(shutil.rmtree, self.folder / prefix, ignore_errors=True)

    async def is_empty(self) -> bool:
        return not await asyncio.to_thread(_has_files, self.folder)

    def has_room(self) -> bool:
        return has_room(self.incoming)

    def tidy(self) -> None:
        remove_left_over(self.incoming)


@contextmanager
def temporary(folder: Path) -> Iterator[Path]:
    """A path in `folder` that nobody uses; the file there is removed at the end."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{secrets.token_hex(8)}.part"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def has_room(folder: Path) -> bool:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return shutil.disk_usage(folder).free >= MIN_FREE_BYTES


def remove_left_over(folder: Path) -> None:
    for path in folder.glob("*.part"):
        if path.stat().st_mtime < time.time() - LEFT_OVER:
            path.unlink(missing_ok=True)


def _settle(part: Path, final: Path) -> None:
    """The provider's copy expires, so ours must be on the disk, with its name, before we call it stored."""
    final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    sync(part)
    part.replace(final)
    sync(final.parent)
    sync(final.parent.parent)


def _has_files(folder: Path) -> bool:
    return any(path.is_file() and path.parent.name != INCOMING for path in folder.rglob("*"))
