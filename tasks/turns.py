"""Whose turn it is at a provider: who holds how many of its slots, who has waited longest, and how fast jobs may go.

Asked with every order and every job that ends, so each question costs the same for five waiting jobs and five thousand.
"""

from msgspec import Struct

from tasks.database import Database

RESERVE = 8  # one slot in so many is kept for owners who hold none
BURST = 6.0  # seconds of a provider's rate that may be used up at once


class LaneRow(Struct, frozen=True):
    """What all workers know of a provider: see `tasks.tables.Lane`."""

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
    # Joined to "", the lane in the second part hides from SQLite's planner, which would else walk all that wait.
    rows = await database.rows(
        "SELECT owner, sum(jobs) AS held FROM ("
        "SELECT owner, count(*) AS jobs FROM job WHERE lane = {} AND state IN ('submitting', 'processing') "
        "GROUP BY owner UNION ALL SELECT owner, count(*) AS jobs FROM job WHERE state = 'queued' "
        "AND lease_until > {} AND lane || '' = {} GROUP BY owner) AS taken GROUP BY owner",
        *(lane, now, lane),
    )
    return {row["owner"]: int(row["held"]) for row in rows}


def has_slot(taken: dict[str, int], owner: str, slots: int) -> bool:
    """Whether this owner may have one more of so many slots."""
    kept = slots // RESERVE if taken.get(owner) else 0
    return sum(taken.values()) < slots - kept


async def fairest(database: Database, lane: str, taken: dict[str, int], slots: int, now: float) -> str | None:
    """Of the owners with a job that may go now, the one who holds the fewest slots, then who waits longest."""
    if sum(taken.values()) >= slots:
        return None
    # From one owner to the next along the index, and of each only the oldest job that may go.
    rows = await database.rows(
        "WITH RECURSIVE waiting(owner) AS ("
        "SELECT min(owner) FROM job WHERE lane = {} AND state = 'queued' UNION ALL "
        "SELECT (SELECT min(owner) FROM job WHERE lane = {} AND state = 'queued' AND owner > waiting.owner) "
        "FROM waiting WHERE waiting.owner IS NOT NULL) "
        "SELECT owner, (SELECT created_at FROM job WHERE lane = {} AND state = 'queued' "
        "AND job.owner = waiting.owner AND (lease_until IS NULL OR lease_until <= {}) AND not_before <= {} "
        "AND cancel_requested_at IS NULL ORDER BY created_at LIMIT 1) AS oldest "
        "FROM waiting WHERE owner IS NOT NULL",
        *(lane, lane, lane, now, now),
    )
    ready = [row for row in rows if row["oldest"] is not None]
    if not ready:
        return None
    owner = str(min(ready, key=lambda row: (taken.get(row["owner"], 0), row["oldest"]))["owner"])
    return owner if has_slot(taken, owner, slots) else None
