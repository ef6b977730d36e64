"""The statements that made the tables what they are, each run once, by whichever process comes first.

A list of our own instead of Piccolo's migrations: it takes 3 ms at every start, it holds one lock from the question
"which version is this?" to the commit, so that processes may start together, and it needs no configuration module
that is found through the environment. A step is never edited after a release; a change is a new step at the end.
"""

import logging

from tasks.database.database import Database
from tasks.settings import SettingsError

log = logging.getLogger("shotlist.database")

LOCK = 7_160_320  # any number, the same in every process that uses this database

FIRST = (
    """
    CREATE TABLE job (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, model TEXT NOT NULL, display_name TEXT NOT NULL,
        provider TEXT NOT NULL, sandbox BOOLEAN NOT NULL, origin TEXT NOT NULL, mode TEXT NOT NULL,
        "values" TEXT NOT NULL, labels TEXT NOT NULL, frame TEXT NOT NULL, estimate TEXT NOT NULL,
        wire_order TEXT NOT NULL, typical_sec DOUBLE PRECISION NOT NULL, deadline_sec DOUBLE PRECISION NOT NULL,
        created_at DOUBLE PRECISION NOT NULL, retry_of TEXT,
        state TEXT NOT NULL, revision BIGINT NOT NULL, updated_at DOUBLE PRECISION NOT NULL,
        started_at DOUBLE PRECISION, ended_at DOUBLE PRECISION, deadline_at DOUBLE PRECISION,
        cancel_requested_at DOUBLE PRECISION,
        progress DOUBLE PRECISION, queue_position BIGINT, log TEXT,
        handles TEXT NOT NULL, operation TEXT, found TEXT NOT NULL, cost TEXT, billing TEXT, error TEXT,
        outputs TEXT NOT NULL, attempts BIGINT NOT NULL,
        lane TEXT NOT NULL, lease_until DOUBLE PRECISION, not_before DOUBLE PRECISION NOT NULL,
        hinted_at DOUBLE PRECISION NOT NULL, next_look_at DOUBLE PRECISION, look_every DOUBLE PRECISION NOT NULL,
        look_max DOUBLE PRECISION NOT NULL, cancel_sent_at DOUBLE PRECISION, gone BIGINT NOT NULL
    )
    """,
    "CREATE INDEX job_of_owner ON job (owner, created_at, id)",
    "CREATE INDEX job_waiting ON job (lane, state, owner, created_at)",
    "CREATE INDEX job_in_state ON job (state, lease_until)",
    "CREATE INDEX job_to_look_at ON job (next_look_at) WHERE next_look_at IS NOT NULL",
    """
    CREATE TABLE lane (
        name TEXT PRIMARY KEY, unanswered BIGINT NOT NULL, paused_until DOUBLE PRECISION NOT NULL
    )
    """,
    """
    CREATE TABLE ledger (
        job TEXT PRIMARY KEY, owner TEXT NOT NULL, model TEXT NOT NULL, provider TEXT NOT NULL,
        sandbox BOOLEAN NOT NULL, created_at DOUBLE PRECISION NOT NULL, settled_at DOUBLE PRECISION,
        amount TEXT, currency TEXT NOT NULL, billing TEXT NOT NULL
    )
    """,
    "CREATE INDEX ledger_of_owner ON ledger (owner, created_at)",
    """
    CREATE TABLE request_key (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, body TEXT NOT NULL, job TEXT NOT NULL,
        created_at DOUBLE PRECISION NOT NULL
    )
    """,
    "CREATE INDEX request_key_age ON request_key (created_at)",
    """
    CREATE TABLE upload (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, mime TEXT NOT NULL,
        format TEXT NOT NULL, width BIGINT, height BIGINT, seconds DOUBLE PRECISION, bytes BIGINT NOT NULL,
        created_at DOUBLE PRECISION NOT NULL
    )
    """,
    "CREATE INDEX upload_age ON upload (created_at)",
    "CREATE TABLE job_upload (id TEXT PRIMARY KEY, job TEXT NOT NULL, upload TEXT NOT NULL)",
    "CREATE INDEX job_upload_job ON job_upload (job)",
    "CREATE INDEX job_upload_upload ON job_upload (upload)",
)

KEYS = (
    "CREATE TABLE provider_key (provider TEXT PRIMARY KEY, sealed TEXT NOT NULL, stored_at DOUBLE PRECISION NOT NULL)",
    """
    CREATE TABLE key_check (
        provider TEXT PRIMARY KEY, mark TEXT NOT NULL, state TEXT NOT NULL, why TEXT NOT NULL,
        checked_at DOUBLE PRECISION NOT NULL
    )
    """,
)

AGES = ("CREATE INDEX job_by_age ON job (lane, state, created_at)",)

RATES = ("ALTER TABLE lane ADD COLUMN spaced_until DOUBLE PRECISION NOT NULL DEFAULT 0",)

STEPS: tuple[tuple[str, ...], ...] = (FIRST, KEYS, AGES, RATES)


async def migrate(database: Database, steps: tuple[tuple[str, ...], ...] = STEPS) -> None:
    """Bring the database to the last step; `SettingsError` where a newer Shotlist has been at it."""
    async with database.transaction(durable=True):
        await lock(database)
        await advance(database, steps)


async def lock(database: Database) -> None:
    """Hold every other process that starts to the end of the transaction; SQLite's own lock does that."""
    if not database.is_sqlite:
        await database.rows("SELECT pg_advisory_xact_lock({})", LOCK)


async def advance(database: Database, steps: tuple[tuple[str, ...], ...]) -> None:
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
            await database.rows(statement)
        await database.rows("INSERT INTO schema_version (version) VALUES ({})", number)
        log.info("database: step %d of the tables done", number)


async def tables(database: Database) -> tuple[str, ...]:
    """The names of all tables that are there."""
    listed = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if database.is_sqlite
        else "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()"
    )
    return tuple(row["name"] for row in await database.rows(listed))
