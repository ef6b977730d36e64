"""Where a job stands is a pure function of its plan and the clock."""

import pytest
from msgspec.structs import replace

from providers.sandbox.store import Facts, Job, Trouble
from providers.sandbox.timeline import billed, ends_at, moment, plan_seconds

JOB = Job(
    "j1", "fal", "A boat", 1000.0, None, Facts("a/b", {}, "http://x", queue_seconds=2.0, run_seconds=10.0)
)


def with_facts(**facts: object) -> Job:
    return replace(JOB, facts=replace(JOB.facts, **facts))


@pytest.mark.parametrize(
    ("after", "phase", "fraction", "position"),
    [
        (-5.0, "queued", 0.0, 3),
        (0.0, "queued", 0.0, 3),
        (1.0, "queued", 0.0, 1),
        (1.99, "queued", 0.0, 0),
        (2.0, "running", 0.0, 0),
        (7.0, "running", 0.5, 0),
        (11.99, "running", 0.999, 0),
        (12.0, "succeeded", 1.0, 0),
        (9999.0, "succeeded", 1.0, 0),
    ],
)
def test_an_ordinary_job_waits_runs_and_succeeds(
    after: float, phase: str, fraction: float, position: int
) -> None:
    now = moment(JOB, 1000.0 + after)
    assert (now.phase, round(now.fraction, 3), now.position) == (phase, fraction, position)


@pytest.mark.parametrize(
    ("job", "phase", "ended"),
    [
        (with_facts(faults=("fail",)), "failed", 1008.0),
        (with_facts(faults=("moderation",)), "failed", 1005.0),
        (with_facts(faults=("expired_job",)), "failed", 1008.0),
        (replace(with_facts(faults=("ignored_cancel",)), canceled_at=1003.0), "succeeded", 1012.0),
        (with_facts(trouble=Trouble("image", "image_load_error", "Bad.")), "failed", 1005.0),
        (with_facts(faults=("endless",)), "running", None),
        (replace(JOB, canceled_at=1001.0), "canceled", 1001.0),
        (replace(JOB, canceled_at=1003.0), "canceled", 1003.0),
        (replace(JOB, canceled_at=1013.0), "succeeded", 1012.0),
        (with_facts(stop_after=4.0), "canceled", 1004.0),
        (with_facts(faults=("endless",), stop_after=60.0), "canceled", 1060.0),
    ],
)
def test_a_job_ends_as_its_plan_says(job: Job, phase: str, ended: float | None) -> None:
    now = moment(job, 2000.0)
    assert (now.phase, now.ended_at) == (phase, ended)
    assert ends_at(job) == ended or job.canceled_at == 1013.0


def test_what_never_started_or_broke_at_the_service_is_not_billed() -> None:
    assert billed(JOB)
    assert billed(replace(JOB, canceled_at=1003.0))
    assert not billed(replace(JOB, canceled_at=1001.0))
    assert not billed(with_facts(faults=("fail",)))


def test_every_job_is_over_within_15_seconds_and_speed_divides_that() -> None:
    totals = [sum(plan_seconds(f"job {number}", speed=1.0)) for number in range(200)]
    assert 4.5 < min(totals) < max(totals) < 6.1
    assert sum(plan_seconds("job 1", speed=10.0)) == pytest.approx(totals[1] / 10)
