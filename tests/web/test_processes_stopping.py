"""How a server ends: its parts together, in time, and at once at the second signal."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from tests.support import CHECKOUT, PATIENCE
from web.processes import LAST_SECONDS, SIGNALS, run_together

pytestmark = pytest.mark.slow


async def test_a_part_that_ends_ends_all() -> None:
    stop = asyncio.Event()
    await asyncio.wait_for(run_together(stop, stop_wait(stop), asyncio.sleep(0.01)), PATIENCE)
    assert stop.is_set()


async def test_all_parts_may_finish_what_they_do_after_the_stop() -> None:
    stop, finished = asyncio.Event(), list[str]()

    async def slow() -> None:
        await stop.wait()
        await asyncio.sleep(0.05)
        finished.append("slow")

    stop.set()
    await run_together(stop, slow(), stop_wait(stop))
    assert finished == ["slow"]


async def test_what_a_part_raised_is_raised_after_all_have_ended() -> None:
    stop, ended = asyncio.Event(), list[str]()

    async def broken() -> None:
        raise OSError("the disk")

    async def other() -> None:
        await stop.wait()
        ended.append("other")

    with pytest.raises(OSError, match="the disk"):
        await run_together(stop, broken(), other())
    assert ended == ["other"]


async def stop_wait(stop: asyncio.Event) -> None:
    await stop.wait()


SCRIPT = """
import asyncio, sys, time
from web.processes import stop_on_signals

async def main():
    stop = stop_on_signals(lambda: print("last act", flush=True), {seconds})
    print("ready", flush=True)
    {what}
    print("in order", flush=True)

asyncio.run(main())
"""


def begin(
    what: str, ignored: signal.Signals | None = None, seconds: float = 100 * PATIENCE
) -> subprocess.Popen[str]:
    """Run that in a program of its own, which has so many seconds to end.

    `ignored` is what nohup would have it ignore.
    """
    ignore = f"import signal; signal.signal({int(ignored)}, signal.SIG_IGN)" if ignored else ""
    process = subprocess.Popen(
        [sys.executable, "-c", ignore + SCRIPT.format(what=what, seconds=seconds)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_sets_the_event(number: signal.Signals) -> None:
    process = begin("await stop.wait()")
    process.send_signal(number)
    said, _ = process.communicate(timeout=PATIENCE)
    assert (said, process.returncode) == ("in order\n", 0)


def test_a_server_that_is_to_outlive_its_terminal_does() -> None:
    process = begin("await asyncio.sleep(0.5)", ignored=signal.SIGHUP)
    process.send_signal(signal.SIGHUP)
    said, _ = process.communicate(timeout=PATIENCE)
    assert (said, process.returncode) == ("in order\n", 0)


def test_the_second_signal_ends_it_after_its_last_act() -> None:
    process = begin('await stop.wait(); print("stopping", flush=True); await asyncio.Event().wait()')
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    assert process.stdout.readline() == "stopping\n"
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=PATIENCE)
    assert (said, process.returncode) == ("last act\n", 0)


@pytest.mark.parametrize(
    "what", ["await asyncio.sleep(9999)", "await asyncio.to_thread(time.sleep, 9999)", "time.sleep(9999)"]
)
def test_what_does_not_end_in_time_is_ended(what: str) -> None:
    process = begin(what, seconds=0.2)
    os.kill(process.pid, signal.SIGTERM)
    said, _ = process.communicate(timeout=PATIENCE)
    assert (said, process.returncode) == ("last act\n", 0)


def test_a_server_has_less_than_three_seconds_to_end() -> None:
    assert 2 < LAST_SECONDS < 3
