"""The keys of the page: what orders, what chooses a model, and what an input method keeps for itself."""

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.support import Server

KLING = "/video?model=kling-v2.1-master"
SHORTCUTS = pytest.mark.parametrize("shortcut", ["Control+Enter", "Meta+Enter"])


def compose(page: Page, text: str) -> None:
    """Type with an input method, and do not choose yet."""
    wire = page.context.new_cdp_session(page)
    wire.send(
        "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
    )


def count_orders(page: Page) -> list[str]:
    """The orders that the page sends from now on."""
    sent: list[str] = []
    page.on(
        "request", lambda request: sent.append(request.url) if request.url.endswith("/video/jobs") else None
    )
    return sent


def chosen(page: Page) -> str:
    return page.locator("#form [name=model]").input_value()


@SHORTCUTS
def test_the_shortcut_orders_from_every_field_that_holds_a_value_and_from_the_button(
    open_page: OpenPage, shortcut: str
) -> None:
    page = open_page(f"/video?model=veo-3.1&prompt=By+{shortcut.partition('+')[0]}")
    page.locator(".advanced summary").click()
    for at, field in enumerate(("#f-prompt", "#f-duration-1", "#f-generate_audio", "#f-seed", "#run"), 1):
        page.locator("#f-prompt").fill(f"By {shortcut.partition('+')[0]} {at}")  # the same twice is one order
        page.locator(field).press(shortcut)
        expect(page.locator(".card", has_text=f"By {shortcut.partition('+')[0]}")).to_have_count(at)


@SHORTCUTS
def test_the_shortcut_orders_from_nowhere_else(open_page: OpenPage, server: Server, shortcut: str) -> None:
    lost = server.order("ltx-2", prompt="Lost [fault: drop_after]")
    server.wait(lost, "unconfirmed")
    page = open_page(f"{KLING}&prompt=Not+from+here&mode=i2v")
    sent = count_orders(page)
    card = page.locator(f"#job-{lost}")
    card.get_by_text("I have its id", exact=True).click()
    card.get_by_label("fal's id of this job").fill("an id that fal does not know")
    for place in (
        card.get_by_label("fal's id of this job"),
        card.locator("summary", has_text="I have its id"),
        page.locator("#picker > summary"),
        page.locator("[popovertarget=about-sandbox]"),
    ):
        place.press(shortcut)
    page.locator("#picker > summary").click()
    page.locator("#search").press(shortcut)
    page.locator("#found button").first.press(shortcut)
    page.locator("body").press(shortcut)
    page.wait_for_timeout(500)
    assert sent == []


def test_the_shortcut_sets_no_key_and_orders_nothing_on_the_page_of_keys(open_page: OpenPage) -> None:
    page = open_page("/account")
    sent = count_orders(page)
    page.locator("[type=password]").first.press("Control+Enter")
    page.wait_for_timeout(300)
    assert sent == []


@SHORTCUTS
def test_a_word_that_is_still_being_composed_is_not_ordered(open_page: OpenPage, shortcut: str) -> None:
    page = open_page(KLING)
    sent = count_orders(page)
    page.locator("#f-prompt").focus()
    compose(page, "にほn")
    page.keyboard.press(shortcut)
    page.wait_for_timeout(500)
    assert sent == []
    page.keyboard.insert_text("日本")
    expect(page.locator("#f-prompt")).to_have_value("日本")
    page.keyboard.press(shortcut)
    expect(page.locator(".card", has_text="日本")).not_to_have_count(0)
    assert len(sent) == 1


def test_a_key_that_an_input_method_has_taken_does_nothing(open_page: OpenPage) -> None:
    """Some browsers send the key that ends a composition after its end: then only its code 229 tells of it."""
    page = open_page(f"{KLING}&prompt=A+kite")
    sent = count_orders(page)
    page.locator("#f-prompt").evaluate(
        """prompt => prompt.dispatchEvent(new KeyboardEvent("keydown",
            { key: "Enter", keyCode: 229, ctrlKey: true, bubbles: true, cancelable: true }))"""
    )
    page.wait_for_timeout(300)
    assert sent == []


class HeldSearches:
    """Keeps every search of the page waiting for its answer until they are let go."""

    def __init__(self, page: Page) -> None:
        self.waiting: list[Route] = []
        self.free = False
        page.route("**/video/models?q=*", self.arrived)

    def arrived(self, route: Route) -> None:
        if self.free:
            route.continue_()
        else:
            self.waiting.append(route)

    def let_go(self) -> None:
        self.free = True
        for route in self.waiting:
            route.continue_()


def search(page: Page, words: str) -> None:
    page.locator("#picker > summary").click()
    page.locator("#search").fill(words)


def test_enter_in_the_search_chooses_the_first_model_that_it_finds(open_page: OpenPage) -> None:
    page = open_page(KLING)
    search(page, "hailuo 02 pro")
    first = page.locator("#found [name=choose]").first
    expect(first).to_contain_text("Hailuo")
    wanted = first.get_attribute("value")
    page.locator("#search").press("Enter")
    expect(page.locator("#form [name=model]")).to_have_value(wanted or "")
    expect(page.locator("#picker")).not_to_have_attribute("open", "")
    expect(page.locator("#picker > summary")).to_be_focused()


def test_enter_that_comes_before_the_answer_waits_for_it(open_page: OpenPage) -> None:
    page = open_page(KLING)
    search(page, "wan")
    expect(page.locator("#found [name=choose]").first).to_contain_text("Wan")
    held = HeldSearches(page)
    page.locator("#search").fill("hailuo-02-pro-on-fal")
    page.locator("#search").press("Enter")
    expect(page.locator("#found [name=choose]").first).to_contain_text("Wan")
    page.wait_for_timeout(500)
    assert chosen(page) == "kling-v2.1-master"
    expect(page.locator("#picker")).to_have_attribute("open", "")
    held.let_go()
    expect(page.locator("#form [name=model]")).to_have_value("hailuo-02-pro-on-fal")


@pytest.mark.parametrize("typed_on", [" and more", ""])
def test_enter_chooses_nothing_once_the_search_goes_on_or_the_picker_is_closed(
    open_page: OpenPage, typed_on: str
) -> None:
    page = open_page(KLING)
    search(page, "")
    expect(page.locator("#found [name=choose]")).not_to_have_count(0)
    held = HeldSearches(page)
    page.locator("#search").fill("hailuo")
    page.locator("#search").press("Enter")
    if typed_on:
        page.locator("#search").press_sequentially(typed_on)
    else:
        page.keyboard.press("Escape")
    held.let_go()
    page.wait_for_timeout(500)
    assert chosen(page) == "kling-v2.1-master"


def test_enter_whose_search_gets_no_answer_says_that_nothing_was_chosen(
    chromium: Browser, server: Server
) -> None:
    """In a window of its own: Chromium complains of every request without an answer."""
    with chromium.new_context(base_url=server.url) as context:
        page = context.new_page()
        page.goto(KLING)
        search(page, "")
        expect(page.locator("#found [name=choose]")).not_to_have_count(0)
        page.route("**/video/models?q=*", lambda route: route.abort())
        page.locator("#search").fill("hailuo")
        page.locator("#search").press("Enter")
        expect(page.locator("#alert")).to_contain_text("so no model was chosen")
        page.unroute("**/video/models?q=*")
        page.locator("#search").press("Enter")
        expect(page.locator("#form [name=model]")).not_to_have_value("kling-v2.1-master")
        expect(page.locator("#alert")).to_be_hidden()


def test_enter_with_nothing_found_does_nothing_and_the_picker_stays(open_page: OpenPage) -> None:
    page = open_page(KLING)
    search(page, "no model is called this")
    expect(page.locator("#found")).to_contain_text("No model fits")
    page.locator("#search").press("Enter")
    page.wait_for_timeout(500)
    assert chosen(page) == "kling-v2.1-master"
    expect(page.locator("#picker")).to_have_attribute("open", "")
    expect(page.locator("#search")).to_be_focused()


def test_enter_for_an_input_method_chooses_no_model(open_page: OpenPage) -> None:
    page = open_page(KLING)
    search(page, "")
    expect(page.locator("#found [name=choose]")).not_to_have_count(0)
    compose(page, "hailuo")
    expect(page.locator("#found [name=choose]").first).to_contain_text("Hailuo")
    key = {
        "key": "Enter",
        "code": "Enter",
        "windowsVirtualKeyCode": 13,
    }  # as an input method passes it on: no text
    page.context.new_cdp_session(page).send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
    page.wait_for_timeout(500)
    assert chosen(page) == "kling-v2.1-master"
    expect(page.locator("#picker")).to_have_attribute("open", "")


def test_escape_closes_the_picker_and_keeps_the_model(open_page: OpenPage) -> None:
    page = open_page(KLING)
    search(page, "hailuo")
    page.keyboard.press("Escape")
    expect(page.locator("#picker")).not_to_have_attribute("open", "")
    expect(page.locator("#picker > summary")).to_be_focused()
    assert chosen(page) == "kling-v2.1-master"
