"""The clock of the sandbox: held, a job stays where it is for as long as somebody looks; moved, it goes on at once."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from providers.sandbox.timeline import Clock
from tests.providers.sandbox.running import RunningSandbox
from tests.support import until

CLOCK = "/_sandbox/clock"
HOUR = 3600.0


@pytest.fixture(scope="module")
def own(starts_processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """Others that share a sandbox would be held up with it."""
    with RunningSandbox(tmp_path_factory.mktemp("own")) as running:
        yield running


def test_a_clock_that_is_held_goes_on_from_where_it_stood() -> None:
    clock = Clock()
    clock.hold()
    stood = clock()
    assert (clock.held, clock()) == (True, stood)
    clock.move(HOUR)
    assert clock() == stood + HOUR
    clock.let_go()
    assert not clock.held
    assert stood + HOUR <= clock() < time.time() + HOUR + 1
    clock.move(HOUR)
    assert clock() >= stood + 2 * HOUR


def test_while_it_is_held_a_job_goes_on_only_when_it_is_moved(own: RunningSandbox) -> None:
    assert own.ask("POST", CLOCK, json={"held": True}).json()["held"] is True
    prediction = own.predict("Held")
    address = prediction["urls"]["get"]
    for _ in range(3):
        assert own.ask("GET", address).json()["status"] == "starting"
    own.ask("POST", CLOCK, json={"move": 0.2})
    assert own.ask("GET", address).json()["status"] == "processing"
    told = own.ask("POST", CLOCK, json={"held": False, "move": HOUR}).json()
    assert told["held"] is False
    done = own.ask("GET", address).json()
    assert done["status"] == "succeeded"
    assert prediction["created_at"] < done["completed_at"] < told["now"]


def test_after_it_was_held_jobs_go_on_by_themselves(own: RunningSandbox) -> None:
    with own.held():
        prediction = own.predict("Let go")
        assert own.ask("GET", prediction["urls"]["get"]).json()["status"] == "starting"
    seen = lambda: own.ask("GET", prediction["urls"]["get"]).json()["status"] == "succeeded" or None  # noqa: E731
    until(seen, "it ends")


@pytest.mark.parametrize("body", [{"held": 1}, {"move": "a while"}, {"move": -1}, {"move": 1e9}])
def test_what_is_no_time_is_refused_and_changes_nothing(own: RunningSandbox, body: dict[str, Any]) -> None:
    answer = own.ask("POST", CLOCK, json=body)
    assert (answer.status_code, '{"held": true}' in answer.json()["detail"]) == (422, True)
    assert own.ask("POST", CLOCK, json={}).json()["held"] is False


def test_people_are_told_of_it(own: RunningSandbox) -> None:
    assert CLOCK in own.ask("GET", "/_sandbox").text
