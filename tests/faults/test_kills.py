"""SIGKILL at every named point of every step, before and after each commit and each request, on both sets of engines.

Each case is a Shotlist of its own whose process ends itself at the point; then it is started again, or, where web and
worker run apart, another takes over. All cases run side by side, and each test looks at the end of one.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import httpx
import msgspec
import pytest

from tests.faults.deployment import House, Where
from tests.faults.fault_points import Plan
from tests.faults.outcome import Verdict, judge
from tests.support import png, until

AT_ONCE = 6


class Case(msgspec.Struct, frozen=True):
    """A kill at `point` of an order with this fault: how it must end, and how often it may have been sent."""

    fault: str
    point: str
    state: str = "succeeded"
    sent: int = 1
    on: str = "worker"
    cancel: bool = False

    @property
    def name(self) -> str:
        return f"{self.fault or 'no fault'}, killed at {self.point}"


def points(step: str, *moments: str) -> tuple[str, ...]:
    return tuple(f"{step}: {moment}" for moment in moments or ("before", "written", "after"))


def cases(
    fault: str, where: tuple[str, ...], state: str = "succeeded", sent: int = 1, **facts: object
) -> list[Case]:
    return [
        msgspec.convert({"fault": fault, "point": point, "state": state, "sent": sent, **facts}, Case)
        for point in where
    ]


CASES = [
    # the web process: whoever sees the connection break sends the same again
    *cases("", points("insert"), on="web"),
    *cases("", points("hint to submit", "before", "after"), on="web"),
    # the step that orders: nothing has left before "about to send" is committed
    *cases("", points("claim to submit")),
    *cases("", points("deliver", "before", "after")),
    *cases("", points("move to submitting", "before", "written")),
    *cases("", (*points("move to submitting", "after"), *points("submit", "before")), "unconfirmed", sent=0),
    *cases("", (*points("submit", "after"), *points("record accepted", "before", "written")), "unconfirmed"),
    *cases("", points("record accepted", "after")),
    *cases("stall", ("while it waits for the answer",), "unconfirmed"),
    # looks, and the step that saves
    *cases("", points("claim looks", "after")),
    *cases("", points("look", "before", "after")),
    *cases("", points("move to saving")),
    *cases("", points("hint to save", "before", "after")),
    *cases("", points("claim to save", "before", "after")),
    *cases("", points("store", "before", "after")),
    *cases("", points("fetch", "before", "half-way", "after")),
    *cases("", points("move to succeeded")),
    # other answers
    *cases("refuse", points("submit", "after"), "unconfirmed", sent=0),
    *cases("refuse", points("record refused", "before", "written"), "unconfirmed", sent=0),
    *cases("refuse", points("record refused", "after"), "failed", sent=0),
    *cases("rate_limit on submit x1", points("move to queued", "before", "written"), "unconfirmed", sent=0),
    *cases("rate_limit on submit x1", points("move to queued", "after")),
    *cases("drop_after", points("move to unconfirmed"), "unconfirmed"),
    *cases("fail", points("move to failed"), "failed"),
    *cases("expired_output", points("put back", "before", "after"), "failed"),
    *cases("endless", points("claim to cancel", "before", "after"), "canceled", cancel=True),
    *cases("endless", points("cancel", "before", "after"), "canceled", cancel=True),
    *cases("endless", points("move to canceled"), "canceled", cancel=True),
]  # fmt: skip
COMMITS = [case for case in CASES if case.point.endswith(": written")]
RUNS: list[tuple[Case, Where]] = [
    *((case, "embedded") for case in CASES),
    # What differs there are the commits and who takes over; where CI is set every point is done there too.
    *((case, "apart") for case in (CASES if os.environ.get("CI") else COMMITS)),
]


@pytest.fixture(scope="module")
def ends(
    build: Callable[..., House], request: pytest.FixtureRequest
) -> Iterator[dict[tuple[str, Where], Future[Verdict]]]:
    """All cases that were asked for, under way."""
    wanted: list[Any] = [item for item in request.session.items if item.parent is request.node]
    if any(item.callspec.params["where"] == "apart" for item in wanted):
        request.getfixturevalue("engines")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = {}
        for item in wanted:
            case, where = item.callspec.params["case"], item.callspec.params["where"]
            futures[case.name, where] = pool.submit(run, partial(build, where), case)
        yield futures
        for future in futures.values():
            future.cancel()


@pytest.mark.parametrize(("case", "where"), RUNS, ids=lambda of: of.name if isinstance(of, Case) else of)
def test_a_process_killed_at_this_point_loses_nothing_and_pays_once(
    ends: dict[tuple[str, Where], Future[Verdict]],
    report: Callable[[Verdict], None],
    case: Case,
    where: Where,
) -> None:
    verdict = ends[case.name, where].result()
    report(verdict)
    assert verdict.wrong == ()
    assert (verdict.state, verdict.submissions) == (case.state, case.sent), verdict


def run(build: Callable[[], House], case: Case) -> Verdict:
    """One case from the start of its processes to the verdict."""
    house = build()
    try:
        prompt = f"{case.name} {house.settings.get('DATABASE_URL', 'embedded')} [fault: {case.fault}]"
        return _run(house, case, prompt if case.fault else prompt.partition(" [")[0])
    except AssertionError as error:
        raise AssertionError(f"{error}\nits log:\n{house.said()}") from error
    finally:
        house.close()


def _run(house: House, case: Case, prompt: str) -> Verdict:
    plan = Plan(kill_at=case.point)
    house.begin(**{case.on: plan})
    with suppress(httpx.TransportError):
        _order(house, case, prompt)
    web, worker = house.roles
    killed = web if case.on == "web" else worker
    if case.point.startswith("while"):
        until(lambda: True if house.sandbox.of(prompt) else None, "it is sent")
        house.kill(killed)
    else:
        house.ended(killed)
        assert f"Killed at {case.point}" in house.said()
    house.begin()
    job_id = _order(house, case, prompt)
    job = house.wait(job_id)
    return judge(house, job, prompt, fault=case.fault or "none", step=case.point)


def _order(house: House, case: Case, prompt: str) -> str:
    """The same order each time: a first frame, which has to be delivered, and where the case wants it a cancel."""
    picture = house.data_dir / "frame"
    if not picture.exists():
        answer = house.http.post(
            "/api/video/uploads", files={"file": ("a.png", png((320, 240)), "image/png")}
        )
        picture.write_text(answer.json()["id"])
    job_id = house.place_once(prompt, "key of the click", mode="i2v", image=picture.read_text())
    if case.cancel:
        house.wait(job_id, "processing", "canceled")
        house.http.post(f"/api/video/jobs/{job_id}/cancel")
    return job_id
