"""The sandbox as a process: a small one, a clean end, one sentence when it cannot start, and no orphan."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.providers.sandbox.running import RunningSandbox
from tests.support import PATIENCE

pytestmark = pytest.mark.slow


def command(folder: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "providers.sandbox", "--folder", str(folder), *more]


def test_it_stays_small_and_ends_on_sigterm(tmp_path: Path) -> None:
    with RunningSandbox(tmp_path) as sandbox:
        sandbox.predicted(sandbox.predict("Small"))
        assert sandbox.process is not None
        memory = psutil.Process(sandbox.process.pid).memory_info().rss / 2**20
        assert sandbox.end(signal.SIGTERM) == 0
    assert memory < 70


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_client_that_still_waits_does_not_hold_up_the_end(tmp_path: Path, number: signal.Signals) -> None:
    with RunningSandbox(tmp_path) as sandbox:
        host, port = sandbox.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as waiting:
            headers = "host: 127.0.0.1\r\nauthorization: Key k\r\ncontent-length: 2"
            waiting.sendall(f"POST /fal/a/b?fault=stall HTTP/1.1\r\n{headers}\r\n\r\n{{}}".encode())
            while not sandbox.submissions()["total"]:
                time.sleep(0.02)
            assert sandbox.end(number) == 0, "an answer that never comes was not waited for"


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            command(tmp_path, "--port", port), capture_output=True, text=True, timeout=PATIENCE
        )
    assert ended.returncode == 1
    assert ended.stderr == f"The sandbox cannot listen at 127.0.0.1:{port}: Address already in use.\n"


def test_a_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    ended = subprocess.run(command(tmp_path / "file"), capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 1
    assert ended.stderr.startswith("The sandbox cannot use ")
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_it_ends_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    starter = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen({command(tmp_path, '--die-with-parent')!r}, stdout=subprocess.PIPE, text=True)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    _, alive = psutil.wait_procs([child], timeout=PATIENCE)
    assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []
