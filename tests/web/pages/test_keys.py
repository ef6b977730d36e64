"""The page of keys over HTTP: set, replaced, tested, removed, and never shown."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from providers.outcomes import KeyCheck
from tasks.context import AppContext, build_context
from tasks.provider_keys import ProviderKeys
from tasks.settings import prepare_data_dir, read_settings
from tests.providers.stub import Reply, stub
from tests.support import catalogue_of, descriptions_of
from tests.web.pages.conftest import NO_QUEUE, NO_SANDBOX, Page
from tests.web.pages.reading import Reader
from web.app import create_app

KEY = "r8_the-key-of-the-tests-1234"
LINK = "/video?model=kling-v2.1-master&prompt=A+kite"


async def token(page: Page) -> str:
    return (await page.get("/account")).all("input", name="_csrf_token")[0]["value"]


async def press(page: Page, path: str, *, key: str | None = None) -> httpx.Response:
    """A button of the page, with the token of its form."""
    sent = {"_csrf_token": await token(page)} | ({} if key is None else {"key": key})
    return await page.http.post(f"/account/keys/{path}", data=sent)


async def set_key(page: Page, provider: str = "replicate", key: str = KEY) -> None:
    answer = await press(page, provider, key=key)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/account#{provider}")
    assert key not in answer.text + str(answer.headers)


async def test_without_keys_every_provider_is_in_the_sandbox_and_the_page_says_what_a_key_does(
    page: Page, context: AppContext
) -> None:
    drawn = await page.get("/account")
    assert "billed to your account" in drawn.text
    assert {found["id"] for found in drawn.all("li")} == {wire.name for wire in context.descriptions.all()}
    assert {found["_text"] for found in drawn.all("span", class_="tag")} == {"Sandbox"}
    assert drawn.one("input", id="key-replicate")["type"] == "password"
    assert not drawn.all("form", action="/account/keys/replicate/remove")


async def test_every_page_leads_to_the_keys(page: Page) -> None:
    drawn = await page.get("/video")
    assert [found["_text"] for found in drawn.all("a", href="/account")] == ["Keys", "set a key here"]


async def test_a_key_makes_the_next_order_real_and_the_run_bar_says_who_bills_it(
    page: Page, context: AppContext
) -> None:
    before = await page.get(LINK)
    assert "Costs nothing here" in before.text
    await page.send("/video/jobs", before.pairs())
    await set_key(page)
    after = await page.get(LINK)
    assert "Costs nothing here" not in after.text
    assert "Replicate bills it to your key" in after.text
    assert not any(
        found["_text"] == "Sandbox"
        for found in after.all("span", class_="tag")
        if "small" not in found["class"]
    )
    assert (await page.send("/video/jobs", after.pairs())).status_code == 303
    newest, oldest = await context.jobs.list_page("local")
    assert (newest.sandbox, newest.origin) == (False, "https://api.replicate.com")
    assert oldest.sandbox, "what was ordered before stays in the sandbox"


async def test_a_form_that_promised_to_cost_nothing_orders_nothing_real(
    page: Page, context: AppContext
) -> None:
    drawn = await page.get(LINK)
    await set_key(page)
    refused = await page.post("/video/jobs", drawn.pairs())
    assert "does not run in the sandbox any more" in refused.text
    assert "Nothing was ordered" in refused.text
    assert await context.jobs.list_page("local") == ()
    assert (await page.send("/video/jobs", refused.pairs())).status_code == 303


async def test_trying_a_sandbox_job_again_orders_nothing_real_unasked(
    page: Page, context: AppContext
) -> None:
    ordered = await page.send("/video/jobs", (await page.get(LINK)).pairs())
    job_id = ordered.headers["location"].removeprefix("/video/jobs/")
    await context.jobs.request_cancel("local", job_id)
    await set_key(page)
    again = await page.send(
        f"/video/jobs/{job_id}/retry", [("_csrf_token", await token(page)), ("nonce", "n")]
    )
    assert again.headers["location"] == f"/video?again={job_id}"
    assert len(await context.jobs.list_page("local")) == 1


async def test_a_stored_key_is_never_shown_again_but_its_last_four_characters(page: Page) -> None:
    await set_key(page)
    drawn = await page.http.get("/account")
    assert KEY not in drawn.text
    assert "Stored here, encrypted, ends in 1234." in Reader(drawn.text).text
    assert Reader(drawn.text).one("input", id="key-replicate").get("value") is None
    for path in ("/video", "/video/library", "/video/models", "/api/video/models", "/schema"):
        assert KEY not in (await page.http.get(path)).text


async def test_a_key_is_replaced_and_removed(page: Page, context: AppContext) -> None:
    await set_key(page)
    await set_key(page, key="r8_the-second-key-of-all-9876")
    drawn = await page.get("/account")
    assert "ends in 9876" in drawn.text
    assert "New jobs then run in the sandbox" in drawn.text
    assert (await press(page, "replicate/remove")).headers["location"] == "/account#replicate"
    assert context.keys.names() == ()
    choice = context.registry.choose("replicate")
    assert choice
    assert choice.sandbox
    assert "9876" not in (await page.get("/account")).text


async def test_what_is_no_key_is_refused_beside_its_field_and_not_repeated(
    page: Page, context: AppContext
) -> None:
    answer = await press(page, "replicate", key="not a key")
    drawn = Reader(answer.text)
    assert answer.status_code == 200
    assert drawn.one("input", id="key-replicate")["aria-invalid"] == "true"
    assert "This is not a key" in drawn.one("p", id="wrong-replicate")["_text"]
    assert "not a key</" not in answer.text.replace("This is not a key", "")
    assert context.keys.names() == ()


async def test_a_post_without_the_pages_token_changes_nothing(page: Page, context: AppContext) -> None:
    assert (await page.http.post("/account/keys/replicate", data={"key": KEY})).status_code == 403
    assert context.keys.names() == ()


@pytest.mark.parametrize("path", ["nobody", "nobody/test", "nobody/remove"])
async def test_an_unknown_provider_is_told(page: Page, path: str) -> None:
    assert (await press(page, path, key=KEY)).status_code == 404


async def test_a_key_that_cannot_be_read_is_told_and_the_sandbox_plays(
    page: Page, context: AppContext
) -> None:
    await ProviderKeys(context.database, "the secret of another server").set("replicate", KEY)
    drawn = await page.get("/account")
    assert "encrypted with another secret" in drawn.text
    assert {found["_text"] for found in drawn.all("span", class_="tag")} == {"Sandbox"}
    assert drawn.all("form", action="/account/keys/replicate/remove")


@pytest.fixture
async def with_keys(tmp_path: Path) -> AsyncIterator[tuple[Page, AppContext]]:
    """A server that was started with a key for Replicate and one for xAI; Replicate's calls come to a stub."""
    refuses = Reply(401, {"detail": f"no such token {KEY}"})
    async with stub({"GET /v1/predictions": refuses}) as server:
        settings = read_settings(
            {
                "SHOTLIST_DATA_DIR": str(tmp_path / "data"),
                "REPLICATE_API_TOKEN": KEY,
                "XAI_API_KEY": "xai-key-of-the-tests",
                "SHOTLIST_REPLICATE_BASE_URL": server.origin,
            }
        )
        prepare_data_dir(settings)
        context = await build_context(
            settings,
            queue_url=NO_QUEUE,
            sandbox_url=NO_SANDBOX,
            catalogue=catalogue_of(*settings.models_dirs),
            descriptions=descriptions_of(*settings.providers_dirs),
        )
        transport = httpx.ASGITransport(create_app(context))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
            yield Page(http), context
        await context.close()


async def test_the_environments_key_wins_and_the_page_says_so(with_keys: tuple[Page, AppContext]) -> None:
    page, parts = with_keys
    drawn = await page.get("/account")
    assert "Set in the environment (REPLICATE_API_TOKEN), ends in 1234." in drawn.text
    assert not drawn.all("input", id="key-replicate")
    assert (await press(page, "replicate", key="another-key")).status_code == 409
    await parts.keys.set("replicate", "stored-long-before-5555")
    assert "The one stored here is not used" in (await page.get("/account")).text
    assert parts.registry.key("replicate") == KEY


async def test_a_key_that_the_provider_refuses_is_told_without_the_key(
    with_keys: tuple[Page, AppContext],
) -> None:
    page, parts = with_keys
    assert (await press(page, "replicate/test")).status_code == 303
    drawn = await page.http.get("/account")
    assert "Key refused" in drawn.text
    assert "refuses this key (no such token [key])" in Reader(drawn.text).text
    assert KEY not in drawn.text
    await parts.keys.note_check("replicate", KEY, KeyCheck("accepted"))
    assert "Replicate accepts this key" in (await page.get("/account")).text


async def test_where_no_free_call_tells_a_good_key_there_is_no_test(
    with_keys: tuple[Page, AppContext],
) -> None:
    page, parts = with_keys
    wire = parts.descriptions.get("xai")
    assert wire
    assert wire.check is None
    drawn = await page.get("/account")
    assert f"{wire.display_name} has no free call that would test a key" in drawn.text
    assert not drawn.all("form", action="/account/keys/xai/test")
