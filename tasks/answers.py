"""What a provider answered to a submission: the one exception to "move only what nobody has moved".

An answer is worth money, so it is recorded wherever no operation is known yet, whatever the sweep, a cancel or
another worker made of the job in the meantime. Accepted answers are committed to the disk itself.
"""

from collections.abc import Callable

from msgspec import Struct

from providers.outcomes import Operation, ProviderError
from tasks import moves
from tasks.database import Database
from tasks.failure import failed
from tasks.job import Job
from tasks.ledger import Ledger
from tasks.rows import encode, to_job


class Cadence(Struct, frozen=True):
    """Seconds: to the first look, between looks at first, between looks at most."""

    first: float
    every: float
    longest: float


class Answers:
    def __init__(self, database: Database, ledger: Ledger, clock: Callable[[], float]) -> None:
        self.database = database
        self.ledger = ledger
        self.clock = clock

    async def accepted(self, job_id: str, operation: Operation, cadence: Cadence) -> Job | None:
        """The provider has the job: look from now on. A job that was final stays so until a look finds a result.

        None: another answer was recorded first, or the job was deleted. A message that came first knows only the id:
        then the links that the answer gives are added.
        """
        now = self.clock()
        async with self.database.transaction(durable=True):
            before = await self._locked(job_id)
            fuller = bool(operation.links or operation.kept)
            if before is not None and before.provider_job_id == operation.id and fuller:
                await self.database.rows(
                    "UPDATE job SET operation = {} WHERE id = {}", encode("operation", operation), job_id
                )
            if before is None or before.operation is not None:
                return None
            rows = await self.database.rows(
                "UPDATE job SET operation = {}, revision = revision + 1, updated_at = {}, started_at = {}, "
                "lease_until = NULL, attempts = 0, deadline_at = {} + deadline_sec, "
                "next_look_at = {}, look_every = {}, look_max = {} WHERE id = {} AND operation IS NULL RETURNING *",
                *(encode("operation", operation), now, now, now),
                *(now + cadence.first, cadence.every, cadence.longest, job_id),
            )
            if rows and before.state in ("queued", "submitting", "unconfirmed"):
                rows = await self.database.rows(
                    "UPDATE job SET state = 'processing', billing = NULL, error = NULL, ended_at = NULL "
                    "WHERE id = {} RETURNING *",
                    job_id,
                )
        return _told(before, rows, f"accepted by {before.provider} as {operation.id}")

    async def refused(self, sent: Job, error: ProviderError) -> Job | None:
        """Nothing was started there, so nothing is owed, even where that was not known for a while.

        `sent`: the job as it was when it was sent, for this says nothing of an order that went out after it.
        """
        now, job_id = self.clock(), sent.id
        async with self.database.transaction():
            before = await self._locked(job_id)
            if before is None or not _still(before, sent):
                return None
            rows = await self.database.rows(
                "UPDATE job SET state = 'failed', revision = revision + 1, updated_at = {}, ended_at = {}, "
                "lease_until = NULL, billing = 'not_billed', error = {} "
                "WHERE id = {} AND operation IS NULL AND state IN ('submitting', 'unconfirmed') RETURNING *",
                *(now, now, encode("error", failed(sent, error, "not_billed")), job_id),
            )
            if rows:
                await self.ledger.settle(to_job(rows[0]))
        return _told(before, rows, f"refused: {error.kind}")

    async def _locked(self, job_id: str) -> Job | None:
        rows = await self.database.rows(
            f"SELECT * FROM job WHERE id = {{}} {self.database.lock_rows}",  # noqa: S608
            job_id,
        )
        return to_job(rows[0]) if rows else None


def _still(job: Job, sent: Job) -> bool:
    """Whether this is the order that was sent: under way, or doubted by one move since."""
    doubted = job.state == "unconfirmed" and job.revision == sent.revision + 1
    return doubted or (job.state == "submitting" and job.revision == sent.revision)


def _told(before: Job, rows: list[dict[str, object]], why: str) -> Job | None:
    if not rows:
        return None
    after = to_job(rows[0])
    moves.tell(after.id, before.state, after.state, why)
    return after
