"""The table of moves, checked against what DESIGN promises."""

from typing import get_args

import pytest

from tasks.jobs import model as state
from tasks.jobs.model import FINAL, LIVE, MOVES, STATES, State, is_transition, transition_columns

ALLOWED = {
    ("queued", "submitting"),
    ("queued", "processing"),
    ("queued", "failed"),
    ("queued", "canceled"),
    ("submitting", "queued"),
    ("submitting", "processing"),
    ("submitting", "failed"),
    ("submitting", "unconfirmed"),
    ("processing", "saving"),
    ("processing", "failed"),
    ("processing", "canceled"),
    ("saving", "succeeded"),
    ("saving", "failed"),
    ("unconfirmed", "processing"),
    ("unconfirmed", "failed"),
    ("failed", "saving"),
    ("canceled", "saving"),
}


@pytest.mark.parametrize("here", STATES)
@pytest.mark.parametrize("there", STATES)
def test_exactly_the_drawn_moves_are_allowed(here: State, there: State) -> None:
    assert is_transition(here, there) == ((here, there) in ALLOWED)


def test_every_state_is_in_the_table_and_in_the_drawing() -> None:
    assert set(STATES) == set(get_args(State))
    drawing = state.__doc__ or ""
    assert all(name in drawing for name in STATES)


def test_a_state_is_live_or_final_and_only_unconfirmed_is_neither() -> None:
    assert not LIVE & FINAL
    assert set(STATES) - LIVE - FINAL == {"unconfirmed"}


def test_nothing_but_an_unsent_job_is_ever_submitted() -> None:
    assert [here for here in STATES if "submitting" in MOVES[here]] == ["queued"]
    assert [here for here in STATES if "queued" in MOVES[here]] == ["submitting"]


def test_a_move_that_the_table_lacks_is_a_bug() -> None:
    with pytest.raises(ValueError, match="from succeeded to queued"):
        transition_columns("succeeded", "queued", False, 1.0, {})


def test_the_sandbox_never_bills_whatever_a_move_says() -> None:
    assert (
        transition_columns("saving", "succeeded", True, 1.0, {"billing": "billed"})["billing"] == "not_billed"
    )
    assert (
        transition_columns("submitting", "unconfirmed", True, 1.0, {"billing": "unknown"})["billing"]
        == "not_billed"
    )
    assert transition_columns("saving", "succeeded", False, 1.0, {"billing": "billed"})["billing"] == "billed"
