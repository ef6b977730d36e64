"""Bringing a backup back, onto either database and either storage, where there is nothing yet.

The archive is read to its end and compared with its checksums before anything is written. Files come first and rows
last, in one transaction, so that what breaks off half-way leaves an empty database.

Jobs that waited to be sent when the backup was made may have been sent since: they come back as `unconfirmed` and are
not sent again, for nobody is to pay twice. Jobs at a provider are looked after further.
"""

import asyncio
import shutil
import time
from pathlib import Path
from typing import IO, Any

import msgspec

from providers.description.catalogue import DescriptionCatalogue
from tasks.backup.archive import Archive
from tasks.backup.snapshot import NAMES, BackupError, Meter
from tasks.database import migrations
from tasks.database.database import Database, connect
from tasks.jobs.failures import not_sent_again, price_again
from tasks.jobs.model import Amounts, JobError
from tasks.settings import Settings
from tasks.storage import open_stores
from tasks.storage.store import Store

HELD = ("queued", "submitting")
NO_HARM = ("lane",)  # a server that ran without a job may have left these


class Restored(msgspec.Struct, frozen=True):
    """What came back: rows by table, files, files that the backup lacked, and jobs that were held back."""

    rows: dict[str, int]
    files: int
    missing: tuple[str, ...]
    held: int


async def restore(settings: Settings, source: Path, meter: Meter) -> Restored:
    """`BadArchive`, `BackupError`, `SettingsError`, `DatabaseAway` or OSError; then nothing is left behind."""
    archive = await asyncio.to_thread(_read, source, meter)
    if archive.about.step > len(migrations.STEPS):
        raise BackupError(
            f"{source} was made by a newer version of Shotlist: update this one. Nothing was changed."
        )
    stores = dict(zip(("media", "uploads"), await open_stores(settings), strict=True))
    database = await connect(settings.database_url)
    try:
        await _refuse_unless_empty(database, stores)
        put: list[tuple[Store, str]] = []
        try:
            await _put_files(archive, stores, put, meter)
            rows, held = await _insert_all(database, archive, DescriptionCatalogue(settings.providers_dirs))
        except BaseException:
            for store, key in put:
                await store.delete(key)
            raise
    finally:
        await database.close()
    return Restored(rows, len(put), archive.missing, held)


def _read(source: Path, meter: Meter) -> Archive:
    meter.total(2 * source.stat().st_size)
    return Archive(source, meter.advance)


async def _refuse_unless_empty(database: Database, stores: dict[str, Store]) -> None:
    there = set(await migrations.tables(database)) & set(NAMES) - set(NO_HARM)
    for table in there:
        if await database.rows(f"SELECT 1 AS one FROM {table} LIMIT 1"):  # noqa: S608
            raise BackupError(
                "The database is not empty, and a backup is restored only where nothing can be lost: set "
                "SHOTLIST_DATA_DIR or SHOTLIST_DATABASE_URL to a new one. Nothing was changed."
            )
    for name, store in stores.items():
        if not await store.is_empty():
            raise BackupError(
                f"There are files in the storage of {name} already: set SHOTLIST_DATA_DIR or SHOTLIST_STORAGE_URL to "
                "a new one. Nothing was changed."
            )


async def _put_files(
    archive: Archive, stores: dict[str, Store], put: list[tuple[Store, str]], meter: Meter
) -> None:
    for name, file in archive.files():
        kind, _, key = name.partition("/")
        if kind not in stores:
            continue
        store = stores[kind]
        with store.part() as part:
            await asyncio.to_thread(_copy, file, part)
            meter.advance(part.stat().st_size)
            await store.put(part, key)
        put.append((store, key))


def _copy(file: IO[bytes], part: Path) -> None:
    with part.open("wb") as to:
        shutil.copyfileobj(file, to, 1024 * 1024)


async def _insert_all(
    database: Database, archive: Archive, descriptions: DescriptionCatalogue
) -> tuple[dict[str, int], int]:
    """The tables as they were then, their rows, and what has been changed about tables since."""
    counts: dict[str, int] = {}
    held = 0
    async with database.transaction(durable=True):
        await migrations.lock(database)
        for table in await migrations.tables(database):
            if table in (*NAMES, "schema_version"):
                await database.rows(f"DROP TABLE {table}")
        await migrations.advance(database, migrations.STEPS[: archive.about.step])
        for table in archive.tables:
            counts[table] = 0
            for row in archive.rows(table):
                if table == "job" and row["state"] in HELD:
                    row, held = _hold(row, archive.about.made_at, descriptions), held + 1
                await _insert(database, table, row)
                counts[table] += 1
        await migrations.advance(database, migrations.STEPS)
    return counts, held


async def _insert(database: Database, table: str, row: dict[str, Any]) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    places = ", ".join("{}" for _ in row)
    await database.rows(f"INSERT INTO {table} ({names}) VALUES ({places})", *row.values())  # noqa: S608


def _hold(row: dict[str, Any], made_at: float, descriptions: DescriptionCatalogue) -> dict[str, Any]:
    company = descriptions.display_name(row["provider"])
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(made_at))
    sandbox = bool(row["sandbox"])
    price = price_again(msgspec.json.decode(row["estimate"], type=Amounts), sandbox)
    sentence = (
        f"This job was about to be sent when the backup of {when} was made, and may have been sent since. "
        f"{not_sent_again(company, sandbox=sandbox, price=price)}"
    )
    error = JobError("unknown", "restored from a backup", sentence)
    return {
        **row,
        "state": "unconfirmed",
        "revision": row["revision"] + 1,
        "lease_until": None,
        "updated_at": time.time(),
        "ended_at": time.time(),
        "billing": "not_billed" if row["sandbox"] else "unknown",
        "error": msgspec.json.encode(error).decode(),
    }
