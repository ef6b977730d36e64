"""Stored keys: encrypted at rest, the same for every process within seconds, told of when they cannot be read."""

import logging
from pathlib import Path
from typing import Any, cast

import pytest

from providers.client.http import HTTPClients
from providers.description.catalogue import DescriptionCatalogue
from providers.outcomes import KeyCheck
from providers.registry import Choice, ProviderRegistry
from tasks.database.database import Database, Statement
from tasks.errors import DatabaseAway
from tasks.provider_keys import BadKey, ProviderKeys, UnreadableKey, ending
from tests.tasks.world import World

SECRET = "the secret of this server, long enough"
KEY = "r8_the-key-of-the-tests-1234"
WIRES = Path(__file__).parents[2] / "providers"


@pytest.fixture
def keys(database: Database) -> ProviderKeys:
    return ProviderKeys(database, SECRET)


async def every_byte(database: Database) -> str:
    rows = [
        *await database.rows("SELECT * FROM provider_key"),
        *await database.rows("SELECT * FROM key_check"),
    ]
    return str(rows)


async def test_a_key_comes_back_as_it_was_set_and_stands_nowhere_in_the_database(
    keys: ProviderKeys, database: Database
) -> None:
    assert await keys.set("replicate", f" {KEY}\n") is None
    await keys.note_check("replicate", KEY, KeyCheck("refused", f"no such token {KEY}"))
    assert (keys.get("replicate"), keys.names()) == (KEY, ("replicate",))
    stored = await every_byte(database)
    assert "replicate" in stored
    assert KEY not in stored
    assert KEY[3:20] not in stored


async def test_the_same_key_is_never_encrypted_to_the_same_text(
    keys: ProviderKeys, database: Database
) -> None:
    await keys.set("fal", KEY)
    first = await every_byte(database)
    await keys.set("fal", KEY)
    assert await every_byte(database) != first
    assert len(await database.rows("SELECT provider FROM provider_key")) == 1


async def test_a_key_that_was_set_or_removed_survives_a_power_cut(database: Database) -> None:
    written: list[str] = []

    class Noting(Database):
        async def rows(self, sql: str, *args: Any) -> list[dict[str, Any]]:
            inside = self.engine.current_transaction.get()
            if inside is not None and getattr(inside, "_is_durable", True):  # Postgres: always
                written.append(sql)
            return await super().rows(sql, *args)

        async def write_all(self, *statements: Statement, durable: bool = False) -> bool:
            if durable and self.is_sqlite:  # on Postgres the statements pass through `rows`
                written.extend(sql for sql, _ in statements)
            return await super().write_all(*statements, durable=durable)

    keys = ProviderKeys(Noting(database.engine), SECRET)
    await keys.set("fal", KEY)
    await keys.remove("fal")
    assert [sql.split()[0] for sql in written] == ["INSERT", "DELETE"]
    assert all("provider_key" in sql for sql in written)


async def test_another_process_knows_a_change_as_soon_as_its_snapshot_is_old(
    keys: ProviderKeys, database: Database
) -> None:
    other = ProviderKeys(database, SECRET)
    await other.refresh()
    await keys.set("fal", "first-key")
    await other.refresh()
    assert other.get("fal") == "", "it was just read"
    await other.refresh(0)
    assert other.get("fal") == "first-key"
    await keys.set("fal", "second-key")
    await other.refresh(0)
    assert other.get("fal") == "second-key"
    await keys.remove("fal")
    await other.refresh(0)
    assert (other.get("fal"), other.names()) == ("", ())


async def test_a_key_of_another_secret_is_told_and_not_used(
    keys: ProviderKeys, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await keys.set("fal", KEY)
    moved = ProviderKeys(database, "another secret, as long as the first")
    with caplog.at_level(logging.ERROR):
        await moved.refresh(0)
        await moved.refresh(0)
    assert moved.get("fal") == ""
    state = moved.state("fal")
    assert isinstance(state, UnreadableKey)
    assert "SHOTLIST_SECRET" in state.sentence
    assert caplog.text.count("another secret") == 1, "told once, not with every look"
    await moved.set("fal", "new-key")
    assert moved.get("fal") == "new-key"


async def test_a_row_that_was_moved_to_another_provider_is_not_used(
    keys: ProviderKeys, database: Database
) -> None:
    await keys.set("fal", KEY)
    await database.rows("UPDATE provider_key SET provider = 'replicate'")
    await keys.refresh(0)
    assert isinstance(keys.state("replicate"), UnreadableKey)


@pytest.mark.parametrize("typed", ["", "  ", "two words", "schlüssel", "a\nb", "x" * 5000])
async def test_what_is_no_key_is_not_stored(keys: ProviderKeys, typed: str) -> None:
    await keys.set("fal", KEY)
    answer = await keys.set("fal", typed)
    assert isinstance(answer, BadKey)
    assert "othing was changed" in answer.sentence
    assert keys.get("fal") == KEY


async def test_a_check_is_remembered_for_just_the_key_that_was_checked(keys: ProviderKeys) -> None:
    await keys.note_check("fal", KEY, KeyCheck("refused", f"{KEY} is unknown"))
    assert await keys.last_check("fal", KEY) == KeyCheck("refused", "[key] is unknown")
    assert await keys.last_check("fal", "another-key") is None
    await keys.note_check("fal", KEY, KeyCheck("accepted"))
    assert await keys.last_check("fal", KEY) == KeyCheck("accepted")


class Away:
    """A database that is not to be had."""

    async def rows(self, sql: str, *_: object) -> list[dict[str, str]]:
        raise DatabaseAway("gone")

    async def write_all(self, *_: Statement, durable: bool = False) -> bool:
        raise DatabaseAway("gone")


async def test_without_a_database_the_keys_known_go_on(keys: ProviderKeys, database: Database) -> None:
    await keys.set("fal", KEY)
    keys._database = cast("Database", Away())
    await keys.refresh(0)
    assert keys.get("fal") == KEY
    with pytest.raises(DatabaseAway):
        await keys.set("fal", "another-key")
    keys._database = database
    await keys.refresh(0)
    assert keys.get("fal") == KEY


async def test_a_stored_key_makes_new_jobs_real_and_the_environments_key_wins(keys: ProviderKeys) -> None:
    environ: dict[str, str] = {}
    clients = HTTPClients()
    lines = ProviderRegistry(
        DescriptionCatalogue([WIRES]), clients, environ, "http://127.0.0.1:4999", keys.get
    )
    assert lines.choose("fal") == Choice("", sandbox=True)
    await keys.set("fal", "stored-key")
    frozen = lines.client("fal", "", sandbox=True)
    assert lines.choose("fal") == Choice("https://queue.fal.run", sandbox=False)
    assert (lines.key("fal"), lines.key_source("fal"), lines.key_state("fal")) == (
        "stored-key",
        "stored",
        "set",
    )
    assert frozen is not None
    assert frozen.caller.key() == "sandbox", "a job of the sandbox stays there"
    real = lines.client("fal", "https://queue.fal.run", sandbox=False)
    environ["FAL_KEY"] = "given-key"
    assert (lines.key("fal"), lines.key_source("fal")) == ("given-key", "environment")
    assert real is not None
    assert real.caller.key() == "given-key"
    del environ["FAL_KEY"]
    await keys.remove("fal")
    assert lines.choose("fal") == Choice("", sandbox=True)
    assert real.origin == "https://queue.fal.run", "a real job is never sent to the sandbox"
    await clients.aclose()


async def test_a_worker_reads_the_keys_before_it_orders_for_real(world: World) -> None:
    other_process = ProviderKeys(world.parts.database, "a secret of the tests")
    await world.parts.keys.refresh(0)
    async with world.worker():
        await other_process.set("acme", KEY)
        job = await world.order()
        await world.until(job, "processing", "saving", "succeeded")
        assert world.parts.keys.get("acme") == KEY


@pytest.mark.parametrize(("key", "shown"), [(KEY, "1234"), ("short-key", ""), ("", "")])
def test_only_a_long_keys_last_four_characters_are_shown(key: str, shown: str) -> None:
    assert ending(key) == shown
