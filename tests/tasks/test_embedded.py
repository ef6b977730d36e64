"""The queue server that comes along, and the lock on the data folder."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tasks.embedded import EmbeddedQueue, FolderLock
from tasks.jobs.claims import Wakeup
from tasks.settings import SettingsError
from tasks.worker.queue import Queue
from tests.tasks.world import NEVER, until

CHECKOUT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow

HOLDER = """
import asyncio, sys, time
from pathlib import Path
from tasks.embedded import EmbeddedQueue, FolderLock

async def main():
    lock = FolderLock(Path(sys.argv[1]))
    queue = EmbeddedQueue(Path(sys.argv[1]))
    await queue.start()
    print(queue.pid, flush=True)
    await asyncio.Event().wait()

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


def _kept(folder: Path, name: str) -> bool:
    """Whether the queue server has written that into its file."""
    files = (folder / "queue" / "appendonlydir").iterdir()
    return any(name.encode() in file.read_bytes() for file in files)


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
        await until(lambda: _gone(pid), "the queue server is gone")


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
            await client.enqueue_save(Wakeup(f"job{number}", 0), after=NEVER)
        await until(lambda: _kept(tmp_path, "job19:0"), "the youngest, which might be lost, is in the file")
        first = queue.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: queue.pid not in (first, None), "another is started")
        await until(client.answers, "it answers")
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
        await until(lambda: _gone(left_over), "the one that was left over is gone")
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


async def test_a_queue_server_that_is_slow_to_start_keeps_its_hints_and_is_told_of(tmp_path: Path) -> None:
    """A server that ended by itself could not read its files; one that lives is only slow."""
    queue = EmbeddedQueue(tmp_path)
    await queue.start()
    client = Queue(queue.url)
    await client.enqueue_save(Wakeup("job1", 0), after=NEVER)
    await until(lambda: _kept(tmp_path, "job1:0"), "it is in the file")
    await client.close()
    await queue.stop()
    hasty = EmbeddedQueue(tmp_path, start_seconds=0)
    with pytest.raises(SettingsError, match="does not answer within 0 s"):
        await hasty.start()
    assert hasty.pid is None
    assert _kept(tmp_path, "job1:0")


async def test_a_queue_that_is_away_is_told_apart_and_hints_to_it_are_no_error(tmp_path: Path) -> None:
    client = Queue(f"unix://{tmp_path / 'nobody.sock'}")
    assert not await client.answers()
    await client.enqueue_submit(Wakeup("a", 1), "acme", False)
    await client.close()
