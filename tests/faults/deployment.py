"""A whole Shotlist for one fault: real processes on either set of engines, a sandbox that counts, and its verbs."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import httpx
import msgspec
import psutil

from tests.engines import Postgres, Redis
from tests.faults.fault_points import Plan
from tests.support import CHECKOUT, PATIENCE, Server, environ, until

Where = Literal["embedded", "apart"]

QUICK: dict[str, Any] = {
    "lease": 1.5, "renew": 0.3, "submit_limit": 15.0, "sweep_every": 0.2, "wakeup_after": 0.4, "poll_idle": 0.05,
    "retry_first": 0.1, "retry_max": 0.3, "pause": 0.3, "pause_max": 0.5, "cancel_again": 0.3, "gone_polls": 3,
    "save_tries": 6,
}  # fmt: skip
"""The waits of `tasks.worker.timing`, in seconds, made short; but nobody who
answers is given up because the machine is slow."""

HASTY_PACE: dict[str, Any] = {**QUICK, "submit_limit": 2.0}
"""For those to whom it is all the same whether an answer came in time."""


MODEL = "seedance-1-pro"
HASTY = "hasty-seedance"
CHEAP: dict[str, Any] = {"resolution": "480p", "duration": 2}
"""The least that the sandbox has to draw."""


class Nest:
    """Asks `tests.faults.fork_server` for processes."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.fork_server"],
            cwd=CHECKOUT,
            env=environ(Path("unused"), 1),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._answer() == "ready"

    def hatch(self, role: str, settings: dict[str, str], log: Path, models: Path, plan: Plan) -> int:
        """A new process, by its id; it is the leader of a group of its own."""
        wanted = {"role": role, "environ": settings, "log": str(log), "models": str(models), "plan": plan}
        assert self.process.stdin
        with self.turn:
            self.process.stdin.write(msgspec.json.encode(wanted).decode() + "\n")
            self.process.stdin.flush()
            return int(self._answer())

    def close(self) -> None:
        self.process.communicate(timeout=PATIENCE)

    def _answer(self) -> str:
        assert self.process.stdout
        answer = self.process.stdout.readline().strip()
        assert answer, "the nest has ended"
        return answer


class SandboxProcess:
    """One sandbox for many houses: what it counts is the truth about submissions and money."""

    def __init__(self, folder: Path, speed: float = 20) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "providers.sandbox", "--folder", str(folder), "--speed", str(speed)],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        found = re.search(r"http://\S+", self.process.stdout.readline())
        assert found, "the sandbox does not start"
        self.url = found[0]

    def counted(self) -> list[dict[str, Any]]:
        """Every accepted submission: prompt, billed, id, …"""
        answer = httpx.get(f"{self.url}/_sandbox/submissions", trust_env=False, timeout=PATIENCE)
        return list(answer.json()["submissions"])

    def of(self, prompt: str) -> list[dict[str, Any]]:
        return [one for one in self.counted() if one["prompt"] == prompt]

    def close(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=PATIENCE)


class Engines(msgspec.Struct, frozen=True):
    """Servers that houses of the kind `apart` share; each house has a database of its own in both."""

    postgres: Postgres
    redis: Redis


class House(Server):
    """`shotlist serve`, or with `engines` one `web` and one `worker`. Jobs are real to it and billed by the sandbox."""

    def __init__(
        self,
        folder: Path,
        nest: Nest,
        sandbox: SandboxProcess,
        engines: Engines | None = None,
        pace: dict[str, Any] | None = None,
    ) -> None:
        folder.mkdir(parents=True)
        wires, self.models = quick_wires(folder / "wires"), few_models(folder / "models")
        settings = {"SANDBOX_URL": sandbox.url, "PROVIDERS_DIR": str(wires)}
        if engines is not None:
            settings["DATABASE_URL"] = engines.postgres.new_database()
            settings["REDIS_URL"] = engines.redis.new_database()
        super().__init__(folder / "data", **settings)
        self.nest, self.sandbox, self.engines = nest, sandbox, engines
        self.pace = QUICK if pace is None else pace
        self.pids: dict[str, int] = {}
        self.keys = {
            "REPLICATE_API_TOKEN": "r8_test",
            "SHOTLIST_REPLICATE_BASE_URL": f"{sandbox.url}/replicate",
        }

    @property
    def roles(self) -> tuple[str, str]:
        """Which role serves pages, and which one works."""
        return ("web", "worker") if self.engines else ("serve", "serve")

    def begin(self, *, web: Plan | None = None, worker: Plan | None = None) -> "House":
        """Start whatever does not run, and wait until the page answers."""
        plans = dict(zip(self.roles, (web, worker), strict=True))
        if not self.engines:
            plans = {"serve": web or worker}
        for role, plan in plans.items():
            if not self.alive(role):
                self.hatch(role, plan or Plan())
        until(self._ready, lambda: f"the page answers; the log:\n{self.said()}")
        return self

    def hatch(self, role: str, plan: Plan, name: str = "", port: int = 0) -> None:
        """Another process, known by `name`; a web server may have a port of its own."""
        settings = environ(self.data_dir, port or self.port, **self.settings)
        plan = msgspec.structs.replace(plan, pace=self.pace)
        self.pids[name or role] = self.nest.hatch(
            role, {**settings, **self.keys}, self.log, self.models, plan
        )

    def alive(self, name: str) -> bool:
        """A process whose last thread is not gone yet may still hold its locks."""
        return name in self.pids and psutil.pid_exists(self.pids[name])

    def ended(self, name: str) -> None:
        until(lambda: None if self.alive(name) else True, lambda: f"{name} ends; the log:\n{self.said()}")

    def job(self, job_id: str) -> dict[str, Any]:
        time.sleep(0.08)  # whoever waits for a job asks again at once
        return super().job(job_id)

    def place_once(self, prompt: str, key: str, model: str = MODEL, **values: Any) -> str:
        """Order under a key: whoever sends the same again gets the same job; its id."""
        answer = self.place(model, {"prompt": prompt, **CHEAP, **values}, Idempotency_Key=key)
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["id"])

    def kill(self, name: str) -> None:
        """SIGKILL to this process alone."""
        with suppress(ProcessLookupError):
            os.kill(self.pids[name], signal.SIGKILL)
        self.ended(name)

    def kill_group(self) -> None:
        """SIGKILL to all of its processes."""
        for name, pid in self.pids.items():
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            self.ended(name)

    def close(self) -> None:
        """Leave no process and no database behind."""
        self.kill_group()
        self.http.close()
        if self.engines and self.engines.postgres.process:
            self.engines.postgres.drop(self.settings["DATABASE_URL"])

    def _ready(self) -> bool | None:
        assert all(self.alive(name) for name in self.roles), f"it ended; its log:\n{self.said()}"
        with suppress(httpx.TransportError):
            return True if self.http.get("/healthz").status_code == 200 else None
        return None


def quick_wires(folder: Path) -> Path:
    """An operator's folder of wires: Replicate's, with looks after a tenth of a second, and no promise of an hour."""
    folder.mkdir(exist_ok=True)
    text = (CHECKOUT / "providers" / "replicate.toml").read_text()
    poll = "[poll]\nfirst = 0.1\nevery = 0.1\nmax = 0.3\n\n"
    quick, changed = re.subn(r"\[poll\].*?\n\n", poll, text, flags=re.S)
    quick, forgotten = re.subn(r"^ttl *= 3600\n", "", quick, flags=re.M)
    assert (changed, forgotten) == (1, 1)
    (folder / "replicate.toml").write_text(quick)
    return folder


def few_models(folder: Path) -> Path:
    """A folder with the one model that is ordered here, and the same with a deadline of a second."""
    folder.mkdir(exist_ok=True)
    text = (CHECKOUT / "models" / f"{MODEL}.toml").read_text()
    (folder / f"{MODEL}.toml").write_text(text)
    (folder / f"{HASTY}.toml").write_text(
        text.replace("typical_sec = 90", "typical_sec = 1\ndeadline_sec = 1")
    )
    return folder
