"""What the sweep looks for: jobs that should have gone on by themselves and did not. Only questions, no moves."""

from collections.abc import Callable

from piccolo.columns.combination import And, Or, Where
from piccolo.querystring import QueryString

from tasks.database.database import Database
from tasks.database.tables import JobTable, RequestKeyTable
from tasks.jobs import queries
from tasks.jobs.model import Job
from tasks.jobs.rows import readable, to_job

LONGEST_POLL_WAIT = 600.0  # seconds that a provider may ask us to wait with the next look
SOME = 200  # at a time; the next sweep takes the next


class StaleJobs:
    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self.database = database
        self.clock = clock

    async def submissions(self) -> tuple[Job, ...]:
        """Under way when their worker died: nobody knows whether the provider has them."""
        lease_ended = JobTable.lease_until.is_null() | (JobTable.lease_until <= self.clock())
        return await _jobs((JobTable.state == "submitting") & lease_ended)

    async def canceled_in_queue(self) -> tuple[Job, ...]:
        return await _jobs((JobTable.state == "queued") & JobTable.cancel_requested_at.is_not_null())

    async def queued_since(self, longest: float) -> tuple[Job, ...]:
        """Never sent for so many seconds, in which nothing else went to their provider either: a long queue moves."""
        since = self.clock() - longest
        rows = await self.database.rows(queries.QUEUED_SINCE, self.clock(), since, since, SOME)
        return tuple(readable(rows, to_job))

    async def waiting_queues(self) -> tuple[tuple[str, bool], ...]:
        """(provider, sandbox) wherever a job waits to be sent."""
        queues = JobTable.select(JobTable.provider, JobTable.sandbox)
        rows = await queues.where(JobTable.state == "queued").group_by(JobTable.provider, JobTable.sandbox)
        return tuple((row["provider"], bool(row["sandbox"])) for row in rows)

    async def stop_late_looks(self, late_for: float) -> None:
        """Jobs that ended long ago are not asked for any more: what the provider made has expired.

        A server that was off for days gives up what it finds late on its first look, before its network is there: then
        the time counts from that.
        """
        before = self.clock() - late_for
        ended = JobTable.state.is_in(["failed", "canceled", "succeeded"])
        await (
            JobTable.update({JobTable.next_look_at: None})
            .where(JobTable.next_look_at.is_not_null() & ended)
            .where(JobTable.deadline_at.is_null() | (JobTable.deadline_at <= before))
            .where(JobTable.ended_at.is_null() | (JobTable.ended_at <= before))
        )

    async def bring_back(self, lease: float, longest: float) -> None:
        """The clock went back: what is due later than anything can be is due now, and a holder must show its life.

        `longest`: seconds that a provider may have told us to wait with a submission.
        """
        now = self.clock()
        for sql, *args in (
            (queries.WAKE_AGAIN, now + 60),
            (queries.TRY_AGAIN, now + longest + 60),
            (queries.END_PAUSES, now + longest + 60),
            (queries.END_SPACES, now + 120),
            (queries.SHORTEN_LEASES, now + lease, now + 2 * lease),
            (queries.SHORTEN_DEADLINES, now, now + 60),
            (queries.POLL_AGAIN, now, now + LONGEST_POLL_WAIT),
        ):
            await self.database.rows(sql, *args)

    async def forget_keys(self, older_than: float) -> None:
        await RequestKeyTable.delete().where(RequestKeyTable.created_at <= self.clock() - older_than)


async def _jobs(where: And | Or | Where) -> tuple[Job, ...]:
    return tuple(readable(await JobTable.select(QueryString("*")).where(where).limit(SOME), to_job))
