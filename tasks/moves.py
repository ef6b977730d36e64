"""What every move writes besides the state, and the line in the log that tells of it."""

import logging
from typing import Any

from tasks.state import FINAL, State, may

log = logging.getLogger("shotlist.jobs")


def columns(here: State, there: State, sandbox: bool, now: float, facts: dict[str, Any]) -> dict[str, Any]:
    """The columns of a move; a move that the table lacks is a bug, and raises ValueError.

    A move ends the lease, starts counting tries anew, and stamps the end; the sandbox never bills.
    """
    if not may(here, there):
        raise ValueError(f"a job does not move from {here} to {there}")
    rests = there in FINAL or there == "unconfirmed"
    written: dict[str, Any] = {
        "state": there,
        "updated_at": now,
        "ended_at": now if rests else None,
        "lease_until": None,
        "attempts": 0,
        "not_before": 0.0,
        "hinted_at": now,
        "billing": None,
    }
    if there in ("saving", "succeeded", "processing"):
        written["error"] = None
    written |= facts
    if sandbox and (rests or written["billing"] is not None):
        written["billing"] = "not_billed"
    return written


def tell(job_id: str, here: str, there: str, why: str) -> None:
    """One readable line for every change of state: never the prompt, never a key."""
    log.info("job %s: %s → %s: %s", job_id, here, there, why)
