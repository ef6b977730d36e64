"""A database, SQLite or Postgres by its URL: rows, transactions, and the tables that are bound to it."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tasks.database.sqlite import PooledSQLite
from tasks.database.tables import TABLES
from tasks.errors import DatabaseAway
from tasks.settings import SettingsError

if TYPE_CHECKING:
    from tasks.database.postgres import PooledPostgres


Statement: TypeAlias = tuple[str, Sequence[Any]]
"""SQL and its arguments, as `Database.rows` takes them."""


class _Nothing(Exception):  # noqa: N818
    """Rolls back."""


class Database:
    """Rows are dicts; SQL has `{}` for each argument and must mean the same on SQLite and Postgres.

    The words in which the two differ are written `{random}`, `{for_update}`, `{skip_locked}` (`WORDS` tells).
    """

    def __init__(self, engine: "PooledSQLite | PooledPostgres") -> None:
        self.engine = engine

    @property
    def is_sqlite(self) -> bool:
        return self.engine.engine_type == "sqlite"

    async def rows(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        """Run one statement, in the transaction that is under way if there is one."""
        if isinstance(self.engine, PooledSQLite):
            return await self.engine.fetch(_questioned(sql), args)
        return [dict(row) for row in await self.engine.fetch(_numbered(sql), args)]

    async def write_all(self, *statements: Statement, durable: bool = False) -> bool:
        """All of them or none, in one transaction; on SQLite in one visit to it, so that the next writer waits less.

        False, and nothing is written, where one that says RETURNING gives no row.
        """
        if isinstance(self.engine, PooledSQLite):
            return await self.engine.write_all(
                [(_questioned(sql), args) for sql, args in statements], durable
            )
        try:
            async with self.transaction():
                for sql, args in statements:
                    if not await self.rows(sql, *args) and "RETURNING" in sql:
                        raise _Nothing
        except _Nothing:
            return False
        return True

    def transaction(self, *, durable: bool = False) -> AbstractAsyncContextManager[object]:
        """All or nothing. `durable` commits survive a power cut; on Postgres every commit does."""
        if isinstance(self.engine, PooledSQLite):
            return self.engine.transaction(durable=durable)
        return self.engine.transaction()

    async def answers(self) -> bool:
        """Whether the database is there, within a second."""
        try:
            async with asyncio.timeout(1.0):
                return bool(await self.rows("SELECT 1 AS one"))
        except Exception:  # whatever the driver says: it is not there
            return False

    async def close(self) -> None:
        bind(None)
        await self.engine.close()


@contextmanager
def told_at_start() -> Iterator[None]:
    """What the database says while a process starts becomes a `SettingsError`: it cannot be used as it is."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, sqlite3.Error | DatabaseAway) and not _is_of_postgres(error):
            raise
        raise SettingsError(
            f"The database cannot be used as it is ({error}): check SHOTLIST_DATABASE_URL, and the room on its disk. "
            "If it is damaged, restore a backup into a new one (shotlist restore)."
        ) from error


def _is_of_postgres(error: Exception) -> bool:
    """Without importing its driver, which is slow and may not be in use."""
    return any(kind.__module__.partition(".")[0] == "asyncpg" for kind in type(error).__mro__)


async def connect(url: str) -> Database:
    """Open without migrating or binding: for `Database.rows` alone. `SettingsError` where that fails."""
    if url.startswith("sqlite://"):
        return Database(await _open_sqlite("/" + url.removeprefix("sqlite://").lstrip("/")))
    return Database(await _open_postgres(url))


async def _open_sqlite(path: str) -> PooledSQLite:
    engine = PooledSQLite(path)
    try:
        await engine.open()
    except (OSError, sqlite3.Error, DatabaseAway) as error:
        await engine.close()
        raise SettingsError(
            f"The database {path} cannot be opened ({error}): check that its folder exists and can be written, "
            "and that the file is a SQLite database."
        ) from error
    return engine


async def _open_postgres(url: str) -> "PooledPostgres":
    # Its driver takes a quarter of a second to import, which the one-command server need not spend.
    import asyncpg  # type: ignore[import-untyped]

    from tasks.database.postgres import PooledPostgres

    engine = PooledPostgres(url)
    try:
        await engine.open()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise SettingsError(
            f"The Postgres database cannot be reached ({type(error).__name__}): check SHOTLIST_DATABASE_URL, "
            "and that the server runs."
        ) from error
    return engine


WORDS: Final = {
    # A number from 0 to 1, another one for each row.
    "{random}": ("(abs(random() / 2) / 4611686018427387904.0)", "random()"),
    # After a select in a transaction whose rows are written later in it; SQLite has one writer anyway.
    "{for_update}": ("", "FOR UPDATE"),
    # After the inner select of a claim: leave rows to the worker that is claiming them.
    "{skip_locked}": ("", "FOR UPDATE SKIP LOCKED"),
}
"""In SQLite's words and in those of Postgres."""


@lru_cache(maxsize=500)
def _questioned(sql: str) -> str:
    for word, (ours, _) in WORDS.items():
        sql = sql.replace(word, ours)
    return sql.replace("{}", "?")


@lru_cache(maxsize=500)
def _numbered(sql: str) -> str:
    """Piccolo does the same anew for every query, which took a tenth of an order's time."""
    for word, (_, its) in WORDS.items():
        sql = sql.replace(word, its)
    first, *rest = sql.split("{}")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, start=1))


def bind(engine: "PooledSQLite | PooledPostgres | None") -> None:
    """Give the tables the database that their queries go to, or take it from them."""
    for table in TABLES:
        table._meta._db = engine
