"""The queue server that comes along, and the lock on the data folder."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tasks.claims import Hint
from tasks.embedded import EmbeddedQueue, FolderLock
from tasks.queue import Queue
from tasks.settings import SettingsError

CHECKOUT = Path(__file__).parents[2]

HOLDER = """
import asyncio, sys, time
from pathlib import Path
from tasks.embedded import EmbeddedQueue, FolderLock

async def main():
    lock = FolderLock(Path(sys.argv[1]))
    queue = EmbeddedQueue(Path(sys.argv[1]))
    await queue.start()
    print(queue.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def _holder(folder: Path) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def _gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_two_servers_cannot_share_a_data_folder(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    with pytest.raises(SettingsError, match=rf"process {os.getpid()}\) is using the data folder"):
        FolderLock(tmp_path)
    lock.release()
    FolderLock(tmp_path).release()


async def test_a_server_that_was_killed_leaves_neither_lock_nor_queue_server(tmp_path: Path) -> None:
    process, pid = _holder(tmp_path)
    try:
        assert not _gone(pid)
        with pytest.raises(SettingsError, match="stop it, or set SHOTLIST_DATA_DIR"):
            FolderLock(tmp_path)
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
    FolderLock(tmp_path).release()
    if sys.platform == "linux":
        until = time.monotonic() + 3
        while not _gone(pid) and time.monotonic() < until:
            await asyncio.sleep(0.02)
        assert _gone(pid)


async def test_the_queue_server_listens_on_no_port_and_only_its_user_may_enter(tmp_path: Path) -> None:
    queue = EmbeddedQueue(tmp_path)
    await queue.start()
    try:
        pid = queue.pid
        assert pid is not None
        listening = [c for c in psutil.Process(pid).net_connections("inet") if c.status == "LISTEN"]
        assert listening == []
        assert queue.socket.stat().st_mode & 0o077 == 0
    finally:
        await queue.stop()
    assert _gone(pid)
    assert not queue.socket.exists()


async def test_the_queue_server_does_not_see_ctrl_c(tmp_path: Path) -> None:
    queue = EmbeddedQueue(tmp_path)
    await queue.start()
    try:
        pid = queue.pid
        assert pid is not None
        os.kill(pid, signal.SIGINT)
        await asyncio.sleep(0.5)
        assert queue.pid == pid
        assert not _gone(pid)
        client = Queue(queue.url)
        assert await client.answers()
        await client.close()
    finally:
        await queue.stop()


async def test_hints_outlast_a_killed_queue_server_which_is_started_again(tmp_path: Path) -> None:
    queue = EmbeddedQueue(tmp_path)
    await queue.start()
    client = Queue(queue.url)
    try:
        for number in range(20):
            await client.hint_save(Hint(f"job{number}", 0), after=60)
        await asyncio.sleep(1.2)  # what is younger than a second may be lost, and is only a hint
        first = queue.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(5):
            while queue.pid == first or not await client.answers():
                await asyncio.sleep(0.02)
        assert await client._client.zcard("shotlist:save") == 20
    finally:
        await client.close()
        await queue.stop()


async def test_a_folder_with_a_long_name_works_too(tmp_path: Path) -> None:
    folder = tmp_path / ("a long name " * 12)
    folder.mkdir()
    queue = EmbeddedQueue(folder)
    assert len(os.fsencode(queue.socket)) <= 100
    assert EmbeddedQueue(folder).socket == queue.socket
    await queue.start()
    client = Queue(queue.url)
    try:
        assert await client.answers()
    finally:
        await client.close()
        await queue.stop()
        queue.socket.parent.rmdir()


async def test_a_queue_server_that_was_left_over_is_ended_first(tmp_path: Path) -> None:
    orphan = EmbeddedQueue(tmp_path)
    await orphan.start()
    assert orphan._watching is not None
    orphan._watching.cancel()
    left_over = orphan.pid
    assert left_over is not None
    queue = EmbeddedQueue(tmp_path)
    await queue.start()
    try:
        assert queue.pid != left_over
        assert _gone(left_over)
    finally:
        await queue.stop()
        orphan._process.wait()  # type: ignore[union-attr]


async def test_a_damaged_queue_file_is_left_behind_for_the_rows_are_the_truth(tmp_path: Path) -> None:
    queue = EmbeddedQueue(tmp_path)
    await queue.start()
    await queue.stop()
    files = list((tmp_path / "queue" / "appendonlydir").iterdir())
    assert files
    for file in files:
        file.write_bytes(b"\x00 nonsense \xff" * 100)
    await queue.start()
    await queue.stop()


async def test_a_queue_that_is_away_is_told_apart_and_hints_to_it_are_no_error(tmp_path: Path) -> None:
    client = Queue(f"unix://{tmp_path / 'nobody.sock'}")
    assert not await client.answers()
    await client.hint_submit(Hint("a", 1), "acme", False)
    await client.close()
