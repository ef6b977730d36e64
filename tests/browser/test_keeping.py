"""What a person types, chooses and has in focus stays, whatever the server answers and however late."""

import re
from base64 import b64encode
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import OpenPage, patient
from tests.support import Server

KLING = "/video?model=kling-v2.1-master"
HAND_OVER = """([kind, where, name, type, base64]) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)), data = new DataTransfer();
    data.items.add(new File([bytes], name, { type }));
    const more = { bubbles: true, cancelable: true };
    const event = kind === "paste" ? new ClipboardEvent(kind, { clipboardData: data, ...more })
        : new DragEvent(kind, { dataTransfer: data, ...more });
    document.querySelector(where).dispatchEvent(event);
    return event.defaultPrevented;
}"""


class Gate:
    """Requests of a page that match wait here until it is opened."""

    def __init__(self, page: Page, pattern: re.Pattern[str]) -> None:
        self.waiting: list[Route] = []
        self.is_open = False
        page.route(pattern, self._take)

    def open(self) -> None:
        self.is_open = True
        for route in self.waiting:
            route.continue_()

    def _take(self, route: Route) -> None:
        if self.is_open:
            route.continue_()
        else:
            self.waiting.append(route)


def hand_over(page: Page, kind: str, where: str, file: Path, mime: str = "image/png") -> bool:
    """Paste or drop a file on an element; whether the page took it over from the browser."""
    taken: bool = page.evaluate(
        HAND_OVER, [kind, where, file.name, mime, b64encode(file.read_bytes()).decode()]
    )
    return taken


def test_what_is_chosen_and_typed_while_an_order_is_on_its_way_stays_and_is_priced(
    open_page: OpenPage,
) -> None:
    page = open_page(f"{KLING}&prompt=A+kite")
    gate = Gate(page, re.compile("/video/(jobs|form)$"))
    page.locator("#run").click()
    expect(page.locator("#form")).to_contain_class("htmx-request")
    page.get_by_label("10 s").check()
    page.get_by_label("9:16").check()
    page.get_by_label("Prompt", exact=True).fill("A kite at noon")
    expect(page.locator("#form")).to_contain_class("htmx-request")
    assert [route.request.url.rpartition("/")[2] for route in gate.waiting][:1] == ["jobs"]
    gate.open()
    expect(page.locator("#cards .card")).to_contain_text("A kite")
    expect(page.locator("#price")).to_have_text("about $2.80")
    expect(page.get_by_label("9:16")).to_be_checked()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("A kite at noon")
    expect(page.locator("#cards .prompt")).to_have_text("A kite")


def test_after_a_reload_and_after_a_way_back_the_form_is_as_it_was(open_page: OpenPage) -> None:
    page = open_page(KLING)
    prompt = page.get_by_label("Prompt", exact=True)
    prompt.fill("A heron at dawn")
    page.locator("#picker summary").click()
    page.locator("#search").fill("hailuo-02-pro-on-fal")
    page.locator('#found button[value="hailuo-02-pro-on-fal"]').click()
    expect(page.locator("#form [name=model]")).to_have_value("hailuo-02-pro-on-fal")
    page.reload()
    expect(prompt).to_have_value("A heron at dawn")
    expect(page.locator("#form [name=model]")).to_have_value("hailuo-02-pro-on-fal")
    page.get_by_role("link", name="Keys", exact=True).click()
    page.go_back()
    expect(prompt).to_have_value("A heron at dawn")
    expect(page.locator("#form [name=model]")).to_have_value("hailuo-02-pro-on-fal")


def test_why_a_file_was_not_taken_stays_beside_its_field(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(f"{KLING}&mode=i2v&prompt=A+kite")
    (tmp_path / "notes.txt").write_text("no picture")
    page.locator("#f-image-file").set_input_files(tmp_path / "notes.txt")
    expect(page.locator("#f-image-error")).to_contain_text("notes.txt is damaged")
    page.wait_for_timeout(900)
    expect(page.locator("#f-image-error")).to_be_visible()
    expect(page.locator("#f-image-file")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#f-image-file")).to_have_attribute("aria-describedby", "f-image-error")


@pytest.mark.parametrize(("kind", "where"), [("paste", "#f-prompt"), ("drop", "main")])
def test_a_picture_pasted_or_dropped_beside_its_field_is_taken_by_it(
    open_page: OpenPage, picture: Path, kind: str, where: str
) -> None:
    page = open_page(f"{KLING}&mode=i2v&prompt=A+kite")
    assert hand_over(page, kind, where, picture)
    expect(page.locator("#f-image-field .chosen")).to_contain_text("640 × 480")
    assert hand_over(page, kind, where, picture, "audio/mpeg")
    expect(page.locator("#alert")).to_contain_text("No field of this form takes harbour.png")


def test_the_focus_goes_on_when_a_swap_takes_its_control_away(open_page: OpenPage, picture: Path) -> None:
    page = open_page(f"{KLING}&mode=i2v&prompt=Focus+[fault:+endless]")
    page.locator("#f-image-file").focus()
    page.locator("#f-image-file").set_input_files(picture)
    expect(page.locator("#f-image-replace")).to_be_focused()
    page.get_by_role("button", name="Remove: First frame").press("Enter")
    expect(page.locator("#f-image-file")).to_be_focused()

    page.get_by_label("Text to video").check()
    page.locator("#run").click()
    card = page.locator("#cards .card", has_text="Focus")
    expect(card.locator("h3")).to_contain_text("Processing")
    card.get_by_role("button", name="Cancel").press("Enter")
    expect(page.locator("#cards .is-canceled")).to_be_visible()
    assert card.evaluate("card => card.contains(document.activeElement)")


def test_a_page_whose_server_is_away_says_so_until_it_is_back(chromium: Browser, server: Server) -> None:
    """In a window of its own: Chromium complains of every request without an answer."""
    with patient(chromium.new_context(base_url=server.url)) as context:
        page = context.new_page()
        page.goto(f"{KLING}&prompt=Away+[fault:+endless]")
        page.locator("#run").click()
        expect(page.locator("#cards .card", has_text="Away")).to_contain_text("Processing")
        page.route("**/video/live*", lambda route: route.abort())
        expect(page.locator("#alert")).to_contain_text("Shotlist does not answer")
        page.unroute("**/video/live*")
        expect(page.locator("#alert")).to_be_hidden()
