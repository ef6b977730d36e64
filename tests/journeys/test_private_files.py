"""What Shotlist keeps is for its owner alone: a running server's files, what was there before, and backups."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.providers.sandbox.running import RunningSandbox
from tests.support import Server, command, environ, free_port, png, until


@pytest.fixture(autouse=True)
def open_by_default() -> Iterator[None]:
    """The umask that most systems come with, whatever that of the tests is."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    """Whatever in the folder, itself included, anybody but its owner may touch."""
    found = [path for path in (folder, *folder.rglob("*")) if not path.is_symlink()]
    return sorted(f"{path}: {path.stat().st_mode:o}" for path in found if path.stat().st_mode & 0o077)


def kinds(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_running_server_keeps_everything_to_its_owner_also_where_the_folder_stood_open(
    tmp_path: Path, start: Callable[..., Server]
) -> None:
    old = tmp_path / "data" / "media" / "an-old-job"
    old.mkdir(parents=True)
    (old / "1.mp4").write_bytes(b"an older version left it open")
    assert len(open_to_others(tmp_path / "data")) == 4
    server = start()
    sent = server.http.post("/api/video/uploads", files={"file": ("a.png", png((640, 360)), "image/png")})
    assert sent.status_code in (200, 201), sent.text
    job = server.wait(server.order("hailuo-02", prompt="A heron lifts from a still lake"))
    assert job["status"] == "succeeded", job
    there = kinds(server.data_dir)
    assert {
        "secret",
        "lock",
        "shotlist.db",
        "shotlist.db-wal",
        "shotlist.db-shm",
        "queue/queue.sock",
    } <= there
    assert {
        "queue/valkey.log",
        "queue/appendonlydir",
        "sandbox/sandbox.sqlite3",
        f"media/{job['id']}",
    } <= there
    assert any(name.startswith("uploads/up_") for name in there)
    assert any(name.startswith("sandbox/clips/") and name.endswith(".mp4") for name in there)
    assert open_to_others(server.data_dir) == []
    saved = command("backup", str(server.data_dir / "saved.tar"), env=environ(server.data_dir, free_port()))
    assert saved.returncode == 0, saved.stderr
    assert open_to_others(server.data_dir) == []
    back = environ(tmp_path / "back", free_port())
    restored = command("restore", str(server.data_dir / "saved.tar"), env=back)
    assert restored.returncode == 0, restored.stderr
    assert "media" in kinds(tmp_path / "back")
    assert open_to_others(tmp_path / "back") == []


def test_a_sandbox_alone_keeps_its_files_to_its_owner(tmp_path: Path) -> None:
    with RunningSandbox(tmp_path / "sandbox") as sandbox:
        sandbox.predicted(sandbox.predict("Private"))
        files = tmp_path / "sandbox"
        until(lambda: True if any(files.glob("clips/*.mp4")) else None, "a clip was rendered")
        assert httpx.get(f"{sandbox.url}/_sandbox/health", trust_env=False).status_code == 200
        assert open_to_others(files) == []
