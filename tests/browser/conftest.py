"""A real server and a real Chromium; a page that complains in its console fails the test."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.support import PATIENCE, Server, png

CHROMIUM = Path("/usr/bin/chromium")
OpenPage = Callable[..., Page]
expect.set_options(timeout=1000 * PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def server(starts_processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`shotlist serve` on a free port; every key is missing, so that the sandbox plays all providers."""
    with Server(tmp_path_factory.mktemp("browser") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def chromium(starts_processes: None) -> Iterator[Browser]:
    if not CHROMIUM.exists() and not os.environ.get("CI"):
        pytest.skip(f"There is no Chromium at {CHROMIUM}: install it to run the browser tests.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM))
        yield browser
        browser.close()


def patient(context: BrowserContext) -> BrowserContext:
    """The same, with all the time in the world for whatever its pages are to do."""
    context.set_default_timeout(1000 * PATIENCE)
    return context


@pytest.fixture
def open_page(chromium: Browser, server: Server) -> Iterator[OpenPage]:
    """Opens /video in a window of its own: `open_page("/video", javascript=False, width=390, touch=True)`."""
    complaints: list[str] = []
    contexts = []

    def opened(
        path: str = "/video",
        *,
        javascript: bool = True,
        width: int = 1280,
        height: int = 900,
        touch: bool = False,
    ) -> Page:
        context = chromium.new_context(
            base_url=server.url,
            java_script_enabled=javascript,
            viewport={"width": width, "height": height},
            has_touch=touch,
        )
        contexts.append(patient(context))
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if _complains(message) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A first frame of 640 × 480 pixels."""
    path = tmp_path / "harbour.png"
    path.write_bytes(png((640, 480)))
    return path


def _complains(message: ConsoleMessage) -> bool:
    """A file that is refused is a 422, which Chromium mentions; the page says it in words."""
    refused_file = "422" in message.text and message.location["url"].endswith("/video/uploads")
    return message.type in ("error", "warning") and not refused_file
