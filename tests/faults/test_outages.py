"""What happens around a job: the queue dies or forgets, the database is locked, the disk is full, the clock jumps."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.faults.deployment import HASTY_PACE, House
from tests.faults.fault_points import Plan
from tests.faults.outcome import Verdict, judge
from tests.support import until

HOUR = 3600.0
POINTS = ["insert: after", "claim to submit: after", "record accepted: after", "claim to save: after"]


@pytest.fixture
def build_one(build: Callable[..., House]) -> Iterator[Callable[..., House]]:
    """Houses that are closed after the test."""
    made: list[House] = []

    def make(*args: Any, **facts: Any) -> House:
        made.append(build(*args, **facts))
        return made[-1]

    yield make
    for house in made:
        house.close()


@pytest.fixture
def settle(report: Callable[[Verdict], None]) -> Callable[..., None]:
    """Waits until these orders rest, and checks that each was sent once and has its file."""

    def check(house: House, placed: dict[str, str], fault: str, step: str) -> None:
        for prompt, job_id in placed.items():
            verdict = judge(house, house.wait(job_id), prompt, fault=fault, step=step)
            report(verdict)
            assert verdict.wrong == (), verdict
            assert (verdict.state, verdict.submissions) == ("succeeded", 1), f"{verdict}\n{house.said()}"

    return check


def queue_server(house: House) -> psutil.Process:
    """The embedded queue's process."""

    def found() -> psutil.Process | None:
        for child in psutil.Process(house.pids["serve"]).children():
            with suppress(psutil.ZombieProcess):
                if "valkey-server" in " ".join(child.cmdline()):
                    return child
        return None

    return until(found, "the queue runs")


def flush(house: House) -> None:
    """FLUSHALL in the embedded queue, which listens on a unix socket."""
    path = " ".join(queue_server(house).cmdline()).partition("unixsocket:")[2].strip()
    script = f"import redis; redis.Redis(unix_socket_path={path!r}).flushall()"
    subprocess.run([sys.executable, "-c", script], check=True)


def order_some(house: House, name: str, between: Callable[[], None]) -> dict[str, str]:
    """Five orders by prompt, and something after each."""
    placed = {}
    for number in range(5):
        prompt = f"{name} {number}"
        placed[prompt] = house.place_once(prompt, prompt)
        between()
    return placed


def test_a_queue_server_killed_again_and_again_loses_no_job(
    build_one: Callable[..., House], settle: Callable[..., None]
) -> None:
    house = build_one().begin()
    placed = order_some(house, "Queue killed", lambda: queue_server(house).kill())
    settle(house, placed, "SIGKILL of the queue", "after each order")


def test_a_queue_that_forgets_everything_loses_no_job(
    build_one: Callable[..., House], settle: Callable[..., None]
) -> None:
    house = build_one().begin()
    settle(house, order_some(house, "Flushed", lambda: flush(house)), "FLUSHALL", "after each order")


def test_orders_are_taken_while_the_queue_hangs_and_are_made_when_it_is_back(
    build_one: Callable[..., House], settle: Callable[..., None]
) -> None:
    house = build_one().begin()
    queue = queue_server(house)
    queue.suspend()
    placed = {"Queue hangs": house.place_once("Queue hangs", "hangs")}
    assert house.http.get("/readyz").status_code == 503
    time.sleep(2)
    queue.resume()
    settle(house, placed, "queue hangs", "while ordering")


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another process, for SQLite this connection, writes and does not come to an end."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def test_a_database_locked_by_another_process_delays_jobs_and_loses_none(
    build_one: Callable[..., House], settle: Callable[..., None]
) -> None:
    house = build_one().begin()
    before = {"Before the lock": house.place_once("Before the lock", "before")}
    house.wait(before["Before the lock"], "processing", "saving", "succeeded")
    with locked(house.data_dir / "shotlist.db"):
        time.sleep(3)
        assert house.http.get("/healthz").status_code == 200
    after = {"After the lock": house.place_once("After the lock", "after")}
    settle(house, before | after, "SQLite locked for 3 s", "while it runs")


def test_a_database_locked_for_long_refuses_an_order_and_takes_it_afterwards(
    build_one: Callable[..., House], settle: Callable[..., None]
) -> None:
    house = build_one().begin()
    with locked(house.data_dir / "shotlist.db"):
        answer = house.place("seedance-1-pro", {"prompt": "Locked out"}, Idempotency_Key="locked")
        assert answer.status_code == 503, answer.text
    prompt = "Locked out"
    settle(
        house,
        {prompt: house.place_once(prompt, "another key")},
        "SQLite locked until it is refused",
        "while ordering",
    )


@pytest.mark.parametrize("where", ["embedded", "apart"])
def test_a_disk_that_is_full_while_saving_delays_the_video_and_does_not_lose_it(
    build_one: Callable[..., House], settle: Callable[..., None], where: str
) -> None:
    house = build_one(where).begin(worker=Plan(disk_full=2))
    prompt = f"Full disk {where}"
    settle(house, {prompt: house.place_once(prompt, "full")}, "disk full twice", "store")
    assert house.said().count("No space left on device") == 2
    assert not list(house.data_dir.rglob("*.part"))


def test_a_disk_that_stays_full_ends_in_a_true_sentence(
    build_one: Callable[..., House], report: Callable[[Verdict], None]
) -> None:
    house = build_one().begin(worker=Plan(disk_full=1000))
    job = house.wait(house.place_once("Full for ever", "full"))
    verdict = judge(house, job, "Full for ever", fault="disk full for ever", step="store")
    report(verdict)
    assert verdict.wrong == (), verdict
    assert (verdict.state, verdict.billing, job["error"]["class"]) == ("failed", "billed", "storage")


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("hours", [-1, 1], ids=["back", "ahead"])
def test_a_clock_that_jumps_by_an_hour_neither_loses_a_job_nor_sends_it_twice(
    build_one: Callable[..., House], settle: Callable[..., None], point: str, hours: int
) -> None:
    """The first process lives in another hour than the one that takes over."""
    house = build_one()
    plan = Plan(kill_at=point, clock=-hours * HOUR)
    house.begin(worker=plan)
    prompt = f"Clock {hours} {point}"
    settle(house, {prompt: order_until_killed(house, prompt)}, f"clock jumps {hours:+} h", point)
    assert "past its deadline" not in house.said(), "it was given up before it was looked at"


def order_until_killed(house: House, prompt: str) -> str:
    with suppress(httpx.TransportError):
        house.place_once(prompt, prompt)
    house.ended("serve")
    time.sleep(0.7)  # in which the provider has finished
    house.begin()
    return house.place_once(prompt, prompt)


def test_three_workers_on_the_same_jobs_send_each_once(
    build_one: Callable[..., House], settle: Callable[..., None]
) -> None:
    house = build_one("apart").begin()
    house.hatch("worker", Plan(), "second worker")
    house.hatch("worker", Plan(), "third worker")
    settle(house, order_some(house, "Three workers", lambda: None), "three workers", "all")


def waits_for(process: psutil.Process, url: str) -> bool:
    """Whether it has a connection to that server."""
    port = int(url.rpartition(":")[2])
    return any(each.raddr and each.raddr.port == port for each in process.net_connections("tcp"))


def test_a_worker_that_stands_still_is_taken_for_dead_and_its_late_answer_counts(
    build_one: Callable[..., House], report: Callable[[Verdict], None]
) -> None:
    """A process that is frozen past its lease and thawed again does not do its step a second time."""
    house = build_one("apart", pace=HASTY_PACE).begin()
    prompt = "Frozen while it waits [fault: stall]"
    job_id = house.place_once(prompt, "frozen")
    until(lambda: True if house.sandbox.of(prompt) else None, "it is sent")
    frozen = psutil.Process(house.pids["worker"])
    frozen.send_signal(signal.SIGSTOP)
    house.hatch("worker", Plan(), "second worker")
    house.wait(job_id, "unconfirmed")
    frozen.send_signal(signal.SIGCONT)
    until(lambda: None if waits_for(frozen, house.sandbox.url) else True, "it has given up")
    time.sleep(1)  # in which it would do what it must not do
    verdict = judge(house, house.job(job_id), prompt, fault="worker frozen past its lease", step="submit")
    report(verdict)
    assert verdict.wrong == (), verdict
    assert (verdict.state, verdict.submissions) == ("unconfirmed", 1)
