"""Ordering from the form and what the cards' buttons do, over HTTP; no worker runs, so that jobs wait in the queue."""

import re

import httpx
import pytest

from tasks.context import AppContext
from tests.web.pages.conftest import HTMX, Page
from tests.web.pages.reading import Reader, changed

LINK = "/video?model=kling-v2.1-master&prompt=A+kite"


async def order(page: Page, link: str = LINK) -> str:
    """Place a job as a plain form does; its id."""
    answer = await page.send("/video/jobs", (await page.get(link)).pairs())
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removeprefix("/video/jobs/")


async def press(page: Page, job_id: str, verb: str, *, htmx: bool = False, watch: str = "") -> httpx.Response:
    """A button on a card of the library."""
    pairs = (await page.get("/video/library")).pairs()
    token = dict(pairs)["_csrf_token"]
    sent = [("_csrf_token", token), ("nonce", f"{verb} {job_id}"), ("watch", watch)]
    return await page.send(f"/video/jobs/{job_id}/{verb}", sent, htmx=htmx)


def partials(text: str) -> dict[str, str]:
    """Target → content of the parts that a fragment puts elsewhere on the page."""
    return dict(re.findall(r'<hx-partial hx-target="([^"]+)"[^>]*>(.*?)</hx-partial>', text, re.S))


async def test_without_jobs_the_page_says_what_to_do_first_and_that_it_costs_nothing(page: Page) -> None:
    drawn = await page.get("/video")
    assert "Your first video starts with a sentence" in drawn.text
    assert "costs nothing" in drawn.text
    example = next(found["href"] for found in drawn.all("a") if found["_text"] == "Fill in an example")
    filled = await page.get(example)
    assert dict(filled.pairs())["prompt"]


async def test_the_sandbox_is_named_in_the_header_at_the_run_button_and_on_the_card(page: Page) -> None:
    job_id = await order(page)
    drawn = await page.get("/video")
    assert [found["_text"] for found in drawn.all("button", class_="tag")] == ["Sandbox"]
    assert len([found for found in drawn.all("span", class_="tag") if found["_text"] == "Sandbox"]) == 2
    assert drawn.one("article", id=f"job-{job_id}")
    assert "REPLICATE_API_TOKEN" in drawn.text


async def test_a_plain_order_leads_to_the_jobs_page_which_reloads_itself_until_the_end(page: Page) -> None:
    job_id = await order(page)
    drawn = await page.get(f"/video/jobs/{job_id}")
    assert drawn.all("meta", http_equiv="refresh")
    assert "Queued" in drawn.text
    assert "Text to video" in drawn.text, "the settings are listed"


async def test_the_page_with_the_form_never_reloads_itself(page: Page) -> None:
    await order(page)
    drawn = await page.get("/video")
    assert drawn.one("div", id="poll")["hx-get"] == "/video/live"
    assert not drawn.all("meta", http_equiv="refresh")


async def test_an_order_by_htmx_puts_its_card_on_top_and_renews_the_nonce(page: Page) -> None:
    drawn = await page.get(LINK)
    answer = await page.send("/video/jobs", [*drawn.pairs(), ("watch", "other")], htmx=True)
    assert answer.status_code == 200
    form = dict(Reader(answer.text).pairs())
    assert form["nonce"] != dict(drawn.pairs())["nonce"]
    assert form["prompt"] == "A kite", "the next order starts from this one"
    parts_of = partials(answer.text)
    assert "Queued" in parts_of["#cards"]
    assert "other" in parts_of["#poll"], "what was watched before still is"
    assert "1 queued" in parts_of["#now-head"]


async def test_the_same_form_sent_twice_orders_once(page: Page, context: AppContext) -> None:
    drawn = await page.get(LINK)
    first = await page.send("/video/jobs", drawn.pairs())
    second = await page.send("/video/jobs", drawn.pairs())
    assert first.headers["location"] == second.headers["location"]
    assert len(await context.jobs.list_page("local")) == 1


async def test_a_form_that_was_sent_already_and_edited_says_so_and_gets_a_new_nonce(
    page: Page, context: AppContext
) -> None:
    drawn = await page.get(LINK)
    await page.send("/video/jobs", drawn.pairs())
    again = await page.post("/video/jobs", changed(drawn.pairs(), prompt="Another"), htmx=True)
    assert "Nothing new was ordered" in again.text
    assert (await page.send("/video/jobs", again.pairs())).status_code == 303
    assert len(await context.jobs.list_page("local")) == 2


async def test_a_price_that_rose_is_shown_before_anything_is_ordered(page: Page, context: AppContext) -> None:
    drawn = await page.get(LINK)
    after = await page.post("/video/jobs", changed(drawn.pairs(), duration="10"), htmx=True)
    assert "Nothing was ordered" in after.text
    assert "about $2.80" in after.one("span", id="price")["_text"]
    assert await context.jobs.list_page("local") == ()
    assert (await page.send("/video/jobs", after.pairs())).status_code == 303


async def test_the_poll_shows_the_cards_asked_for_and_goes_on_while_one_is_live(page: Page) -> None:
    job_id = await order(page)
    answer = (await page.http.get(f"/video/live?watch={job_id}", headers=HTMX)).text
    assert "Queued" in partials(answer)[f"#job-{job_id}"]
    poll = Reader(answer).one("div", id="poll")
    assert poll["hx-trigger"] == "every 1s"


async def test_the_last_answer_of_the_poll_shows_the_end_and_asks_no_more(
    page: Page, context: AppContext
) -> None:
    job_id = await order(page)
    await context.jobs.request_cancel("local", job_id)
    answer = (await page.http.get(f"/video/live?watch={job_id}", headers=HTMX)).text
    assert "Canceled" in partials(answer)[f"#job-{job_id}"]
    assert "hx-trigger" not in Reader(answer).one("div", id="poll")


async def test_a_card_whose_job_was_deleted_elsewhere_goes(page: Page) -> None:
    answer = (await page.http.get("/video/live?watch=gone", headers=HTMX)).text
    assert '<hx-partial hx-target="#job-gone" hx-swap="delete">' in answer


async def test_cancel_answers_with_the_card_as_it_is_then(page: Page) -> None:
    job_id = await order(page)
    answer = await press(page, job_id, "cancel", htmx=True, watch=job_id)
    assert answer.status_code == 200
    assert "Nothing was billed." in Reader(answer.text).text
    assert "Try again" in Reader(answer.text).text


async def test_a_plain_cancel_leads_back_to_a_page(page: Page) -> None:
    job_id = await order(page)
    answer = await press(page, job_id, "cancel")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/video/jobs/{job_id}")


@pytest.mark.parametrize("verb", ["cancel", "retry", "delete"])
async def test_a_job_of_somebody_else_does_not_exist(page: Page, verb: str) -> None:
    await order(page)
    assert (await press(page, "nobodys", verb)).status_code == 404


async def test_retry_orders_the_same_again_once_for_each_button(page: Page, context: AppContext) -> None:
    job_id = await order(page)
    await press(page, job_id, "cancel")
    answer = await press(page, job_id, "retry")
    again = await press(page, job_id, "retry")
    assert answer.status_code == 303
    assert answer.headers["location"] == again.headers["location"]
    newest, oldest = await context.jobs.list_page("local")
    assert (newest.retry_of, newest.values) == (oldest.id, oldest.values)


async def test_retry_by_htmx_puts_the_new_card_on_top(page: Page) -> None:
    job_id = await order(page)
    await press(page, job_id, "cancel")
    answer = await press(page, job_id, "retry", htmx=True)
    assert "Queued" in partials(answer.text)["#cards"]


async def test_a_live_job_is_not_deleted_and_a_rested_one_is(page: Page, context: AppContext) -> None:
    job_id = await order(page)
    refused = await press(page, job_id, "delete", htmx=True)
    assert refused.status_code == 409
    assert "cancel it first" in refused.json()["error"]["message"]
    await press(page, job_id, "cancel")
    assert (await press(page, job_id, "delete")).headers["location"] == "/video"
    assert await context.jobs.list_page("local") == ()


async def test_use_again_fills_the_form_with_the_jobs_settings(page: Page) -> None:
    job_id = await order(page, LINK + "&duration=10&aspect_ratio=9:16")
    drawn = await page.get(f"/video?again={job_id}")
    sent = dict(drawn.pairs())
    assert (sent["prompt"], sent["duration"], sent["aspect_ratio"]) == ("A kite", "10", "9:16")


async def test_the_model_used_last_is_there_when_the_page_is_opened_again(page: Page) -> None:
    await order(page, "/video?model=wan-2.5&prompt=A+kite")
    assert dict((await page.get("/video")).pairs())["model"] == "wan-2.5"


async def test_the_library_has_every_job_newest_first_and_pages_on(page: Page) -> None:
    ids = [
        await order(page, f"/video?model=kling-v2.1-master&prompt=Number+{number}") for number in range(27)
    ]
    first = await page.get("/video/library")
    shown = [found["id"].removeprefix("job-") for found in first.all("article")]
    older = next(found["href"] for found in first.all("a") if found["_text"] == "Older")
    rest = await page.get(older)
    shown += [found["id"].removeprefix("job-") for found in rest.all("article")]
    assert shown == ids[::-1]
    assert "Older" not in rest.text


async def test_a_missing_job_is_a_page_for_people_with_a_way_back(page: Page) -> None:
    answer = await page.http.get("/video/jobs/nothing", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert "There is no such job" in answer.text
    assert 'href="/video"' in answer.text


async def test_a_job_fetched_by_htmx_is_its_card_alone(page: Page) -> None:
    job_id = await order(page)
    answer = await page.http.get(f"/video/jobs/{job_id}", headers=HTMX)
    assert answer.text.lstrip().startswith("<article")


async def test_the_first_page_is_five_requests_and_less_than_30_kib(page: Page) -> None:
    answer = await page.http.get("/video", headers={"accept-encoding": "gzip"})
    drawn = Reader(answer.text)
    files = [found["href"] for found in drawn.all("link")] + [found["src"] for found in drawn.all("script")]
    assert len(files) == 4
    sent = [
        (await page.http.get(file, headers={"accept-encoding": "gzip"})).headers["content-length"]
        for file in files
    ]
    assert sum(map(int, sent)) + int(answer.headers["content-length"]) < 30 * 1024
