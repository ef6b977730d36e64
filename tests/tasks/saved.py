"""A small Shotlist to be saved, and what is in one."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from tasks.backup.snapshot import NAMES
from tasks.database import open_database
from tasks.database.database import connect
from tasks.jobs.model import Job, Output
from tasks.jobs.repository import IdempotencyKey, JobRepository
from tasks.settings import Settings
from tasks.storage import open_stores
from tasks.storage.media import MediaStorage
from tasks.storage.uploads import Upload, Uploads
from tests.media_files import make_image
from tests.tasks.world import new_job


class Meter:
    """Adds up what it is told."""

    def __init__(self) -> None:
        self.expected = self.done = 0

    def total(self, amount: int) -> None:
        self.expected = amount

    def advance(self, amount: int) -> None:
        self.done += amount


async def fill(settings: Settings, video: bytes, tmp_path: Path) -> Job:
    """A finished job with its video, jobs in other states, an upload, and what goes with them."""

    async def fetch(file: BinaryIO) -> None:
        file.write(video)

    async def picture() -> AsyncIterator[bytes]:
        yield make_image(tmp_path / "frame.png").read_bytes()

    media, uploads = await open_stores(settings)
    database = await open_database(settings.database_url)
    try:
        jobs = JobRepository(database)
        upload = await Uploads(uploads).accept("ann", "frame é.png", picture())
        assert isinstance(upload, Upload)
        done = new_job(1_700_000_000.25, log="line ✓", sandbox=True)
        output = await MediaStorage(media).save(done.id, 0, fetch)
        assert isinstance(output, Output)
        done = msgspec.structs.replace(done, state="succeeded", outputs=(output,), progress=1.0)
        await jobs.create(done, uploads=[upload.id], key=IdempotencyKey("nonce", "digest"))
        for state in ("processing", "failed", "unconfirmed"):
            await jobs.create(new_job(1_700_000_001.0, state=state))
    finally:
        await database.close()
    return done


async def contents(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """All rows of our tables."""
    database = await connect(settings.database_url)
    try:
        found = {name: await database.rows(f"SELECT * FROM {name} ORDER BY 1") for name in NAMES}
    finally:
        await database.close()
    for name in ("job", "ledger"):
        found[name] = [{**row, "sandbox": bool(row["sandbox"])} for row in found[name]]
    return found
