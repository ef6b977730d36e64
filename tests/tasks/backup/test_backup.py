"""Backup and restore: from either database and storage onto either, while others write, and never over anything."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.backup.restore import restore
from tasks.backup.snapshot import BackupError, back_up, snapshot
from tasks.database import open_database
from tasks.database.database import connect
from tasks.database.migrations import STEPS, migrate
from tasks.errors import DatabaseAway
from tasks.jobs.repository import JobRepository
from tasks.settings import Settings
from tasks.storage import open_stores
from tests.tasks.saved import Meter, contents, fill
from tests.tasks.world import new_job, until


@pytest.mark.parametrize("source", ["embedded", "servers"])
@pytest.mark.parametrize("target", ["embedded", "servers"])
async def test_what_was_saved_comes_back_the_same_on_any_engine_and_storage(
    place: Callable[[str], Settings], video: bytes, tmp_path: Path, source: str, target: str
) -> None:
    old, new = place(source), place(target)
    done = await fill(old, video, tmp_path)
    saving, restoring = Meter(), Meter()
    saved = await back_up(old, tmp_path / "all.tar", saving)
    assert (saved.rows["job"], saved.files, saved.missing) == (4, 3, ())
    assert saving.done >= saving.expected > len(video)
    back = await restore(new, tmp_path / "all.tar", restoring)
    assert (back.rows, back.files, back.missing, back.held) == (saved.rows, 3, (), 0)
    assert await contents(new) == await contents(old)
    media, uploads = await open_stores(new)
    async with media.local(f"{done.id}/video.mp4") as path:
        assert path is not None
        assert path.read_bytes() == video
    (upload,) = (await contents(new))["upload"]
    assert await uploads.find(upload["id"]) is not None
    assert os.stat(tmp_path / "all.tar").st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


async def test_a_backup_made_while_others_write_is_of_one_moment(
    place: Callable[[str], Settings], video: bytes, tmp_path: Path, engines: str
) -> None:
    settings, new = place(engines), place("embedded")
    await fill(settings, video, tmp_path)
    database = await open_database(settings.database_url)
    jobs = JobRepository(database)
    stop, written = asyncio.Event(), 0

    async def write() -> None:
        nonlocal written
        while not stop.is_set():
            await jobs.create(new_job(1_700_000_002.0, state="failed"))
            written += 1

    writing = asyncio.create_task(write())
    try:
        await until(lambda: written > 3, "they write")
        await back_up(settings, tmp_path / "all.tar", Meter())
        saved = written
        await until(lambda: written > saved, "they go on")
        stop.set()
        await writing
    finally:
        stop.set()
        await asyncio.wait({writing})
        await database.close()
    back = await restore(new, tmp_path / "all.tar", Meter())
    assert back.rows["job"] == back.rows["ledger"] > 4


async def test_a_snapshot_does_not_see_what_is_written_after_it(
    place: Callable[[str], Settings], engines: str
) -> None:
    settings = place(engines)
    database = await open_database(settings.database_url)
    jobs = JobRepository(database)
    try:
        await jobs.create(new_job(1.0, state="failed"))
        async with snapshot(settings) as moment:
            await jobs.create(new_job(2.0, state="failed"))
            assert await moment.one("SELECT count(*) FROM job") == 1
            assert len([row async for row in moment.rows("job")]) == 1
            assert len([row async for row in moment.rows("ledger")]) == 1
        assert len(await jobs.list_page("ann")) == 2
    finally:
        await database.close()


async def test_jobs_that_waited_to_be_sent_are_not_sent_again(
    place: Callable[[str], Settings], tmp_path: Path, engines: str
) -> None:
    old, new = place(engines), place(engines)
    database = await open_database(old.database_url)
    jobs = JobRepository(database)
    for state, sandbox in [("queued", False), ("queued", True), ("submitting", False)]:
        await jobs.create(new_job(1_700_000_000.0, state=state, sandbox=sandbox))
    await database.close()
    await back_up(old, tmp_path / "all.tar", Meter())
    assert (await restore(new, tmp_path / "all.tar", Meter())).held == 3
    database = await open_database(new.database_url)
    try:
        found = await JobRepository(database).list_page("ann")
        assert await JobRepository(database).claims.claim_submission("acme", 5, 30.0) is None
        assert await JobRepository(database).stale.submissions() == ()
    finally:
        await database.close()
    assert {(job.state, job.billing) for job in found if not job.sandbox} == {("unconfirmed", "unknown")}
    assert {(job.state, job.billing) for job in found if job.sandbox} == {("unconfirmed", "not_billed")}
    for job in found:
        assert job.error is not None
        assert "not sent again" in job.error.sentence
        assert ("look in your account at acme" in job.error.sentence) is not job.sandbox


async def test_a_backup_of_older_tables_is_brought_up_to_date(
    place: Callable[[str], Settings], tmp_path: Path, engines: str
) -> None:
    old, new = place(engines), place(engines)
    database = await connect(old.database_url)
    await migrate(database, STEPS[:1])
    await JobRepository(database).create(new_job(1_700_000_000.0, state="failed"))
    await database.close()
    saved = await back_up(old, tmp_path / "all.tar", Meter())
    assert "provider_key" not in saved.rows
    await (await open_database(new.database_url)).close()  # a server that ran without a job
    await restore(new, tmp_path / "all.tar", Meter())
    found = await contents(new)
    assert len(found["job"]) == 1
    assert found["provider_key"] == []


@pytest.mark.parametrize("what", ["a row", "a file"])
async def test_nothing_is_restored_over_what_is_there(
    place: Callable[[str], Settings], video: bytes, tmp_path: Path, engines: str, what: str
) -> None:
    old, new = place("embedded"), place(engines)
    await fill(old, video, tmp_path)
    await back_up(old, tmp_path / "all.tar", Meter())
    media, _ = await open_stores(new)
    database = await open_database(new.database_url)
    if what == "a row":
        await JobRepository(database).create(new_job(1.0, state="failed"))
    else:
        with media.part() as part:
            part.write_bytes(b"mine")
            await media.put(part, "job1/video.mp4")
    await database.close()
    before = await contents(new)
    with pytest.raises(BackupError, match="Nothing was changed"):
        await restore(new, tmp_path / "all.tar", Meter())
    assert await contents(new) == before
    assert await media.is_empty() is (what == "a row")


async def test_files_that_are_gone_are_told_and_the_rest_is_saved(
    place: Callable[[str], Settings], video: bytes, tmp_path: Path
) -> None:
    old, new = place("embedded"), place("embedded")
    done = await fill(old, video, tmp_path)
    (old.data_dir / "media" / done.id / "video.jpg").unlink()
    saved = await back_up(old, tmp_path / "all.tar", Meter())
    assert saved.missing == (f"media/{done.id}/video.jpg",)
    back = await restore(new, tmp_path / "all.tar", Meter())
    assert (back.missing, back.files) == (saved.missing, 2)


async def test_a_backup_takes_no_name_that_is_taken_and_needs_something_to_save(
    place: Callable[[str], Settings], tmp_path: Path
) -> None:
    (tmp_path / "mine.tar").write_text("keep me")
    with pytest.raises(BackupError, match="exists already"):
        await back_up(place("embedded"), tmp_path / "mine.tar", Meter())
    assert (tmp_path / "mine.tar").read_text() == "keep me"
    with pytest.raises(BackupError, match="not a folder"):
        await back_up(place("embedded"), tmp_path / "no" / "all.tar", Meter())
    with pytest.raises(DatabaseAway):
        await back_up(place("embedded"), tmp_path / "all.tar", Meter())
    assert not (tmp_path / "all.tar").exists()
