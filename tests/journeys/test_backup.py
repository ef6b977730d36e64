"""`shotlist backup` of a running server, and `shotlist restore` into a new one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import Server, command, environ

pytestmark = pytest.mark.slow

MODEL = "seedance-1-pro"


def test_a_running_server_is_saved_and_another_serves_what_came_back(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    server = start()
    done = server.wait(server.order(MODEL, prompt="To be kept", resolution="480p", duration=2))
    video = server.http.get(done["output"]["url"]).content
    archive = tmp_path / "shotlist.tar"
    saved = command("backup", str(archive), env=environ(server.data_dir, server.port))
    assert (saved.returncode, saved.stderr) == (0, ""), saved.stderr
    assert "1 job and 2 files" in saved.stdout
    again = command("backup", str(archive), env=environ(server.data_dir, server.port))
    assert again.returncode == 1
    assert "exists already" in again.stderr
    refused = command("restore", str(archive), env=environ(server.data_dir, server.port))
    assert refused.returncode == 1
    assert "is using the data folder" in refused.stderr
    assert server.job(done["id"])["status"] == "succeeded"
    server.kill_group()

    other = Server(tmp_path / "other")
    restored = command("restore", str(archive), env=environ(other.data_dir, other.port))
    assert (restored.returncode, restored.stderr) == (0, ""), restored.stderr
    assert "1 job and 2 files are back." in restored.stdout
    with other:
        assert other.job(done["id"]) == done
        assert other.http.get(done["output"]["url"]).content == video
        assert (
            other.wait(other.order(MODEL, prompt="After it", resolution="480p", duration=2))["status"]
            == "succeeded"
        )


def test_what_cannot_be_restored_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "letter.tar").write_text("Dear Sir or Madam")
    for name, told in [("letter.tar", "not a whole backup"), ("nothing.tar", "There is no file")]:
        ended = command("restore", str(tmp_path / name), env=environ(tmp_path / "data", 1))
        assert ended.returncode == 1
        assert told in ended.stderr
        assert ended.stderr.count("\n") == 1
    ended = command("backup", str(tmp_path / "all.tar"), env=environ(tmp_path / "empty", 1))
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert not (tmp_path / "all.tar").exists()
