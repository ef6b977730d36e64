"""The page on a phone, in the dark, by keyboard alone, and as a screen reader finds it."""

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.conftest import CHROMIUM, OpenPage, patient
from tests.support import Server

MODELS = ("kling-v2.1-master", "hailuo-02", "seedance-1-pro", "veo-3.1", "wan-2.5", "ltx-2")


def overflow(page: Page) -> int:
    found: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return found


@pytest.mark.parametrize("model", MODELS)
def test_on_a_phone_nothing_sticks_out_and_the_run_button_is_in_reach(
    open_page: OpenPage, model: str
) -> None:
    page = open_page(f"/video?model={model}&prompt={'long' * 40}", width=390, height=844)
    assert overflow(page) <= 0
    expect(page.locator("#run")).to_be_in_viewport()
    page.mouse.wheel(0, 5000)
    expect(page.locator("#run")).to_be_in_viewport()


@pytest.mark.parametrize("path", ["/video/library", "/video/models", "/account"])
def test_the_other_pages_fit_a_phone_too(open_page: OpenPage, path: str) -> None:
    assert overflow(open_page(path, width=390, height=844)) <= 0


def test_what_a_button_asks_first_fits_the_phone(open_page: OpenPage) -> None:
    page = open_page("/video?model=ltx-2&prompt=Lost+[fault:+drop_after]", width=390, height=844)
    page.locator("#run").click()
    card = page.locator("#cards .card").first
    for question in ("I have its id", "Delete"):
        card.locator("summary", has_text=question).click()
        box = card.locator(".sure[open] .popped").bounding_box()
        assert box
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 390


def test_a_label_of_one_endless_word_breaks_instead_of_sticking_out(open_page: OpenPage) -> None:
    page = open_page("/video?model=luma-ray-3.2", width=390, height=844)
    for label in page.locator("#fields label[id]").all():
        label.evaluate("label => { label.textContent = 'Wegweisungsstärkeneinstellungsfaktoren'; }")
    assert overflow(page) <= 0
    boxes = page.locator("#f-loop-label, #f-hdr-label")
    loop, hdr = (boxes.nth(at).bounding_box() for at in (0, 1))
    assert loop
    assert hdr
    assert loop["x"] + loop["width"] <= hdr["x"]


@pytest.mark.parametrize("width", [390, 1440])
def test_a_reader_who_set_letters_twice_as_large_gets_them_and_nothing_sticks_out(
    chromium: Browser, server: Server, width: int
) -> None:
    large = ["--blink-settings=defaultFontSize=32"]
    with chromium.browser_type.launch(executable_path=str(CHROMIUM), args=large) as browser:
        size: ViewportSize = {"width": width, "height": 900}
        page = patient(browser.new_context(base_url=server.url, viewport=size)).new_page()
        for path in ("/video?model=veo-3.1-reference", "/video/library", "/account", "/video/models"):
            page.goto(path)
            assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") == 30
            assert overflow(page) <= 0, path


def test_the_question_before_deleting_is_whole_on_a_phone(open_page: OpenPage, server: Server) -> None:
    job_id = server.order("ltx-2", prompt="To be asked about [fault: refuse]")
    server.wait(job_id)
    page = open_page("/video", width=390, height=844)
    card = page.locator(f"#job-{job_id}")
    card.locator("summary").click()
    expect(card.locator(".popped")).to_be_in_viewport(ratio=1)


def test_a_prompt_from_right_to_left_is_written_and_shown_so(open_page: OpenPage, server: Server) -> None:
    words = "عاصفة رملية عند الغروب."
    job_id = server.order("ltx-2", prompt=f"{words} [fault: refuse]")
    page = open_page("/video?model=ltx-2")
    page.get_by_label("Prompt", exact=True).fill(words)
    for text in (page.get_by_label("Prompt", exact=True), page.locator(f"#job-{job_id}-prompt")):
        expect(text).to_have_css("direction", "rtl")


def test_an_order_on_a_phone_brings_its_card_into_view(open_page: OpenPage) -> None:
    page = open_page("/video?model=ltx-2&prompt=A+kite", width=390, height=844)
    page.locator("#run").click()
    expect(page.locator("#cards .card").first).to_be_in_viewport()


def test_by_keyboard_alone_a_model_is_chosen_and_ordered(open_page: OpenPage) -> None:
    page = open_page("/video?model=hailuo-02")
    page.locator("#picker summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("kling master")
    expect(page.locator("#found button")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#picker summary")).to_be_focused()
    expect(page.locator(".picked strong")).to_have_text("Kling v2.1 Master")
    page.get_by_label("Prompt", exact=True).focus()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".card", has_text="By keyboard")).to_have_count(1)
    expect(page.get_by_label("Prompt", exact=True)).to_be_focused()


def test_the_focus_stays_where_it_was_when_the_form_changes_around_it(open_page: OpenPage) -> None:
    page = open_page("/video?model=kling-v2.1-master&prompt=A+kite")
    page.get_by_label("Text to video").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#f-image-field")).to_be_visible()
    expect(page.get_by_label("Image to video")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#f-image-field")).to_have_count(0)
    expect(page.get_by_label("Text to video")).to_be_focused()


def test_enter_in_a_one_line_field_checks_and_does_not_order(open_page: OpenPage) -> None:
    page = open_page("/video?model=veo-3.1&prompt=Only+checked")
    page.locator(".advanced summary").click()
    page.get_by_label("Seed").fill("7")
    with page.expect_response("**/video/form"):
        page.get_by_label("Seed").press("Enter")
    expect(page.locator("#form")).not_to_contain_class("htmx-request")
    expect(page.locator(".card", has_text="Only checked")).to_have_count(0)
    expect(page.get_by_label("Seed")).to_have_value("7")
    expect(page.locator(".advanced")).to_have_attribute("open", "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_enough_from_its_ground(open_page: OpenPage, scheme: str) -> None:
    """WCAG AA: 4.5 to 1, measured on what Chromium computed for each text of the page."""
    page = open_page("/video?model=hailuo-02&prompt=A+kite&duration=10&resolution=1080p")
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.evaluate(
        "() => Promise.all(document.getAnimations().filter((each) => each instanceof CSSTransition)"
        ".map((each) => each.finished))"
    )
    weak = page.evaluate(CONTRAST)
    assert weak == []


def test_every_control_has_a_name(open_page: OpenPage) -> None:
    page = open_page("/video?model=veo-3.1&mode=i2v")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, summary, video")]
            .filter((each) => !each.closest("[aria-hidden]") && !(each.labels?.length || each.ariaLabel
                || each.textContent.trim() || each.getAttribute("aria-labelledby")))
            .map((each) => each.outerHTML)"""
    )
    assert nameless == []


def test_a_finished_job_has_its_own_page_with_settings_and_record(
    open_page: OpenPage, server: Server
) -> None:
    job_id = server.order("seedance-1-pro", prompt="A street in the rain", resolution="480p", duration=3)
    server.wait(job_id)
    page = open_page(f"/video/jobs/{job_id}")
    expect(page.locator("video")).to_be_visible()
    expect(page.locator("main")).to_contain_text("A street in the rain")
    expect(page.locator("main")).to_contain_text("Provider's id")
    page.get_by_role("link", name="Use again").click()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("A street in the rain")


# Every text node that can be seen, with the colour behind it; oklch is read through a canvas pixel.
CONTRAST = """() => {
    const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 })
        .getContext("2d", { willReadFrequently: true });
    const pixel = (colour, under) => {
        pen.fillStyle = `rgb(${under.join(",")})`;
        pen.fillRect(0, 0, 1, 1);
        pen.fillStyle = colour;
        pen.fillRect(0, 0, 1, 1);
        return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const light = (rgb) => rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
    const ground = (element) => {
        const chain = [];
        for (let each = element; each; each = each.parentElement) chain.unshift(getComputedStyle(each).backgroundColor);
        return chain.reduce((under, colour) => pixel(colour, under), [255, 255, 255]);
    };
    const found = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        const element = node.parentElement, style = getComputedStyle(element);
        const seen = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
        if (!node.textContent.trim() || !seen || element.closest(".unseen, .skip, video")) continue;
        const under = ground(element), opacity = Number(style.opacity);
        const text = pixel(style.color, under).map((c, at) => c * opacity + under[at] * (1 - opacity));
        const [a, b] = [light(text), light(under)].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) found.push(`${node.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
    }
    return found;
}"""
