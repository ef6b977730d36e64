"""Where a provider's jobs go is found out once a request, for picker, form, header and cards together."""

from collections import Counter

import pytest

from providers.registry import ProviderRegistry
from tasks.context import AppContext
from tests.counting import Calls, calls_of
from tests.web.pages.conftest import Page
from tests.web.pages.reading import changed

OMNI = "kling-v3-omni"


def times_each(calls: Calls) -> set[int]:
    """How often each provider was chosen for."""
    return set(Counter(each["description"].name for each in calls.arguments).values())


@pytest.mark.parametrize(
    "path",
    [
        "/video",
        f"/video?model={OMNI}&prompt=A+kite",
        "/video?model=gone",
        "/video/models",
        "/video/models?q=kling",
        "/video/library",
        "/account",
        "/api/video/models",
        f"/api/video/models/{OMNI}",
    ],
)
async def test_a_page_chooses_once_for_each_provider(page: Page, context: AppContext, path: str) -> None:
    values = {"prompt": "A kite"}
    for model in (OMNI, "hailuo-02"):
        answer = await page.http.post("/api/video/jobs", json={"model": model, "values": values})
        assert answer.status_code == 201, answer.text
    with calls_of(ProviderRegistry._choose) as calls:
        answer = await page.http.get(path)
    assert answer.status_code == 200
    assert times_each(calls) == {1}
    assert len(calls) == len(context.descriptions.all())


async def test_a_form_chooses_once_for_each_provider_also_when_it_is_drawn_again(page: Page) -> None:
    drawn = await page.get(f"/video?model={OMNI}")
    for htmx in (True, False):
        with calls_of(ProviderRegistry._choose) as calls:
            await page.post("/video/form", changed(drawn.pairs(), prompt="A kite"), htmx=htmx)
        assert times_each(calls) == {1}


def test_a_provider_that_is_not_described_is_called_by_its_key_and_is_not_ready(context: AppContext) -> None:
    unknown = context.registry.snapshots().get("nobody")
    assert (unknown.display_name, unknown.ready, unknown.sandbox, unknown.real) == (
        "nobody",
        False,
        False,
        False,
    )
