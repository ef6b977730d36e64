"""The moves that a job may make, as a pure table.

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
"""

from typing import Literal, TypeAlias

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


def may(here: State, there: State) -> bool:
    """Whether the table has this move."""
    return there in MOVES[here]
