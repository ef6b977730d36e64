"""The steps that made the tables what they are, each run once, by whichever process comes first.

Tables are declared in `tasks.database.tables` alone: a step that makes one or adds a column takes it from there.

A list of our own instead of Piccolo's migrations: it takes 3 ms at every start, it holds one lock from the question
"which version is this?" to the commit, so that processes may start together, and it needs no configuration module
that is found through the environment. A step is never edited after a release; a change is a new step at the end: a new
column is a `NewColumn` in `ADDED` and in a step, and does nothing where the table was made with it.
"""

import logging
from typing import Final, TypeAlias

from msgspec import Struct
from piccolo.columns import BigInt, Boolean, Column, DoublePrecision, Text
from piccolo.table import Table

from tasks.database.database import Database
from tasks.database.tables import (
    JobTable,
    JobUploadTable,
    KeyCheckTable,
    LedgerTable,
    ProviderKeyTable,
    ProviderQueueTable,
    RequestKeyTable,
    UploadTable,
)
from tasks.settings import SettingsError

log = logging.getLogger("shotlist.database")

LOCK = 7_160_320  # any number, the same in every process that uses this database

TYPES: Final = {Text: "TEXT", Boolean: "BOOLEAN", BigInt: "BIGINT", DoublePrecision: "DOUBLE PRECISION"}
"""The same words on both databases."""


class NewColumn(Struct, frozen=True):
    """A column that a table of an earlier version lacks; one that was made from today's tables has it."""

    table: type[Table]
    name: str

    @property
    def sql(self) -> str:
        column = self.table._meta.get_column_by_name(self.name)
        return f"ALTER TABLE {self.table._meta.tablename} ADD COLUMN {_column(column)}"


Step: TypeAlias = tuple[str | NewColumn, ...]

ADDED: Final = (NewColumn(ProviderQueueTable, "spaced_until"),)


def create_table(table: type[Table]) -> str:
    """The statement that makes the table as it is declared."""
    return f"CREATE TABLE {table._meta.tablename} ({', '.join(map(_column, table._meta.columns))})"


def _column(column: Column) -> str:
    """Only a column that was added later has a default here: rows of older backups have nothing for it."""
    words = [f'"{column._meta.db_column_name}"', TYPES[type(column)]]
    if column._meta.primary_key:
        words.append("PRIMARY KEY")
    elif not column._meta.null:
        words.append("NOT NULL")
    if any(each.table is column._meta.table and each.name == column._meta.name for each in ADDED):
        default = column.get_default_value()
        if default is not None:  # a nullable column has NULL of itself
            words.append(f"DEFAULT '{default}'" if isinstance(default, str) else f"DEFAULT {default}")
    return " ".join(words)


FIRST: Final[Step] = (
    *map(create_table, (JobTable, ProviderQueueTable, LedgerTable)),
    *map(create_table, (RequestKeyTable, UploadTable, JobUploadTable)),
    "CREATE INDEX job_of_owner ON job (owner, created_at, id)",
    "CREATE INDEX job_waiting ON job (lane, state, owner, created_at)",
    "CREATE INDEX job_in_state ON job (state, lease_until)",
    "CREATE INDEX job_to_look_at ON job (next_look_at) WHERE next_look_at IS NOT NULL",
    "CREATE INDEX ledger_of_owner ON ledger (owner, created_at)",
    "CREATE INDEX request_key_age ON request_key (created_at)",
    "CREATE INDEX upload_age ON upload (created_at)",
    "CREATE INDEX job_upload_job ON job_upload (job)",
    "CREATE INDEX job_upload_upload ON job_upload (upload)",
)
KEYS: Final[Step] = tuple(map(create_table, (ProviderKeyTable, KeyCheckTable)))
AGES: Final[Step] = ("CREATE INDEX job_by_age ON job (lane, state, created_at)",)
RATES: Final[Step] = ADDED

STEPS: Final[tuple[Step, ...]] = (FIRST, KEYS, AGES, RATES)


async def migrate(database: Database, steps: tuple[Step, ...] = STEPS) -> None:
    """Bring the database to the last step; `SettingsError` where a newer Shotlist has been at it."""
    async with database.transaction(durable=True):
        await lock(database)
        await advance(database, steps)


async def lock(database: Database) -> None:
    """Hold every other process that starts to the end of the transaction; SQLite's own lock does that."""
    if not database.is_sqlite:
        await database.rows("SELECT pg_advisory_xact_lock({})", LOCK)


async def advance(database: Database, steps: tuple[Step, ...]) -> None:
    """In a transaction that holds the lock: run the steps that have not been run."""
    await database.rows("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
    found = await database.rows("SELECT max(version) AS version FROM schema_version")
    version = found[0]["version"] or 0
    if version > len(steps):
        raise SettingsError(
            "The database was made by a newer version of Shotlist: update this one, or restore a backup."
        )
    for number, statements in enumerate(steps[version:], start=version + 1):
        for statement in statements:
            await _run(database, statement)
        await database.rows("INSERT INTO schema_version (version) VALUES ({})", number)
        log.info("database: step %d of the tables done", number)


async def _run(database: Database, statement: str | NewColumn) -> None:
    match statement:
        case str():
            await database.rows(statement)
        case NewColumn() if statement.name not in await columns(database, statement.table._meta.tablename):
            await database.rows(statement.sql)


async def columns(database: Database, table: str) -> tuple[str, ...]:
    """The names of the columns that this table has."""
    listed = (
        "SELECT name FROM pragma_table_info({})"
        if database.is_sqlite
        else "SELECT column_name AS name FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND table_name = {}"
    )
    return tuple(row["name"] for row in await database.rows(listed, table))


async def tables(database: Database) -> tuple[str, ...]:
    """The names of all tables that are there."""
    listed = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if database.is_sqlite
        else "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()"
    )
    return tuple(row["name"] for row in await database.rows(listed))
