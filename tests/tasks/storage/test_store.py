"""Where files are kept: a folder and a bucket behave alike."""

import os
import time
from pathlib import Path

import pytest

from tasks.settings import SettingsError, StorageURL, read_storage_url
from tasks.storage.s3 import S3Storage
from tasks.storage.store import LEFT_OVER, FolderStorage, StorageAway, Store
from tests.engines import Storage

CONTENT = os.urandom(20_000_000)  # several parts of an upload, many pieces of reading


async def put(store: Store, key: str, content: bytes) -> None:
    with store.part() as part:
        part.write_bytes(content)
        await store.put(part, key)


async def read(store: Store, key: str, first: int, length: int) -> bytes:
    return b"".join([chunk async for chunk in store.read(key, first, length)])


async def test_a_file_is_read_back_whole_and_in_parts(store: Store) -> None:
    before = time.time()
    await put(store, "job/video.mp4", CONTENT)
    stored = await store.find("job/video.mp4")
    assert stored is not None
    assert stored.bytes == len(CONTENT)
    assert before - 1 <= stored.modified <= time.time() + 1, "a bucket tells whole seconds"
    assert stored.etag.startswith('"')
    assert stored.etag.endswith('"')
    assert await read(store, "job/video.mp4", 0, len(CONTENT)) == CONTENT
    assert await read(store, "job/video.mp4", 7_000_001, 3_000_000) == CONTENT[7_000_001:10_000_001]
    async with store.local("job/video.mp4") as path:
        assert path is not None
        assert path.read_bytes() == CONTENT
    assert isinstance(store, FolderStorage | S3Storage)
    assert list(store.incoming.iterdir()) == []


async def test_what_is_not_there_is_none_and_may_be_deleted(store: Store) -> None:
    assert await store.is_empty()
    assert await store.find("no/such") is None
    async with store.local("no/such") as path:
        assert path is None
    await store.delete("no/such")
    await store.delete_below("no")


async def test_a_file_that_is_put_again_has_another_etag(store: Store) -> None:
    await put(store, "a", b"one")
    first = await store.find("a")
    await put(store, "a", b"two!")
    second = await store.find("a")
    assert first is not None
    assert second is not None
    assert first.etag != second.etag
    assert not await store.is_empty()
    await store.delete("a")
    assert await store.is_empty()


async def test_temporary_files_of_a_killed_process_are_removed_after_a_day(store: Store) -> None:
    with store.part() as part:
        part.write_bytes(b"half")
        store.tidy()
        assert part.exists()
        old = time.time() - LEFT_OVER - 1
        os.utime(part, (old, old))
        store.tidy()
        assert not part.exists()
    assert await store.is_empty()


async def test_a_full_disk_leaves_no_name(tmp_path: Path) -> None:
    store = FolderStorage(tmp_path / "store")
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "job").write_text("in the way")
    with pytest.raises(OSError, match="job"):
        await put(store, "job/video.mp4", b"x")
    assert isinstance(store, FolderStorage | S3Storage)
    assert list(store.incoming.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("s3://videos", StorageURL("videos")),
        ("s3://videos/a/b/", StorageURL("videos", "a/b")),
        (
            "s3://videos/a?endpoint=http://127.0.0.1:9000/&region=eu-west-1",
            StorageURL("videos", "a", "http://127.0.0.1:9000", "eu-west-1"),
        ),
    ],
)
def test_a_storage_url_names_bucket_prefix_endpoint_and_region(url: str, place: StorageURL) -> None:
    assert read_storage_url(url) == place


@pytest.mark.parametrize(
    "url",
    ["s3://", "gs://videos", "/videos", "s3://key:secret@videos", "s3://videos:9000/a", "s3://videos?endpont=http://x",
     "s3://videos?endpoint=127.0.0.1", "s3://videos?x"],
)  # fmt: skip
def test_a_storage_url_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_storage_url(url)


async def test_a_bucket_that_does_not_exist_is_told_in_one_sentence(storage: Storage, tmp_path: Path) -> None:
    place = StorageURL("no-such-bucket", endpoint=storage.endpoint)
    with pytest.raises(SettingsError, match=r"no-such-bucket.*NoSuchBucket.*SHOTLIST_STORAGE_URL"):
        await S3Storage(place, "media", storage.ENVIRON, tmp_path).check()


async def test_a_storage_that_is_away_is_told_and_loses_nothing(tmp_path: Path) -> None:
    store = S3Storage(StorageURL("videos", endpoint="http://127.0.0.1:1"), "media", Storage.ENVIRON, tmp_path)
    with pytest.raises(StorageAway):
        await put(store, "a", b"one")
    with pytest.raises(StorageAway):
        await store.find("a")
    with pytest.raises(SettingsError, match="videos"):
        await store.check()
