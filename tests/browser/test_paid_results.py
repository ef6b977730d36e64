"""What was paid for at a company that really bills: kept where it plays, and where not, nobody pays for it again."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.clips import make_clip
from tests.support import Server

PATIENCE = 60_000  # milliseconds
MODEL = "kling-v2.1-master"


class Company(BaseHTTPRequestHandler):
    """Speaks as Replicate does. The prompt "out: loop" makes a result that lies at /file/loop."""

    orders: ClassVar[list[str]] = []
    files: ClassVar[dict[str, bytes]] = {}

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.orders.append(body["input"]["prompt"].removeprefix("out: "))
        self._json(201, {"id": f"p{len(self.orders)}", "status": "starting", "urls": {}})

    def do_GET(self) -> None:
        here, name = f"http://{self.headers['host']}", self.path.rpartition("/")[2]
        if self.path.startswith("/v1/predictions/p"):
            what = self.orders[int(name[1:]) - 1]
            self._json(200, {"id": name, "status": "succeeded", "output": f"{here}/file/{what}"})
        elif name == "loop":
            self._head(302, location=f"{here}/file/loop")
        elif name in self.files:
            content = self.files[name]
            self._head(200, content_type="video/webm", content_length=str(len(content)))
            self.wfile.write(content)
        else:
            self._head(404, content_length="0")

    def _json(self, status: int, value: object) -> None:
        content = json.dumps(value).encode()
        self._head(status, content_type="application/json", content_length=str(len(content)))
        self.wfile.write(content)

    def _head(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    whole = make_clip(tmp_path_factory.mktemp("company") / "a.webm", sound=5).read_bytes()
    Company.files = {"longaudio": whole, "cut": whole[: len(whole) // 2]}
    Company.orders.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Company) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, company: str) -> Iterator[Server]:
    """Replicate has a key here, and is asked at another address."""
    made = Server(tmp_path_factory.mktemp("paid") / "data", REPLICATE_BASE_URL=company)
    try:
        yield made.start(REPLICATE_API_TOKEN="r8_test")
    finally:
        made.__exit__()


def run(page: Page, what: str) -> None:
    page.get_by_label("Prompt", exact=True).fill(f"out: {what}")
    page.locator("#run").click()


def test_a_paid_video_whose_sound_is_longer_than_its_picture_plays(open_page: OpenPage) -> None:
    page = open_page(f"/video?model={MODEL}")
    run(page, "longaudio")
    video = page.locator("#cards .card", has_text="longaudio").locator("video")
    expect(video).to_be_visible(timeout=PATIENCE)
    page.wait_for_function("() => document.querySelector('#cards video').readyState >= 1", timeout=PATIENCE)
    assert video.evaluate("video => video.duration") > 4


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("loop", "the file was forwarded more than 5 times. It was billed. The fault is not on this side."),
        ("cut", "Replicate delivered a video that is not whole: the file ends in the middle: "),
    ],
)
def test_a_result_that_is_not_to_be_had_is_not_to_be_paid_for_again(
    open_page: OpenPage, server: Server, what: str, says: str
) -> None:
    page = open_page(f"/video?model={MODEL}")
    run(page, what)
    card = page.locator("#cards .card", has_text=f"out: {what}")
    told = card.locator(".trouble p").first
    expect(told).to_contain_text(says, timeout=PATIENCE)
    expect(told).to_contain_text("The result stays at Replicate: take it from your account there")
    sentence = told.inner_text()
    assert not re.search(r"(?i)run it again|make room", sentence)
    job = server.http.get(f"/api/video/jobs/{(card.get_attribute('id') or '').removeprefix('job-')}").json()
    assert job["error"]["sentence"] == job["error"]["message"] == sentence
    assert job["billing"] == "billed"

    before = len(Company.orders)
    card.get_by_text("Try again", exact=True).click()
    expect(card.locator(".popped").first).to_contain_text(
        f"Replicate has made this video, and it is still there: ask for it with the id {job['provider_job_id']}. "
        "Trying again makes another one and costs about $1.40 once more."
    )
    assert len(Company.orders) == before, "the warning comes before the order"
