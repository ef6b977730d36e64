"""Two presses with a nonce each, at once, on one server and on two that share a database."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.cluster import Cluster
from tests.journeys.test_without_javascript import read_form
from tests.support import PATIENCE, Server

TOGETHER = 1.0  # seconds: presses that a machine took longer for were not two at once


def doors(server: Server) -> list[str]:
    """The addresses of its web servers."""
    ports = server.ports if isinstance(server, Cluster) else [server.port] * 2
    return [f"http://127.0.0.1:{port}" for port in ports]


def press_together(server: Server, prompt: str) -> tuple[list[httpx.Response], float]:
    """The same form drawn twice, each posted through a door of its own; the seconds that all of it took."""
    link = f"/video?model=seedance-1-pro&resolution=480p&duration=2&prompt={prompt.replace(' ', '+')}"
    forms = [read_form(server, link).values for _ in range(2)]
    assert forms[0]["nonce"] != forms[1]["nonce"]

    def post(door: str, form: dict[str, str]) -> httpx.Response:
        return httpx.post(
            f"{door}/video/jobs", data=form, files={"none": ("", b"")}, cookies=cookies, timeout=PATIENCE
        )

    cookies = dict(server.http.cookies)
    with ThreadPoolExecutor(2) as hands:
        began = time.monotonic()
        answers = list(hands.map(post, doors(server), forms))
        return answers, time.monotonic() - began


def test_presses_that_arrive_together_at_any_server_are_one_order_and_one_submission(server: Server) -> None:
    until = time.monotonic() + PATIENCE
    for attempt in range(1000):
        prompt = f"Pressed together {attempt}"
        answers, took = press_together(server, prompt)
        assert [answer.status_code for answer in answers] == [303, 303]
        if took < TOGETHER:
            break
        assert time.monotonic() < until, "this machine never took two presses within a second"
    first, second = [answer.headers["location"].rpartition("/")[2] for answer in answers]
    assert first == second
    listed = server.http.get("/api/video/jobs", params={"limit": 100}).json()["jobs"]
    assert [job["id"] for job in listed if job["values"]["prompt"] == prompt] == [first]
    assert server.wait(first)["status"] == "succeeded"
    assert server.submissions()["by_prompt"][prompt] == 1
