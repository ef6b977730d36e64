"""Generate and Try again pressed twice, over HTTP: the answer to the first press gave the second a fresh nonce."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from tasks.context import AppContext
from tasks.jobs.repository import JobRepository
from tests.tasks.world import Clock
from tests.web.pages.conftest import Page
from tests.web.pages.reading import Reader, changed
from tests.web.pages.test_jobs_page import LINK, partials
from web.app import create_app

ONCE = "Pressed twice in quick succession, so this was ordered once."


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def page(context: AppContext, clock: Clock) -> AsyncIterator[Page]:
    """The application with a clock that stands still until it is told."""
    app: Any = create_app(replace(context, jobs=JobRepository(context.database, clock)))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000"
    ) as http:
        yield Page(http)


async def count(context: AppContext) -> int:
    return len(await context.jobs.list_page("local"))


def with_watch(answer: httpx.Response) -> list[tuple[str, str]]:
    """What the page sends next, once this answer is in it: the new form, and what its poll watches."""
    return Reader(answer.text).pairs()


async def test_a_second_press_with_the_fresh_nonce_orders_nothing_and_shows_the_same_card(
    page: Page, context: AppContext, clock: Clock
) -> None:
    drawn = await page.get(LINK)
    first = await page.send("/video/jobs", drawn.pairs(), htmx=True)
    clock.now += 0.3
    second = await page.send("/video/jobs", with_watch(first), htmx=True)
    nonces = [dict(pairs)["nonce"] for pairs in (drawn.pairs(), with_watch(first), with_watch(second))]
    assert len(set(nonces)) == 3
    (job,) = await context.jobs.list_page("local")
    assert f'id="job-{job.id}"' in partials(second.text)[f"#job-{job.id}"], "in the place of the first"
    assert "#cards" not in partials(second.text)
    assert ONCE not in first.text
    assert ONCE in Reader(second.text).text
    assert "Ordered:" not in second.text


async def test_a_deliberate_press_a_second_later_orders_again_and_says_nothing_of_the_first(
    page: Page, context: AppContext, clock: Clock
) -> None:
    answer = await page.send("/video/jobs", (await page.get(LINK)).pairs(), htmx=True)
    for number in (2, 3):
        clock.now += 1.1
        answer = await page.send("/video/jobs", with_watch(answer), htmx=True)
        assert ONCE not in answer.text
        assert "#cards" in partials(answer.text)
        assert await count(context) == number


@pytest.mark.parametrize(
    "change", [{"prompt": "A kite!"}, {"aspect_ratio": "9:16"}, {"negative_prompt": "x"}]
)
async def test_a_press_after_a_change_orders_at_once(
    page: Page, context: AppContext, change: dict[str, str]
) -> None:
    first = await page.send("/video/jobs", (await page.get(LINK)).pairs(), htmx=True)
    second = await page.send("/video/jobs", changed(with_watch(first), **change), htmx=True)
    assert ONCE not in second.text
    assert await count(context) == 2


async def test_without_javascript_a_second_press_leads_to_the_page_of_the_same_job(
    page: Page, context: AppContext, clock: Clock
) -> None:
    """The form in two tabs, or loaded anew: two nonces."""
    forms = [(await page.get(LINK)).pairs() for _ in range(2)]
    answers = [await page.send("/video/jobs", form) for form in forms]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert await count(context) == 1
    clock.now += 1.1
    later = await page.send("/video/jobs", (await page.get(LINK)).pairs())
    assert later.headers["location"] != answers[0].headers["location"]


async def test_two_orders_by_the_api_are_two_also_beside_the_form(page: Page, context: AppContext) -> None:
    await page.send("/video/jobs", (await page.get(LINK)).pairs())
    order = {"model": "kling-v2.1-master", "values": {"prompt": "A kite"}}
    for _ in range(2):
        assert (await page.http.post("/api/video/jobs", json=order)).status_code == 201
    assert await count(context) == 3


async def test_a_repeat_puts_its_card_up_once_where_the_page_does_not_watch_it_any_more(
    page: Page, context: AppContext
) -> None:
    first = await page.send("/video/jobs", (await page.get(LINK)).pairs(), htmx=True)
    second = await page.send("/video/jobs", changed(with_watch(first), watch=""), htmx=True)
    (job,) = await context.jobs.list_page("local")
    before, after = (
        second.text.index(f'hx-target="#job-{job.id}" hx-swap="delete"'),
        second.text.index("#cards"),
    )
    assert before < after


async def test_try_again_pressed_twice_orders_once_though_the_card_was_drawn_anew(
    page: Page, context: AppContext, clock: Clock
) -> None:
    answer = await page.send("/video/jobs", (await page.get(LINK)).pairs())
    old = answer.headers["location"].removeprefix("/video/jobs/")
    await context.jobs.request_cancel("local", old)
    token = dict((await page.get("/video")).pairs())["_csrf_token"]
    clock.now += 60

    async def press(nonce: str, watch: str = "") -> httpx.Response:
        sent = [("_csrf_token", token), ("nonce", nonce), ("watch", watch)]
        return await page.send(f"/video/jobs/{old}/retry", sent, htmx=True)

    first = await press("first")
    clock.now += 0.3
    (new, _) = await context.jobs.list_page("local")
    second = await press("second", watch=new.id)
    assert f"#job-{new.id}" in partials(second.text)
    assert partials(first.text)["#said"] == "Ordered: Kling v2.1 Master"
    assert partials(second.text)["#said"] == "Ordered once: Kling v2.1 Master"
    assert await count(context) == 2
    clock.now += 1.1
    await press("third")
    assert await count(context) == 3
