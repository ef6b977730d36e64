"""A person makes a video: model, mode, a mistake, the order, the video that plays; with and without JavaScript."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.support import Server, sandbox_held


def choose(page: Page, words: str, key: str) -> None:
    page.locator("#picker summary").click()
    page.locator("#search").fill(words)
    page.locator(f'#found button[value="{key}"]').click()
    expect(page.locator("#form [name=model]")).to_have_value(key)


def plays(page: Page) -> list[float]:
    """Play the video on top for a moment: [seconds played, width, height, length]."""
    found: list[float] = page.evaluate(
        """async () => {
            const video = document.querySelector("video");
            video.muted = true;
            await video.play();
            await new Promise((done) => { video.ontimeupdate = () => video.currentTime > 0.2 && done(); });
            return [video.currentTime, video.videoWidth, video.videoHeight, video.duration];
        }"""
    )
    return found


def test_from_a_model_to_a_playing_video(open_page: OpenPage, server: Server, picture: Path) -> None:
    page = open_page()
    page.get_by_label("Prompt", exact=True).fill("A paper boat on a rainy street")
    choose(page, "kling master", "kling-v2.1-master")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("A paper boat on a rainy street")
    page.get_by_label("Image to video").check()
    expect(page.locator("#f-image-file")).to_be_attached()

    page.locator("#run").click()
    expect(page.locator("#f-image-error")).to_contain_text("First frame")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("A paper boat on a rainy street")
    expect(page.get_by_label("Image to video")).to_be_checked()
    expect(page.locator("#f-image-file")).to_be_focused()
    expect(page.locator("#cards .card")).to_have_count(0)

    page.locator("#f-image-file").set_input_files(picture)
    expect(page.locator(".chosen")).to_contain_text("640 × 480")
    expect(page.locator("#f-image-error")).to_have_count(0)
    card = page.locator("#cards .card")
    with sandbox_held(server.sandbox_url):
        page.keyboard.press("Control+Enter")
        expect(card).to_have_count(1)
        expect(card.locator("h3")).to_contain_text("Processing")
        expect(card).to_contain_text("Sandbox")

    expect(card.locator("video")).to_be_visible()
    played, width, height, length = plays(page)
    assert played > 0.2
    assert width / height == pytest.approx(640 / 480, abs=0.02)
    assert length == pytest.approx(5, abs=0.3)
    expect(page.locator("#poll")).not_to_have_attribute("hx-trigger", "every 1s")
    assert server.submissions()["by_prompt"]["A paper boat on a rainy street"] == 1


def test_the_same_without_javascript(open_page: OpenPage, server: Server, picture: Path) -> None:
    page = open_page(javascript=False)
    page.get_by_label("Prompt", exact=True).fill("A kite over the dunes")
    page.locator("#picker summary").click()
    page.get_by_role("button", name="Choose another model").click()
    page.locator('button[value="kling-v2.1-master"]').click()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("A kite over the dunes")

    page.get_by_label("Image to video").check()
    page.get_by_role("button", name="Update the form and the price").click()
    page.locator("#run").click()
    expect(page.locator("#f-image-error")).to_contain_text("First frame")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("A kite over the dunes")

    page.locator("#f-image-file").set_input_files(picture)
    page.locator("#run").click()
    expect(page.locator(".card")).to_contain_text("A kite over the dunes")
    expect(page.locator("video")).to_be_visible()
    assert page.locator("video").get_attribute("src")
    assert server.submissions()["by_prompt"]["A kite over the dunes"] == 1


def test_the_price_follows_the_fields(open_page: OpenPage) -> None:
    page = open_page("/video?model=kling-v2.1-master&prompt=A+kite")
    expect(page.locator("#price")).to_have_text("about $1.40")
    page.get_by_label("10 s").check()
    expect(page.locator("#price")).to_have_text("about $2.80")


def test_a_choice_that_moves_another_field_says_so_and_is_seen_to_move(open_page: OpenPage) -> None:
    page = open_page("/video?model=hailuo-02&prompt=A+kite")
    page.get_by_label("10 s").check()
    expect(page.get_by_label("768p")).to_be_checked()
    page.get_by_label("1080p").check()
    expect(page.get_by_label("6 s")).to_be_checked()
    expect(page.locator("#f-duration-note")).to_contain_text("Changed from 10 s to 6 s")
    expect(page.get_by_label("1080p")).to_be_checked()


def test_typing_goes_on_undisturbed_while_the_form_is_checked(open_page: OpenPage) -> None:
    page = open_page("/video?model=kling-v2.1-master")
    prompt = page.get_by_label("Prompt", exact=True)
    prompt.press_sequentially(
        "A heron lifts from a still lake, ripples crossing its own reflection", delay=40
    )
    expect(prompt).to_have_value("A heron lifts from a still lake, ripples crossing its own reflection")
    expect(prompt).to_be_focused()
    expect(page.locator("[data-counts=f-prompt]")).to_have_text("68 / 2500")


def test_a_failed_job_says_what_happened_whether_it_was_billed_and_what_to_do(open_page: OpenPage) -> None:
    page = open_page("/video?model=veo-3.1&prompt=A+storm+[fault:+moderation]")
    page.locator("#run").click()
    trouble = page.locator("#cards .is-failed .trouble").first
    expect(trouble).to_be_visible()
    expect(trouble).to_contain_text("Refused by the safety check")
    expect(trouble).to_contain_text("not billed")
    expect(page.locator("#cards .is-failed").first.get_by_role("button", name="Try again")).to_be_visible()


def test_several_jobs_one_after_the_other_all_show_their_end(open_page: OpenPage) -> None:
    page = open_page("/video?model=ltx-2")
    for fault in ("no_credit", "drop_after", "refuse"):
        page.get_by_label("Prompt", exact=True).fill(f"One of three [fault: {fault}]")
        page.locator("#run").click()
        expect(page.locator(".card").first).to_contain_text(f"[fault: {fault}]")
    mine = page.locator("#cards .card", has_text="One of three")
    expect(mine.locator(".trouble")).to_have_count(3)
    expect(page.locator("#now-title")).to_have_text("Just finished")


def test_a_running_job_is_canceled_on_its_card(open_page: OpenPage) -> None:
    page = open_page("/video?model=kling-v2.1-master&prompt=Long+[fault:+endless]")
    page.locator("#run").click()
    card = page.locator("#cards .card").first
    expect(card).to_contain_text("Processing")
    card.get_by_role("button", name="Cancel").click()
    expect(page.locator("#cards .is-canceled")).to_be_visible()


def test_a_running_job_is_canceled_on_its_own_page(open_page: OpenPage, server: Server) -> None:
    job_id = server.order("kling-v2.1-master", prompt="Long [fault: endless]")
    page = open_page(f"/video/jobs/{job_id}")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".is-canceled")).to_be_visible()
    expect(page.locator("#poll")).not_to_have_attribute("hx-get", "/video/live")


def test_a_video_that_plays_is_not_disturbed_by_the_poll_of_another(open_page: OpenPage) -> None:
    page = open_page("/video?model=seedance-1-pro&resolution=480p&duration=3&prompt=First")
    page.locator("#run").click()
    first = page.locator("#cards .card", has_text="First").locator("video")
    expect(first).to_be_visible()
    first.evaluate("video => { video.mark = 'the same'; }")
    plays(page)
    page.get_by_label("Prompt", exact=True).fill("Second")
    page.locator("#run").click()
    expect(page.locator("#cards .card", has_text="Second").locator("video")).to_be_visible()
    assert first.evaluate("video => video.mark") == "the same"
    assert first.evaluate("video => video.currentTime") > 0.2


def test_nothing_moves_when_a_video_takes_the_place_of_its_progress(
    open_page: OpenPage, server: Server
) -> None:
    page = open_page("/video?model=seedance-1-pro&resolution=480p&duration=3&prompt=In+place", width=1440)
    card = page.locator("#cards .card", has_text="In place")
    height = "card => card.getBoundingClientRect().height"
    with sandbox_held(server.sandbox_url):
        page.locator("#run").click()
        expect(card.locator("h3")).to_contain_text("Processing")
        before = card.evaluate(height)
    expect(card.locator("video")).to_be_visible()
    assert card.evaluate(height) == before


def test_a_deleted_card_goes_after_a_question(open_page: OpenPage) -> None:
    page = open_page("/video?model=ltx-2&prompt=To+be+deleted+[fault:+refuse]")
    page.locator("#run").click()
    card = page.locator("#cards .card", has_text="To be deleted")
    expect(card.locator(".trouble")).to_be_visible()
    card.get_by_text("Delete", exact=True).first.click()
    card.get_by_role("button", name="Delete").click()
    expect(card).to_have_count(0)


def test_an_order_without_an_answer_is_found_by_the_providers_id(open_page: OpenPage, server: Server) -> None:
    page = open_page("/video?model=ltx-2&prompt=Lost+and+found+[fault:+drop_after]")
    page.locator("#run").click()
    card = page.locator("#cards .card", has_text="Lost and found")
    expect(card.locator(".trouble")).to_contain_text("Not known whether it arrived")
    (sent,) = [one for one in server.submissions()["submissions"] if one["prompt"].startswith("Lost")]
    card.get_by_text("I have its id", exact=True).click()
    card.get_by_label("fal's id of this job").fill(sent["id"])
    card.get_by_role("button", name="Look for it").click()
    expect(card.locator("video")).to_be_visible()
    assert server.submissions()["by_prompt"][sent["prompt"]] == 1
