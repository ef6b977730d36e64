"""A Generate that is refused leads to what is wrong: whatever kind of field it is, wherever it is, on every screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import kinds
from tests.browser.conftest import OpenPage
from tests.support import Server, png

POINTS = (Path(__file__).parent / "points.js").read_text()
WIDTHS = pytest.mark.parametrize("width", [1440, 390])
LABELS = {"top": "It", "advanced": "It", "rows": "Shot 2: It", "group": "Camera: It"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("refused")
    with Server(folder / "data", MODELS_DIR=str(kinds.write_models(folder / "models"))) as running:
        yield running


def assert_in_sight(element: Locator) -> None:
    assert element.evaluate(f"element => {POINTS}.inSight(element)"), element


def assert_leads_to(page: Page, link: Locator) -> None:
    """The control of a link has the focus, and nothing hides it or the sentence that says what is wrong."""
    control = page.locator(link.get_attribute("href") or "a link to nowhere")
    expect(control).to_be_focused()
    assert_in_sight(control)
    assert_in_sight(page.locator(".field > .error").first)


@WIDTHS
@pytest.mark.parametrize("place", kinds.PLACES)
def test_the_field_that_is_wrong_has_the_focus_and_is_named_at_the_button(
    open_page: OpenPage, place: str, width: int
) -> None:
    page = open_page("/video/models", width=width)
    for name in kinds.cases_at(place):
        page.goto(kinds.link(place, name))
        page.locator("#run").click()
        line = page.locator("#wrong")
        expect(line).to_have_text(f"Nothing was ordered. 1 field needs a change: {LABELS[place]}")
        assert_leads_to(page, line.get_by_role("link"))


@WIDTHS
@pytest.mark.parametrize("place", ["top", "rows"])
def test_without_javascript_the_line_is_in_sight_and_its_link_leads_to_the_field(
    open_page: OpenPage, place: str, width: int
) -> None:
    page = open_page("/video/models", width=width, javascript=False)
    for name in kinds.cases_at(place):
        page.goto(kinds.link(place, name))
        page.locator("#run").click()
        link = page.locator("#wrong").get_by_role("link", name=LABELS[place])
        assert_in_sight(link)
        link.click()
        assert_leads_to(page, link)


def test_all_that_is_wrong_is_named_in_page_order_until_it_is_right(
    open_page: OpenPage, picture: Path, server: Server
) -> None:
    page = open_page("/video?model=kling-v2.1-master&mode=i2v")
    line = page.locator("#wrong")
    expect(line).to_have_attribute("role", "alert")
    expect(line).to_have_text("")
    page.locator("#run").click()
    expect(line).to_have_text("Nothing was ordered. 2 fields need a change: Prompt, First frame")
    assert_leads_to(page, line.get_by_role("link", name="Prompt"))
    line.get_by_role("link", name="First frame").click()
    expect(page.locator("#f-image-file")).to_be_focused()
    page.locator("#f-prompt").fill("A kite over the dunes")
    expect(line).to_have_text("Nothing was ordered. 1 field needs a change: First frame")
    page.locator("#f-image-file").set_input_files(picture)
    expect(line).to_have_text("")
    page.locator("#run").click()
    expect(page.locator("#cards .card")).to_contain_text("A kite over the dunes")


@WIDTHS
def test_a_chosen_file_that_does_not_fit_leads_to_the_control_that_replaces_it(
    open_page: OpenPage, tmp_path: Path, width: int
) -> None:
    page = open_page("/video?model=kling-v2.1-master&mode=i2v&prompt=A+kite", width=width)
    (tmp_path / "small.png").write_bytes(png((64, 64)))
    page.locator("#f-image-file").set_input_files(tmp_path / "small.png")
    expect(page.locator("#f-image-error")).to_contain_text("300")
    expect(page.locator("#wrong"), "nothing was refused yet").to_have_text("")
    page.locator("#run").click()
    link = page.locator("#wrong").get_by_role("link", name="First frame")
    expect(link).to_have_attribute("href", "#f-image-replace")
    assert_leads_to(page, link)


@WIDTHS
def test_what_was_closed_or_scrolled_away_is_opened_and_brought_back_by_the_next_generate(
    open_page: OpenPage, width: int
) -> None:
    page = open_page(kinds.link("rows", "seed"), width=width)
    expect(page.locator("#advanced")).not_to_have_attribute("open", "")
    page.locator("#f-text_0").press("Control+Enter")
    assert_leads_to(page, page.locator("#wrong a"))
    page.locator("#advanced > summary").click()
    page.locator("#f-text_0").scroll_into_view_if_needed()
    page.locator("#run").click()
    assert_leads_to(page, page.locator("#wrong a"))


@WIDTHS
def test_what_is_wrong_with_the_form_as_a_whole_stands_at_the_button_too(
    open_page: OpenPage, width: int
) -> None:
    page = open_page("/video?model=nobodys", width=width)
    words = "How to speak to nobody is not described, so this model cannot run: choose another."
    expect(page.locator("#fields > .error")).to_have_text(words)
    expect(page.locator("#wrong")).to_have_text(words)
    assert_in_sight(page.locator("#wrong .error"))


@pytest.mark.parametrize("javascript", [True, False])
@WIDTHS
def test_no_bar_lies_over_what_the_tab_key_reaches(open_page: OpenPage, width: int, javascript: bool) -> None:
    page = open_page(kinds.link("rows", "textarea"), width=width, javascript=javascript)
    page.locator("#run").click()
    expect(page.locator("#wrong a")).to_have_count(1)
    page.locator("#picker > summary").focus()
    for key, end in (("Tab", "run"), ("Shift+Tab", "f-first")):
        for _ in range(60):
            page.keyboard.press(key)
            focused = page.locator(":focus")
            assert focused.evaluate(f"element => {POINTS}.reached(element)"), focused.evaluate(
                "e => e.outerHTML"
            )
            if focused.get_attribute("id") == end:
                break
        assert page.locator(":focus").get_attribute("id") == end
