"""What a person empties stays empty through every door and every round trip; what is ordered is what was shown."""

import json
import shlex
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tasks.context import AppContext
from tests.web.pages.conftest import Page
from tests.web.pages.reading import Reader, changed
from tests.web.pages.test_form_page import errors

OWNER = "local"  # of everything, as long as there are no accounts
SPOKEN = "spoken-default"
KLING = "kling-v2.6-pro-on-fal"
AVOID = "blur, distort, and low quality"
CAT = "A cat walks on the grass, realistic style"
BLANKS = ["", "   ", "\u200b\u200b", "\ufeff", "\u200e", "\u3164", "\u2800", "\r\n\r\n"]


def box(page: Reader, name: str) -> str:
    return dict(page.pairs())[name]


def link(page: Reader) -> str:
    return next(found["href"] for found in page.all("a") if found["_text"] == "link")


async def typed(page: Page, **values: str) -> list[tuple[str, str]]:
    return changed((await page.get(f"/video?model={SPOKEN}&prompt=A+kite")).pairs(), **values)


async def body(context: AppContext, answer: httpx.Response) -> Any:
    """What the job that a plain order made will send."""
    assert answer.status_code == 303, answer.text
    (newest,) = await context.jobs.list_page(OWNER, limit=1)
    return newest.order.body["input"]


async def urlencoded(page: Page, path: str, pairs: list[tuple[str, str]]) -> httpx.Response:
    return await page.http.post(path, data=dict(pairs))


@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "plain"])
async def test_an_emptied_text_stays_empty_while_the_form_is_edited(page: Page, htmx: bool) -> None:
    pairs = await typed(page, negative_prompt="")
    after = await page.post("/video/form", pairs, htmx=htmx)
    assert box(after, "negative_prompt") == ""
    again = await page.post("/video/form", changed(after.pairs(), steps="12"), htmx=htmx)
    assert (box(again, "negative_prompt"), box(again, "steps")) == ("", "12")
    plain = Reader((await urlencoded(page, "/video/form", again.pairs())).text)
    assert box(plain, "negative_prompt") == ""


async def test_a_form_that_was_never_drawn_says_by_an_empty_text_that_it_is_to_be_empty(page: Page) -> None:
    pairs = [pair for pair in await typed(page, negative_prompt="") if pair[0] != "_was"]
    assert box(await page.post("/video/form", pairs), "negative_prompt") == ""


@pytest.mark.parametrize("encoded", ["multipart", "urlencoded"])
async def test_an_emptied_text_is_ordered_empty_and_a_full_one_as_it_stands(
    page: Page, context: AppContext, encoded: str
) -> None:
    send = page.send if encoded == "multipart" else lambda path, pairs: urlencoded(page, path, pairs)
    ordered = await body(context, await send("/video/jobs", await typed(page, negative_prompt="")))
    assert ordered == {"prompt": "A kite", "negative_prompt": "", "steps": 30}
    as_shown = await body(context, await send("/video/jobs", await typed(page)))
    assert as_shown == {"prompt": "A kite", "negative_prompt": AVOID, "steps": 30}


async def test_the_link_the_command_and_the_address_of_a_form_say_that_a_text_is_empty(page: Page) -> None:
    drawn = await page.post("/video/form", await typed(page, negative_prompt=""), htmx=True)
    assert ("negative_prompt", "") in parse_qsl(urlsplit(link(drawn)).query, keep_blank_values=True)
    linked = await page.get(link(drawn))
    assert box(linked, "negative_prompt") == ""
    assert box(await page.get(f"/video?model={SPOKEN}&negative_prompt="), "negative_prompt") == ""
    assert box(await page.get(f"/video?model={SPOKEN}"), "negative_prompt") == AVOID
    command = shlex.split(unescape(linked.one("pre")["_text"]).replace("\\\n", " "))
    values = json.loads(command[command.index("-d") + 1])["values"]
    assert values == {"mode": "t2v", "prompt": "A kite", "negative_prompt": ""}


async def test_a_program_that_gives_an_empty_text_gets_an_empty_text(page: Page, context: AppContext) -> None:
    for given, expected in (({"negative_prompt": ""}, ""), ({}, AVOID), ({"negative_prompt": None}, AVOID)):
        wish = {"model": SPOKEN, "values": {"prompt": "A kite", **given}}
        answer = await page.http.post("/api/video/jobs", json=wish)
        assert answer.status_code == 201, answer.text
        assert answer.json()["values"]["negative_prompt"] == expected
        (job,) = await context.jobs.list_page(OWNER, limit=1)
        assert job.order.body["input"]["negative_prompt"] == expected  # type: ignore[call-overload, index]


async def test_a_job_keeps_that_a_text_was_empty_and_so_do_again_and_retry(
    page: Page, context: AppContext
) -> None:
    answer = await page.send("/video/jobs", await typed(page, negative_prompt=""))
    job_id = answer.headers["location"].rpartition("/")[2]
    kept = (await page.http.get(f"/api/video/jobs/{job_id}")).json()["values"]
    assert kept["negative_prompt"] == ""
    assert "left empty" in (await page.get(f"/video/jobs/{job_id}")).text
    again = await page.get(f"/video?again={job_id}")
    assert (box(again, "prompt"), box(again, "negative_prompt")) == ("A kite", "")
    token = dict(again.pairs())["_csrf_token"]
    sent = [("_csrf_token", token), ("nonce", "once more")]
    repeated = await body(context, await page.send(f"/video/jobs/{job_id}/retry", sent))
    assert repeated == {"prompt": "A kite", "negative_prompt": "", "steps": 30}


async def test_another_model_keeps_the_text_empty(page: Page) -> None:
    pairs = await typed(page, negative_prompt="")
    kling = await page.post("/video/form", [*pairs, ("choose", KLING)], htmx=True)
    assert (box(kling, "model"), box(kling, "negative_prompt")) == (KLING, "")
    back = await page.post("/video/form", [*kling.pairs(), ("choose", "hailuo-02")], htmx=True)
    veo = await page.post("/video/form", [*back.pairs(), ("choose", KLING)], htmx=True)
    assert box(veo, "negative_prompt") == "", "also past one that has no such field"


# Prompts


async def test_a_prompts_default_is_grey_and_the_form_asks_for_a_prompt(page: Page) -> None:
    drawn = await page.get(f"/video?model={SPOKEN}")
    assert drawn.one("textarea", name="prompt")["placeholder"] == CAT
    assert box(drawn, "prompt") == ""
    refused = await page.post("/video/jobs", drawn.pairs())
    assert errors(refused) == {"prompt": "Prompt is needed."}
    beside = await page.post("/video/form", changed(drawn.pairs(), mode="i2v"), htmx=True)
    assert box(beside, "prompt") == CAT, "beside a picture it is shown as it will be sent"


@pytest.mark.parametrize("prompt", BLANKS)
@pytest.mark.parametrize("model", [SPOKEN, "hunyuan-video", "kling-v3"])
async def test_a_prompt_in_which_nothing_can_be_seen_orders_nothing_at_any_door(
    page: Page, context: AppContext, model: str, prompt: str
) -> None:
    drawn = await page.get(f"/video?model={model}&prompt=A+kite")
    for pairs in (changed(drawn.pairs(), prompt=prompt), (await page.get(f"/video?model={model}")).pairs()):
        assert "prompt" in errors(await page.post("/video/jobs", pairs))
        assert "prompt" in errors(await page.post("/video/jobs", pairs, htmx=True))
    wish = {"model": model, "values": {"prompt": prompt}}
    answer = await page.http.post("/api/video/jobs", json=wish)
    assert answer.status_code == 422
    assert "prompt" in answer.json()["errors"]
    assert not await context.jobs.list_page(OWNER, limit=1)


# What cannot be empty


async def test_an_emptied_number_is_not_ordered_as_its_default_before_that_was_seen(page: Page) -> None:
    pairs = await typed(page, steps="")
    for htmx in (True, False):
        refused = await page.post("/video/jobs", pairs, htmx=htmx)
        assert errors(refused) == {"steps": "Steps cannot be empty: give a value, such as 30."}
        assert box(refused, "steps") == "30", "the default stands there again, for all to see"
    assert (await page.send("/video/jobs", refused.pairs())).status_code == 303


async def test_while_the_form_is_edited_an_emptied_number_shows_its_default_again(page: Page) -> None:
    after = await page.post("/video/form", await typed(page, steps=""), htmx=True)
    assert (box(after, "steps"), errors(after)) == ("30", {})


async def test_a_program_that_empties_a_number_is_told_so(page: Page) -> None:
    wish = {"model": SPOKEN, "values": {"prompt": "A kite", "steps": ""}}
    answer = await page.http.post("/api/video/jobs", json=wish)
    assert answer.status_code == 422
    assert answer.json()["errors"] == {"steps": "Steps cannot be empty: give a value, such as 30."}
