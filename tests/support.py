"""A real Shotlist for tests: its own processes, ports and data folder, and what a person or a program does with it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
from PIL import Image

from tasks.settings import NAMES

CHECKOUT = Path(__file__).resolve().parent.parent
RESTING = ("succeeded", "failed", "canceled", "unconfirmed")

Found = TypeVar("Found")


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, and the next one too, which the sandbox likes to take."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


def until(found: Callable[[], Found | None], seconds: float, what: str) -> Found:
    """Ask again and again until there is an answer; fail saying `what` did not happen in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (answer := found()) is not None:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} s")


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
        timeout=60,
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
        self.http = httpx.Client(base_url=self.url, timeout=30, trust_env=False)
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
        until(self._answers, 20, f"the server answers; its log:\n{self.said()}")
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
        self.process.wait(10)
        until(lambda: True if not self.group() else None, 5, "the group is gone")

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

    def wait(self, job_id: str, *statuses: str, seconds: float = 60) -> dict[str, Any]:
        """Until the job is in one of the statuses (by default: until it rests); the job as it is then."""
        wanted = statuses or RESTING

        def there() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job["status"] in wanted else None

        return until(there, seconds, f"job {job_id} is {' or '.join(wanted)}")

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox of the last start is."""
        return str(re.findall(r"\(at (http://\S+)\)", self.said())[-1])

    def submissions(self) -> dict[str, Any]:
        """What the sandbox has counted: `total`, `by_prompt`, …"""
        return dict(httpx.get(f"{self.sandbox_url}/_sandbox/submissions", trust_env=False).json())


def png(size: tuple[int, int]) -> bytes:
    """A small picture of that many pixels."""
    file = BytesIO()
    Image.linear_gradient("L").resize(size).save(file, "PNG")
    return file.getvalue()
