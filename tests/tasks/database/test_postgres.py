"""Postgres: processes that start at once, a server that goes away and comes back, connections that are given back."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest
from piccolo.columns import Column

from tasks.database import open_database
from tasks.database.database import Database
from tasks.database.migrations import STEPS, migrate
from tasks.database.postgres import CONNECTIONS
from tasks.database.tables import TABLES, ProviderQueueTable
from tasks.errors import DatabaseAway
from tasks.jobs.model import Job
from tasks.jobs.repository import JobRepository
from tasks.settings import SettingsError
from tests.engines import Postgres, postgres_server
from tests.support import PATIENCE
from tests.tasks.world import new_job, until

CHECKOUT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow


@pytest.fixture
def url(postgres: Postgres) -> Iterator[str]:
    """Of an empty database."""
    made = postgres.new_database()
    yield made
    postgres.drop(made)


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = await open_database(url)
    yield opened
    await opened.close()


async def _lane(database: Database, name: str) -> None:
    await database.rows("INSERT INTO lane (name, unanswered, paused_until) VALUES ({}, 0, 0)", name)


async def _someone_waits(database: Database) -> bool:
    """Whether anybody waits for a lock in this database."""
    here = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return bool(await database.rows(here))


async def _count(database: Database) -> int:
    return int((await database.rows("SELECT count(*) AS n FROM lane"))[0]["n"])


START = """
import asyncio, sys
from tasks.database import open_database

async def main():
    database = await open_database(sys.argv[1])
    for _ in range(50):
        await database.rows("INSERT INTO lane (name, unanswered, paused_until) VALUES ('a', 1, 0) "
                            "ON CONFLICT (name) DO UPDATE SET unanswered = lane.unanswered + 1")
    await database.close()

asyncio.run(main())
"""


async def test_processes_that_start_at_once_migrate_once_and_share_the_database(url: str) -> None:
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


async def test_the_migrations_make_just_the_columns_of_the_tables(database: Database) -> None:
    for table in TABLES:
        columns: list[Column] = table._meta.columns
        expected = {column._meta.db_column_name: not column._meta.null for column in columns}
        found = await database.rows(
            "SELECT column_name, is_nullable FROM information_schema.columns WHERE table_name = {}",
            table._meta.tablename,
        )
        assert {row["column_name"]: row["is_nullable"] == "NO" for row in found} == expected


async def test_a_migration_that_fails_leaves_the_database_as_it_was(database: Database) -> None:
    broken = (*STEPS, ("CREATE TABLE half (a TEXT)", "CREATE NONSENSE"))
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await migrate(database, broken)
    with pytest.raises(asyncpg.UndefinedTableError):
        await database.rows("SELECT * FROM half")


async def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    await migrate(database, (*STEPS, ("CREATE TABLE later (a TEXT)",)))
    with pytest.raises(SettingsError, match="newer version"):
        await migrate(database)


async def test_a_server_that_is_not_there_is_told_in_one_sentence() -> None:
    with pytest.raises(SettingsError, match="SHOTLIST_DATABASE_URL"):
        await open_database("postgres://nobody@127.0.0.1:1/nothing")


async def test_a_transaction_that_breaks_off_leaves_nothing(database: Database) -> None:
    async def break_off() -> None:
        async with database.transaction():
            await _lane(database, "gone")
            raise ZeroDivisionError

    for _ in range(CONNECTIONS + 1):
        with pytest.raises(ZeroDivisionError):
            await break_off()
    await _lane(database, "stays")
    assert await _count(database) == 1


@pytest.mark.parametrize("after_turns", range(8))
async def test_transactions_that_are_canceled_anywhere_give_their_connections_back(
    database: Database, after_turns: int
) -> None:
    async def write(number: int) -> None:
        async with database.transaction():
            await _lane(database, f"a{number}")
            await _lane(database, f"b{number}")

    tasks = [asyncio.create_task(write(number)) for number in range(CONNECTIONS + 2)]
    await asyncio.sleep(0.0007 * after_turns)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(_lane(database, f"c{number}") for number in range(CONNECTIONS + 2)))
    assert (await _count(database) - CONNECTIONS) % 2 == 0


async def test_a_transaction_inside_another_is_refused(database: Database) -> None:
    async def nest() -> None:
        async with database.transaction(), database.transaction():
            await _lane(database, "never")

    with pytest.raises(RuntimeError, match="under way already"):
        await nest()
    assert await _count(database) == 0


async def test_connections_that_the_server_ended_are_replaced_however_often(database: Database) -> None:
    async def cut_off() -> None:
        async with database.transaction():
            await _lane(database, "half")
            await database.rows("SELECT pg_terminate_backend(pg_backend_pid())")

    for _ in range(CONNECTIONS + 2):
        with pytest.raises(DatabaseAway):
            await cut_off()
    async with database.transaction():
        await _lane(database, "whole")
    assert [row["name"] for row in await database.rows("SELECT name FROM lane")] == ["whole"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
async def test_a_server_that_was_away_is_used_again_as_soon_as_it_is_back(how: signal.Signals) -> None:
    with postgres_server() as server:
        database = await open_database(server.new_database())
        try:
            await asyncio.gather(*(_lane(database, f"a{number}") for number in range(30)))
            server.end(how)
            for _ in range(CONNECTIONS + 2):
                with pytest.raises(DatabaseAway):
                    await _lane(database, "lost")
                with pytest.raises(DatabaseAway):
                    async with database.transaction():
                        await _lane(database, "lost too")
            assert not await database.answers()
            server.start()
            await until(database.answers, "it answers")
            await asyncio.gather(*(_lane(database, f"b{number}") for number in range(30)))
            assert await _count(database) == 60
        finally:
            await database.close()


async def test_texts_with_a_zero_byte_are_stored_without_it_and_found_nowhere(database: Database) -> None:
    await _lane(database, "a\x00b")
    assert await database.rows("SELECT name FROM lane") == [{"name": "a\N{REPLACEMENT CHARACTER}b"}]
    assert (
        await ProviderQueueTable.select(ProviderQueueTable.name).where(ProviderQueueTable.name == "c\x00d")
        == []
    )


async def test_a_job_that_is_canceled_while_it_is_being_claimed_is_not_claimed(
    database: Database, url: str
) -> None:
    """The claim has chosen its row when it finds it locked; what the row is afterwards counts."""
    jobs = JobRepository(database)
    job = await jobs.create(new_job(jobs.clock()))
    assert isinstance(job, Job)
    canceling = await asyncpg.connect(url)
    transaction = canceling.transaction()
    await transaction.start()
    await canceling.execute("UPDATE job SET state = 'canceled', revision = 1 WHERE id = $1", job.id)
    claiming = asyncio.create_task(jobs.claims.claim_submission("acme", 5, 30.0))
    await until(lambda: _someone_waits(database), "the claim finds its row locked")
    assert not claiming.done()
    await transaction.commit()
    await canceling.close()
    assert await claiming is None
