"""Ending: in good order, completely, and so that the next start carries on.

How long it may take at most is fixed in `web.processes`; how long it takes is measured by `bench.start`.
"""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

import httpx
import psutil
import pytest

from tests.support import PATIENCE, Server, until

KLING = "kling-v2.1-master"
NEVER_COMES = "Comes later [fault: stall on output x1]"


def ends(server: Server) -> int:
    """Wait until the server and all of its group are gone; the server's exit code."""
    code = server.running.wait(PATIENCE)
    until(lambda: None if server.group() else True, lambda: f"all are gone, not {commands(server.group())}")
    return code


def commands(processes: list[psutil.Process]) -> list[str]:
    """The command line of each that is still there."""
    found = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            found.append(" ".join(process.cmdline()))
    return found


def test_a_killed_server_carries_on_and_pays_once(start: Callable[..., Server]) -> None:
    server = start()
    server.hold_sandbox()
    job_id = server.order("seedance-1-pro", prompt="Killed on the way", resolution="480p", duration=2)
    server.wait(job_id, "processing")
    server.kill_group()
    server.start()
    job = server.wait(job_id)
    assert job["status"] == "succeeded", job
    assert server.http.get(job["output"]["url"]).status_code == 200
    assert server.submissions()["by_prompt"]["Killed on the way"] == 1
    assert server.submissions()["total"] == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything(start: Callable[..., Server], how: signal.Signals) -> None:
    server = start()
    server.running.send_signal(how)
    assert ends(server) == 0


def test_ctrl_c_in_a_terminal_reaches_the_whole_group_and_still_ends_in_order(
    start: Callable[..., Server],
) -> None:
    server = start()
    os.killpg(server.running.pid, signal.SIGINT)
    assert ends(server) == 0
    assert "Traceback" not in server.said()
    assert "is away" not in server.said(), "the queue outlived the worker"


def test_ctrl_c_waits_for_nothing_that_is_under_way(start: Callable[..., Server]) -> None:
    """A job that never ends, a download that never comes and a video that is watched would each take for ever."""
    server = start()
    done = server.wait(server.order("seedance-1-pro", prompt="To watch", resolution="480p", duration=2))
    server.wait(server.order(KLING, prompt="Runs on [fault: endless]"), "processing")
    saving = server.order(KLING, prompt=NEVER_COMES)
    server.wait(saving, "saving")
    with httpx.stream(
        "GET", server.url + done["output"]["url"], trust_env=False, timeout=PATIENCE
    ) as watched:
        next(watched.iter_raw(1))
        server.running.send_signal(signal.SIGINT)
        assert ends(server) == 0
    assert "Traceback" not in server.said(), server.said()
    server.start()
    assert server.wait(saving)["status"] == "succeeded"


def test_a_second_signal_ends_it_at_once(start: Callable[..., Server]) -> None:
    """Both come while it stands still, so that it hears of the second before it can have ended after the first."""
    server = start()
    saving = server.order(KLING, prompt=NEVER_COMES)
    server.wait(saving, "saving")
    for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGCONT):
        server.running.send_signal(number)
    assert ends(server) == 0
    assert "worker: stopped" not in server.said(), "it ended in good order"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent at once")
def test_a_server_that_is_killed_alone_leaves_no_orphans(start: Callable[..., Server]) -> None:
    server = start()
    assert len(server.group()) == 3, commands(server.group())
    server.running.kill()
    ends(server)


def test_a_sandbox_that_dies_is_started_again_and_its_jobs_end(start: Callable[..., Server]) -> None:
    server = start()

    def sandboxes() -> set[int]:
        return {
            one.pid
            for one in server.group()
            if commands([one])[:1] and "--die-with-parent" in commands([one])[0]
        }

    server.hold_sandbox()
    job_id = server.order("seedance-1-pro", prompt="Outlives the sandbox", resolution="480p", duration=2)
    server.wait(job_id, "processing")
    (first,) = sandboxes()
    os.kill(first, signal.SIGKILL)
    until(lambda: True if sandboxes() - {first} else None, "another sandbox runs")
    assert server.wait(job_id)["status"] == "succeeded"


def test_the_next_start_answers_with_the_same_jobs(start: Callable[..., Server]) -> None:
    server = start()
    job_id = server.wait(server.order("seedance-1-pro", prompt="Stays", resolution="480p", duration=2))["id"]
    server.running.send_signal(signal.SIGINT)
    ends(server)
    server.start()
    assert server.job(job_id)["status"] == "succeeded"
    assert server.http.get(server.job(job_id)["output"]["url"]).status_code == 200
