"""A real Shotlist for tests: its own processes, ports and data folder, and what a person or a program does with it."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
from PIL import Image

from models.spec.catalogue import Catalogue
from providers.description.catalogue import DescriptionCatalogue
from tasks.settings import NAMES

CHECKOUT = Path(__file__).resolve().parent.parent
RESTING = ("succeeded", "failed", "canceled", "unconfirmed")

PATIENCE = 300.0
"""Seconds after which a test believes that something will not happen any more.

It is no measure of speed: a test that passes goes on as soon as what it waits for is there, however slow the machine.
"""

PORTS = range(20_000, 32_000)
"""Where servers of tests listen: below the ports that Linux and macOS give to clients, which could take one."""

Found = TypeVar("Found")

_dice = random.SystemRandom()
_given: set[int] = set()


@cache
def descriptions_of(*folders: Path) -> DescriptionCatalogue:
    """The providers of such folders, likewise."""
    return DescriptionCatalogue(folders)


@cache
def catalogue_of(*folders: Path) -> Catalogue:
    """The models of folders that no test changes, read once: that takes longer than most tests."""
    return Catalogue(folders)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, and the next one too, which the sandbox likes to take.

    It is not given out a second time, so that a server that was ended can be started again where it was.
    """
    while True:
        port = _dice.choice(PORTS)
        if not _given & {port, port + 1} and _is_free(port) and _is_free(port + 1):
            _given.update((port, port + 1))
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def until(found: Callable[[], Found | None], what: str | Callable[[], str]) -> Found:
    """Ask again and again until there is an answer; fail saying that `what` did not happen."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if (answer := found()) is not None:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{what() if callable(what) else what}: not within {PATIENCE:g} s")


def set_sandbox(url: str, *, held: bool) -> None:
    """While it is held, the jobs of a sandbox stay where they are."""
    httpx.post(
        f"{url}/_sandbox/clock", json={"held": held}, trust_env=False, timeout=PATIENCE
    ).raise_for_status()


@contextmanager
def sandbox_held(url: str) -> Iterator[None]:
    """What is under way there can be looked at in peace."""
    set_sandbox(url, held=True)
    try:
        yield
    finally:
        set_sandbox(url, held=False)


def keys() -> set[str]:
    """The names under which all our providers look for their keys."""
    wires = (tomllib.loads(file.read_text()) for file in (CHECKOUT / "providers").glob("*.toml"))
    return {wire["auth"]["env"] for wire in wires if "env" in wire.get("auth", {})}


def environ(data_dir: Path, port: int, **settings: str) -> dict[str, str]:
    """The environment of a command: nothing of the developer's own settings, no provider's key."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SHOTLIST_")}
    silenced = dict.fromkeys((*keys(), *(f"SHOTLIST_{name}" for name in NAMES)), "")
    chosen = {f"SHOTLIST_{name}": value for name, value in settings.items()}
    return {**clean, **silenced, "SHOTLIST_DATA_DIR": str(data_dir), "SHOTLIST_PORT": str(port), **chosen}


def command(*arguments: str, env: dict[str, str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run `shotlist` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "web.cli", *arguments],
        cwd=CHECKOUT,
        env=env,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


class Server:
    """`shotlist serve` in a process group of its own; as a context manager it leaves nothing running."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.settings = {"SANDBOX_SPEED": "10", **settings}
        self.log = data_dir.with_name(f"{data_dir.name}.log")
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=False)
        self.process: subprocess.Popen[bytes] | None = None
        self.begins = 0

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill_group()
        self.http.close()

    def start(self, **keys: str) -> "Server":
        """Start and wait until it answers; a second start carries on where the first was. `keys` are of providers."""
        self.begins = len(self.said())
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "web.cli", "serve"],
                cwd=CHECKOUT,
                env={**environ(self.data_dir, self.port, **self.settings), **keys},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(self._answers, lambda: f"the server answers; its log:\n{self.said()}")
        return self

    def _answers(self) -> bool | None:
        assert self.process is not None
        assert self.process.poll() is None, f"the server ended; its log:\n{self.said()}"
        return True if f"Shotlist is at {self.url}" in self.said()[self.begins :] else None

    @property
    def running(self) -> subprocess.Popen[bytes]:
        assert self.process is not None
        return self.process

    def said(self) -> str:
        """Its log and all that it printed, of all starts."""
        return self.log.read_text() if self.log.exists() else ""

    def group(self) -> list[psutil.Process]:
        """Every living process of its group: the server, the queue, the sandbox."""
        found = []
        for process in psutil.process_iter():
            try:
                alive = process.status() != psutil.STATUS_ZOMBIE
                if alive and os.getpgid(process.pid) == self.running.pid:
                    found.append(process)
            except (psutil.NoSuchProcess, ProcessLookupError):
                continue
        return found

    def kill_group(self) -> None:
        """SIGKILL for all of it at once, as when a machine is switched off."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        until(lambda: True if not self.group() else None, "the group is gone")

    def place(self, model: str, values: dict[str, Any], **headers: str) -> httpx.Response:
        """POST /api/video/jobs; header names are given with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post("/api/video/jobs", json={"model": model, "values": values}, headers=sent)

    def order(self, model: str, **values: Any) -> str:
        """Place a job that must be accepted; its id."""
        answer = self.place(model, values)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/api/video/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def wait(self, job_id: str, *statuses: str) -> dict[str, Any]:
        """Until the job is in one of the statuses (by default: until it rests); the job as it is then."""
        wanted = statuses or RESTING

        def there() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job["status"] in wanted else None

        return until(there, f"job {job_id} is {' or '.join(wanted)}")

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox of the last start is."""
        return str(re.findall(r"\(at (http://\S+)\)", self.said())[-1])

    def hold_sandbox(self) -> None:
        """Jobs stay where they are until another sandbox is started in its place."""
        set_sandbox(self.sandbox_url, held=True)

    def submissions(self) -> dict[str, Any]:
        """What the sandbox has counted: `total`, `by_prompt`, …"""
        return dict(
            httpx.get(f"{self.sandbox_url}/_sandbox/submissions", trust_env=False, timeout=PATIENCE).json()
        )


def png(size: tuple[int, int]) -> bytes:
    """A small picture of that many pixels."""
    file = BytesIO()
    Image.linear_gradient("L").resize(size).save(file, "PNG")
    return file.getvalue()
