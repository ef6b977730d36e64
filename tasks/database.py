"""The one open database of this process: chosen by its URL, migrated at the start, bound to the tables."""

import asyncio
import sqlite3
from contextlib import AbstractAsyncContextManager
from typing import Any

from piccolo.engine.base import Engine
from piccolo.querystring import QueryString

from tasks import migrations
from tasks.settings import SettingsError
from tasks.sqlite import PooledSQLite
from tasks.tables import TABLES


class Database:
    """Rows are dicts; SQL has `{}` for each argument and must mean the same on SQLite and Postgres."""

    def __init__(self, engine: Engine[Any]) -> None:
        self.engine = engine

    @property
    def is_sqlite(self) -> bool:
        return self.engine.engine_type == "sqlite"

    @property
    def skip_locked(self) -> str:
        """For the inner select of a claim: on Postgres, leave rows to the worker that is claiming them."""
        return "" if self.is_sqlite else "FOR UPDATE SKIP LOCKED"

    async def rows(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        """Run one statement, in the transaction that is under way if there is one."""
        found = await self.engine.run_querystring(QueryString(sql, *args))
        return found if self.is_sqlite else [dict(row) for row in found or []]

    def transaction(self, *, durable: bool = False) -> AbstractAsyncContextManager[object]:
        """All or nothing. `durable` commits survive a power cut; on Postgres every commit does."""
        if isinstance(self.engine, PooledSQLite):
            return self.engine.transaction(durable=durable)
        return self.engine.transaction()  # type: ignore[no-any-return]

    async def answers(self) -> bool:
        """Whether the database is there, within a second."""
        try:
            async with asyncio.timeout(1.0):
                return bool(await self.rows("SELECT 1 AS one"))
        except Exception:  # whatever the driver says: it is not there
            return False

    async def close(self) -> None:
        _bind(None)
        if isinstance(self.engine, PooledSQLite):
            await self.engine.close()
        else:
            await self.engine.close_connection_pool()  # type: ignore[no-untyped-call]


async def open_database(url: str) -> Database:
    """Open, migrate and bind. `SettingsError` where that fails, or where another database is open already."""
    if any(table._meta._db is not None for table in TABLES):
        raise RuntimeError("This process has a database open: close it before opening another.")
    if url.startswith("sqlite://"):
        engine: Engine[Any] = await _open_sqlite(url.removeprefix("sqlite://"))
    else:
        engine = await _open_postgres(url)
    database = Database(engine)
    try:
        await migrations.migrate(database)
    except BaseException:
        await database.close()
        raise
    _bind(engine)
    return database


async def _open_sqlite(path: str) -> PooledSQLite:
    engine = PooledSQLite(path)
    try:
        await engine.open()
    except (OSError, sqlite3.Error) as error:
        await engine.close()
        raise SettingsError(
            f"The database {path} cannot be opened ({error}): check that its folder exists and can be written, "
            "and that the file is a SQLite database."
        ) from error
    return engine


async def _open_postgres(url: str) -> Engine[Any]:
    # Its driver takes a quarter of a second to import, which the one-command server need not spend.
    import asyncpg  # type: ignore[import-untyped]
    from piccolo.engine.postgres import PostgresEngine

    engine = PostgresEngine(config={"dsn": url})
    try:
        await engine.start_connection_pool(min_size=1, max_size=10, command_timeout=30)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise SettingsError(
            f"The Postgres database cannot be reached ({type(error).__name__}): check SHOTLIST_DATABASE_URL."
        ) from error
    return engine


def _bind(engine: Engine[Any] | None) -> None:
    for table in TABLES:
        table._meta._db = engine
