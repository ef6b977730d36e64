"""Where retries are decided: every outcome with what follows it, in the numbers of real life."""

from typing import get_args

import pytest

from tasks.jobs.model import DAY
from tasks.worker.retry import RETRIES, Outcome, is_believed, next_wait, pause_numbers, told_wait
from tasks.worker.timing import WorkerTiming

TIMING = WorkerTiming()
USUAL = (2.0, 4.0, 8.0, 120.0, 120.0)

# outcome · waits after 1, 2, 3, 10, 1000 in vain · after "wait 50 s", "wait a day" · what is counted · settled after
TABLE: list[tuple[Outcome, tuple[float, ...] | None, float | None, float | None, str, int | None]] = [
    ("cannot submit yet", USUAL, None, None, "attempts", None),
    ("file not uploaded", USUAL, None, None, "bad answers", 4),
    ("file refused", None, None, None, "nothing", 1),
    ("order refused", None, None, None, "nothing", 1),
    ("told to wait", USUAL, 50.0, 3600.0, "attempts", None),
    ("not sent", USUAL, None, None, "attempts", None),
    ("no clear answer", None, None, None, "nothing", 1),
    ("provider silent", (30.0, 60.0, 120.0, 600.0, 600.0), None, None, "provider", 3),
    ("not over yet", None, 50.0, 600.0, "nothing", None),
    ("poll unanswered", None, 50.0, 600.0, "nothing", None),
    ("no such job", None, 50.0, 600.0, "bad answers", 5),
    ("no file made", USUAL, None, None, "bad answers", 1),
    ("bad file", USUAL, None, None, "bad answers", 3),
    ("file not given", USUAL, None, None, "bad answers", 3),
    ("not saved", USUAL, None, None, "attempts", 730),
    ("database away", (0.1, 0.2, 0.4, 5.0, 5.0), None, None, "nothing", None),
    ("fault of ours", USUAL, None, None, "nothing", 3),
]


@pytest.mark.parametrize(
    ("outcome", "waits", "told", "told_long", "counted", "after"), TABLE, ids=[row[0] for row in TABLE]
)
def test_what_follows_an_outcome(
    outcome: Outcome,
    waits: tuple[float, ...] | None,
    told: float | None,
    told_long: float | None,
    counted: str,
    after: int | None,
) -> None:
    if waits is None:
        with pytest.raises(ValueError, match="not tried again by itself"):
            next_wait(TIMING, outcome, 1)
    else:
        assert tuple(next_wait(TIMING, outcome, times) for times in (1, 2, 3, 10, 1000)) == waits
    assert (told_wait(TIMING, outcome, 50.0), told_wait(TIMING, outcome, DAY)) == (told, told_long)
    assert RETRIES[outcome].counted == counted
    settled = [times for times in range(1, 2000) if is_believed(TIMING, outcome, times)]
    assert settled[:1] == ([] if after is None else [after])


def test_every_outcome_has_its_row() -> None:
    assert {row[0] for row in TABLE} == set(RETRIES) == set(get_args(Outcome))


def test_what_a_provider_asks_for_goes_before_our_own_wait() -> None:
    assert next_wait(TIMING, "told to wait", 1, 50.0) == 50.0
    assert next_wait(TIMING, "told to wait", 1, DAY) == TIMING.longest_wait
    assert next_wait(TIMING, "not sent", 1, 50.0) == 2.0


def test_an_order_that_may_have_arrived_is_never_sent_again() -> None:
    again = {
        outcome
        for outcome in ("order refused", "told to wait", "not sent", "no clear answer")
        if RETRIES[outcome].wait
    }
    assert again == {"told to wait", "not sent"}


@pytest.mark.parametrize(("kept", "tries"), [(None, 730), (3600.0, 730), (7 * DAY, 5040)])
def test_a_finished_video_is_fetched_for_as_long_as_its_provider_keeps_it(
    kept: float | None, tries: int
) -> None:
    assert not is_believed(TIMING, "not saved", tries - 1, kept)
    assert is_believed(TIMING, "not saved", tries, kept)
    assert is_believed(TIMING, "bad file", 3, kept)


def test_a_silent_provider_is_paused_by_the_numbers_of_the_table() -> None:
    timing = WorkerTiming(pause_after=7, pause=1.0, pause_max=9.0)
    assert pause_numbers(timing) == (7, 1.0, 9.0)
