"""A price that waits for an input: on the button, at the click, on the card, in the API; never "$0.00"."""

from pathlib import Path

from tests.media_files import make_video
from tests.web.pages.conftest import Page
from tests.web.pages.reading import Reader, changed

AUDIO = "https://example.com/a.mp3"
HUMAN = f"/video?model=omni-human&image=https://example.com/a.png&audio={AUDIO}"
AVATAR = f"/video?model=kling-avatar-v2&image=https://example.com/a.png&audio={AUDIO}&quality=std"
EDIT = "/video?model=kling-o3-pro-edit&prompt=Make+it+snow"


def price(page: Reader) -> str:
    return page.one("span", id="price")["_text"]


async def test_before_a_file_is_chosen_the_button_says_what_a_second_of_it_costs(page: Page) -> None:
    assert price(await page.get("/video?model=omni-human")) == "$0.14 a second of your audio"
    assert price(await page.get(HUMAN)) == "$0.14 a second of your audio", (
        "nobody has measured a file elsewhere"
    )
    assert price(await page.get(EDIT)) == "$0.14 a second of your video ($0.42–1.40)"


async def test_what_a_chosen_file_makes_of_the_price_is_shown_before_it_is_ordered(
    page: Page, tmp_path: Path
) -> None:
    drawn = await page.get("/video?model=pixverse-lipsync&audio=" + AUDIO)
    assert dict(drawn.pairs())["shown_estimate"] == "0.04/second"
    speech = make_video(tmp_path / "speech.mp4", seconds=4)
    drawn = await page.get("/video?model=runway-aleph-2&prompt=Make+it+snow")
    assert dict(drawn.pairs())["shown_estimate"] == "8.40"
    files = {"video": ("speech.mp4", speech.read_bytes(), "video/mp4")}
    chosen = await page.post("/video/form", drawn.pairs(), files=files)
    assert price(chosen) == "about $1.12"


async def test_a_file_that_comes_with_the_order_itself_makes_a_price_that_must_be_seen_first(
    page: Page, tmp_path: Path
) -> None:
    drawn = await page.get("/video?model=luma-ray-2-edit&prompt=Everything+made+of+felt")
    assert dict(drawn.pairs())["shown_estimate"] == "0.35/second"
    clip = make_video(tmp_path / "clip.mp4", size=(1280, 720), seconds=4)
    files = {"video": ("clip.mp4", clip.read_bytes(), "video/mp4")}
    refused = await page.post("/video/jobs", drawn.pairs(), files=files)
    assert "The price is about $1.40 now. Nothing was ordered" in refused.text
    assert price(refused) == "about $1.40"
    assert (await page.send("/video/jobs", refused.pairs())).status_code == 303


async def test_a_price_a_second_that_rose_since_it_was_shown_is_shown_again(page: Page) -> None:
    drawn = await page.get(AVATAR)
    assert price(drawn) == "$0.056 a second of your audio"
    dearer = changed(drawn.pairs(), quality="pro")
    refused = await page.post("/video/jobs", dearer)
    assert "The price is $0.11 a second of your audio now. Nothing was ordered" in refused.text
    assert (await page.send("/video/jobs", refused.pairs())).status_code == 303, (
        "once it was seen it may be ordered"
    )


async def test_a_job_without_a_known_price_says_its_unit_and_no_amount_of_zero(page: Page) -> None:
    answer = await page.send("/video/jobs", (await page.get(HUMAN)).pairs())
    job_id = answer.headers["location"].rpartition("/")[2]
    job = (await page.http.get(f"/api/video/jobs/{job_id}")).json()
    assert job["estimate"] == {"low": None, "high": None, "currency": "USD"}
    assert "$0.14 a second of your audio" in (await page.get(f"/video/jobs/{job_id}")).text
    pairs = (await page.get("/video/library")).pairs()
    again = [("_csrf_token", dict(pairs)["_csrf_token"]), ("nonce", "again")]
    assert (
        (await page.send(f"/video/jobs/{job_id}/retry", again)).headers["location"].startswith("/video/jobs/")
    )


async def test_programs_are_told_of_what_a_second_is_counted(page: Page) -> None:
    listed = (await page.http.get("/api/video/models")).json()["models"]
    prices = {each["key"]: each["price"] for each in listed}
    assert prices["omni-human"] == "$0.14 a second of your audio"
    assert prices["comfyui-title-card"] == "$0.00 a clip"
    one = (await page.http.get("/api/video/models/kling-o3-pro-edit")).json()
    assert one["typical_price"] == "$0.14 a second of your video"
