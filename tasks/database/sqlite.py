"""SQLite that several workers can share: Piccolo's engine with connections that stay open and one writer at a time.

Piccolo's own engine opens a connection and a thread for every query and begins transactions that may fail half-way
("database is locked"). Here reads go to a few readers, writes wait for one writer in this process, and transactions
begin immediate, so that they wait for other processes before they have read anything.
"""

import asyncio
import contextvars
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiosqlite
from piccolo.engine.sqlite import SQLiteEngine, SQLiteTransaction, dict_factory
from piccolo.querystring import QueryString

from tasks.errors import DatabaseAway

BUSY_MS = 10_000  # how long to wait for another process that writes
TURN_SECONDS = 5.0  # how long to wait behind our own writers: each of them may be waiting for that process

Answer = TypeVar("Answer")

AWAY = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
)


class PooledSQLite(SQLiteEngine):
    """`transaction(durable=True)` commits to the disk itself; otherwise a power cut may undo the last commits."""

    def __init__(self, path: str, readers: int = 3, turn_seconds: float = TURN_SECONDS) -> None:
        super().__init__(path, detect_types=0)
        self._turn_seconds = turn_seconds
        # One context variable for each engine: two may be open on one file, one after the other.
        self.current_transaction = contextvars.ContextVar(f"transaction {id(self)}", default=None)
        self._reader_count = readers
        self._readers: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        self._all: list[aiosqlite.Connection] = []
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Connect; OSError, sqlite3.Error or DatabaseAway where the file cannot be used."""
        # Refused here, a path costs nothing; refused by aiosqlite it leaves a thread that may outlive the event loop.
        sqlite3.connect(self.path).close()
        self._quick = await self._connect("NORMAL")
        await _switch_to_wal(self._quick)
        self._durable = await self._connect("FULL")
        for _ in range(self._reader_count):
            self._readers.put_nowait(await self._connect("NORMAL"))

    async def close(self) -> None:
        """End the connections' threads; without this the process would not exit."""
        for connection in self._all:
            await connection.close()
        self._all.clear()

    async def run_querystring(self, querystring: QueryString, in_pool: bool = False) -> list[dict[str, Any]]:  # noqa: ARG002
        return await self.fetch(*querystring.compile_string(engine_type="sqlite"))

    async def run_ddl(self, ddl: str, in_pool: bool = False) -> list[dict[str, Any]]:  # noqa: ARG002
        return await self.fetch(ddl, ())

    def transaction(self, *_: Any, durable: bool = False, **__: Any) -> "WriteTransaction":
        return WriteTransaction(self, durable)

    async def fetch(self, sql: str, args: Sequence[Any]) -> list[dict[str, Any]]:
        """Run one statement with `?` for each argument, in the transaction that is under way if there is one."""
        inside = self.current_transaction.get()
        if inside is not None:
            return await _fetch(inside.connection, sql, args)
        if sql.lstrip()[:6].upper() == "SELECT":
            async with self._reader() as connection:
                return await _fetch(connection, sql, args)
        await self._take_turn()
        try:
            return await _fetch(self._quick, sql, args)
        finally:
            self._turn.release()

    async def write_all(self, statements: Sequence[tuple[str, Sequence[Any]]], durable: bool) -> bool:
        """All of them in one visit to the connection's thread; False where one gives no row that was to give one."""
        connection = self._durable if durable else self._quick
        raw = connection._conn
        await self._take_turn()
        # Its own `execute` takes one statement a visit, and between two of them the other requests have their turns.
        visit = connection._execute(_all_or_nothing, raw, statements)  # type: ignore[no-untyped-call]
        writing = asyncio.ensure_future(_told(visit))
        writing.add_done_callback(self._pass_on)
        return await asyncio.shield(writing)

    def _pass_on(self, work: "asyncio.Future[Any]") -> None:
        """The next one's turn, also where nobody waits for the work any more."""
        if not work.cancelled():
            work.exception()
        self._turn.release()

    async def _take_turn(self) -> None:
        try:
            async with asyncio.timeout(self._turn_seconds):
                await self._turn.acquire()
        except TimeoutError:
            raise DatabaseAway("other writes have been waiting for long") from None

    async def _connect(self, synchronous: str) -> aiosqlite.Connection:
        connection = await aiosqlite.connect(**self.connection_kwargs)
        self._all.append(connection)
        connection.row_factory = dict_factory  # type: ignore[assignment]
        for pragma in (f"busy_timeout = {BUSY_MS}", f"synchronous = {synchronous}", "foreign_keys = 1"):
            await _fetch(connection, f"PRAGMA {pragma}", [])
        return connection

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[aiosqlite.Connection]:
        connection = await self._readers.get()
        try:
            yield connection
        finally:
            self._readers.put_nowait(connection)


class WriteTransaction(SQLiteTransaction):
    """A turn of the one writer, from BEGIN IMMEDIATE to the commit."""

    def __init__(self, engine: PooledSQLite, durable: bool) -> None:
        super().__init__(engine)
        self._pool = engine
        self._is_durable = durable

    async def __aenter__(self) -> "WriteTransaction":
        if self._parent is not None:
            raise RuntimeError("A transaction is under way already: pass it on instead of beginning another.")
        await self._pool._take_turn()
        self.connection = self._pool._durable if self._is_durable else self._pool._quick
        try:
            await _fetch(self.connection, "BEGIN IMMEDIATE", [])
        except BaseException:
            await self._give_up()
            raise
        self.context = self._pool.current_transaction.set(self)
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> bool:
        self._pool.current_transaction.reset(self.context)
        if kind is not None:
            await self._give_up()
            return False
        try:
            await _fetch(self.connection, "COMMIT", [])
        except BaseException:
            await self._give_up()
            raise
        self._pool._turn.release()
        return False

    async def _give_up(self) -> None:
        """Roll back in the connection's own thread, behind whatever it is still doing, even when we are canceled."""
        rollback = asyncio.ensure_future(self.connection.rollback())
        rollback.add_done_callback(self._pool._pass_on)
        await asyncio.shield(rollback)


async def _fetch(connection: aiosqlite.Connection, sql: str, args: Sequence[Any]) -> list[dict[str, Any]]:
    """In one visit to the connection's thread: a statement that is left half-read would keep its lock."""
    return list(await _told(connection.execute_fetchall(sql, args)))  # type: ignore[arg-type]


def _all_or_nothing(connection: sqlite3.Connection, statements: Sequence[tuple[str, Sequence[Any]]]) -> bool:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for sql, args in statements:
            answer = connection.execute(sql, args)
            if answer.description is not None and not answer.fetchall():
                connection.rollback()
                return False
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    return True


async def _told(work: Coroutine[Any, Any, Answer]) -> Answer:
    """What SQLite says of an outage is `DatabaseAway`."""
    try:
        return await work
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in AWAY:
            raise DatabaseAway(str(error)) from error
        raise


async def _switch_to_wal(connection: aiosqlite.Connection) -> None:
    """The switch is refused at once, without waiting, while another process that starts now does the same."""
    for attempt in range(100):
        try:
            await _fetch(connection, "PRAGMA journal_mode = WAL", [])
            return
        except DatabaseAway:
            if attempt == 99:
                raise
            await asyncio.sleep(0.05)
