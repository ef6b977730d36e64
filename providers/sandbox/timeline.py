"""Where a job stands at a given second: a pure function of when it was accepted, its plan, and its cancel.

    queued ──queue_seconds──▶ running ──run_seconds──▶ succeeded
       │                         ├─▶ failed     (a fault, or an input that cannot be used)
       └────────▶ canceled ◀─────┘              (asked for, or the caller's own time limit)

Nothing runs in the background, so a sandbox that was killed simply goes on when it is started again.

The time of the sandbox's jobs: that of the machine, unless somebody holds it still to look at a state in peace.
"""

import time
import zlib
from datetime import UTC, datetime

from msgspec import Struct

from providers.sandbox.store import Job

QUEUE_SECONDS = 1.0
RUN_SECONDS = 3.6
FAIL_AT = 0.6
MODERATED_AT = 0.3
LONGEST_QUEUE = 3


class Moment(Struct, frozen=True):
    """`phase` is queued, running, succeeded, failed or canceled; `fraction` 0-1 of the run; times in Unix seconds."""

    phase: str
    fraction: float
    position: int
    started_at: float | None
    ended_at: float | None

    @property
    def over(self) -> bool:
        """Nothing changes any more."""
        return self.ended_at is not None


def plan_seconds(job_id: str, speed: float) -> tuple[float, float]:
    """Seconds in the queue and at work: 4.6 to 6 in all at speed 1, a little different for each job."""
    spread = zlib.crc32(job_id.encode()) % 100 / 100
    return (QUEUE_SECONDS + 0.4 * spread) / speed, (RUN_SECONDS + spread) / speed


def moment(job: Job, now: float) -> Moment:
    """The job at `now` (Unix seconds)."""
    stopped = stopped_at(job)
    if stopped is not None and stopped <= now:
        before = _undisturbed(job, stopped)
        if not before.over:
            return Moment("canceled", before.fraction, 0, before.started_at, stopped)
    return _undisturbed(job, now)


def stopped_at(job: Job) -> float | None:
    """When somebody, or the caller's own limit, asked for an end."""
    limit = job.facts.stop_after
    canceled = None if "ignored_cancel" in job.facts.faults else job.canceled_at
    asked = [at for at in (canceled, None if limit is None else job.created_at + limit) if at is not None]
    return min(asked, default=None)


def ends_at(job: Job) -> float | None:
    """When the job is over, as far as is known now; None when it runs for ever."""
    share, _ = ending(job)
    own = None if share is None else job.created_at + job.facts.queue_seconds + share * job.facts.run_seconds
    return min((at for at in (own, stopped_at(job)) if at is not None), default=None)


def _undisturbed(job: Job, now: float) -> Moment:
    facts = job.facts
    started = job.created_at + facts.queue_seconds
    if now < started:
        waited = max(0.0, now - job.created_at) / facts.queue_seconds
        return Moment("queued", 0.0, int(LONGEST_QUEUE * (1 - waited)), None, None)
    fraction = (now - started) / facts.run_seconds
    share, phase = ending(job)
    if share is None:
        return Moment("running", min(0.9, fraction), 0, started, None)
    if fraction < share:
        return Moment("running", fraction, 0, started, None)
    return Moment(phase, share, 0, started, started + share * facts.run_seconds)


def ending(job: Job) -> tuple[float | None, str]:
    """At what share of its run the job ends, and how; None when it never does."""
    faults = job.facts.faults
    if "endless" in faults:
        return None, "running"
    if job.facts.trouble or "moderation" in faults:
        return MODERATED_AT, "failed"
    if "fail" in faults or "expired_job" in faults:
        return FAIL_AT, "failed"
    return 1.0, "succeeded"


def iso(at: float | None) -> str | None:
    """Unix seconds as UTC text with milliseconds, such as 2026-11-22T10:00:00.000Z."""
    return (
        None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
    )


def billed(job: Job) -> bool:
    """Whether the service would charge: not for what never started or broke on its side."""
    never_started = job.canceled_at is not None and job.canceled_at < job.created_at + job.facts.queue_seconds
    return not never_started and not {"fail", "expired_job"} & {*job.facts.faults}


class Clock:
    """Unix seconds. While it is held only `move` makes it go on; let go, it goes on from where it stood."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._stands_at: float | None = None

    def __call__(self) -> float:
        return time.time() + self._ahead if self._stands_at is None else self._stands_at

    @property
    def held(self) -> bool:
        return self._stands_at is not None

    def hold(self) -> None:
        """Stand still from now on."""
        self._stands_at = self()

    def let_go(self) -> None:
        """Go on with the machine's clock."""
        if self._stands_at is not None:
            self._ahead, self._stands_at = self._stands_at - time.time(), None

    def move(self, seconds: float) -> None:
        """So many seconds pass at once."""
        if self._stands_at is None:
            self._ahead += seconds
        else:
            self._stands_at += seconds
