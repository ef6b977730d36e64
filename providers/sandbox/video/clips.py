"""The rendered clips: made once each by a short child process, kept in the data folder, oldest out first."""

import asyncio
import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from providers.sandbox.inputs import Inputs, first_frame
from providers.sandbox.store import Job

KEEP_BYTES = 300 * 1024 * 1024
AT_ONCE = 2
LOOK = 2  # goes up when clips look different, so that old ones are not served


class Clip(Struct, frozen=True):
    """A finished clip: where it lies, pixels, seconds, frames a second, bytes."""

    path: Path
    width: int
    height: int
    seconds: float
    fps: float
    frames: int
    bytes: int


class RenderError(Exception):
    """The child process ended without a clip; the message is its last line."""


class Clips:
    """Jobs with equal inputs share one file, so a load test renders once."""

    def __init__(self, folder: Path, inputs: Inputs) -> None:
        self._folder = folder / "clips"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._inputs = inputs
        self._running: dict[str, asyncio.Task[Clip]] = {}
        self._children: set[asyncio.subprocess.Process] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)

    def start(self, job: Job) -> None:
        """Begins rendering, so that the clip is there when the job ends."""
        name = self._name(job)
        if name not in self._running and not self._facts(name):
            self._running[name] = asyncio.ensure_future(self._render(name, job))
            self._running[name].add_done_callback(lambda task: self._done(name, task))

    async def ready(self, job: Job) -> Clip:
        """The job's clip, rendered now if it is not there; raises `RenderError`."""
        name = self._name(job)
        if clip := self._facts(name):
            return clip
        self.start(job)
        return await asyncio.shield(self._running[name])

    async def close(self) -> None:
        """Ends what is still rendering."""
        for child in self._children:
            if child.returncode is None:
                child.kill()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _done(self, name: str, task: asyncio.Task[Clip]) -> None:
        self._running.pop(name, None)
        if not task.cancelled():
            task.exception()

    def _name(self, job: Job) -> str:
        inputs = msgspec.json.encode(
            [LOOK, job.facts.endpoint, job.facts.input, job.prompt], order="deterministic"
        )
        return hashlib.sha256(inputs).hexdigest()[:32]

    def _facts(self, name: str) -> Clip | None:
        path, facts = self._folder / f"{name}.mp4", self._folder / f"{name}.json"
        if not path.exists() or not facts.exists():
            return None
        return msgspec.convert({"path": path, **msgspec.json.decode(facts.read_bytes())}, Clip, strict=False)

    async def _render(self, name: str, job: Job) -> Clip:
        frame = first_frame(job.facts.input)
        source = self._inputs.path(frame) if frame else None
        errand: dict[str, Any] = {
            "endpoint": job.facts.endpoint,
            "body": job.facts.input,
            "prompt": job.prompt,
            "first_frame": str(source) if source else None,
            "to": str(self._folder / f"{name}.mp4"),
        }
        async with self._slots:
            self._make_room()
            made = await self._child(msgspec.json.encode(errand))
        (self._folder / f"{name}.json").write_bytes(made)
        clip = self._facts(name)
        assert clip is not None
        return clip

    async def _child(self, errand: bytes) -> bytes:
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "providers.sandbox.video.render", str(os.getpid()))
        child = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)
        self._children.add(child)
        try:
            made, said = await child.communicate(errand)
        finally:
            self._children.discard(child)
        if child.returncode != 0:
            raise RenderError(said.decode(errors="replace").strip().rpartition("\n")[2])
        return made

    def _make_room(self) -> None:
        files = sorted(self._folder.glob("*.mp4"), key=lambda path: path.stat().st_mtime)
        total = sum(path.stat().st_size for path in files)
        for path in files:
            if total <= KEEP_BYTES:
                return
            total -= path.stat().st_size
            path.unlink(missing_ok=True)
            path.with_suffix(".json").unlink(missing_ok=True)
