"""A sandbox as a real process on a free port, for tests that speak to it over HTTP."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx

from tests.support import PATIENCE

STEP = 0.25
"""Seconds of a job at speed 1 that pass between two looks at a sandbox whose clock is held: no state is that short."""

SHORT = httpx.Timeout(PATIENCE, read=0.5)
"""Long enough for a request to leave, and nobody waits for an answer that never comes."""

BEARER = {"authorization": "Bearer any"}
KEYS = {
    "replicate": BEARER,
    "fal": {"authorization": "Key any"},
    "luma": BEARER,
    "runway": BEARER | {"x-runway-version": "2024-11-06"},
    "openai": BEARER,
    "xai": BEARER,
    "veo": {"x-goog-api-key": "any"},
    "seedance": BEARER,
    "wan": BEARER | {"x-dashscope-async": "enable"},
    "minimax": BEARER,
    "kling": BEARER,
    "pixverse": {"api-key": "any"},
    "vidu": {"authorization": "Token any"},
}


class RunningSandbox:
    """Starts on entering, ends on leaving; `kill` and `start` again to see what outlasts a SIGKILL.

    While its clock is `held`, jobs go on with each `tick` alone: then every state is seen, however slow the machine.
    """

    def __init__(self, folder: Path, speed: float = 10.0) -> None:
        self.folder = folder
        self.speed = speed
        self.url = ""
        self.process: subprocess.Popen[str] | None = None
        self.is_held = False
        self.http = httpx.Client(timeout=PATIENCE, trust_env=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.http.close()
        self.end(signal.SIGTERM)

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "providers.sandbox",
            "--folder",
            str(self.folder),
            "--speed",
            str(self.speed),
        ]
        self.process = subprocess.Popen([*command, "--die-with-parent"], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split()[-1]

    def end(self, number: signal.Signals) -> int:
        """The exit code after this signal."""
        process, self.process = self.process, None
        if process is None:
            return 0
        assert process.stdout is not None
        with process, process.stdout:
            os.kill(process.pid, number)
            return process.wait(timeout=PATIENCE)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Meanwhile its clock stands still."""
        self._clock(held=True)
        self.is_held = True
        yield
        self.is_held = False
        self._clock(held=False)

    def tick(self) -> None:
        """What happens between two looks: a step of the clock that is held, or nothing for a moment."""
        if self.is_held:
            self.move(STEP)
        else:
            time.sleep(0.02)

    def move(self, seconds: float) -> None:
        """So many seconds pass for jobs, as they are at speed 1."""
        self._clock(move=seconds / self.speed)

    def _clock(self, **asked: object) -> None:
        self.http.post(f"{self.url}/_sandbox/clock", json=asked).raise_for_status()

    def ask(self, method: str, path: str, *, key: bool = True, **more: Any) -> httpx.Response:
        """One request; `path` begins with a provider's prefix, or is an address."""
        address = path if path.startswith("http") else self.url + path
        provider = address.removeprefix(self.url).split("/")[1]
        headers = (KEYS.get(provider, {}) if key else {}) | more.pop("headers", {})
        if provider == "pixverse":
            headers.setdefault("ai-trace-id", str(uuid4()))
        return self.http.request(method, address, headers=headers, **more)

    def predict(self, prompt: str, endpoint: str = "someone/video", **given: Any) -> dict[str, Any]:
        """A new Replicate prediction."""
        body = {"input": {"prompt": prompt, "resolution": "256p", "duration": 1, **given}}
        answer = self.ask("POST", f"/replicate/v1/models/{endpoint}/predictions", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def request(self, prompt: str, endpoint: str = "someone/video", **given: Any) -> dict[str, Any]:
        """A new fal request."""
        body = {"prompt": prompt, "resolution": "256p", "duration": 1, **given}
        answer = self.ask("POST", f"/fal/{endpoint}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def watch(self, address: str, over: tuple[str, ...]) -> list[dict[str, Any]]:
        """What looks see tick by tick, up to a status that is one of `over`."""
        seen: list[dict[str, Any]] = []
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            seen.append(self.ask("GET", address).json())
            if seen[-1]["status"] in over:
                return seen
            self.tick()
        raise AssertionError(f"Not over after {PATIENCE:g} s: {seen[-1]}")

    def predicted(self, prediction: dict[str, Any]) -> list[dict[str, Any]]:
        """The prediction from now to its end."""
        return self.watch(prediction["urls"]["get"], ("succeeded", "failed", "canceled", "aborted"))

    def requested(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        """The statuses of a fal request from now to its end, with logs."""
        return self.watch(request["status_url"] + "?logs=1", ("COMPLETED",))

    def submissions(self) -> dict[str, Any]:
        """What the sandbox says was ordered."""
        return dict(self.ask("GET", "/_sandbox/submissions").json())


def in_order(values: list[Any]) -> list[Any]:
    """The values without repetitions."""
    return list(dict.fromkeys(values))
