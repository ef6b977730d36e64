"""A Shotlist of several processes on real servers: web servers and workers side by side, one sandbox, one storage."""

import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import psutil

from tests.support import CHECKOUT, PATIENCE, Server, environ, free_port, until


class Cluster(Server):
    """The verbs of `Server`. Orders go to the first web server, and what became of them is asked of the last."""

    def __init__(
        self,
        data_dir: Path,
        database_url: str,
        redis_url: str,
        *,
        webs: int = 2,
        workers: int = 2,
        keys: Mapping[str, str] = MappingProxyType({}),
        **settings: str,
    ) -> None:
        super().__init__(data_dir, DATABASE_URL=database_url, REDIS_URL=redis_url, **settings)
        self.ports = [self.port, *(free_port() for _ in range(webs - 1))]
        self.last = httpx.Client(
            base_url=f"http://127.0.0.1:{self.ports[-1]}", timeout=PATIENCE, trust_env=False
        )
        self.worker_count = workers
        self.keys = keys
        self.sandbox_port = free_port()
        self.sandbox: subprocess.Popen[bytes] | None = None
        self.webs: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Cluster":
        return self.start()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self.last.close()

    def start(self, **keys: str) -> "Cluster":
        self.sandbox = self.launch(
            "sandbox", "--port", str(self.sandbox_port), "--folder", str(self.data_dir / "sandbox")
        )
        self.keys = {**self.keys, **keys}
        self.webs = [self.launch("web", port=port) for port in self.ports]
        self.workers = [self.launch("worker") for _ in range(self.worker_count)]
        until(self._ready, lambda: f"all answer; their log:\n{self.said()}")
        return self

    def launch(self, *command: str, port: int = 1) -> subprocess.Popen[bytes]:
        settings = {"SANDBOX_URL": self.sandbox_url, **self.settings}
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "web.cli", *command],
                cwd=CHECKOUT,
                env={**environ(self.data_dir, port, **settings), **self.keys},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def processes(self) -> list[subprocess.Popen[bytes]]:
        return [*self.webs, *self.workers, *([self.sandbox] if self.sandbox else [])]

    def group(self) -> list[psutil.Process]:
        return [psutil.Process(each.pid) for each in self.processes() if each.poll() is None]

    def kill_group(self) -> None:
        for process in self.processes():
            with suppress(ProcessLookupError):
                process.kill()
        for process in self.processes():
            process.wait(PATIENCE)

    def job(self, job_id: str) -> dict[str, Any]:
        answer = self.last.get(f"/api/video/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def replace_worker(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End the first worker and start another."""
        old = self.workers.pop(0)
        old.send_signal(how)
        old.wait(PATIENCE)
        self.workers.append(self.launch("worker"))

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    def _ready(self) -> bool | None:
        assert all(each.poll() is None for each in self.processes()), f"one ended; the log:\n{self.said()}"
        try:
            for url in (
                *(f"http://127.0.0.1:{port}/readyz" for port in self.ports),
                f"{self.sandbox_url}/_sandbox/health",
            ):
                httpx.get(url, trust_env=False, timeout=PATIENCE).raise_for_status()
        except httpx.HTTPError:
            return None
        return True if self.said().count("A worker is at work") >= len(self.workers) else None
