"""The limits of a provider, kept by all workers together: jobs at once, whose turn it is, and how fast jobs may go.

How many jobs at once and how many a minute a provider takes stands in its file (`limits.concurrency`, `per_minute`).
Asked with every order and every job that ends, so each question costs the same for five waiting jobs and five thousand.
"""

from msgspec import Struct

from tasks.database.database import Database
from tasks.jobs import queries

RESERVE = 8  # one slot in so many is kept for owners who hold none
BURST = 6.0  # seconds of a provider's rate that may be used up at once


class ProviderQueueRow(Struct, frozen=True):
    """What all workers know of a provider: see `tasks.database.tables.ProviderQueueTable`."""

    unanswered: int
    paused_until: float
    spaced_until: float

    def wait(self, now: float) -> float:
        """Seconds until its rate limit lets one more job go; 0: now.

        `spaced_until` is when everything sent so far would have gone at an even pace; only `BURST` may be owed.
        """
        return max(0.0, self.spaced_until - now - BURST)


async def held(database: Database, lane: str, now: float) -> dict[str, int]:
    """Slots in use, by owner: jobs at the provider, and those on their way there."""
    rows = await database.rows(queries.SLOTS_IN_USE, lane, now, lane)
    return {row["owner"]: int(row["held"]) for row in rows}


def has_slot(taken: dict[str, int], owner: str, slots: int) -> bool:
    """Whether this owner may have one more of so many slots."""
    kept = slots // RESERVE if taken.get(owner) else 0
    return sum(taken.values()) < slots - kept


async def fairest(database: Database, lane: str, taken: dict[str, int], slots: int, now: float) -> str | None:
    """Of the owners with a job that may go now, the one who holds the fewest slots, then who waits longest."""
    if sum(taken.values()) >= slots:
        return None
    rows = await database.rows(queries.WAITING_OWNERS, lane, lane, lane, now, now)
    ready = [row for row in rows if row["oldest"] is not None]
    if not ready:
        return None
    owner = str(min(ready, key=lambda row: (taken.get(row["owner"], 0), row["oldest"]))["owner"])
    return owner if has_slot(taken, owner, slots) else None
