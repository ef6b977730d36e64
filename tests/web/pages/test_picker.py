"""Finding a model among many, with and without JavaScript."""

from tests.web.pages.conftest import HTMX, Page
from tests.web.pages.reading import Reader, changed


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


async def test_an_answer_says_which_search_it_is_of(page: Page) -> None:
    for q in ("kling", " VEO <$1 ", 'no "such" model'):
        answer = await page.http.get("/video/models", params={"q": q}, headers=HTMX)
        assert [each["data-q"] for _, each in Reader(answer.text).elements if "data-q" in each] == [q]


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


async def test_what_is_billed_by_the_length_of_an_input_is_not_found_as_if_it_cost_nothing(
    page: Page,
) -> None:
    by_input = {"kling-o3-pro-edit", "omni-human", "sync-lipsync-2", "topaz-video-upscale", "luma-ray-2-edit"}
    cheap = await found(page, "<$0.10")
    assert not by_input & set(cheap)
    assert "comfyui-title-card" in cheap, "a server of one's own bills nothing"
    assert "seedance-1-pro-fast" not in cheap, "5 s in 1080p are $0.25"
    assert by_input & set(await found(page, "<$1000")) == {"kling-o3-pro-edit"}, "10 s at most, so $1.40"
    assert "kling-o3-pro-edit" not in await found(page, "<$1")


async def test_a_price_limit_a_second_compares_what_a_second_costs(page: Page) -> None:
    cheap = await found(page, "<$0.10/s")
    assert {"sync-lipsync-2", "sync-lipsync-1.9", "hunyuan-video-1.5"} <= set(
        cheap
    )  # $0.05; $0.70 a minute; $0.075
    assert not {"omni-human", "kling-v2.1-master", "comfyui-title-card", "video-01"} & set(cheap)
    assert await found(page, "<$0.10/s") == await found(page, "<=0.10/second")
    assert "sync-lipsync-1.9" in await found(page, "lip <$0.70/min")
    assert "sync-lipsync-1.9" not in await found(page, "lip <$0.69/min")


async def test_an_entry_says_of_what_a_second_is_counted(page: Page) -> None:
    listed = await page.get("/video/models?q=omni-human", **HTMX)
    assert "$0.14 a second of your audio" in listed.text


async def test_what_was_only_imported_is_marked_in_the_list_and_over_the_form(page: Page) -> None:
    listed = await page.http.get("/video/models?q=every+kind", headers=HTMX)
    assert ">Imported</span>" in listed.text
    assert "not read through by a person" in (await page.http.get("/video?model=every-kind")).text
    assert "not read through by a person" not in (await page.http.get("/video?model=veo-3.1")).text
