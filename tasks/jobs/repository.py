"""The one door to the rows of jobs: what people ask of them, and the one function that moves them.

Work that is taken under a lease is in `claims`, what a provider answered to a submission in `answers`, what the sweep
looks for in `overdue`, money in `ledger`; nothing outside these five modules writes SQL for jobs.

What a provider answered to a submission: the one exception to "move only what nobody has moved".

An answer is worth money, so it is recorded wherever no operation is known yet, whatever the sweep, a cancel or
another worker made of the job in the meantime. Accepted answers are committed to the disk itself.

The rows of money: reserved with a job, settled when the truth is known, kept when the job is deleted.
"""

import time
from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from providers.outcomes import Billing, Cost, Operation, ProviderError
from tasks.database.database import Database, Statement
from tasks.jobs.claims import JobClaims
from tasks.jobs.model import LIVE, Job, PolledJob, State, log_transition, transition_columns
from tasks.jobs.rows import encode, readable, to_job, to_row
from tasks.jobs.stale import StaleJobs
from tasks.worker.failures import failed, told_later


class Ledger:
    """Amounts are decimal strings. `unknown` counts as spent, with the estimate; the sandbox never bills."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def settle(self, job: Job) -> None:
        """In the transaction of a move that knows about billing; a later move may know better."""
        amount = job.cost.amount if job.cost else job.estimate.high
        currency = job.cost.currency if job.cost else job.estimate.currency
        await self.database.rows(
            "UPDATE ledger SET settled_at = {}, amount = {}, currency = {}, billing = {} WHERE job = {}",
            *(job.updated_at, amount, currency, job.billing, job.id),
        )

    async def spent_since(self, owner: str, since: float) -> dict[str, Decimal]:
        """By currency, billed and unknown together; amounts that nobody knows add nothing."""
        rows = await self.database.rows(
            "SELECT currency, amount, count(*) AS times FROM ledger WHERE owner = {} AND created_at >= {} "
            "AND billing <> 'not_billed' AND amount IS NOT NULL GROUP BY currency, amount",
            *(owner, since),
        )
        spent: dict[str, Decimal] = {}
        for row in rows:
            spent[row["currency"]] = (
                spent.get(row["currency"], Decimal(0)) + Decimal(row["amount"]) * row["times"]
            )
        return spent


def reservation(job: Job) -> Statement:
    """For the transaction that inserts the job."""
    return (
        "INSERT INTO ledger (job, owner, model, provider, sandbox, created_at, amount, currency, billing) "
        "VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {})",
        (
            *(job.id, job.owner, job.model, job.provider, job.sandbox, job.created_at),
            *(job.estimate.high, job.estimate.currency, "not_billed" if job.sandbox else "unknown"),
        ),
    )


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
    log_transition(after.id, before.state, after.state, why)
    return after


DELETABLE = ("succeeded", "failed", "canceled", "unconfirmed")


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


OF_OPERATION: Final = "SELECT * FROM job WHERE provider = {} AND operation LIKE {}"
MOVE_PRESS: Final = "UPDATE request_key SET created_at = {} WHERE id = {} AND job = {} AND created_at < {}"
AHEAD: Final = 60.0  # seconds; a press noted for later than that is of a clock that was set back since


class JobRepository:
    """`clock` gives Unix seconds."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self.database = database
        self.clock = clock
        self.ledger = Ledger(database)
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
            *([_taking(key, job)] if key else []),
            *([_pressing(press, job)] if press else []),
            _inserting("job", to_row(job)),
            reservation(job),
            *(_inserting("job_upload", row) for row in used),
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
        found = await self.database.rows("SELECT job FROM request_key WHERE id = {}", press.id)
        return Repeat(found[0]["job"]) if found else None

    async def note_repeat(self, job: Job, press: Press, key: IdempotencyKey | None) -> None:
        """A repeat of the press that made `job`: its key belongs to that job, and the next one is counted from it."""
        later = (MOVE_PRESS, (press.at, press.id, job.id, press.at))
        await self.database.write_all(*([_taking(key, job, "")] if key else []), later)

    async def move_press(self, press: Press, job_id: str, at: float) -> None:
        """Count the next press from `at`, where that is later."""
        await self.database.rows(MOVE_PRESS, at, press.id, job_id, at)

    async def forget_press(self, press: Press, job_id: str) -> None:
        """The next press orders, however soon it comes, unless another job took the place of this one."""
        await self.database.rows("DELETE FROM request_key WHERE id = {} AND job = {}", press.id, job_id)

    async def get_by_key(self, key: IdempotencyKey) -> KnownKey | None:
        """What this key was used for before, if it was."""
        found = await self.database.rows("SELECT job, body FROM request_key WHERE id = {}", key.id)
        return KnownKey(found[0]["job"], same=found[0]["body"] == key.body) if found else None

    async def get(self, owner: str, job_id: str) -> Job | None:
        """The owner's job; another's does not exist."""
        return _first(
            await self.database.rows("SELECT * FROM job WHERE id = {} AND owner = {}", job_id, owner)
        )

    async def get_any(self, job_id: str) -> Job | None:
        """Any owner's job, for the worker; what people see goes through `get`."""
        return _first(await self.database.rows("SELECT * FROM job WHERE id = {}", job_id))

    async def get_by_operation(self, provider: str, operation: str, *, ended: bool = False) -> Job | None:
        """The job that a provider knows by this id, and that is looked at, or (`ended`) was."""
        member = f'%"id":{msgspec.json.encode(operation).decode()}%'
        looked_at = "" if ended else " AND next_look_at IS NOT NULL"
        rows = await self.database.rows(OF_OPERATION + looked_at, provider, member)
        found = readable(rows, to_job)
        return next((job for job in found if job.provider_job_id == operation), None)

    async def poll_now(self, job_id: str) -> None:
        """Bring the next look forward, where looks go on at all; nothing else changes."""
        now = self.clock()
        await self.database.rows(
            "UPDATE job SET next_look_at = {} WHERE id = {} AND next_look_at > {}", now, job_id, now
        )

    async def list_page(self, owner: str, limit: int = 50, before: str | None = None) -> tuple[Job, ...]:
        """Newest first; `before` is the id of the last job of the page before."""
        last = await self.get(owner, before) if before else None
        if last is None:
            rows = await self.database.rows(
                "SELECT * FROM job WHERE owner = {} ORDER BY created_at DESC, id DESC LIMIT {}", owner, limit
            )
        else:
            rows = await self.database.rows(
                "SELECT * FROM job WHERE owner = {} AND (created_at, id) < ({}, {}) "
                "ORDER BY created_at DESC, id DESC LIMIT {}",
                *(owner, last.created_at, last.id, limit),
            )
        return tuple(readable(rows, to_job))

    async def list_live(self, owner: str, ids: Iterable[str] | None = None) -> tuple[Job, ...]:
        """Jobs that are going to change by themselves, newest first; with `ids` those jobs, in any state."""
        column, wanted = ("state", sorted(LIVE)) if ids is None else ("id", list(ids)[:500])
        if not wanted:
            return ()
        rows = await self.database.rows(
            f"SELECT * FROM job WHERE owner = {{}} AND {column} IN ({_places(wanted)}) "  # noqa: S608
            "ORDER BY created_at DESC, id DESC",
            *(owner, *wanted),
        )
        return tuple(readable(rows, to_job))

    async def request_cancel(self, owner: str, job_id: str) -> Job | None:
        """Note the wish of the owner; a job that was never sent is canceled at once. The job as it is then."""
        now = self.clock()
        await self.database.rows(
            "UPDATE job SET cancel_requested_at = {}, next_look_at = "
            "CASE WHEN next_look_at IS NULL THEN NULL ELSE CAST({} AS DOUBLE PRECISION) END "
            "WHERE id = {} AND owner = {} AND cancel_requested_at IS NULL "
            "AND state IN ('queued', 'submitting', 'processing', 'unconfirmed') RETURNING id",
            *(now, now, job_id, owner),
        )
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
            gone = await self.database.rows(
                f"DELETE FROM job WHERE id = {{}} AND owner = {{}} AND state IN ({_places(DELETABLE)}) RETURNING id",  # noqa: S608
                *(job_id, owner, *DELETABLE),
            )
            if gone:
                await self.database.rows("DELETE FROM job_upload WHERE job = {}", job_id)
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
        guards = [("id = {}", job.id), ("revision = {}", job.revision)]
        if lease_before is not None:
            guards.append(("(lease_until IS NULL OR lease_until <= {})", lease_before))
        columns = transition_columns(job.state, to, job.sandbox, self.clock(), facts)
        async with self.database.transaction(durable=durable):
            found = await self.database.rows(
                f"UPDATE job SET {_assignments(columns)}, revision = revision + 1 WHERE "  # noqa: S608
                + " AND ".join(guard for guard, _ in guards)
                + (" AND cancel_requested_at IS NULL" if unless_canceled else "")
                + " RETURNING *",
                *(encode(column, value) for column, value in columns.items()),
                *(argument for _, argument in guards),
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
            f"UPDATE job SET {_assignments(facts)} WHERE id = {{}}",  # noqa: S608
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
                "UPDATE job SET next_look_at = NULL, updated_at = {}, billing = {}, cost = {} "
                "WHERE id = {} AND revision = {} RETURNING *",
                *(self.clock(), billing, encode("cost", cost), job.id, job.revision),
            )
            ended = _first(rows)
            if ended is None:
                return
            await self.ledger.settle(ended)
            if later := told_later(ended, error, billing, company):
                await self.record_facts(ended.id, error=later)


def _taking(key: IdempotencyKey, job: Job, giving: str = "RETURNING id") -> Statement:
    """Gives a row only to who comes first with this key."""
    row = {"id": key.id, "owner": job.owner, "body": key.body, "job": job.id, "created_at": job.created_at}
    sql, args = _inserting("request_key", row)
    return f"{sql} ON CONFLICT (id) DO NOTHING {giving}", args


def _pressing(press: Press, job: Job) -> Statement:
    """Gives a row only to a press that is no repeat; one that comes at the same time waits here for its commit."""
    row = {"id": press.id, "owner": job.owner, "body": "", "job": job.id, "created_at": press.at}
    sql, args = _inserting("request_key", row)
    return (
        f"{sql} ON CONFLICT (id) DO UPDATE SET job = excluded.job, created_at = excluded.created_at "
        "WHERE request_key.created_at <= {} OR request_key.created_at > {} RETURNING id",
        (*args, press.at - press.seconds, press.at + AHEAD),
    )


def _inserting(table: str, row: dict[str, Any]) -> Statement:
    names = ", ".join(f'"{name}"' for name in row)
    return f"INSERT INTO {table} ({names}) VALUES ({_places(row)})", tuple(row.values())  # noqa: S608


def _assignments(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}" = {{}}' for column in columns)


def _places(values: Iterable[Any]) -> str:
    return ", ".join("{}" for _ in values)


def _first(rows: list[dict[str, Any]]) -> Job | None:
    return to_job(rows[0]) if rows else None
