"""Saving everything into one file while Shotlist goes on working: rows of one moment, then the files that they name.

All rows of our tables as they were at one moment, while the server that owns them goes on working.
"""

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import msgspec
from piccolo.columns import Boolean

from tasks.backup.archive import ABOUT, FORMAT, ArchiveWriter, BackupHeader
from tasks.database.tables import TABLES
from tasks.errors import DatabaseAway
from tasks.jobs.model import Output
from tasks.settings import Settings
from tasks.storage import open_stores
from tasks.storage.store import Store

BATCH = 500  # rows at a time
NAMES = tuple(table._meta.tablename for table in TABLES)
BOOLEANS = frozenset(
    (table._meta.tablename, column._meta.db_column_name)
    for table in TABLES
    for column in table._meta.columns
    if isinstance(column, Boolean)
)

Row: TypeAlias = dict[str, Any]


class SQLiteSnapshot:
    """One read transaction: in WAL mode writers neither wait for it nor show in it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def one(self, sql: str) -> Any:
        """The first column of the first row."""
        row = await asyncio.to_thread(lambda: self._connection.execute(sql).fetchone())
        return row[0]

    async def tables(self) -> tuple[str, ...]:
        sql = "SELECT name FROM sqlite_master WHERE type = 'table'"
        found = {row[0] for row in await asyncio.to_thread(lambda: self._connection.execute(sql).fetchall())}
        return tuple(name for name in NAMES if name in found)

    async def rows(self, table: str) -> AsyncIterator[Row]:
        cursor = self._connection.execute(f"SELECT * FROM {table} ORDER BY 1")  # noqa: S608
        names = [column[0] for column in cursor.description]
        while batch := await asyncio.to_thread(cursor.fetchmany, BATCH):
            for values in batch:
                row = dict(zip(names, values, strict=True))
                yield {
                    name: bool(value) if (table, name) in BOOLEANS and value is not None else value
                    for name, value in row.items()
                }


class PostgresSnapshot:
    """One transaction of repeatable reads."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def one(self, sql: str) -> Any:
        return await self._connection.fetchval(sql)

    async def tables(self) -> tuple[str, ...]:
        sql = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        found = {row[0] for row in await self._connection.fetch(sql)}
        return tuple(name for name in NAMES if name in found)

    async def rows(self, table: str) -> AsyncIterator[Row]:
        sql = f"SELECT * FROM {table} ORDER BY 1"  # noqa: S608
        async for row in self._connection.cursor(sql, prefetch=BATCH):
            yield dict(row)


Snapshot: TypeAlias = SQLiteSnapshot | PostgresSnapshot


@asynccontextmanager
async def snapshot(settings: Settings) -> AsyncIterator[Snapshot]:
    """Open what SHOTLIST_DATABASE_URL names, without migrating it. `DatabaseAway` where that fails."""
    async with AsyncExitStack() as stack:
        if settings.sqlite_path is not None:
            yield _sqlite(settings.sqlite_path, stack)
        else:
            yield await _postgres(settings.database_url, stack)


def _sqlite(path: Path, stack: AsyncExitStack) -> SQLiteSnapshot:
    # Not read-only: the last to close a database in WAL mode tidies it up.
    address = f"{path.as_uri()}?mode=rw"
    try:
        connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
        stack.callback(connection.close)
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise DatabaseAway(f"{path}: {error}") from error
    return SQLiteSnapshot(connection)


async def _postgres(url: str, stack: AsyncExitStack) -> PostgresSnapshot:
    import asyncpg  # type: ignore[import-untyped]

    from tasks.database.postgres import outage

    with outage():
        try:
            connection = await asyncpg.connect(url, timeout=10)
        except asyncpg.PostgresError as error:
            raise DatabaseAway(str(error)) from error
        stack.push_async_callback(connection.close, timeout=5)
        await stack.enter_async_context(connection.transaction(isolation="repeatable_read", readonly=True))
        await connection.fetchval(
            "SELECT count(*) FROM pg_tables"
        )  # the first statement decides which moment it is
    return PostgresSnapshot(connection)


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


class BackupFile(msgspec.Struct, frozen=True):
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
            writer = ArchiveWriter(file, meter.advance)
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
) -> tuple[BackupHeader, dict[str, int], list[BackupFile]]:
    """Rows into files of `folder`; what they name is copied afterwards, when no transaction is open any more."""
    tables = await moment.tables()
    if "job" not in tables:
        raise BackupError("There is nothing to save yet: the database is empty.")
    counts: dict[str, int] = {}
    files: list[BackupFile] = []
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
                    files.append(BackupFile(uploads, row["id"], f"uploads/{row['id']}"))
                    total += row["bytes"]
        total += (folder / table).stat().st_size
    meter.total(total)
    step = await moment.one("SELECT max(version) FROM schema_version")
    return BackupHeader(FORMAT, int(step), time.time(), version("shotlist")), counts, files


def _take_outputs(row: Row, media: Store, files: list[BackupFile]) -> int:
    """Add the files of a job; their bytes."""
    outputs = msgspec.json.decode(row["outputs"], type=tuple[Output, ...])
    for output in outputs:
        for name in filter(None, (output.name, output.poster)):
            key = f"{row['id']}/{name}"
            files.append(BackupFile(media, key, f"media/{key}"))
    return sum(output.bytes for output in outputs)


async def _add_files(writer: ArchiveWriter, files: list[BackupFile]) -> tuple[str, ...]:
    """The names of those that are not there any more: their job was deleted in the meantime, or they were lost."""
    missing: list[str] = []
    for file in files:
        async with file.store.local(file.key) as path:
            if path is None:
                missing.append(file.name)
            else:
                await asyncio.to_thread(writer.add_file, file.name, path)
    return tuple(missing)
