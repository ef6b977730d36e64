"""Work that a worker takes for itself for a while: the next job to submit, polls that are due, a video to save.

A claim is a conditional update, so of two workers one gets it and the other goes on. It ends by itself when it is
not renewed. A provider's slots (`tasks.jobs.provider_limits`) are counted in the transaction that claims, behind the
row of its queue, which one worker holds at a time.
"""

from collections.abc import Callable, Collection

from msgspec import Struct

from tasks.database.database import Database
from tasks.database.tables import JobTable, ProviderQueueTable
from tasks.jobs import queries
from tasks.jobs.model import Job, PolledJob
from tasks.jobs.provider_limits import ProviderQueueRow, fairest, has_slot, held
from tasks.jobs.rows import readable, to_job, to_polled_job


class Wakeup(Struct, frozen=True):
    """What a message says: look at this job, which was at this revision."""

    job_id: str
    revision: int


class JobClaims:
    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self.database = database
        self.clock = clock

    async def claim_submission(
        self, lane: str, slots: int, lease: float, per_minute: int | None = None
    ) -> Job | None:
        """The oldest job of the owner who holds the fewest slots of this lane, under a lease; None: nothing to do.

        A lane that is paused gives none, nor one that has given as many as `per_minute` allows. While its last
        submission got no answer, it gives one job at a time.
        """
        now = self.clock()
        async with self.database.transaction():
            found = await self._lock_queue(lane)
            taken = await held(self.database, lane, now)
            if found.paused_until > now or found.wait(now) > 0:
                return None
            if found.unanswered and await self._submitting(lane, now):
                return None
            owner = await fairest(self.database, lane, taken, slots, now)
            if owner is None:
                return None
            rows = await self.database.rows(
                queries.CLAIM_SUBMISSION,
                *(now + lease, lane, owner, now, now, now),
            )
            if rows and per_minute is not None:
                await self._space(lane, max(now, found.spaced_until) + 60.0 / per_minute)
        return to_job(rows[0]) if rows else None

    async def claim_save(self, job_id: str, lease: float) -> Job | None:
        """This job, if it waits to be saved and nobody is at it."""
        now = self.clock()
        rows = await self.database.rows(
            queries.CLAIM_SAVE,
            *(now + lease, job_id, now, now),
        )
        return to_job(rows[0]) if rows else None

    async def claim_lookups(
        self, providers: Collection[str], first: float, at_most: float
    ) -> tuple[Job, ...]:
        """Orders without a clear answer, younger than `at_most`, of which these providers are to be asked now.

        The next question about them is due after `first` seconds, and later a fifth of their age after that.
        """
        if not providers:
            return ()
        now = self.clock()
        rows = await self.database.rows(
            queries.listing(queries.CLAIM_LOOKUPS, len(providers)),
            *(now + first, now, now - at_most, now, *providers),
        )
        return tuple(readable(rows, to_job))

    async def renew_lease(self, job: Job, lease: float) -> bool:
        """False where the job has moved on without us."""
        rows = await self.database.rows(
            queries.RENEW_LEASE,
            *(self.clock() + lease, job.id, job.revision),
        )
        return bool(rows)

    async def release(self, job: Job, not_before: float) -> Wakeup | None:
        """End our lease without a move of the state: the same step is due again then, under a new revision."""
        rows = await self.database.rows(
            queries.RELEASE,
            *(not_before, not_before, job.id, job.revision),
        )
        return Wakeup(rows[0]["id"], rows[0]["revision"]) if rows else None

    async def count_bad_answer(self, job: Job) -> int:
        """Count an answer that would end the job if it came again and again; how many there were."""
        rows = await self.database.rows(
            queries.COUNT_BAD_ANSWER,
            job.id,
            job.revision,
        )
        return int(rows[0]["gone"]) if rows else 0

    async def claim_due_polls(self, limit: int, growth: float) -> tuple[PolledJob, ...]:
        """Take what is due, the longest overdue first, and set when it is due next, in one statement.

        Intervals grow, and differ by up to a tenth, so that jobs ordered together are not looked at together for ever.
        """
        now = self.clock()
        rows = await self.database.rows(
            queries.CLAIM_DUE_POLLS,
            *(now, limit, now, growth, growth, now),
        )
        return tuple(readable(rows, to_polled_job))

    async def claim_cancel(self, job_id: str, again_after: float) -> bool:
        """Whether it is ours to send the cancel now: once, and again only where it got no answer for so long."""
        now = self.clock()
        rows = await self.database.rows(
            queries.CLAIM_CANCEL,
            *(now, job_id, now - again_after),
        )
        return bool(rows)

    async def free_slots(self, lane: str, slots: int) -> int:
        """How many more jobs may go to this provider now; 0 while it is paused."""
        now = self.clock()
        if await self._is_paused(lane, now):
            return 0
        return max(0, slots - sum((await held(self.database, lane, now)).values()))

    async def rate_limit_wait(self, lane: str) -> float:
        """Seconds until the rate limit of this provider lets one more job go; 0: now."""
        rows = await ProviderQueueTable.select(
            ProviderQueueTable.unanswered, ProviderQueueTable.paused_until, ProviderQueueTable.spaced_until
        ).where(ProviderQueueTable.name == lane)
        return ProviderQueueRow(**rows[0]).wait(self.clock()) if rows else 0.0

    async def has_slot(self, lane: str, owner: str, slots: int) -> bool:
        """Whether a new job of this owner could go at once, as far as slots go."""
        return has_slot(await held(self.database, lane, self.clock()), owner, slots)

    async def renew_submit_wakeups(self, lane: str, silent_for: float, limit: int) -> tuple[Wakeup, ...]:
        """Jobs that wait to be submitted and were not spoken of lately, to be sent again under a new revision."""
        return await self._renew_wakeups(queries.RENEW_SUBMIT_WAKEUPS, (lane,), silent_for, limit)

    async def renew_save_wakeups(self, silent_for: float, limit: int) -> tuple[Wakeup, ...]:
        """Jobs that wait to be saved, likewise."""
        return await self._renew_wakeups(queries.RENEW_SAVE_WAKEUPS, (), silent_for, limit)

    async def count_no_answer(self, lane: str, after: int, first: float, longest: float) -> float | None:
        """Count a submission without an answer; the time until which that pauses the lane, if it does.

        A pause that the provider asked for is not cut short by one of its silences.
        """
        async with self.database.transaction():
            found = await self._lock_queue(lane)
            count = found.unanswered + 1
            pause = min(longest, first * 2.0 ** min(count - after, 20)) if count >= after else 0.0
            until = self.clock() + pause
            paused_until = max(until, found.paused_until) if pause else found.paused_until
            await ProviderQueueTable.update(
                {ProviderQueueTable.unanswered: count, ProviderQueueTable.paused_until: paused_until}
            ).where(ProviderQueueTable.name == lane)
        return until if pause else None

    async def count_answer(self, lane: str) -> bool:
        """The provider is there; True where jobs were held back until now. A pause that still runs goes on."""
        now = self.clock()
        rows = await self.database.rows(
            queries.COUNT_ANSWER,
            *(now, lane, now),
        )
        return bool(rows)

    async def pause(self, lane: str, until: float) -> None:
        """The provider told us to wait: no worker submits to it until then, nor before the end of a longer pause."""
        await ProviderQueueTable.update({ProviderQueueTable.paused_until: until}).where(
            (ProviderQueueTable.name == lane) & (ProviderQueueTable.paused_until < until)
        )

    async def take_over(self) -> None:
        """For the start of the only worker there is: whoever held a lease is dead, and no hint is on its way."""
        now = self.clock()
        await JobTable.update({JobTable.lease_until: now}).where(
            JobTable.state.is_in(["queued", "submitting", "saving"]) & (JobTable.lease_until > now)
        )
        await JobTable.update({JobTable.hinted_at: 0.0}).where(
            JobTable.state.is_in(["queued", "saving"]) & (JobTable.not_before <= now)
        )

    async def _lock_queue(self, lane: str) -> ProviderQueueRow:
        """Hold the lane's row to the end of the transaction."""
        await self.database.rows(queries.ADD_QUEUE, lane)
        rows = await self.database.rows(queries.LOCK_QUEUE, lane)
        return ProviderQueueRow(**rows[0])

    async def _space(self, lane: str, until: float) -> None:
        await self.database.rows(queries.SPACE_QUEUE, until, lane)

    async def _is_paused(self, lane: str, now: float) -> bool:
        rows = await ProviderQueueTable.select(ProviderQueueTable.paused_until).where(
            ProviderQueueTable.name == lane
        )
        return bool(rows) and bool(rows[0]["paused_until"] > now)

    async def _submitting(self, lane: str, now: float) -> bool:
        rows = await self.database.rows(queries.SUBMITTING, lane, now)
        return bool(rows)

    async def _renew_wakeups(
        self, sql: str, args: tuple[str, ...], silent_for: float, limit: int
    ) -> tuple[Wakeup, ...]:
        now = self.clock()
        rows = await self.database.rows(
            sql,
            *(*args, now, now, now - silent_for, limit, now, now),
        )
        return tuple(Wakeup(row["id"], row["revision"]) for row in rows)
