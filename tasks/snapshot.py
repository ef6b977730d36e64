"""All rows of our tables as they were at one moment, while the server that owns them goes on working."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

from piccolo.columns import Boolean

from tasks.outage import DatabaseAway
from tasks.settings import Settings
from tasks.tables import TABLES

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

    from tasks.postgres import outage

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
