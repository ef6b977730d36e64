"""A model that vanishes under its form is missed, never replaced: what was typed stays and nothing is ordered."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from msgspec.structs import replace

from models.spec.catalogue import Catalogue
from tasks.context import AppContext, build_context
from tasks.settings import prepare_data_dir, read_settings
from tests.support import CHECKOUT, png
from tests.web.pages.conftest import NO_QUEUE, NO_SANDBOX, OWN_MODELS, Page
from tests.web.pages.reading import Reader, changed
from tests.web.pages.test_jobs_page import press
from web.app import create_app

MINE = "/video?model=my&prompt=A+kite"
TYPED = {
    "prompt": "One\ntwo",
    "title": 'Quotes " and <b>',
    "steps": "12",
    "scale": "0.25",
    "style": "Noir",
    "voice": "Somebody else",
    "sound": "false",
    "seed": "7",
    "image": "https://example.com/a.png",
    "extra": '{\n  "a": [\n    1,\n    2\n  ]\n}',
    "camera.zoom": "1.5",
}


class Folder:
    """The operator's own models, of which one is called `my`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path / "my.toml"
        self.providers = path / "providers"
        self.parts: AppContext | None = None

    def put(self, text: str = "") -> None:
        self.file.write_text(text or (OWN_MODELS / "every-kind.toml").read_text())
        self.look()

    def take_away(self) -> None:
        self.file.unlink()
        self.look()

    def look(self) -> None:
        if self.parts:
            self.parts.catalogue.refresh()
            self.parts.descriptions.refresh()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "mine")
    made.providers.mkdir(parents=True)
    made.put()
    return made


@pytest.fixture
async def context(tmp_path: Path, folder: Folder) -> AsyncIterator[AppContext]:
    settings = read_settings(
        {
            "SHOTLIST_DATA_DIR": str(tmp_path / "data"),
            "SHOTLIST_MODELS_DIR": str(folder.path),
            "SHOTLIST_PROVIDERS_DIR": str(folder.providers),
        }
    )
    prepare_data_dir(settings)
    folder.parts = await build_context(settings, queue_url=NO_QUEUE, sandbox_url=NO_SANDBOX)
    yield folder.parts
    await folder.parts.close()


async def is_missing(page: Page, context: AppContext, drawn: Reader) -> None:
    """It says so, its run button is off, and whoever posts it all the same has ordered nothing."""
    assert "There is no model my " in drawn.text
    assert "Nothing was ordered, and what you typed is kept" in drawn.text
    assert dict(drawn.pairs())["model"] == "my"
    assert "disabled" in drawn.one("button", id="run")
    for htmx in (True, False):
        before = await context.jobs.list_page("local")
        answer = await page.send("/video/jobs", drawn.pairs(), htmx=htmx)
        assert answer.status_code == 200
        assert "There is no model my any more." in Reader(answer.text).text
        assert await context.jobs.list_page("local") == before


def address(drawn: Reader) -> dict[str, str]:
    """What the form's own link says."""
    href = next(found["href"] for found in drawn.all("a") if found["_text"] == "link")
    return dict(parse_qsl(urlsplit(href).query))


@pytest.mark.parametrize("path", ["/video/form", "/video/jobs"])
@pytest.mark.parametrize("htmx", [True, False])
async def test_a_model_that_vanishes_under_its_form_is_told_of_and_not_replaced(
    page: Page, context: AppContext, folder: Folder, path: str, htmx: bool
) -> None:
    drawn = await page.get(MINE)
    folder.take_away()
    after = await page.post(path, changed(drawn.pairs(), prompt="A kite at noon", seed="7"), htmx=htmx)
    assert dict(after.pairs())["prompt"] == "A kite at noon"
    assert after.one("textarea", name="prompt")["_text"].strip() == "A kite at noon"
    assert address(after) == {"model": "my", "prompt": "A kite at noon", "seed": "7"}
    await is_missing(page, context, after)


@pytest.mark.parametrize("edits", [0, 1, 2])
async def test_everything_typed_outlives_its_model_and_goes_on_when_the_file_is_back(
    page: Page, context: AppContext, folder: Folder, edits: int
) -> None:
    drawn = await page.get("/video?model=my")
    drawn = await page.post("/video/form", changed(drawn.pairs(), **TYPED), htmx=True)
    folder.take_away()
    for _ in range(edits):
        drawn = await page.post("/video/form", drawn.pairs(), htmx=True)
        assert "disabled" in drawn.one("button", id="run")
        assert {name: text for name, text in address(drawn).items() if name in TYPED} == TYPED
    folder.put()
    back = await page.post("/video/form", drawn.pairs(), htmx=True)
    assert {name: text for name, text in back.pairs() if name in TYPED} == TYPED
    assert "disabled" not in back.one("button", id="run")
    assert ("Every kind is here again." in back.text) is bool(edits)


async def test_what_was_typed_goes_to_the_model_that_is_chosen_and_the_rest_to_the_one_after(
    page: Page, context: AppContext, folder: Folder
) -> None:
    drawn = await page.get(f"{MINE}&style=Noir&seed=7&title=Dunes&steps=30")
    folder.take_away()
    missing = await page.post("/video/form", drawn.pairs(), htmx=True)
    chosen = await page.post("/video/form", [*missing.pairs(), ("choose", "seedance-1-pro")], htmx=True)
    sent = dict(chosen.pairs())
    assert (sent["model"], sent["prompt"], sent["seed"]) == ("seedance-1-pro", "A kite", "7")
    assert "no model my" not in chosen.text
    folder.put()
    again = dict((await page.post("/video/form", [*chosen.pairs(), ("choose", "my")], htmx=True)).pairs())
    assert (again["title"], again["style"], again["prompt"]) == ("Dunes", "Noir", "A kite")
    ordered = await page.send("/video/jobs", chosen.pairs(), htmx=True)
    assert ordered.status_code == 200
    (job,) = await context.jobs.list_page("local")
    assert (job.model, job.values["seed"]) == ("seedance-1-pro", 7)


async def test_an_untouched_default_of_the_gone_model_does_not_follow(
    page: Page, context: AppContext, folder: Folder
) -> None:
    drawn = await page.get(MINE)
    folder.take_away()
    missing = await page.post("/video/form", drawn.pairs(), htmx=True)
    assert {"steps", "style", "sound"}.isdisjoint(dict(missing.pairs()))
    assert "Steps" not in missing.text


async def test_a_file_is_kept_by_its_name(page: Page, context: AppContext, folder: Folder) -> None:
    drawn = await page.get(MINE)
    picture = {"image": ("harbour.png", png((640, 480)), "image/png")}
    drawn = await page.post("/video/form", drawn.pairs(), files=picture)
    folder.take_away()
    missing = await page.post("/video/form", drawn.pairs())
    assert "Image harbour.png" in missing.text
    pairs = changed(missing.pairs(), mode="i2v")
    chosen = await page.post("/video/form", [*pairs, ("choose", "kling-v2.1-master")])
    assert "640 × 480" in chosen.text


async def test_a_form_is_not_ordered_before_its_returned_model_and_price_were_seen(
    page: Page, context: AppContext, folder: Folder
) -> None:
    folder.take_away()
    missing = await page.get(MINE)
    folder.put()
    refused = await page.post("/video/jobs", missing.pairs(), htmx=True)
    assert "Nothing was ordered yet" in refused.text
    assert await context.jobs.list_page("local") == ()
    assert (await page.send("/video/jobs", refused.pairs())).status_code == 303


async def test_a_link_to_a_model_that_is_not_here_keeps_what_it_says(
    page: Page, context: AppContext, folder: Folder
) -> None:
    folder.take_away()
    drawn = await page.get(f"{MINE}&duration=10&mood=calm&nonce=theirs&%22%3E%3Cb%3E=x")
    assert address(drawn) == {
        "model": "my", "prompt": "A kite", "duration": "10", "mood": "calm", '"><b>': "x"
    }  # fmt: skip
    assert "x, Duration 10, Mood calm." in drawn.text
    assert dict(drawn.pairs())["nonce"] != "theirs"
    names = [name for name, _ in drawn.pairs()]
    assert "duration" in names
    assert not {"mood", '"><b>'} & {*names}, "what is a field of no model becomes no control"
    await is_missing(page, context, drawn)


async def test_the_nearest_model_is_named(page: Page) -> None:
    drawn = await page.get("/video?model=kling-v2.1-mastre&prompt=A+kite")
    assert "There is no model kling-v2.1-mastre here. Nothing was ordered" in drawn.text
    assert "Did you mean kling-v2.1-master?" in drawn.text


@pytest.mark.parametrize("how", ["use again", "try again", "try again without htmx"])
async def test_a_job_whose_model_is_gone_gives_its_settings_back(
    page: Page, context: AppContext, folder: Folder, how: str
) -> None:
    drawn = await page.get("/video?model=my")
    typed = changed(drawn.pairs(), **TYPED, **{"shots.0.prompt": "A harbour", "shots.0.seconds": "3"})
    answer = await page.send("/video/jobs", [pair for pair in typed if pair[0] != "image"])
    job_id = answer.headers["location"].removeprefix("/video/jobs/")
    await press(page, job_id, "cancel")
    folder.take_away()
    place = f"/video?again={job_id}"
    if how != "use again":
        htmx = how == "try again"
        retried = await press(page, job_id, "retry", htmx=htmx)
        assert retried.headers["hx-redirect" if htmx else "location"] == place
    missing = await page.get(place)
    await is_missing(page, context, missing)
    folder.put()
    back = dict((await page.post("/video/form", missing.pairs(), htmx=True)).pairs())
    kept = {name: text for name, text in TYPED.items() if name != "image"}
    assert {name: back[name] for name in kept} == kept
    assert (back["shots.0.prompt"], back["shots.0.seconds"]) == ("A harbour", "3")


async def test_choosing_a_model_that_has_just_gone_leaves_none_and_keeps_what_was_typed(
    page: Page, context: AppContext, folder: Folder
) -> None:
    drawn = await page.get("/video?model=kling-v2.1-master&prompt=A+kite&duration=10")
    folder.take_away()
    for htmx in (True, False):
        missing = await page.post("/video/form", [*drawn.pairs(), ("choose", "my")], htmx=htmx)
        assert address(missing) == {"model": "my", "prompt": "A kite", "duration": "10"}
        await is_missing(page, context, missing)


async def test_without_javascript_another_model_is_chosen_on_the_page_of_models(
    page: Page, context: AppContext, folder: Folder
) -> None:
    drawn = await page.get(f"{MINE}&seed=7")
    folder.take_away()
    missing = await page.post("/video/jobs", drawn.pairs())
    models = await page.post("/video/models", missing.pairs())
    assert models.one("button", value="seedance-1-pro")
    chosen = await page.post("/video/form", [*models.pairs(), ("choose", "seedance-1-pro")])
    sent = dict(chosen.pairs())
    assert (sent["model"], sent["prompt"], sent["seed"]) == ("seedance-1-pro", "A kite", "7")


async def test_a_form_drawn_before_this_was_known_keeps_everything(
    page: Page, context: AppContext, folder: Folder
) -> None:
    drawn = await page.get(MINE)
    folder.take_away()
    missing = await page.post(
        "/video/form", changed(drawn.pairs(), _was='{"values": {"prompt": "A kite"}}'), htmx=True
    )
    assert dict(missing.pairs())["prompt"] == "A kite"


async def test_a_file_that_breaks_under_its_form_changes_nothing(
    page: Page, context: AppContext, folder: Folder
) -> None:
    drawn = await page.get(MINE)
    folder.put("display_name = ")
    after = await page.post("/video/form", drawn.pairs(), htmx=True)
    assert "Every kind" in after.text
    assert (await page.send("/video/jobs", after.pairs())).status_code == 303


async def test_a_provider_that_vanishes_under_a_form_stops_it_and_keeps_everything(
    page: Page, context: AppContext, folder: Folder
) -> None:
    wire = folder.providers / "nova.toml"
    wire.write_text((CHECKOUT / "providers" / "replicate.toml").read_text())
    text = (OWN_MODELS / "every-kind.toml").read_text().replace('provider = "replicate"', 'provider = "nova"')
    folder.put(text)
    drawn = await page.get(f"{MINE}&seed=7")
    wire.unlink()
    folder.look()
    for path in ("/video/form", "/video/jobs"):
        after = await page.post(path, drawn.pairs(), htmx=True)
        assert "nova" in after.one("p", class_="whole")["_text"]
        assert "disabled" in after.one("button", id="run")
        sent = dict(after.pairs())
        assert (sent["model"], sent["prompt"], sent["seed"]) == ("my", "A kite", "7")
    assert await context.jobs.list_page("local") == ()


async def test_with_no_model_left_at_all_what_was_typed_is_still_there(
    context: AppContext, folder: Folder
) -> None:
    context = replace(context, catalogue=Catalogue((folder.path,)))
    app: Any = create_app(context)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000"
    ) as http:
        page = Page(http)
        drawn = await page.get(f"{MINE}&seed=7")
        folder.file.unlink()
        context.catalogue.refresh()
        assert context.catalogue.all() == ()
        missing = await page.post("/video/form", drawn.pairs())
        assert address(missing) == {"model": "my", "prompt": "A kite", "seed": "7"}
        await is_missing(page, context, missing)
