"""A person empties a box that was filled in for them, and what is ordered is what they saw."""

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.support import Server

KLING = "/video?model=kling-v2.6-pro-on-fal&prompt=A+heron"
HUNYUAN = "/video?model=hunyuan-video&prompt=A+heron"
AVOID = "blur, distort, and low quality"


def newest(server: Server) -> dict[str, object]:
    """The values of the job that was ordered last."""
    values: dict[str, object] = httpx.get(f"{server.url}/api/video/jobs").json()["jobs"][0]["values"]
    return values


def advanced(page: Page) -> None:
    page.locator("#advanced:not([open]) summary").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])
def test_an_emptied_negative_prompt_is_ordered_empty(
    open_page: OpenPage, server: Server, javascript: bool
) -> None:
    page = open_page(KLING, javascript=javascript)
    advanced(page)
    box = page.locator("#f-negative_prompt")
    expect(box).to_have_value(AVOID)
    box.fill("")
    if javascript:
        expect(page.locator(".links a")).to_have_attribute(
            "href", "/video?model=kling-v2.6-pro-on-fal&mode=t2v&prompt=A+heron&negative_prompt="
        )
        page.reload()
        advanced(page)
    expect(box).to_have_value("")
    page.locator("#run").click()
    expect(page.locator(".card")).to_contain_text("A heron")
    assert newest(server)["negative_prompt"] == ""


def test_a_prompt_of_invisible_characters_orders_nothing(open_page: OpenPage) -> None:
    page = open_page(HUNYUAN)
    cards = page.locator("#cards .card").count()
    page.get_by_label("Prompt", exact=True).fill("\u200b\u2060 ")
    page.locator("#run").click()
    expect(page.locator("#f-prompt-error")).to_have_text("Prompt is needed.")
    expect(page.locator("#cards .card")).to_have_count(cards)


def test_a_number_that_was_emptied_just_before_the_order_is_not_ordered_as_its_default(
    open_page: OpenPage,
) -> None:
    page = open_page(HUNYUAN)
    cards = page.locator("#cards .card").count()
    page.locator("#f-fps").fill("")
    with page.expect_response("**/video/jobs") as refused:
        page.keyboard.press("Control+Enter")
    assert "Frames a second cannot be empty: give a value, such as 24." in refused.value.text()
    expect(page.locator("#f-fps")).to_have_value("24")
    expect(page.locator("#cards .card")).to_have_count(cards)
    page.locator("#run").click()
    expect(page.locator("#cards .card")).to_have_count(cards + 1)


def test_an_emptied_number_shows_its_default_again_once_the_person_is_elsewhere(open_page: OpenPage) -> None:
    page = open_page(HUNYUAN)
    box = page.locator("#f-fps")
    with page.expect_response("**/video/form"):
        box.fill("")
    expect(box).to_have_value("")
    page.get_by_label("Prompt", exact=True).focus()
    expect(box).to_have_value("24")
    with page.expect_response("**/video/form"):
        box.fill("")
    box.press_sequentially("12")
    expect(page.locator(".links a")).to_have_attribute("href", re.compile("fps=12"))
    expect(box).to_have_value("12")
