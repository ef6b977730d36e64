"""Delivers webhooks to addresses on this machine: when a job starts or is over, and again if nobody took them."""

import asyncio
import contextlib
import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

from providers.sandbox.store import Job
from providers.sandbox.timeline import ends_at
from providers.sandbox.wire import Letter, Sandbox, Wire

LOOPBACK = ("localhost", "127.0.0.1", "::1")
TRIES = 5
FIRST_PAUSE = 0.5
PATIENCE = 10.0
LATE = 1.0


class Courier:
    """One loop over the jobs whose webhook is still to be told, so that a restart tells what was left."""

    def __init__(self, sandbox: Sandbox, wires: Mapping[str, Wire]) -> None:
        self._sandbox = sandbox
        self._wires = wires
        self._wake = asyncio.Event()
        self._on_the_way: dict[tuple[str, str], asyncio.Task[None]] = {}

    def wake(self) -> None:
        """A job was accepted or canceled: look again."""
        self._wake.set()

    async def run(self) -> None:
        """Sends each letter when it is due, until cancelled."""
        try:
            while True:
                self._wake.clear()
                pause = self._send_due(self._sandbox.clock())
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), pause)
        finally:
            for task in self._on_the_way.values():
                task.cancel()

    def _send_due(self, now: float) -> float | None:
        """Starts what is due and tells how many seconds there are until the next; None when none is known."""
        later = []
        for job in self._sandbox.store.untold():
            for event, when in events_of(job):
                if (job.id, event) in self._on_the_way:
                    continue
                if when <= now:
                    self._on_the_way[job.id, event] = asyncio.ensure_future(self._tell(job, event))
                else:
                    later.append(when - now)
        return min(later, default=None)

    async def _tell(self, job: Job, event: str) -> None:
        write = self._wires[job.provider].letter
        letter = await write(self._sandbox, job, event) if write else None
        if letter and event == "start" and "reordered_webhook" in job.facts.faults:
            await self._wait_for_the_end(job)
        for _ in range(2 if "duplicate_webhook" in job.facts.faults else 1):
            if letter:
                await self._deliver(job, letter)
        if event == events_of(job)[-1][0]:
            self._sandbox.store.told(job.id, self._sandbox.clock())

    async def _deliver(self, job: Job, letter: Letter) -> None:
        for attempt in range(TRIES):
            if await asyncio.to_thread(post, job.facts.webhook or "", letter):
                return
            await asyncio.sleep(FIRST_PAUSE * 2**attempt / self._sandbox.speed)

    async def _wait_for_the_end(self, job: Job) -> None:
        now: Job | None = job
        while now and (
            (end := ends_at(now)) is None or self._sandbox.clock() < end + LATE / self._sandbox.speed
        ):
            await asyncio.sleep(LATE / self._sandbox.speed / 4)
            now = self._sandbox.store.job(job.provider, job.id)


def events_of(job: Job) -> list[tuple[str, float]]:
    """The events that the caller wants to hear of, as far as their time is known, in order."""
    ends, starts = ends_at(job), job.created_at + job.facts.queue_seconds
    known = [("start", starts)] if ends is None or starts < ends else []
    known += [] if ends is None else [("completed", ends)]
    return [(event, when) for event, when in known if event in job.facts.events]


def post(address: str, letter: Letter) -> bool:
    """Whether the letter was taken (2xx), or can never be: the sandbox writes to loopback addresses only."""
    return not is_near(address) or answer_to(address, letter) is not None


def is_near(address: str) -> bool:
    """Whether an address is on this machine, over plain http."""
    parts = urlsplit(address)
    return parts.scheme == "http" and parts.hostname in LOOPBACK


def answer_to(address: str, letter: Letter, patience: float = PATIENCE) -> bytes | None:
    """What was answered with 2xx; None when it was not within `patience` seconds."""
    parts = urlsplit(address)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=patience)
    with contextlib.closing(line):
        try:
            headers = {"content-type": "application/json", **letter.headers}
            line.request("POST", path or "/", body=letter.body, headers=headers)
            answer = line.getresponse()
            return answer.read() if 200 <= answer.status < 300 else None
        except (OSError, http.client.HTTPException):
            return None
