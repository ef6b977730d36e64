"""What cannot be done is refused in the same words by page and API."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tasks.context import AppContext
from tests.web.pages.conftest import Page, browsing, open_parts
from tests.web.pages.reading import changed

OMNI = "kling-v3-omni"
KITE = {"mode": "t2v", "prompt": "A kite"}


async def live_job(page: Page) -> str:
    answer = await page.http.post("/api/video/jobs", json={"model": OMNI, "values": KITE})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def pressed(page: Page, path: str, given: dict[str, str] | None) -> httpx.Response:
    """A button of a card."""
    token = dict((await page.get("/video")).pairs())["_csrf_token"]
    return await page.send(path, [("_csrf_token", token), *(given or {}).items()], htmx=True)


@pytest.mark.parametrize(
    ("theirs", "method", "ours", "given", "status", "code"),
    [
        ("", "DELETE", "delete", None, 409, "still_running"),
        ("/found", "POST", "found", {"provider_job_id": "abc"}, 409, "not_found_there"),
    ],
)
async def test_what_a_live_job_does_not_allow_has_one_code_and_one_sentence(
    page: Page, theirs: str, method: str, ours: str, given: Any, status: int, code: str
) -> None:
    job = await live_job(page)
    api = await page.http.request(method, f"/api/video/jobs/{job}{theirs}", json=given)
    form = await pressed(page, f"/video/jobs/{job}/{ours}", given)
    assert (api.status_code, api.json()["error"]["class"]) == (status, code)
    assert (form.status_code, form.json()) == (status, api.json())


@pytest.mark.parametrize(
    ("theirs", "method", "ours", "given"),
    [
        ("", "DELETE", "delete", None),
        ("/cancel", "POST", "cancel", None),
        ("/found", "POST", "found", {"provider_job_id": "abc"}),
    ],
)
async def test_a_job_that_is_not_there_has_one_code_and_one_sentence(
    page: Page, theirs: str, method: str, ours: str, given: Any
) -> None:
    api = await page.http.request(method, f"/api/video/jobs/gone{theirs}", json=given)
    form = await pressed(page, f"/video/jobs/gone/{ours}", given)
    assert (api.status_code, api.json()["error"]["class"]) == (404, "not_found")
    assert (form.status_code, form.json()) == (404, api.json())


async def test_a_field_that_is_wrong_has_one_sentence(page: Page) -> None:
    values = {"mode": "t2v", "prompt": "x" * 2501, "duration": 99}
    api = await page.http.post("/api/video/jobs", json={"model": OMNI, "values": values})
    drawn = await page.get(f"/video?model={OMNI}")
    typed = {name: str(value) for name, value in values.items()}
    form = await page.post("/video/jobs", changed(drawn.pairs(), **typed), htmx=True)
    assert set(api.json()["errors"]) == {"prompt", "duration"}
    for name, sentence in api.json()["errors"].items():
        assert sentence in form.one("p", id=f"f-{name}-error")["_text"]


async def test_a_model_that_is_not_ready_has_one_sentence(tmp_path: Path) -> None:
    context: AppContext = await open_parts(tmp_path, sandbox_url=None)
    async with browsing(context) as page:
        api = await page.http.post("/api/video/jobs", json={"model": OMNI, "values": KITE})
        drawn = await page.get(f"/video?model={OMNI}")
        form = await page.post("/video/jobs", changed(drawn.pairs(), **KITE), htmx=True)
    await context.close()
    assert (api.status_code, api.json()["error"]["class"]) == (409, "not_ready")
    assert api.json()["error"]["message"] in form.text


async def test_a_key_that_was_used_for_something_else_has_one_sentence(page: Page) -> None:
    drawn = await page.get(f"/video?model={OMNI}")
    first = changed(drawn.pairs(), **KITE)
    await page.post("/video/jobs", first, htmx=True)
    form = await page.post("/video/jobs", changed(first, prompt="A boat"), htmx=True)
    answers = [
        await page.http.post(
            "/api/video/jobs",
            json={"model": OMNI, "values": {**KITE, "prompt": prompt}},
            headers={"Idempotency-Key": "k"},
        )
        for prompt in ("A kite", "A boat")
    ]
    assert [answer.status_code for answer in answers] == [201, 409]
    assert answers[1].json()["error"]["class"] == "idempotency_key_reused"
    assert answers[1].json()["error"]["message"] in form.text
