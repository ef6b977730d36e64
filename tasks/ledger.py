"""The rows of money: reserved with a job, settled when the truth is known, kept when the job is deleted."""

from decimal import Decimal

from tasks.database import Database, Statement
from tasks.job import Job


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
