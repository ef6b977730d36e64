"""A control does what it looks like wherever it is clicked: every kind of control, at a grid of points over each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.support import Server

POINTS = (Path(__file__).parent / "points.js").read_text()
OWN_MODELS = Path(__file__).parents[1] / "web" / "pages" / "models"  # one with a field of every kind
JOB_SECONDS = 60_000
ACROSS, DOWN = 5, 5
WIDTHS = pytest.mark.parametrize("width", [1440, 390])

KINDS = {
    "switch": "[role=switch]",
    "segment": ".segments [type=radio]",
    "shape": ".shapes [type=radio]",
    "select": "select",
    "open select": "input[list]",
    "text": "#fields [type=text]",
    "long text": "textarea",
    "number": "[type=number]",
    "drop zone": ".drop-zone [type=file], .drop [type=file]",
    "address of a file": "[type=url]",
    "replace a file": ".chosen [type=file]",
    "remove a file or a row": "[name=_remove]",
    "add a row": "[name=_add]",
    "advanced": ".advanced summary",
    "picker": "#picker > summary",
    "search": "#search",
    "model": "[name=choose]",
    "model page": "[formaction='/video/models']",
    "update": "noscript [formaction='/video/form']",
    "run": "#run",
    "link of the form": ".links a",
    "terminal": "[popovertarget=code]",
    "copy": "[data-copy]",
    "sandbox": "[popovertarget=about-sandbox]",
    "link in a text": "p a",
    "page": "a",
    "video": "video",
    "question": ".sure > summary",
    "answer": ".popped button",
    "id at the provider": "[name=provider_job_id]",
    "act of a card": ".acts a, .acts button",
    "key": "[type=password]",
    "button": ".key button",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a model of our own that has a field of every kind."""
    with Server(tmp_path_factory.mktemp("points") / "data", MODELS_DIR=str(OWN_MODELS)) as running:
        yield running


def assert_every_point_acts(page: Page, *kinds: str, within: str = "body") -> None:
    """No control that can be seen has a dead point, and controls of these kinds are among them."""
    survey: list[dict[str, Any]] = page.evaluate(
        f"([within, kinds, across, down]) => {POINTS}.survey(within, kinds, across, down)",
        [within, KINDS, ACROSS, DOWN],
    )
    assert [each for each in survey if each["dead"] or not each["points"]] == []
    seen = {each["kind"] for each in survey}
    assert seen >= set(kinds)
    assert seen <= set(KINDS)


def points(control: Locator, edge: int) -> list[tuple[float, float]]:
    """A grid of 15 over one control, scrolled into view; its outermost points lie so many pixels inside."""
    found: list[tuple[float, float]] = control.evaluate(
        f"(control, edge) => {POINTS}.grid(control, 5, 3, edge)", edge
    )
    return found


@WIDTHS
def test_every_point_of_every_kind_of_field(open_page: OpenPage, picture: Path, width: int) -> None:
    page = open_page("/video?model=every-kind&shots.0.prompt=A+harbour&prompt=A+kite", width=width)
    for name in ("image", "images"):
        page.locator(f"#f-{name}-file").set_input_files(picture)
        expect(page.locator(f"#f-{name}-field .chosen")).to_contain_text("640 × 480")
    assert_every_point_acts(
        page, "switch", "select", "open select", "text", "long text", "number", "drop zone", "address of a file",
        "replace a file", "remove a file or a row", "add a row", "picker", "run", "sandbox", "page",
    )  # fmt: skip


@WIDTHS
@pytest.mark.parametrize(
    ("model", "kinds"),
    [
        ("hailuo-02&resolution=1080p", ("segment",)),
        ("kling-v2.1-master&mode=i2v", ("segment", "shape", "drop zone")),
        ("veo-3.1-fast", ("switch", "segment", "shape", "select", "number", "advanced")),
    ],
)
def test_every_point_of_a_models_form(
    open_page: OpenPage, model: str, kinds: tuple[str, ...], width: int
) -> None:
    page = open_page(f"/video?model={model}&prompt=A+kite", width=width)
    for closed in page.locator(".advanced:not([open]) summary").all():
        closed.click()
    assert_every_point_acts(page, *kinds)
    for switch in page.get_by_role("switch").all():
        switch.press("Space")
        assert_every_point_acts(page, "switch", within="#fields")


@WIDTHS
def test_every_point_of_what_opens_over_the_page(open_page: OpenPage, width: int) -> None:
    page = open_page("/video?model=kling-v2.1-master&prompt=A+kite", width=width)
    page.locator("#picker summary").click()
    page.locator("#search").fill("kling")
    expect(page.locator("#found button").first).to_contain_text("Kling")
    assert_every_point_acts(page, "picker", "search", "model", within="#picker")
    page.keyboard.press("Escape")
    page.locator("[popovertarget=about-sandbox]").click()
    assert_every_point_acts(page, "link in a text", within="#about-sandbox")
    page.keyboard.press("Escape")
    if width > 760:
        page.locator("[popovertarget=code]").click()
        assert_every_point_acts(page, "copy", within="#code")


@WIDTHS
def test_every_point_of_the_cards_and_of_what_they_ask(
    open_page: OpenPage, server: Server, width: int
) -> None:
    wanted = {
        "Done": ("succeeded", "seedance-1-pro", {"resolution": "480p", "duration": 2}),
        "Refused [fault: refuse]": ("failed", "ltx-2", {}),
        "Lost [fault: drop_after]": ("unconfirmed", "ltx-2", {}),
        "Long [fault: endless]": ("processing", "kling-v2.1-master", {}),
    }
    for prompt, (status, model, values) in wanted.items():
        server.wait(server.order(model, prompt=prompt, **values), status)
    page = open_page("/video?model=ltx-2", width=width)
    expect(page.locator(".card video")).not_to_have_count(0)
    assert_every_point_acts(page, "video", "question", "act of a card", "link in a text", within=".card")
    for question in page.locator(".sure > summary").all():
        question.click()
        assert_every_point_acts(page, "answer", within=".sure[open] .popped")
        question.click()
    lost = page.locator(".card", has_text="Lost").first
    lost.get_by_text("I have its id", exact=True).click()
    assert_every_point_acts(page, "answer", "id at the provider", within=".sure[open] .popped")
    page.keyboard.press("Escape")
    lost.locator(".prompt a").click()
    assert_every_point_acts(page, "question", "act of a card", "page")


@WIDTHS
@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("/account", ("key", "button", "page")),
        ("/video/library", ("page",)),
        ("/video/models", ("model", "page")),
    ],
)
def test_every_point_of_the_other_pages(
    open_page: OpenPage, path: str, kinds: tuple[str, ...], width: int
) -> None:
    assert_every_point_acts(open_page(path, width=width), *kinds)


@WIDTHS
def test_every_point_of_the_form_without_javascript(open_page: OpenPage, width: int) -> None:
    page = open_page("/video?model=every-kind&shots.0.prompt=A+harbour", javascript=False, width=width)
    page.locator("#picker > summary").click()
    assert_every_point_acts(page, "switch", "drop zone", "model page", "update", "run")


# A browser moves a finger's tap that is nearly on a border to the control that it likes better.
POINTER = pytest.mark.parametrize(("width", "touch", "edge"), [(1440, False, 2), (390, True, 8)])


def poke(page: Page, point: tuple[float, float], *, touch: bool) -> None:
    """Click with the mouse, or tap with a finger."""
    if touch:
        page.touchscreen.tap(*point)
    else:
        page.mouse.click(*point)


@POINTER
def test_a_switch_goes_off_and_on_wherever_it_is_clicked_and_the_price_follows(
    open_page: OpenPage, width: int, touch: bool, edge: int
) -> None:
    page = open_page("/video?model=veo-3.1&prompt=A+kite", width=width, touch=touch)
    switch, price = page.locator("#f-generate_audio"), page.locator("#price")
    for point in points(switch, edge):
        for on, told in ((False, "about $1.60"), (True, "about $3.20")):
            poke(page, point, touch=touch)
            expect(switch).to_be_checked(checked=on)
            expect(price).to_have_text(told)


@POINTER
def test_a_choice_is_taken_wherever_it_is_clicked(
    open_page: OpenPage, width: int, touch: bool, edge: int
) -> None:
    """Without JavaScript, so that nothing but the click itself moves a choice."""
    path = "/video?model=kling-v2.1-master&prompt=A+kite"
    page = open_page(path, javascript=False, width=width, touch=touch)
    groups = page.get_by_role("radiogroup")
    expect(groups).to_have_count(3)
    for group in groups.all():
        choices = group.get_by_role("radio").all()
        grids = [points(choice, edge) for choice in choices]
        for at, choice in enumerate(choices):
            for point in grids[at]:
                poke(page, grids[at - 1][0], touch=touch)
                expect(choice).not_to_be_checked()
                poke(page, point, touch=touch)
                expect(choice).to_be_checked()
