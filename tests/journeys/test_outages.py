"""The queue or the database goes away under several web servers and workers, and comes back."""

import signal
from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest

from tests.cluster import Cluster
from tests.engines import Postgres, Redis, postgres_server, redis_server
from tests.support import set_sandbox, until

MODEL = "seedance-1-pro"
SMALL = {"resolution": "480p", "duration": 2}


class Mortal(NamedTuple):
    """A cluster whose servers a test may end; it starts them again."""

    cluster: Cluster
    postgres: Postgres
    redis: Redis


@pytest.fixture(scope="module")
def mortal(starts_processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mortal]:
    folder = tmp_path_factory.mktemp("mortal") / "data"
    with (
        postgres_server() as postgres,
        redis_server() as redis,
        Cluster(folder, postgres.new_database(), redis.new_database(), SANDBOX_SPEED="2") as cluster,
    ):
        yield Mortal(cluster, postgres, redis)


def ordered_once(cluster: Cluster, prompt: str) -> None:
    assert cluster.submissions()["by_prompt"][prompt] == 1


def all_alive(cluster: Cluster) -> bool:
    return all(process.poll() is None for process in cluster.processes())


def test_orders_are_taken_while_the_queue_is_away_and_made_when_it_is_back(mortal: Mortal) -> None:
    cluster = mortal.cluster
    mortal.redis.end(signal.SIGKILL)
    try:
        job_id = cluster.order(MODEL, prompt="Without a queue", **SMALL)
        away = {"status": "unavailable", "database": "ok", "queue": "unreachable"}
        until(lambda: cluster.http.get("/readyz").json() == away or None, "it tells that the queue is away")
        assert cluster.http.get("/readyz").status_code == 503
        until(lambda: "the queue is away" in cluster.said() or None, "the log tells it too")
        assert cluster.job(job_id)["status"] == "queued"
    finally:
        mortal.redis.start()
    assert cluster.wait(job_id)["status"] == "succeeded"
    ordered_once(cluster, "Without a queue")
    assert all_alive(cluster)


def test_a_queue_that_forgets_everything_loses_no_job(mortal: Mortal) -> None:
    cluster = mortal.cluster
    prompts = [f"Forgotten {number}" for number in range(6)]
    placed = []
    for prompt in prompts:
        placed.append(cluster.order(MODEL, prompt=prompt, **SMALL))
        mortal.redis.flush()
    assert {cluster.wait(job_id)["status"] for job_id in placed} == {"succeeded"}
    for prompt in prompts:
        ordered_once(cluster, prompt)


def test_a_database_that_is_away_is_told_and_everything_goes_on_when_it_is_back(mortal: Mortal) -> None:
    cluster = mortal.cluster
    cluster.hold_sandbox()
    running = cluster.order(MODEL, prompt="Outlives the database", **SMALL)
    cluster.wait(running, "processing")
    mortal.postgres.end(signal.SIGKILL)
    try:
        told_everywhere(cluster)
        told = "the database gives no polls"
        until(lambda: cluster.said().count(told) > 2 * len(cluster.workers) or None, "the workers notice it")
        assert all_alive(cluster)
    finally:
        mortal.postgres.start()
        set_sandbox(cluster.sandbox_url, held=False)
    until(lambda: True if cluster.http.get("/readyz").status_code == 200 else None, "it is ready again")
    assert cluster.http.get("/video", headers={"accept": "text/html"}).status_code == 200
    assert cluster.wait(running)["status"] == "succeeded"
    assert cluster.wait(cluster.order(MODEL, prompt="After it", **SMALL))["status"] == "succeeded"
    prompts = cluster.submissions()["by_prompt"]
    assert prompts["Outlives the database"] == prompts["After it"] == 1
    assert "Never placed" not in prompts
    assert all_alive(cluster)


def told_everywhere(cluster: Cluster) -> None:
    """503 with a sentence for programs, for people, and for an order."""
    listed = cluster.http.get("/api/video/jobs")
    assert listed.status_code == 503
    assert listed.headers["retry-after"] == "5"
    assert listed.json()["error"]["class"] == "unavailable"
    assert "does not answer just now" in listed.json()["error"]["message"]
    page = cluster.http.get("/video", headers={"accept": "text/html"})
    assert page.status_code == 503
    assert "does not answer just now" in page.text
    assert "<html" in page.text
    order = cluster.place(MODEL, {"prompt": "Never placed"})
    assert order.status_code == 503
    assert "before you repeat an order" in order.json()["error"]["message"]
    ready = cluster.http.get("/readyz")
    assert (ready.status_code, ready.json()["database"]) == (503, "unreachable")
    assert cluster.http.get("/healthz").status_code == 200


def test_workers_that_are_replaced_one_by_one_hand_over_their_jobs(mortal: Mortal) -> None:
    cluster = mortal.cluster
    prompts = [f"Handed over {number}" for number in range(6)]
    placed = []
    for number, prompt in enumerate(prompts):
        placed.append(cluster.order(MODEL, prompt=prompt, **SMALL))
        if number in (1, 3):
            cluster.replace_worker(signal.SIGTERM)
    assert [cluster.wait(job_id)["status"] for job_id in placed] == ["succeeded"] * 6
    for prompt in prompts:
        ordered_once(cluster, prompt)
    video = httpx.get(f"{cluster.last.base_url}{cluster.job(placed[0])['output']['url']}", trust_env=False)
    assert video.status_code == 200
