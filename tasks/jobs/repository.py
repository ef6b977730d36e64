"""The one door to the rows of jobs: what people ask of them, and the one function that moves them.

Work that is taken under a lease is in `claims`, what the sweep looks for in `stale`, the statements that Piccolo does
not say in `queries`; nothing outside this package queries jobs. Whatever a person asks names the owner; what begins
with `any_`, or with a job that was read, is the worker's.

What a provider answered to a submission is the one exception to "move only what nobody has moved": an answer is worth
money, so it is recorded wherever no operation is known yet, whatever the sweep, a cancel or another worker made of the
job in the meantime. Accepted answers are committed to the disk itself.

The rows of money are reserved with a job, settled when the truth is known, and kept when the job is deleted.
"""

import time
from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from piccolo.columns import Column
from piccolo.query.functions import Count
from piccolo.querystring import QueryString
from piccolo.table import Table

from providers.outcomes import Billing, Cost, Operation, ProviderError
from tasks.database.database import Database, Statement
from tasks.database.tables import JobTable, JobUploadTable, LedgerTable, RequestKeyTable
from tasks.jobs import queries
from tasks.jobs.claims import JobClaims
from tasks.jobs.failures import failed, told_later
from tasks.jobs.model import LIVE, Job, PolledJob, State, log_transition, transition_columns
from tasks.jobs.rows import encode, readable, to_job, to_row
from tasks.jobs.stale import StaleJobs


class Ledger:
    """Amounts are decimal strings. `unknown` counts as spent, with the estimate; the sandbox never bills."""

    async def settle(self, job: Job) -> None:
        """In the transaction of a move that knows about billing; a later move may know better."""
        amount = job.cost.amount if job.cost else job.estimate.high
        currency = job.cost.currency if job.cost else job.estimate.currency
        written: dict[Column | str, Any] = {
            LedgerTable.settled_at: job.updated_at,
            LedgerTable.amount: amount,
            LedgerTable.currency: currency,
            LedgerTable.billing: job.billing,
        }
        await LedgerTable.update(written).where(LedgerTable.job == job.id)

    async def spent_since(self, owner: str, since: float) -> dict[str, Decimal]:
        """By currency, billed and unknown together; amounts that nobody knows add nothing."""
        ledger = LedgerTable
        rows = (
            await ledger.select(ledger.currency, ledger.amount, Count(alias="times"))
            .where((ledger.owner == owner) & (ledger.created_at >= since))
            .where((ledger.billing != "not_billed") & ledger.amount.is_not_null())
            .group_by(ledger.currency, ledger.amount)
        )
        spent: dict[str, Decimal] = {}
        for row in rows:
            spent[row["currency"]] = (
                spent.get(row["currency"], Decimal(0)) + Decimal(row["amount"]) * row["times"]
            )
        return spent


def reservation(job: Job) -> Statement:
    """For the transaction that inserts the job."""
    row = {
        "job": job.id,
        "owner": job.owner,
        "model": job.model,
        "provider": job.provider,
        "sandbox": job.sandbox,
        "created_at": job.created_at,
        "amount": job.estimate.high,
        "currency": job.estimate.currency,
        "billing": "not_billed" if job.sandbox else "unknown",
    }
    return _inserting(LedgerTable, row)


class Cadence(Struct, frozen=True):
    """Seconds: to the first look, between looks at first, between looks at most."""

    first: float
    every: float
    longest: float


class SubmitOutcomes:
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
                await self.database.rows(queries.FILL_OPERATION, encode("operation", operation), job_id)
            if before is None or before.operation is not None:
                return None
            rows = await self.database.rows(
                queries.ACCEPT,
                *(encode("operation", operation), now, now, now),
                *(now + cadence.first, cadence.every, cadence.longest, job_id),
            )
            if rows and before.state in ("queued", "submitting", "unconfirmed"):
                rows = await self.database.rows(queries.PROCESS, job_id)
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
                queries.REFUSE,
                *(now, now, encode("error", failed(sent, error, "not_billed")), job_id),
            )
            if rows:
                await self.ledger.settle(to_job(rows[0]))
        return _told(before, rows, f"refused: {error.kind}")

    async def _locked(self, job_id: str) -> Job | None:
        rows = await self.database.rows(queries.LOCK_JOB, job_id)
        return to_job(rows[0]) if rows else None


def _still(job: Job, sent: Job) -> bool:
    """Whether this is the order that was sent: under way, or doubted by one move since."""
    doubted = job.state == "unconfirmed" and job.revision == sent.revision + 1
    return doubted or (job.state == "submitting" and job.revision == sent.revision)


def _told(before: Job, rows: list[dict[str, object]], why: str) -> Job | None:
    if not rows:
        return None
    after = to_job(rows[0])
    log_transition(after.id, before.state, after.state, why)
    return after


DELETABLE = ("succeeded", "failed", "canceled", "unconfirmed")
NEWEST_FIRST = (JobTable.created_at, JobTable.id)


class KnownKey(msgspec.Struct, frozen=True):
    """This idempotency key was used before; `same` tells whether for the same request."""

    job_id: str
    same: bool


class IdempotencyKey(msgspec.Struct, frozen=True):
    """An owner's idempotency key and a digest of what is asked under it."""

    id: str
    body: str


class Press(msgspec.Struct, frozen=True):
    """A press of a button that orders: a digest of button and wish, when it arrived, and for how many seconds another
    one counts as the same (`tasks.idempotency` has the rule)."""

    id: str
    at: float
    seconds: float


class Repeat(msgspec.Struct, frozen=True):
    """The same button was pressed for the same a moment ago, and made this job."""

    job_id: str


ALL: Final = QueryString("*")  # naming every column would take longer than the query
AHEAD: Final = 60.0  # seconds; a press noted for later than that is of a clock that was set back since


class JobRepository:
    """`clock` gives Unix seconds."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self.database = database
        self.clock = clock
        self.ledger = Ledger()
        self.claims = JobClaims(database, clock)
        self.outcomes = SubmitOutcomes(database, self.ledger, clock)
        self.stale = StaleJobs(database, clock)

    # What people ask

    async def create(
        self,
        job: Job,
        *,
        uploads: Collection[str] = (),
        key: IdempotencyKey | None = None,
        press: Press | None = None,
    ) -> Job | KnownKey | Repeat:
        """Insert the job with its reservation in the ledger and its claim on uploads, all or nothing.

        Where the key was taken in the meantime, or the press is a repeat, nothing is inserted, and the answer tells
        which job there is.
        """
        used = [{"id": f"{job.id} {upload}", "job": job.id, "upload": upload} for upload in uploads]
        written = await self.database.write_all(
            *([(queries.TAKE_NEW_KEY, _key_row(key, job))] if key else []),
            *([_pressing(press, job)] if press else []),
            _inserting(JobTable, to_row(job)),
            reservation(job),
            *(_inserting(JobUploadTable, row) for row in used),
            durable=True,
        )
        if not written:
            before = await self._before(key, press)
            return before or await self.create(job, uploads=uploads, key=key, press=press)
        log_transition(job.id, "new", job.state, f"{job.model} for {job.provider}")
        return job

    async def _before(self, key: IdempotencyKey | None, press: Press | None) -> KnownKey | Repeat | None:
        """What kept a job from being created; None where that is gone already."""
        known = await self.get_by_key(key) if key else None
        if known is not None or press is None:
            return known
        found = await RequestKeyTable.select(RequestKeyTable.job).where(RequestKeyTable.id == press.id)
        return Repeat(found[0]["job"]) if found else None

    async def note_repeat(self, job: Job, press: Press, key: IdempotencyKey | None) -> None:
        """A repeat of the press that made `job`: its key belongs to that job, and the next one is counted from it."""
        later = (queries.MOVE_PRESS, (press.at, press.id, job.id, press.at))
        await self.database.write_all(*([(queries.TAKE_KEY, _key_row(key, job))] if key else []), later)

    async def move_press(self, press: Press, job_id: str, at: float) -> None:
        """Count the next press from `at`, where that is later."""
        await self.database.rows(queries.MOVE_PRESS, at, press.id, job_id, at)

    async def forget_press(self, press: Press, job_id: str) -> None:
        """The next press orders, however soon it comes, unless another job took the place of this one."""
        await RequestKeyTable.delete().where(
            (RequestKeyTable.id == press.id) & (RequestKeyTable.job == job_id)
        )

    async def get_by_key(self, key: IdempotencyKey) -> KnownKey | None:
        """What this key was used for before, if it was."""
        found = await self.database.rows(queries.KNOWN_KEY, key.id)
        return KnownKey(found[0]["job"], same=found[0]["body"] == key.body) if found else None

    async def get(self, owner: str, job_id: str) -> Job | None:
        """The owner's job; another's does not exist."""
        return _first(await JobTable.select(ALL).where((JobTable.id == job_id) & (JobTable.owner == owner)))

    async def get_any(self, job_id: str) -> Job | None:
        """Any owner's job, for the worker; what people see goes through `get`."""
        return _first(await JobTable.select(ALL).where(JobTable.id == job_id))

    async def get_any_by_operation(self, provider: str, operation: str, *, ended: bool = False) -> Job | None:
        """Any owner's job that a provider knows by this id, and that is looked at, or (`ended`) was."""
        member = f'%"id":{msgspec.json.encode(operation).decode()}%'
        sql = queries.ANY_BY_OPERATION if ended else queries.ANY_POLLED_BY_OPERATION
        rows = await self.database.rows(sql, provider, member)
        found = readable(rows, to_job)
        return next((job for job in found if job.provider_job_id == operation), None)

    async def poll_now(self, job_id: str) -> None:
        """Bring the next look forward, where looks go on at all; nothing else changes."""
        now = self.clock()
        await JobTable.update({JobTable.next_look_at: now}).where(
            (JobTable.id == job_id) & (JobTable.next_look_at > now)
        )

    async def list_page(self, owner: str, limit: int = 50, before: str | None = None) -> tuple[Job, ...]:
        """Newest first; `before` is the id of the last job of the page before."""
        last = await self.get(owner, before) if before else None
        query = JobTable.select(ALL).where(JobTable.owner == owner)
        if last is not None:
            # Older, or of the same moment and behind it; said so that the index is entered where the page begins.
            query = query.where(JobTable.created_at <= last.created_at).where(
                (JobTable.created_at < last.created_at) | (JobTable.id < last.id)
            )
        rows = await query.order_by(*NEWEST_FIRST, ascending=False).limit(limit)
        return tuple(readable(rows, to_job))

    async def list_live(self, owner: str, ids: Iterable[str] | None = None) -> tuple[Job, ...]:
        """Jobs that are going to change by themselves, newest first; with `ids` those jobs, in any state."""
        among = JobTable.state.is_in(sorted(LIVE))
        if ids is not None:
            wanted = list(ids)[:500]
            if not wanted:
                return ()
            among = JobTable.id.is_in(wanted)
        query = JobTable.select(ALL).where((JobTable.owner == owner) & among)
        rows = await query.order_by(*NEWEST_FIRST, ascending=False)
        return tuple(readable(rows, to_job))

    async def request_cancel(self, owner: str, job_id: str) -> Job | None:
        """Note the wish of the owner; a job that was never sent is canceled at once. The job as it is then."""
        now = self.clock()
        await self.database.rows(queries.REQUEST_CANCEL, now, now, job_id, owner)
        job = await self.get(owner, job_id)
        if job is not None and job.state == "queued" and job.cancel_requested_at is not None:
            await self.cancel_unsent(job)
            job = await self.get(owner, job_id)
        return job

    async def cancel_unsent(self, job: Job) -> Job | None:
        """A job that waits and was never sent costs nothing."""
        return await self.transition(job, "canceled", "canceled before it was sent", billing="not_billed")

    async def delete(self, owner: str, job_id: str) -> Literal["deleted", "live", "missing"]:
        """Remove the row; a live job stays. Its ledger row stays too, its files are the caller's to remove."""
        async with self.database.transaction():
            deleted = JobTable.delete().where(
                (JobTable.id == job_id) & (JobTable.owner == owner) & JobTable.state.is_in(list(DELETABLE))
            )
            gone = await deleted.returning(JobTable.id)
            if gone:
                await JobUploadTable.delete().where(JobUploadTable.job == job_id)
        if gone:
            return "deleted"
        return "missing" if await self.get(owner, job_id) is None else "live"

    async def spent_since(self, owner: str, since: float) -> dict[str, Decimal]:
        """By currency; what is not known to be unbilled counts with its estimate."""
        return await self.ledger.spent_since(owner, since)

    # What the worker does

    async def transition(
        self,
        job: Job | PolledJob,
        to: State,
        why: str,
        *,
        durable: bool = False,
        lease_before: float | None = None,
        unless_canceled: bool = False,
        **facts: Any,
    ) -> Job | None:
        """Move a job that nobody has moved since `job` was read, and write `facts` (columns) with it.

        None: somebody has, or its lease runs on beyond `lease_before`, or a cancel was asked for.
        """
        columns = transition_columns(job.state, to, job.sandbox, self.clock(), facts)
        async with self.database.transaction(durable=durable):
            found = await self.database.rows(
                queries.setting(queries.TRANSITION, tuple(columns)),
                *(encode(column, value) for column, value in columns.items()),
                *(job.id, job.revision, lease_before is None, lease_before or 0.0, not unless_canceled),
            )
            moved = _first(found)
            if moved is not None and moved.billing is not None:
                await self.ledger.settle(moved)
        if moved is not None:
            log_transition(job.id, job.state, to, why)
        return moved

    async def record_facts(self, job_id: str, **facts: Any) -> None:
        """Write facts beside the state: no move, no revision, so that no note can swallow a cancel."""
        facts["updated_at"] = self.clock()
        await self.database.rows(
            queries.setting(queries.RECORD_FACTS, tuple(facts)),
            *(encode(column, value) for column, value in facts.items()),
            job_id,
        )

    async def record_cost(
        self,
        job: PolledJob,
        billing: Billing,
        cost: Cost | None,
        company: str,
        error: ProviderError | None = None,
    ) -> None:
        """A job that had ended here is over at the provider too: what it cost is known now, and looks end."""
        async with self.database.transaction():
            rows = await self.database.rows(
                queries.RECORD_COST,
                *(self.clock(), billing, encode("cost", cost), job.id, job.revision),
            )
            ended = _first(rows)
            if ended is None:
                return
            await self.ledger.settle(ended)
            if later := told_later(ended, error, billing, company):
                await self.record_facts(ended.id, error=later)


def _key_row(key: IdempotencyKey, job: Job) -> tuple[Any, ...]:
    return (key.id, job.owner, key.body, job.id, job.created_at)


def _pressing(press: Press, job: Job) -> Statement:
    """Whether it is a repeat is decided by the time of the press before it."""
    row = (press.id, job.owner, "", job.id, press.at)
    return queries.TAKE_PRESS, (*row, press.at - press.seconds, press.at + AHEAD)


def _inserting(table: type[Table], row: dict[str, Any]) -> Statement:
    return queries.inserting(table._meta.tablename, tuple(row)), tuple(row.values())


def _first(rows: list[dict[str, Any]]) -> Job | None:
    return to_job(rows[0]) if rows else None
