"""The books after a campaign: what was clicked, what became of it, what the sandbox counted; they must balance."""

from collections import Counter
from typing import Any

import msgspec

from tests.faults.deployment import House
from tests.faults.outcome import Verdict, judge


class Click(msgspec.Struct, frozen=True):
    """One order: its prompt, its key, what is asked to go wrong, whether it is canceled, how often it is clicked."""

    prompt: str
    key: str
    fault: str
    cancel: bool
    times: int = 1

    @property
    def name(self) -> str:
        return (self.fault or "none") + (", canceled" if self.cancel else "")


class Books(msgspec.Struct, frozen=True):
    """`wrong` has a sentence for everything that does not balance."""

    verdicts: tuple[Verdict, ...]
    wrong: tuple[str, ...]

    @property
    def states(self) -> Counter[str]:
        return Counter(verdict.state for verdict in self.verdicts)

    @property
    def submissions(self) -> int:
        return sum(verdict.submissions for verdict in self.verdicts)


def balance(house: House, placed: dict[Click, str]) -> Books:
    """Judge every click's job; then compare the sums."""
    wrong, verdicts = [], []
    listed = all_jobs(house)
    for click, job_id in placed.items():
        job = listed.pop(job_id, None)
        if job is None:
            wrong.append(f"{click.prompt}: its job {job_id} is lost")
            continue
        verdict = judge(house, job, click.prompt, fault=click.name, step="chaos")
        verdicts.append(verdict)
        wrong += [
            f"{click.prompt} ({job_id}): {what}"
            for what in (*verdict.wrong, *_untrue(house, click, job, verdict))
        ]
    wrong += [f"{job_id}: nobody clicked for it" for job_id in listed]
    prompts = {click.prompt for click in placed}
    strays = [one["prompt"] for one in house.sandbox.counted() if one["prompt"] not in prompts]
    wrong += [f"{prompt}: sent, though nobody clicked for it" for prompt in strays]
    return Books(tuple(verdicts), tuple(wrong))


def _untrue(house: House, click: Click, job: dict[str, Any], verdict: Verdict) -> list[str]:
    """What does not fit together in one job: who reached the sandbox is known there, by the same id."""
    counted = [one["id"] for one in house.sandbox.of(click.prompt)]
    found = []
    if job["status"] != "unconfirmed" and counted != [job["provider_job_id"]] * len(counted):
        found.append(f"the sandbox knows it as {counted}, the job as {job['provider_job_id']}")
    if job["provider_job_id"] and not counted:
        found.append("it names an id that the sandbox does not know")
    if not click.fault and not click.cancel and verdict.state not in ("succeeded", "unconfirmed"):
        found.append(f"nothing was wrong with it, and it {verdict.state}: {verdict.sentence}")
    return found


def all_jobs(house: House) -> dict[str, dict[str, Any]]:
    """Every job of the owner, by id."""
    found: dict[str, dict[str, Any]] = {}
    last = ""
    while page := _page(house, last):
        found |= {job["id"]: job for job in page}
        last = page[-1]["id"]
    return found


def _page(house: House, last: str) -> list[dict[str, Any]]:
    answer = house.http.get("/api/video/jobs", params={"limit": 100, **({"before": last} if last else {})})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["jobs"])
