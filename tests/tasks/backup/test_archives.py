"""Backups that are damaged, foreign, or break off while they are restored: nothing is changed by them."""

import os
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from tasks.backup.archive import ArchiveWriter, BadArchive
from tasks.backup.restore import restore
from tasks.backup.snapshot import back_up
from tasks.settings import Settings
from tasks.storage import open_stores
from tests.tasks.saved import Meter, contents, fill


def truncated(archive: Path) -> None:
    os.truncate(archive, archive.stat().st_size // 2)


def flipped(archive: Path) -> None:
    content = archive.read_bytes()
    at = content.index(b"ftyp") + 2000
    archive.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])


def foreign(archive: Path) -> None:
    with tarfile.open(archive, "w") as tar:
        tar.addfile(tarfile.TarInfo("holiday.jpg"), BytesIO())


def leading_out(archive: Path) -> None:
    with tarfile.open(archive, "a") as tar:
        entry = tarfile.TarInfo("media/../../evil")
        entry.size = 4
        tar.addfile(entry, BytesIO(b"evil"))


def no_tar(archive: Path) -> None:
    archive.write_text("This is a letter.")


@pytest.mark.parametrize("spoil", [truncated, flipped, foreign, leading_out, no_tar])
async def test_a_file_that_is_no_whole_backup_changes_nothing(
    place: Callable[[str], Settings], video: bytes, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    old, new = place("embedded"), place("embedded")
    await fill(old, video, tmp_path)
    await back_up(old, tmp_path / "all.tar", Meter())
    spoil(tmp_path / "all.tar")
    with pytest.raises(BadArchive, match="Nothing was changed"):
        await restore(new, tmp_path / "all.tar", Meter())
    assert list(new.data_dir.iterdir()) == []
    assert not (tmp_path / "evil").exists()


async def test_a_restore_that_breaks_off_leaves_nothing(
    place: Callable[[str], Settings], video: bytes, tmp_path: Path, engines: str
) -> None:
    old, new = place("embedded"), place(engines)
    await fill(old, video, tmp_path)
    await back_up(old, tmp_path / "all.tar", Meter())
    with tarfile.open(tmp_path / "all.tar") as tar, (tmp_path / "broken.tar").open("wb") as file:
        writer = ArchiveWriter(file, lambda _: None)
        for entry in tar:
            reader = tar.extractfile(entry)
            assert reader is not None
            content = reader.read()
            if entry.name == "tables/upload.jsonl":
                content += b'{"id": "up_without_the_rest"}\n'
            if entry.name != "checksums.json":
                writer.add_text(entry.name, content)
        writer.finish(())
    with pytest.raises(Exception, match=r"(?i)not.null"):
        await restore(new, tmp_path / "broken.tar", Meter())
    media, uploads = await open_stores(new)
    assert await media.is_empty()
    assert await uploads.is_empty()
    await restore(new, tmp_path / "all.tar", Meter())
    assert await contents(new) == await contents(old)
