"""What is answered while the database is locked or the storage away."""

import sqlite3
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from tasks.context import AppContext
from tasks.storage.media import MediaStorage
from tasks.storage.store import FolderStorage, StorageAway, Stored
from tasks.storage.uploads import Uploads
from tests.support import png
from web.app import create_app

ORDER = {"model": "kling-v2.1-master", "values": {"prompt": "A boat"}}


class Away(FolderStorage):
    """A storage that does not answer."""

    async def find(self, key: str) -> Stored | None:
        raise StorageAway("the bucket does not answer")

    async def put(self, part: Path, key: str) -> None:
        raise StorageAway("the bucket does not answer")


@pytest.fixture
def locked(context: AppContext) -> sqlite3.Connection:
    path = context.settings.sqlite_path
    assert path is not None
    return sqlite3.connect(path, isolation_level=None)


async def test_a_locked_database_takes_no_order_and_says_so(
    web: httpx.AsyncClient, context: AppContext, locked: sqlite3.Connection
) -> None:
    async with context.database.transaction(durable=True):
        await context.database.rows("PRAGMA busy_timeout = 50")
    locked.execute("BEGIN IMMEDIATE")
    answer = await web.post("/api/video/jobs", json=ORDER)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["error"] == {
        "class": "unavailable",
        "message": "The database of this Shotlist does not answer just now. Try again in a moment, "
        "and look at your jobs before you repeat an order.",
    }
    assert (await web.get("/api/video/jobs")).json()["jobs"] == [], "reading goes on"
    locked.rollback()
    locked.close()
    assert (await web.post("/api/video/jobs", json=ORDER)).status_code == 201


async def test_a_storage_that_is_away_is_told_to_people_and_programs(context: AppContext) -> None:
    store = Away(context.settings.data_dir / "away")
    context = replace(context, media=MediaStorage(store), uploads=Uploads(store))
    transport = httpx.ASGITransport(create_app(context), raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8420") as web:
        job = (await web.post("/api/video/jobs", json=ORDER)).json()["id"]
        told = await web.get(f"/media/{job}/video.mp4")
        assert (told.status_code, told.json()["error"]["class"]) == (503, "storage")
        assert "the bucket does not answer" in told.json()["error"]["message"]
        page = await web.get(f"/media/{job}/video.mp4", headers={"accept": "text/html"})
        assert (page.status_code, "<html" in page.text) == (503, True)
        sent = await web.post("/api/video/uploads", files={"file": ("a.png", png((64, 64)), "image/png")})
        assert sent.status_code == 503
        assert "Nothing was stored" in sent.json()["error"]["message"]
