"""One posted order works its form out a few times and not at every turn, on the page and by the API."""

from __future__ import annotations

from typing import Any

import pytest

from models.form.rules import evaluate
from tasks.context import AppContext
from tests.counting import Calls, calls_of
from tests.web.pages.conftest import Page
from tests.web.pages.reading import changed

OMNI = "kling-v3-omni"
MOST = 4  # evaluations of the whole form: the order, what was drawn before it, and the form that comes back
LINK = "https://example.com/canyon.png"
SHOTS: Any = [{"prompt": "Wide", "duration": 2}, {"prompt": "Close", "duration": 3}]

WITH_HIDDEN = {"mode": "t2v", "prompt": "A kite", "images": LINK}
ROWS = {"mode": "r2v", "prompt": "A kite", "images": LINK} | {
    f"shots.{at}.{name}": str(value) for at, row in enumerate(SHOTS) for name, value in row.items()
}


def within_reach(calls: Calls) -> bool:
    return 0 < calls.outermost <= MOST


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize("typed", [{"mode": "t2v", "prompt": "A kite"}, WITH_HIDDEN, ROWS])
async def test_an_order_from_the_form_evaluates_it_four_times_at_most(
    page: Page, context: AppContext, typed: dict[str, str], htmx: bool
) -> None:
    drawn = await page.get(f"/video?model={OMNI}&mode={typed['mode']}")
    with calls_of(evaluate) as calls:
        answer = await page.send("/video/jobs", changed(drawn.pairs(), **typed), htmx=htmx)
    assert len(await context.jobs.list_page("local")) == 1, answer.text
    assert within_reach(calls)


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize("typed", [{"mode": "t2v"}, WITH_HIDDEN | {"prompt": ""}, ROWS | {"duration": "9"}])
async def test_a_refused_order_evaluates_it_four_times_at_most(
    page: Page, context: AppContext, typed: dict[str, str], htmx: bool
) -> None:
    drawn = await page.get(f"/video?model={OMNI}&mode={typed['mode']}")
    with calls_of(evaluate) as calls:
        answer = await page.post("/video/jobs", changed(drawn.pairs(), **typed), htmx=htmx)
    assert answer.one("div", id="wrong")["_text"] or answer.all("p", class_="error")
    assert await context.jobs.list_page("local") == ()
    assert within_reach(calls)


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"mode": "t2v", "prompt": "A kite"}, 201),
        ({"mode": "r2v", "prompt": "A kite", "images": [LINK], "shots": SHOTS}, 201),
        ({"mode": "t2v"}, 422),
        ({"mode": "t2v", "prompt": "A kite", "images": [LINK]}, 422),
    ],
)
async def test_an_order_by_the_api_evaluates_it_once(page: Page, values: dict[str, Any], status: int) -> None:
    with calls_of(evaluate) as calls:
        answer = await page.http.post("/api/video/jobs", json={"model": OMNI, "values": values})
    assert answer.status_code == status, answer.text
    assert calls.outermost == 1
