"""The pooled SQLite, its transactions, and migrations that several processes may start at once."""

import asyncio
import contextvars
import sqlite3
import sys
import tarfile
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from piccolo.columns import Column

from tasks.database import open_database
from tasks.database.database import Database
from tasks.database.migrations import STEPS, migrate
from tasks.database.sqlite import PooledSQLite
from tasks.database.tables import TABLES, ProviderQueueTable
from tasks.errors import DatabaseAway
from tasks.settings import SettingsError
from tests.support import PATIENCE

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await open_database(f"sqlite://{tmp_path / 'one.db'}")
    yield opened
    await opened.close()


async def _lane(database: Database, name: str) -> None:
    await database.rows("INSERT INTO lane (name, unanswered, paused_until) VALUES ({}, 0, 0)", name)


async def _count(database: Database) -> int:
    return int((await database.rows("SELECT count(*) AS n FROM lane"))[0]["n"])


async def test_the_file_is_in_wal_mode_and_durable_commits_reach_the_disk(database: Database) -> None:
    engine = database.engine
    assert isinstance(engine, PooledSQLite)
    assert (await database.rows("PRAGMA journal_mode"))[0]["journal_mode"] == "wal"
    async with database.transaction():
        assert (await database.rows("PRAGMA synchronous"))[0]["synchronous"] == 1  # NORMAL
    async with database.transaction(durable=True):
        assert (await database.rows("PRAGMA synchronous"))[0]["synchronous"] == 2  # FULL


async def test_a_transaction_that_breaks_off_leaves_nothing_and_no_lock(database: Database) -> None:
    async def break_off() -> None:
        async with database.transaction():
            await _lane(database, "gone")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_off()
    await _lane(database, "stays")
    assert await _count(database) == 1


@pytest.mark.parametrize("after_turns", range(12))
async def test_a_transaction_that_is_canceled_anywhere_leaves_no_lock(
    database: Database, after_turns: int
) -> None:
    async def write() -> None:
        async with database.transaction(durable=True):
            await _lane(database, "a")
            await _lane(database, "b")

    task = asyncio.create_task(write())
    for _ in range(after_turns):
        await asyncio.sleep(0.0003)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(PATIENCE):
        async with database.transaction():
            await _lane(database, "c")
    assert await _count(database) in (1, 3)


LANE = "INSERT INTO lane (name, unanswered, paused_until) VALUES ({}, 0, 0)"


async def test_statements_are_written_all_together_or_not_at_all(database: Database) -> None:
    assert await database.write_all((LANE, ("a",)), (LANE, ("b",)), durable=True)
    with pytest.raises(sqlite3.IntegrityError):
        await database.write_all((LANE, ("c",)), (LANE, ("a",)))
    unless = f"{LANE} ON CONFLICT (name) DO NOTHING RETURNING name"
    assert not await database.write_all((LANE, ("d",)), (unless, ("a",)), (LANE, ("e",)))
    assert await _count(database) == 2
    assert await database.write_all((unless, ("f",)), (LANE, ("g",)))
    assert await _count(database) == 4


@pytest.mark.parametrize("after_turns", range(6))
async def test_statements_written_together_by_who_is_canceled_leave_no_lock(
    database: Database, after_turns: int
) -> None:
    task = asyncio.create_task(database.write_all((LANE, ("a",)), (LANE, ("b",)), durable=True))
    for _ in range(after_turns):
        await asyncio.sleep(0.0003)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(PATIENCE):
        await _lane(database, "c")
    assert await _count(database) in (1, 3)


async def test_what_is_not_committed_is_not_read_by_others(database: Database) -> None:
    async def others_count() -> int:
        return await _count(database)

    reader = asyncio.create_task(asyncio.sleep(0))  # a task of its own does not share our transaction
    await reader
    before = asyncio.get_running_loop().create_future()

    async def look() -> None:
        await before
        assert await others_count() == 0

    looking = asyncio.create_task(look())
    async with database.transaction():
        await _lane(database, "new")
        before.set_result(None)
        await looking
    assert await _count(database) == 1


async def test_many_tasks_that_read_and_then_write_never_find_the_database_locked(database: Database) -> None:
    await _lane(database, "a")

    async def add() -> None:
        async with database.transaction():
            row = (await database.rows("SELECT unanswered FROM lane WHERE name = 'a'"))[0]
            await database.rows("UPDATE lane SET unanswered = {} WHERE name = 'a'", row["unanswered"] + 1)

    await asyncio.gather(*(add() for _ in range(200)))
    assert (await database.rows("SELECT unanswered FROM lane"))[0]["unanswered"] == 200


async def test_the_tables_of_piccolo_are_bound_to_the_open_database(database: Database) -> None:
    await _lane(database, "a")
    assert await ProviderQueueTable.select(ProviderQueueTable.name) == [{"name": "a"}]
    with pytest.raises(RuntimeError, match="close it before"):
        await open_database("sqlite:///nowhere")


async def test_closing_ends_every_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    opened = await open_database(f"sqlite://{tmp_path / 'x.db'}")
    assert await opened.answers()
    opened_now = set(threading.enumerate()) - before
    assert opened_now
    await opened.close()
    for thread in opened_now:
        await asyncio.to_thread(thread.join, PATIENCE)
    assert not any(thread.is_alive() for thread in opened_now)
    assert not await opened.answers()


async def test_the_migrations_make_just_the_columns_of_the_tables(database: Database) -> None:
    for table in TABLES:
        columns: list[Column] = table._meta.columns
        expected = {column._meta.db_column_name: not column._meta.null for column in columns}
        found = await database.rows(f"PRAGMA table_info({table._meta.tablename})")
        assert {row["name"]: bool(row["notnull"]) or bool(row["pk"]) for row in found} == expected


EARLIER = CHECKOUT / "tests" / "journeys" / "data-2fe6146.tar.xz"
SHAPE = (
    'SELECT m.name AS "table", c.name, c.type, c."notnull", c.pk, c.dflt_value IS NULL AS bare '
    "FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table' ORDER BY m.name, c.cid"
)
INDEXES = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"


async def test_a_new_database_has_the_tables_and_indexes_of_one_made_by_an_earlier_version(
    database: Database, tmp_path: Path
) -> None:
    """Before the tables were declared once, their statements were written by hand."""
    with tarfile.open(EARLIER) as packed:
        packed.extractall(tmp_path, filter="data")
    (path,) = tmp_path.rglob("shotlist.db")
    earlier = sqlite3.connect(path)
    earlier.row_factory = lambda cursor, row: dict(
        zip((each[0] for each in cursor.description), row, strict=True)
    )
    assert earlier.execute(SHAPE).fetchall() == await database.rows(SHAPE)
    assert earlier.execute(INDEXES).fetchall() == await database.rows(INDEXES)
    earlier.close()


async def test_a_column_that_an_earlier_version_lacks_is_added_once(database: Database) -> None:
    await database.rows("ALTER TABLE lane DROP COLUMN spaced_until")
    await database.rows("DELETE FROM schema_version WHERE version = {}", len(STEPS))
    await _lane(database, "a")
    for _ in range(2):
        await migrate(database)
        assert await ProviderQueueTable.select(ProviderQueueTable.spaced_until) == [{"spaced_until": 0.0}]


async def test_a_migration_that_fails_leaves_the_database_as_it_was(database: Database) -> None:
    broken = (*STEPS, ("CREATE TABLE half (a TEXT)", "CREATE NONSENSE"))
    with pytest.raises(sqlite3.OperationalError):
        await migrate(database, broken)
    assert not await database.rows("SELECT name FROM sqlite_master WHERE name = 'half'")
    await migrate(database, (*STEPS, ("CREATE TABLE half (a TEXT)",)))
    assert await database.rows("SELECT name FROM sqlite_master WHERE name = 'half'")


async def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    await migrate(database, (*STEPS, ("CREATE TABLE later (a TEXT)",)))
    with pytest.raises(SettingsError, match="newer version"):
        await migrate(database)


async def test_a_file_that_is_no_database_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.write_text("Dear Sir or Madam, this is not a database. " * 50)
    with pytest.raises(SettingsError, match="cannot be opened"):
        await open_database(f"sqlite://{path}")


async def test_a_folder_that_is_not_there_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be opened"):
        await open_database(f"sqlite://{tmp_path / 'no' / 'such' / 'x.db'}")


async def test_a_database_that_another_process_locks_is_away_until_it_lets_go(
    database: Database, tmp_path: Path
) -> None:
    await database.rows("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(tmp_path / "one.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseAway, match="locked"):
        await _lane(database, "a")
    with pytest.raises(DatabaseAway, match="locked"):
        async with database.transaction():
            await _lane(database, "b")
    assert await _count(database) == 0
    other.rollback()
    other.close()
    async with database.transaction():
        await _lane(database, "c")
    assert await _count(database) == 1


async def test_whoever_waits_behind_others_that_wait_for_a_locked_database_is_told_in_time(
    tmp_path: Path,
) -> None:
    engine = PooledSQLite(str(tmp_path / "one.db"), turn_seconds=0.1)
    await engine.open()
    database = Database(engine)
    await migrate(database)
    async with database.transaction():
        with pytest.raises(DatabaseAway, match="waiting"):
            await asyncio.create_task(_lane(database, "behind"), context=contextvars.Context())
        await _lane(database, "first")
    await _lane(database, "after")
    assert await _count(database) == 2
    await engine.close()


async def test_a_full_disk_is_told_as_an_outage_and_leaves_the_database_whole(database: Database) -> None:
    await database.rows("PRAGMA max_page_count = 1")  # SQLite keeps what it has and takes no page more

    async def fill() -> None:
        for number in range(1000):
            await _lane(database, f"{number} {'x' * 1000}")

    with pytest.raises(DatabaseAway, match="full"):
        await fill()
    await database.rows("PRAGMA max_page_count = 1000000")
    held = await _count(database)
    await _lane(database, "after")
    assert await _count(database) == held + 1


START = """
import asyncio, sys
from tasks.database import open_database

async def main():
    database = await open_database(sys.argv[1])
    for _ in range(50):
        async with database.transaction():
            rows = await database.rows("SELECT unanswered FROM lane WHERE name = 'a'")
            if rows:
                await database.rows("UPDATE lane SET unanswered = {} WHERE name = 'a'", rows[0]["unanswered"] + 1)
            else:
                await database.rows("INSERT INTO lane (name, unanswered, paused_until) VALUES ('a', 1, 0)")
    await database.close()

asyncio.run(main())
"""


@pytest.mark.slow
async def test_processes_that_start_at_once_migrate_once_and_share_the_file(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path / 'shared.db'}"
    running = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", START, url, cwd=CHECKOUT) for _ in range(4)
    ]
    assert [await process.wait() for process in running] == [0, 0, 0, 0]
    database = await open_database(url)
    try:
        assert (await database.rows("SELECT unanswered FROM lane"))[0]["unanswered"] == 200
        assert len(await database.rows("SELECT version FROM schema_version")) == len(STEPS)
    finally:
        await database.close()
