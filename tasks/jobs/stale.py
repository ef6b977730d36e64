"""What the sweep looks for: jobs that should have gone on by themselves and did not. Only questions, no moves."""

from collections.abc import Callable
from typing import Any

from tasks.database.database import Database
from tasks.jobs.model import Job
from tasks.jobs.rows import readable, to_job

LONGEST_POLL_WAIT = 600.0  # seconds that a provider may ask us to wait with the next look
LEASED = "state IN ('queued', 'submitting', 'saving')"
SOME = 200  # at a time; the next sweep takes the next


class StaleJobs:
    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self.database = database
        self.clock = clock

    async def submissions(self) -> tuple[Job, ...]:
        """Under way when their worker died: nobody knows whether the provider has them."""
        return await self._jobs(
            "state = 'submitting' AND (lease_until IS NULL OR lease_until <= {})", self.clock()
        )

    async def canceled_in_queue(self) -> tuple[Job, ...]:
        return await self._jobs("state = 'queued' AND cancel_requested_at IS NOT NULL")

    async def queued_since(self, longest: float) -> tuple[Job, ...]:
        """Never sent for so many seconds, in which nothing else went to their provider either: a long queue moves."""
        since = self.clock() - longest
        return await self._jobs(
            "state = 'queued' AND (lease_until IS NULL OR lease_until <= {}) AND created_at <= {} "
            "AND NOT EXISTS (SELECT 1 FROM job AS sent WHERE sent.lane = job.lane AND sent.started_at > {})",
            *(self.clock(), since, since),
        )

    async def waiting_queues(self) -> tuple[tuple[str, bool], ...]:
        """(provider, sandbox) wherever a job waits to be sent."""
        rows = await self.database.rows(
            "SELECT provider, sandbox FROM job WHERE state = 'queued' GROUP BY provider, sandbox"
        )
        return tuple((row["provider"], bool(row["sandbox"])) for row in rows)

    async def stop_late_looks(self, late_for: float) -> None:
        """Jobs that ended long ago are not asked for any more: what the provider made has expired.

        A server that was off for days gives up what it finds late on its first look, before its network is there: then
        the time counts from that.
        """
        before = self.clock() - late_for
        await self.database.rows(
            "UPDATE job SET next_look_at = NULL WHERE next_look_at IS NOT NULL "
            "AND state IN ('failed', 'canceled', 'succeeded') "
            "AND coalesce(deadline_at, 0) <= {} AND coalesce(ended_at, 0) <= {}",
            *(before, before),
        )

    async def bring_back(self, lease: float, longest: float) -> None:
        """The clock went back: what is due later than anything can be is due now, and a holder must show its life.

        `longest`: seconds that a provider may have told us to wait with a submission.
        """
        now = self.clock()
        waits = "state IN ('queued', 'saving') AND"
        for sql, *args in (
            (f"job SET hinted_at = 0 WHERE {waits} hinted_at > not_before AND hinted_at > {{}}", now + 60),
            (f"job SET not_before = 0 WHERE {waits} not_before > {{}}", now + longest + 60),
            ("lane SET paused_until = 0 WHERE paused_until > {}", now + longest + 60),
            ("lane SET spaced_until = 0 WHERE spaced_until > {}", now + 120),
            (
                f"job SET lease_until = {{}} WHERE {LEASED} AND lease_until > {{}}",
                now + lease,
                now + 2 * lease,
            ),
            (
                "job SET deadline_at = {} + deadline_sec "
                "WHERE state = 'processing' AND deadline_at > {} + deadline_sec",
                now,
                now + 60,
            ),
            (
                "job SET next_look_at = {} WHERE next_look_at > {} + look_max * 2",
                now,
                now + LONGEST_POLL_WAIT,
            ),
        ):
            await self.database.rows(f"UPDATE {sql}", *args)

    async def forget_keys(self, older_than: float) -> None:
        await self.database.rows("DELETE FROM request_key WHERE created_at <= {}", self.clock() - older_than)

    async def _jobs(self, where: str, *args: Any) -> tuple[Job, ...]:
        rows = await self.database.rows(f"SELECT * FROM job WHERE {where} LIMIT {SOME}", *args)  # noqa: S608
        return tuple(readable(rows, to_job))
