"""Where finished videos are kept: `<job>/<name>` in the store of media, each probed before it gets its name."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from tasks.job import Output
from tasks.probe import Unreadable, probe_result, write_poster
from tasks.store import Store, Stored

NO_PICTURE = "It holds sound but no picture."

Failed = TypeVar("Failed")

_SAFE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$")


class BadOutput(msgspec.Struct, frozen=True):
    """What was downloaded is no media, or lacks bytes (`missing`); `reason` is a clause that fits after "it"."""

    reason: str
    missing: bool = False


class Media:
    """Files of jobs in a store. Names that could lead elsewhere are refused as if they were not there."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def find(self, job_id: str, name: str) -> Stored | None:
        """The file of that job and name, or None; OSError where the storage is away."""
        if not _SAFE_NAME.match(job_id) or not _SAFE_NAME.match(name):
            return None
        return await self.store.find(f"{job_id}/{name}")

    def has_room(self) -> bool:
        """Whether a paid video could still be stored; asked before money is spent."""
        return self.store.has_room()

    async def save(
        self, job_id: str, number: int, fetch: Callable[[BinaryIO], Awaitable[Failed | None]]
    ) -> Output | BadOutput | Failed:
        """Fetch into a temporary file, probe, put it under its name. `fetch` writes the bytes and returns None, or why
        it could not.

        Nothing is left behind unless an Output is returned. OSError (a full disk, a storage that is away) is the
        caller's to retry.
        """
        with self.store.part() as part, self.store.part() as poster:
            with part.open("wb") as file:
                failed = await fetch(file)
            if failed is not None:
                return failed
            output = await asyncio.to_thread(_examine, part, poster, number)
            if isinstance(output, Output):
                if output.poster:
                    await self.store.put(poster, f"{job_id}/{output.poster}")
                await self.store.put(part, f"{job_id}/{output.name}")
            return output

    async def delete(self, job_id: str) -> None:
        """Remove all files of a job; a job without files is no error."""
        if _SAFE_NAME.match(job_id):
            await self.store.delete_below(job_id)


def _examine(part: Path, poster: Path, number: int) -> Output | BadOutput:
    """What the file is, and what it will be called; draws its poster. It was paid for: in doubt it is kept."""
    found = probe_result(part)
    if isinstance(found, Unreadable):
        return BadOutput(found.reason, found.missing)
    stem = found.kind if number == 0 else f"{found.kind}-{number + 1}"
    drawn = found.kind == "video" and write_poster(part, poster)
    return Output(
        kind=found.kind,
        name=f"{stem}.{found.format}",
        poster=f"{stem}.jpg" if drawn else "",
        width=found.width,
        height=found.height,
        duration=found.duration,
        format=found.format,
        bytes=part.stat().st_size,
        note=found.doubt or (NO_PICTURE if found.kind == "audio" else ""),
    )
