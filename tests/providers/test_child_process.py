"""A program of ours ends with the process that started it, and a Ctrl-C in the terminal does not reach it."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from providers import child_process
from providers.child_process import start_child
from tests.support import PATIENCE

pytestmark = pytest.mark.slow


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a kernel that does it")
def test_a_program_that_knows_nothing_of_it_ends_when_its_parent_is_killed() -> None:
    starter = (
        "import sys, time\n"
        "from providers.child_process import start_child\n"
        "child = start_child([sys.executable, '-c', 'import time; print(1, flush=True); time.sleep(600)'], stdout=-1)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    _, alive = psutil.wait_procs([child], timeout=PATIENCE)
    assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []


def test_an_interrupt_is_blocked_in_the_program_and_not_in_its_parent() -> None:
    blocked = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))"
    child = start_child([sys.executable, "-c", blocked], stdout=subprocess.PIPE)
    said, _ = child.communicate(timeout=PATIENCE)
    assert said == b"True\n"
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_program_whose_parent_died_before_it_ran_is_not_run(tmp_path: Path) -> None:
    run = [sys.executable, "-c", f"open({str(tmp_path / 'ran')!r}, 'w')"]
    nobody = [sys.executable, "-I", "-S", child_process.__file__, "999999999", *run]
    ended = subprocess.run(nobody, timeout=PATIENCE)
    assert ended.returncode == -signal.SIGTERM
    assert not (tmp_path / "ran").exists()
