"""Everything a provider may do wrong, at each step: one submission at most, a true end, and the truth about money."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from tests.faults.deployment import HASTY, MODEL, House, Where
from tests.faults.outcome import Verdict, judge


class Case(msgspec.Struct, frozen=True):
    """What the sandbox is asked to do wrong, and what must become of the order."""

    faults: str
    state: str
    billing: str
    sent: int = 1
    model: str = MODEL
    cancel: bool = False

    @property
    def name(self) -> str:
        named = self.faults or "nothing"
        return f"{named}, canceled" if self.cancel else f"{named}, deadline" if self.model == HASTY else named


CASES = [
    Case("", "succeeded", "billed"),
    # refused: nothing was started, so nothing is owed
    Case("refuse", "failed", "not_billed", sent=0),
    Case("bad_key", "failed", "not_billed", sent=0),
    Case("no_credit", "failed", "not_billed", sent=0),
    Case("not_found", "failed", "not_billed", sent=0),
    Case("invalid_input", "failed", "not_billed", sent=0),
    Case("blocked", "failed", "not_billed", sent=0),
    Case("rate_limit on submit x1", "succeeded", "billed"),
    # no clear answer: perhaps it was started, and it is never sent again
    Case("error_before", "unconfirmed", "unknown", sent=0),
    Case("drop_before", "unconfirmed", "unknown", sent=0),
    Case("error_after", "unconfirmed", "unknown"),
    Case("drop_after", "unconfirmed", "unknown"),
    Case("stall", "unconfirmed", "unknown"),
    Case("malformed", "unconfirmed", "unknown"),
    Case("html", "unconfirmed", "unknown"),
    # in the job
    Case("moderation", "failed", "unknown"),
    Case("fail", "failed", "unknown"),
    Case("expired_job", "failed", "unknown"),
    Case("rejected_input", "failed", "unknown"),
    Case("unknown_state", "succeeded", "billed"),
    # looks that get no answer
    Case("error_before on look x3", "succeeded", "billed"),
    Case("drop_before on look x3", "succeeded", "billed"),
    Case("html on look x3", "succeeded", "billed"),
    Case("malformed on look x3", "succeeded", "billed"),
    Case("rate_limit on look x1", "succeeded", "billed"),
    Case("not_found on look x2", "succeeded", "billed"),
    Case("not_found on look", "failed", "unknown"),
    # the result
    Case("slow_download", "succeeded", "billed"),
    Case("expired_output on output x1", "succeeded", "billed"),
    Case("expired_output", "failed", "billed"),
    Case("truncated_output on output x2", "succeeded", "billed"),
    Case("truncated_output", "failed", "billed"),
    Case("damaged_output", "failed", "billed"),
    Case("wrong_type on output x1", "succeeded", "billed"),
    Case("wrong_type", "failed", "billed"),
    # a late success is collected: after the deadline, and after a cancel that came to nothing
    Case("error_before on look x12", "succeeded", "billed", model=HASTY),
    Case("endless", "failed", "unknown", model=HASTY),
    Case("error_before on cancel", "succeeded", "billed", cancel=True),
    Case("drop_before on cancel", "succeeded", "billed", cancel=True),
    Case("endless", "canceled", "unknown", cancel=True),
]  # fmt: skip


@pytest.fixture(scope="module", params=["embedded", "apart"])
def orders(
    build: Callable[..., House], request: pytest.FixtureRequest
) -> Iterator[tuple[House, dict[str, str]]]:
    """A house, and the jobs of all cases in it."""
    where: Where = request.param
    house = build(where)
    try:
        house.begin()
        yield house, {case.name: place(house, case) for case in CASES}
    finally:
        house.close()


def prompt_of(house: House, case: Case) -> str:
    marker = f" [fault: {case.faults}]" if case.faults else ""
    return f"{case.name} {'apart' if house.engines else 'embedded'}{marker}"


def place(house: House, case: Case) -> str:
    return house.place_once(prompt_of(house, case), case.name, case.model)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_whatever_the_provider_does_wrong_the_job_ends_truly_and_is_paid_once(
    orders: tuple[House, dict[str, str]], report: Callable[[Verdict], None], case: Case
) -> None:
    house, placed = orders
    job = ended(house, case, placed[case.name])
    verdict = judge(house, job, prompt_of(house, case), fault=case.name, step="provider")
    report(verdict)
    assert verdict.wrong == (), verdict
    assert (verdict.state, verdict.billing, verdict.submissions) == (case.state, case.billing, case.sent), (
        verdict
    )


@pytest.mark.parametrize("where", ["embedded", "apart"])
def test_a_lost_answer_is_made_good_by_a_person_with_the_providers_id(
    build: Callable[..., House], report: Callable[[Verdict], None], where: Where
) -> None:
    house = build(where)
    try:
        prompt = f"Its id is known {where} [fault: drop_after]"
        job_id = house.begin().place_once(prompt, "known")
        house.wait(job_id, "unconfirmed")
        (counted,) = house.sandbox.of(prompt)
        wrong = house.http.post(f"/api/video/jobs/{job_id}/found", json={"provider_job_id": "nonsense"})
        assert (wrong.status_code, wrong.json()["error"]["class"]) == (409, "not_found_there")
        found = house.http.post(f"/api/video/jobs/{job_id}/found", json={"provider_job_id": counted["id"]})
        assert found.status_code == 200, found.text
        verdict = judge(house, house.wait(job_id), prompt, fault="drop_after, found", step="provider")
        report(verdict)
        assert verdict.wrong == (), verdict
        assert (verdict.state, verdict.billing, verdict.submissions) == ("succeeded", "billed", 1)
    finally:
        house.close()


def ended(house: House, case: Case, job_id: str) -> dict[str, Any]:
    """At rest; where a late success is expected, after the end that it corrects."""
    if case.cancel:
        house.wait(job_id, "processing", "saving", "succeeded")
        house.http.post(f"/api/video/jobs/{job_id}/cancel")
    job = house.wait(job_id, case.state)
    if case.model == HASTY:
        assert f"job {job_id}: processing → failed: past its deadline" in house.said()
    return job
