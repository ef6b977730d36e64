"""Finding a model among many, with and without JavaScript."""

from tests.page.conftest import HTMX, Page
from tests.page.reading import Reader, changed


async def found(page: Page, q: str | None) -> list[str]:
    """The keys that the picker shows for a search; None: when it is opened."""
    answer = await page.http.get("/video/models", params={} if q is None else {"q": q}, headers=HTMX)
    return [each["value"] for each in Reader(answer.text).all("button", name="choose")]


async def test_opened_it_shows_the_catalogue_with_provider_price_time_and_modes(page: Page) -> None:
    answer = Reader((await page.http.get("/video/models", headers=HTMX)).text)
    assert "kling-v2.1-master" in [each["value"] for each in answer.all("button", name="choose")]
    assert "Replicate · $0.28 a second · about 5 min" in answer.text
    assert answer.one("input", type="search")


async def test_every_word_of_a_search_must_fit_wherever_it_stands(page: Page) -> None:
    assert "veo-3.1" in await found(page, "VEO")
    assert "kling-v2.1-master" not in await found(page, "VEO")
    assert "hailuo-02" in await found(page, "replicate first and last")
    assert "kling-v2.1-master" in await found(page, "master kling")
    assert await found(page, "kling nonsense") == []


async def test_a_search_without_a_find_says_what_can_be_searched(page: Page) -> None:
    answer = await page.http.get("/video/models?q=nonsense", headers=HTMX)
    assert "Search by name, provider or mode" in answer.text


async def test_models_used_lately_stand_on_top(page: Page) -> None:
    await page.send("/video/jobs", (await page.get("/video?model=wan-2.5&prompt=A+kite")).pairs())
    assert (await found(page, None))[0] == "wan-2.5"


async def test_without_javascript_the_list_is_a_page_that_carries_what_was_typed(page: Page) -> None:
    drawn = await page.get("/video?model=kling-v2.1-master")
    listed = await page.post("/video/models", changed(drawn.pairs(), prompt="A kite"))
    chosen = await page.post("/video/form", [*listed.pairs(), ("choose", "veo-3.1")])
    sent = dict(chosen.pairs())
    assert (sent["model"], sent["prompt"]) == ("veo-3.1", "A kite")


async def test_the_list_opened_by_itself_leads_to_any_model(page: Page) -> None:
    listed = await page.get("/video/models")
    chosen = await page.post("/video/form", [*listed.pairs(), ("choose", "ltx-2")])
    assert dict(chosen.pairs())["model"] == "ltx-2"


async def test_a_price_limit_leaves_out_what_costs_more_or_nobody_knows(page: Page) -> None:
    cheap = await found(page, "kling <$0.50")
    assert cheap
    assert "kling-v2.1-master" not in cheap  # $1.40 for its 5 s
    assert "kling-v2.1-master" in await found(page, "kling <=1.40")
    assert "hunyuan-video" not in await found(page, "<$1000")  # its price is unknown


async def test_what_was_only_imported_is_marked_in_the_list_and_over_the_form(page: Page) -> None:
    listed = await page.http.get("/video/models?q=every+kind", headers=HTMX)
    assert ">Imported</span>" in listed.text
    assert "not read through by a person" in (await page.http.get("/video?model=every-kind")).text
    assert "not read through by a person" not in (await page.http.get("/video?model=veo-3.1")).text
