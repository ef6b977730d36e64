"""Postgres that may go away and come back: Piccolo's engine, with connections that are given back whatever happens.

Piccolo's own transaction keeps its connection for ever where the begin or the rollback fails, so that a server that
restarts a few times would leave the pool empty. Here the pool gets it back, drops it if it is dead, and opens another.
"""

import asyncio
import contextvars
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction
from piccolo.querystring import QueryString

from tasks.errors import DatabaseAway

CONNECTIONS = 10  # of one process
CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 30.0  # a server that is cut off answers nothing; a living one is far quicker
POOL_SECONDS = 30.0  # how long to wait for one of our own connections to be free

AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InsufficientResourcesError,  # too many connections, disk full
    asyncpg.OperatorInterventionError,  # shutting down, starting up
    asyncpg.ReadOnlySQLTransactionError,  # a stand-by, after a fail-over
    asyncpg.InternalClientError,
    asyncpg.InterfaceError,
)


class PooledPostgres(PostgresEngine):
    """Rows are asyncpg records. Driver errors of an outage become `DatabaseAway`."""

    def __init__(self, url: str) -> None:
        super().__init__(config={"dsn": url})
        # One context variable for each engine, however alike their databases are named.
        self.current_transaction = contextvars.ContextVar(f"transaction {id(self)}", default=None)

    async def check_version(self) -> None:
        """Piccolo would connect for this while the engine is made, and hold up the event loop meanwhile."""

    async def open(self) -> None:
        """Connect; OSError, TimeoutError or an error of asyncpg where that fails."""
        self.pool = await asyncpg.create_pool(
            self.config["dsn"],
            min_size=0,  # its own keeper of a floor would fill the log while the server is away
            max_size=CONNECTIONS,
            timeout=CONNECT_SECONDS,
            command_timeout=COMMAND_SECONDS,
            reset=_keep,
        )
        async with self.pool.acquire() as connection:
            await connection.fetchval("SELECT 1")

    async def close(self) -> None:
        """Also with the server away."""
        pool, self.pool = self.pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(1.0):
                await pool.close()
        except (TimeoutError, *AWAY):
            pool.terminate()

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> list[Any]:  # noqa: ARG002
        return await self.fetch(*querystring.compile_string(engine_type="postgres"))

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> list[Any]:  # noqa: ARG002
        return await self.fetch(ddl, ())

    def transaction(self, *_: Any, **__: Any) -> "Turn":
        return Turn(self)

    async def fetch(self, sql: str, args: Sequence[Any]) -> list[Any]:
        """Run one statement with `$1`, `$2`, … for arguments, in the transaction that is under way if there is one."""
        inside, storable = self.current_transaction.get(), [_storable(arg) for arg in args]
        with outage():
            if inside is not None:
                return list(await inside.connection.fetch(sql, *storable))
            async with self.living_pool.acquire(timeout=POOL_SECONDS) as connection:
                return list(await connection.fetch(sql, *storable))

    @property
    def living_pool(self) -> Any:
        if self.pool is None:
            raise DatabaseAway("it is closed")
        return self.pool


class Turn(PostgresTransaction):
    """A transaction on one connection of the pool. Its statements run one after the other: never gather them."""

    engine: PooledPostgres

    async def __aenter__(self) -> "Turn":
        if self._parent is not None:
            raise RuntimeError("A transaction is under way already: pass it on instead of beginning another.")
        with outage():
            self.connection = await self.engine.living_pool.acquire(timeout=POOL_SECONDS)
            try:
                self.transaction = self.connection.transaction()
                await self.transaction.start()
            except BaseException:
                await self._give_back()
                raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> bool:
        self.engine.current_transaction.reset(self.context)
        try:
            with outage():
                await (self.transaction.commit() if kind is None else self.transaction.rollback())
        except DatabaseAway:
            if kind is None:
                raise
        finally:
            await self._give_back()
        return False

    async def _give_back(self) -> None:
        """The pool itself rolls back what is open, and replaces a connection that is dead."""
        with suppress(*AWAY):
            await self.engine.living_pool.release(self.connection, timeout=CONNECT_SECONDS)


@contextmanager
def outage() -> Iterator[None]:
    """Turns what the driver says of a server that is away into `DatabaseAway`."""
    try:
        yield
    except (
        ValueError
    ):  # an argument of the wrong type is a bug of ours, though asyncpg makes it an InterfaceError
        raise
    except AWAY as error:
        raise DatabaseAway(f"{type(error).__name__}: {error}".rstrip(": ")) from error


def _storable(arg: Any) -> Any:
    """Postgres refuses texts that hold a zero byte, which SQLite stores and a provider's log may have."""
    return arg.replace("\x00", "\N{REPLACEMENT CHARACTER}") if isinstance(arg, str) else arg


async def _keep(_: object) -> None:
    """Nothing of ours outlasts a transaction on a connection, so no question is spent on resetting it."""
