"""One click, whatever a browser, a person or a program makes of it: sent again, it is the same order."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest

from tests.faults.deployment import CHEAP, MODEL, House, Where
from tests.faults.fault_points import Plan
from tests.faults.outcome import Verdict, judge
from tests.journeys.test_without_javascript import read_form

WHERE: tuple[Where, ...] = ("embedded", "apart")


@pytest.fixture(params=WHERE)
def where(request: pytest.FixtureRequest) -> Where:
    found: Where = request.param
    return found


def settle(house: House, prompt: str, report: Callable[[Verdict], None], fault: str, step: str) -> None:
    """There is one job of this prompt, and one submission."""
    jobs = house.http.get("/api/video/jobs").json()["jobs"]
    (job,) = [job for job in jobs if job["values"]["prompt"] == prompt]
    verdict = judge(house, house.wait(job["id"]), prompt, fault=fault, step=step)
    report(verdict)
    assert verdict.wrong == (), verdict
    assert (verdict.state, verdict.submissions) == ("succeeded", 1)


def test_a_form_posted_eight_times_at_once_orders_once(
    house: House, where: Where, report: Callable[[Verdict], None]
) -> None:
    prompt = f"Eight clicks {where}"
    form = read_form(
        house, f"/video?model={MODEL}&resolution=480p&duration=2&prompt={prompt.replace(' ', '+')}"
    )

    def post(_: int) -> int:
        files = {"none": ("", b"")}
        return house.http.post("/video/jobs", data=form.values, files=files).status_code

    with ThreadPoolExecutor(8) as fingers:
        assert set(fingers.map(post, range(8))) == {303}
    settle(house, prompt, report, "eight clicks at once", "form")


def test_a_key_replayed_at_once_and_later_gives_the_same_job(
    house: House, where: Where, report: Callable[[Verdict], None]
) -> None:
    prompt = f"Replayed {where}"
    with ThreadPoolExecutor(8) as fingers:
        placed = set(fingers.map(lambda _: house.place_once(prompt, "same key"), range(8)))
    assert len(placed) == 1
    settle(house, prompt, report, "key replayed at once", "API")
    house.kill_group()
    house.begin()
    assert {house.place_once(prompt, "same key")} == placed
    other = house.place(MODEL, {**CHEAP, "prompt": "Something else"}, Idempotency_Key="same key")
    assert other.status_code == 409


@pytest.mark.parametrize("point", ["insert: written", "insert: after"])
def test_a_form_posted_again_after_the_server_died_under_it_orders_once(
    build: Callable[..., House], where: Where, report: Callable[[Verdict], None], point: str
) -> None:
    house = build(where).begin(web=Plan(kill_at=point))
    try:
        prompt = f"Posted again {where} {point}"
        form = read_form(
            house, f"/video?model={MODEL}&resolution=480p&duration=2&prompt={prompt.replace(' ', '+')}"
        )
        with suppress(httpx.TransportError):
            house.http.post("/video/jobs", data=form.values, files={"none": ("", b"")})
        house.ended(house.roles[0])
        house.begin()
        again = house.http.post("/video/jobs", data=form.values, files={"none": ("", b"")})
        assert again.status_code == 303, again.text
        settle(house, prompt, report, "form posted again after SIGKILL of web", point)
    finally:
        house.close()
