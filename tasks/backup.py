"""Saving everything into one file while Shotlist goes on working: rows of one moment, then the files that they name."""

import asyncio
import os
import tempfile
import time
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import msgspec

from tasks.archive import ABOUT, FORMAT, About, Writer
from tasks.job import Output
from tasks.settings import Settings
from tasks.snapshot import Row, Snapshot, snapshot
from tasks.store import Store, open_stores


class BackupError(Exception):
    """It cannot be done; one sentence for people."""


class Saved(msgspec.Struct, frozen=True):
    """What a backup holds: rows by table, number of files, and those that were deleted while it was made."""

    rows: dict[str, int]
    files: int
    missing: tuple[str, ...]


class Meter(Protocol):
    """What shows how far it is."""

    def total(self, amount: int) -> None:
        """So many bytes in all, about."""

    def advance(self, amount: int) -> None: ...


class File(msgspec.Struct, frozen=True):
    """A file that a row names: where it is kept, and its name in the archive."""

    store: Store
    key: str
    name: str


async def back_up(settings: Settings, target: Path, meter: Meter) -> Saved:
    """Write `target`, which appears when it is whole. `BackupError`, `DatabaseAway` or OSError where that fails."""
    _refuse(target)
    media, uploads = await open_stores(settings)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    with ExitStack() as stack:
        stack.callback(part.unlink, missing_ok=True)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-")))
        async with snapshot(settings) as moment:
            about, rows, files = await _export(moment, folder, media, uploads, meter)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            writer = Writer(file, meter.advance)
            writer.add_text(ABOUT, msgspec.json.encode(about))
            for table in rows:
                await asyncio.to_thread(writer.add_file, f"tables/{table}.jsonl", folder / table)
            missing = await _add_files(writer, files)
            writer.finish(missing)
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
    return Saved(rows, len(files) - len(missing), missing)


def _refuse(target: Path) -> None:
    if target.exists():
        raise BackupError(f"{target} exists already: choose another name, or remove it first.")
    if not target.parent.is_dir():
        raise BackupError(f"{target.parent} is not a folder: make it first.")


async def _export(
    moment: Snapshot, folder: Path, media: Store, uploads: Store, meter: Meter
) -> tuple[About, dict[str, int], list[File]]:
    """Rows into files of `folder`; what they name is copied afterwards, when no transaction is open any more."""
    tables = await moment.tables()
    if "job" not in tables:
        raise BackupError("There is nothing to save yet: the database is empty.")
    counts: dict[str, int] = {}
    files: list[File] = []
    total = 0
    for table in tables:
        counts[table] = 0
        with (folder / table).open("wb") as file:
            async for row in moment.rows(table):
                file.write(msgspec.json.encode(row) + b"\n")
                counts[table] += 1
                if table == "job":
                    total += _take_outputs(row, media, files)
                elif table == "upload":
                    files.append(File(uploads, row["id"], f"uploads/{row['id']}"))
                    total += row["bytes"]
        total += (folder / table).stat().st_size
    meter.total(total)
    step = await moment.one("SELECT max(version) FROM schema_version")
    return About(FORMAT, int(step), time.time(), version("shotlist")), counts, files


def _take_outputs(row: Row, media: Store, files: list[File]) -> int:
    """Add the files of a job; their bytes."""
    outputs = msgspec.json.decode(row["outputs"], type=tuple[Output, ...])
    for output in outputs:
        for name in filter(None, (output.name, output.poster)):
            key = f"{row['id']}/{name}"
            files.append(File(media, key, f"media/{key}"))
    return sum(output.bytes for output in outputs)


async def _add_files(writer: Writer, files: list[File]) -> tuple[str, ...]:
    """The names of those that are not there any more: their job was deleted in the meantime, or they were lost."""
    missing: list[str] = []
    for file in files:
        async with file.store.local(file.key) as path:
            if path is None:
                missing.append(file.name)
            else:
                await asyncio.to_thread(writer.add_file, file.name, path)
    return tuple(missing)
