"""Messages from providers: a good one wakes its job, every other one is 401 and changes nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from providers.outcomes import Operation
from tasks.context import AppContext, build_context
from tasks.create_job import JobCreated, JobRequest, create_job
from tasks.jobs.model import Job
from tasks.jobs.repository import Cadence
from tasks.settings import prepare_data_dir, read_settings
from tests.support import descriptions_of
from web.app import create_app

PUBLIC = "https://shots.example.org"
LUMA = """
display_name = "Tests"
family = "Tests"
provider = "luma"
endpoint = "ray-2"
source = "made up for this test"
checked = 2026-11-22
[capabilities]
modes = ["t2v"]
[price]
rates = [{ unknown = true }]
source = "made up for this test"
checked = 2026-11-22
[[fields]]
name = "prompt"
type = "textarea"
required = true
[[examples]]
inputs = { prompt = "A kite" }
body = { prompt = "A kite" }
"""


@pytest.fixture
async def context(tmp_path: Path) -> AsyncIterator[AppContext]:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "luma-test.toml").write_text(LUMA)
    settings = read_settings(
        {
            "SHOTLIST_DATA_DIR": str(tmp_path / "data"),
            "SHOTLIST_MODELS_DIR": str(tmp_path / "models"),
            "SHOTLIST_PUBLIC_URL": PUBLIC,
        }
    )
    prepare_data_dir(settings)
    made = await build_context(
        settings,
        queue_url="redis://127.0.0.1:1",
        sandbox_url="http://127.0.0.1:2",
        descriptions=descriptions_of(*settings.providers_dirs),
    )
    yield made
    await made.close()


@pytest.fixture
async def http(context: AppContext) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(context))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8420") as client:
        yield client


async def ordered(context: AppContext, operation: str | None) -> Job:
    """A job that the provider knows by that id, or whose order got no clear answer."""
    placed = await create_job(
        context,
        JobRequest(owner="local", model="luma-test", values={"prompt": "A kite"}, from_form=False),
    )
    assert isinstance(placed, JobCreated)
    job = await context.jobs.transition(placed.job, "submitting", "about to send")
    assert job is not None
    if operation is None:
        job = await context.jobs.transition(job, "unconfirmed", "no answer", billing="unknown")
    else:
        job = await context.jobs.outcomes.accepted(job.id, Operation(operation), Cadence(300, 300, 300))
    assert job is not None
    return job


def address(context: AppContext, job: Job) -> str:
    wire = context.descriptions.get("luma")
    assert wire is not None
    found = context.webhooks.address(wire, job.id)
    assert found is not None
    return found.removeprefix(PUBLIC)


async def due(context: AppContext) -> list[str]:
    return [each.id for each in await context.jobs.claims.claim_due_polls(10, 1.0)]


async def test_a_message_with_the_jobs_secret_brings_its_look_forward(
    context: AppContext, http: httpx.AsyncClient
) -> None:
    job = await ordered(context, "op-1")
    assert await due(context) == []
    answer = await http.post(address(context, job), json={"id": "op-1", "state": "failed"})
    assert answer.status_code == 200
    assert await due(context) == [job.id]
    after = await context.jobs.get_any(job.id)
    assert after is not None
    assert (after.state, after.revision) == (job.state, job.revision)  # what it claims is not believed


async def test_a_message_that_brings_the_id_finds_an_order_without_answer(
    context: AppContext, http: httpx.AsyncClient
) -> None:
    job = await ordered(context, None)
    await http.post(address(context, job), json={"id": "op-9", "state": "dreaming"})
    after = await context.jobs.get_any(job.id)
    assert after is not None
    assert (after.state, after.provider_job_id, after.billing) == ("processing", "op-9", None)
    assert await due(context) == [job.id]


@pytest.mark.parametrize("spoilt", ["token", "job", "provider", "nothing signed"])
async def test_anything_else_is_401_and_changes_nothing(
    context: AppContext, http: httpx.AsyncClient, spoilt: str
) -> None:
    job, other = await ordered(context, "op-1"), await ordered(context, None)
    good = address(context, job)
    path = {
        "token": good[:-3] + "xyz",
        "job": good.replace(job.id, other.id),
        "provider": good.replace("/luma/", "/fal/"),
        "nothing signed": good.partition("?")[0],
    }[spoilt]
    answer = await http.post(path, json={"id": "op-1", "state": "completed"})
    assert answer.status_code == 401
    assert answer.json()["error"]["class"] == "not_verified"
    assert await due(context) == []
    assert await context.jobs.get_any(other.id) == other


@pytest.mark.parametrize("known", [None, "op-2"])
async def test_a_good_message_about_another_job_is_401_and_changes_nothing(
    context: AppContext, http: httpx.AsyncClient, known: str | None
) -> None:
    first, second = await ordered(context, "op-1"), await ordered(context, known)
    for _ in ("while the first is looked at", "after it ended"):
        answer = await http.post(address(context, second), json={"id": "op-1", "state": "completed"})
        assert answer.status_code == 401
        assert await due(context) == []
        assert await context.jobs.get_any(second.id) == second
        await context.jobs.record_facts(first.id, next_look_at=None)


async def test_an_id_of_a_job_that_has_one_is_not_replaced(
    context: AppContext, http: httpx.AsyncClient
) -> None:
    job = await ordered(context, "op-1")
    await http.post(address(context, job), json={"id": "op-2"})
    after = await context.jobs.get_any(job.id)
    assert after is not None
    assert after.provider_job_id == "op-1"


async def test_a_job_is_found_by_the_providers_id_exactly(context: AppContext) -> None:
    job, _ = await ordered(context, "op-1"), await ordered(context, "op-11")
    found = await context.jobs.get_any_by_operation("luma", "op-1")
    assert found is not None
    assert found.id == job.id
    assert await context.jobs.get_any_by_operation("luma", "op%") is None
    assert await context.jobs.get_any_by_operation("fal", "op-1") is None
