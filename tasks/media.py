"""Where finished videos are kept: `media/<job>/<name>` in the data folder, each probed before it gets its name."""

import asyncio
import os
import re
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from tasks.job import Output
from tasks.probe import Probed, Unreadable, probe, write_poster

MAX_OUTPUT_BYTES = 4 * 1024**3  # a 4k minute at 400 Mbit/s is 3 GB
MIN_FREE_BYTES = 512 * 1024**2  # below this no order is taken: a paid video could not be stored

Failed = TypeVar("Failed")

_SAFE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$")


class BadOutput(msgspec.Struct, frozen=True):
    """What was downloaded is not a whole video; `reason` is a clause that fits after "it"."""

    reason: str


class Media:
    """Files of jobs below one folder. Names that could leave it are refused as if they were not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, job_id: str, name: str) -> Path | None:
        """The file of that job and name, or None."""
        if not _SAFE_NAME.match(job_id) or not _SAFE_NAME.match(name) or name.endswith(".part"):
            return None
        path = self.folder / job_id / name
        return path if path.is_file() else None

    def has_room(self) -> bool:
        """Whether a paid video could still be stored; asked before money is spent."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.folder).free >= MIN_FREE_BYTES

    async def save(
        self, job_id: str, number: int, fetch: Callable[[BinaryIO], Awaitable[Failed | None]]
    ) -> Output | BadOutput | Failed:
        """Fetch into a temporary name, probe, rename. `fetch` writes the bytes and returns None, or why it could not.

        Nothing is left behind unless an Output is returned. OSError (a full disk) is the caller's to retry.
        """
        folder = self.folder / job_id
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{number}-{os.urandom(4).hex()}.part"
        try:
            with part.open("wb") as file:
                failed = await fetch(file)
                if failed is not None:
                    return failed
                await asyncio.to_thread(_flush, file)
            return await asyncio.to_thread(_settle, part, folder, number)
        finally:
            part.unlink(missing_ok=True)

    async def delete(self, job_id: str) -> None:
        """Remove all files of a job; a job without files is no error."""
        if _SAFE_NAME.match(job_id):
            await asyncio.to_thread(shutil.rmtree, self.folder / job_id, True)


def _flush(file: BinaryIO) -> None:
    """A video that we call stored must survive a power cut: the provider's copy expires."""
    file.flush()
    os.fsync(file.fileno())


def _settle(part: Path, folder: Path, number: int) -> Output | BadOutput:
    found = probe(part)
    match found:
        case Unreadable(reason):
            return BadOutput(reason)
        case Probed(kind="audio"):
            return BadOutput("holds sound but no picture")
    stem = found.kind if number == 0 else f"{found.kind}-{number + 1}"
    poster = ""
    if found.kind == "video" and write_poster(part, folder / f"{stem}.jpg"):
        poster = f"{stem}.jpg"
    name = f"{stem}.{found.format}"
    size = part.stat().st_size
    part.replace(folder / name)
    return Output(
        kind=found.kind,
        name=name,
        poster=poster,
        width=found.width,
        height=found.height,
        duration=found.duration,
        format=found.format,
        bytes=size,
    )
