"""A job as everyone but the database sees it: one frozen struct, and the small structs that it is made of.

The moves that a job may make, as a pure table.

         not sent, told to wait
       ┌────────────────────────┐
       ▼                        │
    queued ── about to send ─► submitting ── accepted ─► processing ── made ─► saving ── stored ─► succeeded
     │  │                       │   │                     ▲  │  │               │  ▲
     │  │               refused │   │ no clear answer     │  │  │               │  │
     │  │                       │   ▼                     │  │  │       no file │  │ made after all
     │  │                       │  unconfirmed ── found ──┘  │  │               │  │
     │  │                       │   │ late refusal           │  │               │  │
     │  └─ given up ────────────┴───┴──► failed ◄── failed, ─┘  │               │  │
     │                                    ▲  │      too late    │               │  │
     │                                    └──┼──────────────────┼───────────────┘  │
     │                                       ├──────────────────┼──────────────────┘
     └─ never sent ─────────────────────► canceled ◄─ confirmed ┘

`queued` waits for a free slot; media is delivered here. `submitting` lasts for exactly one request to the provider.
`unconfirmed` means that the request may have arrived and may be billed: it is never sent again. An answer that names
the provider's job is recorded whatever became of the job, so even `queued` may become `processing`. A cancel is a
fact beside the state (`cancel_requested_at`), not a state.

What every move writes besides the state, and the line in the log that tells of it.
"""

import logging
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from models.spec.values import Values
from providers.outcomes import Billing, Cause, Cost, ErrorKind, Handle, Operation, OutputFile, Submission

State: TypeAlias = Literal[
    "queued", "submitting", "processing", "saving", "succeeded", "failed", "canceled", "unconfirmed"
]

MOVES: dict[State, frozenset[State]] = {
    "queued": frozenset({"submitting", "processing", "failed", "canceled"}),
    "submitting": frozenset({"queued", "processing", "failed", "unconfirmed"}),
    "processing": frozenset({"saving", "failed", "canceled"}),
    "saving": frozenset({"succeeded", "failed"}),
    "unconfirmed": frozenset({"processing", "failed"}),
    "failed": frozenset({"saving"}),
    "canceled": frozenset({"saving"}),
    "succeeded": frozenset(),
}

STATES: tuple[State, ...] = tuple(MOVES)
LIVE: frozenset[State] = frozenset({"queued", "submitting", "processing", "saving"})
FINAL: frozenset[State] = frozenset({"succeeded", "failed", "canceled"})


def is_transition(here: State, there: State) -> bool:
    """Whether the table has this move."""
    return there in MOVES[here]


DAY = 24 * 3600.0
FINDABLE = DAY
"""Seconds for which an order without a clear answer may still be found at its provider; then it is final."""


class Amounts(Struct, frozen=True):
    """The estimate as it was shown before the order: decimal strings, None where the price is not known."""

    low: str | None
    high: str | None
    currency: str
    text: str  # "about $1.40", "$0.40–0.80", "$0.14 a second of your video", "price unknown"
    shown: str = ""  # the figure in it, as `tasks.create_job` writes it


class JobError(Struct, frozen=True):
    """Why a job failed: `message` in the provider's own words, `sentence` for people, with what to do next.

    Page, API and command line show this sentence; `tasks.jobs.failures` makes it.
    """

    kind: ErrorKind
    message: str
    sentence: str
    field: str | None = None
    retryable: bool = False
    cause: Cause | None = None


class Output(Struct, frozen=True):
    """A file in our store, under the job's folder: pixels and seconds as measured, size in bytes."""

    kind: str  # video, image, audio
    name: str
    poster: str  # the name of its first frame as an image, "" without one
    width: int | None
    height: int | None
    duration: float | None
    format: str
    bytes: int
    note: str = ""  # what is doubtful about it: a sentence for people


class Job(Struct, frozen=True, kw_only=True):
    """One row of the table `job`. Times are Unix seconds; what is not known (yet) is None.

    All from `model` to `retry_of` is frozen at creation: nothing below reads the model's spec again.
    """

    id: str
    owner: str
    model: str
    display_name: str
    provider: str
    sandbox: bool
    origin: str  # the provider's address; "" for the sandbox, whose port may change
    mode: str
    values: Values
    labels: tuple[tuple[str, str], ...]
    frame: tuple[int, int]  # the expected shape, e.g. (16, 9)
    estimate: Amounts
    order: Submission
    typical_sec: float
    deadline_sec: float
    created_at: float
    retry_of: str | None = None

    state: State = "queued"
    revision: int = 0  # counts moves, and nothing else
    updated_at: float
    started_at: float | None = None  # when the provider accepted it
    ended_at: float | None = None
    deadline_at: float | None = None  # set when the provider accepted it
    cancel_requested_at: float | None = None

    progress: float | None = None  # 0 to 1
    queue_position: int | None = None
    log: str | None = None  # the last line of the provider's log

    handles: dict[str, Handle] = {}  # delivered media, by JSON pointer
    operation: Operation | None = None
    found: tuple[OutputFile, ...] = ()  # what the provider made, before it is saved
    cost: Cost | None = None
    billing: Billing | None = None  # None until the provider is done with it
    error: JobError | None = None
    outputs: tuple[Output, ...] = ()
    attempts: int = 0  # how often the present step was tried in vain

    @property
    def live(self) -> bool:
        """Whether something is still going to happen by itself."""
        return self.state in LIVE

    @property
    def final(self) -> bool:
        """Whether it rests; only a late success of a failed or canceled job may still follow."""
        return self.state in FINAL

    def findable(self, now: float) -> bool:
        """Whether the provider may have this order and may still tell us so."""
        unclear = self.state == "unconfirmed" and self.operation is None
        return unclear and now < (self.ended_at or now) + FINDABLE

    @property
    def provider_job_id(self) -> str | None:
        return self.operation.id if self.operation else None

    @property
    def line_key(self) -> tuple[str, str, bool]:
        """What `ProviderRegistry.client` takes."""
        return (self.provider, self.origin, self.sandbox)


class PolledJob(Struct, frozen=True, kw_only=True):
    """The part of a job that a look needs: ten thousand of them are decoded every ten seconds."""

    id: str
    provider: str
    origin: str
    sandbox: bool
    state: State
    revision: int
    operation: Operation
    progress: float | None
    queue_position: int | None
    log: str | None
    cancel_requested_at: float | None
    cancel_sent_at: float | None
    deadline_at: float | None
    deadline_sec: float
    gone: int  # how many looks in a row were answered with "no such job"


def provider_queue(provider: str, sandbox: bool) -> str:
    """What shares slots and pauses: a provider, or its sandbox."""
    return f"{provider} (sandbox)" if sandbox else provider


log = logging.getLogger("shotlist.jobs")


def transition_columns(
    here: State, there: State, sandbox: bool, now: float, facts: dict[str, Any]
) -> dict[str, Any]:
    """The columns of a move; a move that the table lacks is a bug, and raises ValueError.

    A move ends the lease, starts counting tries anew, and stamps the end; the sandbox never bills.
    """
    if not is_transition(here, there):
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


def log_transition(job_id: str, here: str, there: str, why: str) -> None:
    """One readable line for every change of state: never the prompt, never a key."""
    log.info("job %s: %s → %s: %s", job_id, here, there, why)
