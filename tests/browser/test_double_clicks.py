"""Generate pressed twice by a hurried hand: the first answer may be there already when the second press comes."""

import itertools
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.support import Server

PATIENCE = 60
# When the form was sent, and when its last answer was in the page, in milliseconds.
RECORD = """() => {
    const times = window.times = { sent: [], answered: [] };
    document.addEventListener("submit", () => times.sent.push(performance.now()), true);
    document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
        if (ctx.sourceElement.id === "form") times.answered.push(performance.now());
    });
}"""
TOOK = "() => Math.max(...window.times.answered) - window.times.sent[0]"
Press = Callable[[Page], None]


def click(page: Page) -> None:
    place = page.locator("#run").bounding_box()
    assert place is not None
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)


def keys(page: Page) -> None:
    page.keyboard.press("Control+Enter")


def ordered(server: Server, prompt: str) -> int:
    listed = server.http.get("/api/video/jobs", params={"limit": 200}).json()["jobs"]
    return sum(job["values"]["prompt"] == prompt for job in listed)


def press_twice(open_page: OpenPage, press: Press, apart: int, prompt: str) -> tuple[Page, float]:
    """Two presses so many milliseconds apart; how many it took from the first press to the last answer."""
    page = open_page(f"/video?model=ltx-2&prompt={prompt.replace(' ', '+')}")
    page.locator("#f-prompt").focus()
    page.evaluate(RECORD)
    press(page)
    page.wait_for_timeout(apart)
    press(page)
    expect(page.locator("#cards .card", has_text=prompt)).to_have_count(1)
    page.wait_for_function(
        "() => window.times.answered.length && !document.querySelector('#form.htmx-request')"
    )
    return page, page.evaluate(TOOK)


def in_time(attempt: Callable[[str], tuple[Page, float]], name: str) -> tuple[Page, str]:
    """Once more, with another prompt, until this machine did all of it within a second."""
    until = time.monotonic() + PATIENCE
    for number in itertools.count(1):
        prompt = f"{name} number {number}"
        page, took = attempt(prompt)
        if took < 1000:
            return page, prompt
        assert time.monotonic() < until, "this machine never took two presses within a second"
    raise AssertionError


@pytest.mark.parametrize("apart", [80, 150, 300])
@pytest.mark.parametrize("press", [click, keys])
def test_two_quick_presses_order_once_and_a_later_one_orders_again(
    open_page: OpenPage, server: Server, press: Press, apart: int
) -> None:
    page, prompt = in_time(
        lambda prompt: press_twice(open_page, press, apart, prompt), f"{press.__name__} {apart}"
    )
    assert ordered(server, prompt) == 1
    assert page.evaluate("() => window.times.sent.length") == 2
    page.wait_for_timeout(1500)
    press(page)
    expect(page.locator("#cards .card", has_text=prompt)).to_have_count(2)
    assert ordered(server, prompt) == 2
    expect(page.locator("#runbar")).not_to_contain_text("quick succession")


def press_after_the_answer(open_page: OpenPage, prompt: str) -> tuple[Page, float]:
    """The page itself presses again as soon as the answer is in it."""
    page = open_page(f"/video?model=ltx-2&prompt={prompt.replace(' ', '+')}")
    page.evaluate(RECORD)
    page.evaluate(
        """() => document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
            const first = ctx.sourceElement.id === "form" && window.times.sent.length === 1;
            if (first) setTimeout(() => document.querySelector("#run").click());
        })"""
    )
    page.locator("#run").click()
    page.wait_for_function("() => window.times.answered.length === 2")
    return page, page.evaluate(TOOK)


def test_a_press_after_the_answer_says_that_it_did_not_order_again(
    open_page: OpenPage, server: Server
) -> None:
    page, prompt = in_time(lambda prompt: press_after_the_answer(open_page, prompt), "Right after the answer")
    expect(page.locator("#runbar")).to_contain_text("Pressed twice in quick succession")
    expect(page.locator("#cards .card", has_text=prompt)).to_have_count(1)
    assert ordered(server, prompt) == 1
