"""The official Ark runtime speaks to the sandbox as to the real service."""

import time
from collections.abc import Iterator

import pytest
from volcenginesdkarkruntime import Ark  # type: ignore[import-untyped]
from volcenginesdkarkruntime._exceptions import (  # type: ignore[import-untyped]
    ArkBadRequestError,
    ArkNotFoundError,
    ArkPermissionDeniedError,
)

from tests.providers.sandbox.running import RunningSandbox, in_order

MODEL = "doubao-seedance-2-0-260128"


@pytest.fixture
def client(calm_sandbox: RunningSandbox) -> Iterator[Ark]:
    client = Ark(api_key="any", base_url=f"{calm_sandbox.url}/seedance/api/v3", max_retries=0)
    yield client
    client.close()


def started(client: Ark, prompt: str) -> str:
    content = [{"type": "text", "text": prompt}]
    made = client.content_generation.tasks.create(model=MODEL, content=content, resolution="256p", duration=1)
    return str(made.id)


def test_a_task_runs_to_its_video_and_is_deleted(client: Ark, calm_sandbox: RunningSandbox) -> None:
    states: list[str] = []
    with calm_sandbox.held():
        job_id = started(client, "A cat")
        while not states or states[-1] not in ("succeeded", "failed"):
            task = client.content_generation.tasks.get(task_id=job_id)
            states.append(task.status)
            calm_sandbox.tick()
    assert in_order(states) == ["queued", "running", "succeeded"]
    assert (task.duration, task.resolution, task.framespersecond) == (1, "256p", 24)
    clip = calm_sandbox.ask("GET", task.content.video_url, key=False)
    assert clip.headers["content-type"] == "video/mp4"
    assert client.content_generation.tasks.list(page_size=1).items[0].id == job_id
    client.content_generation.tasks.delete(task_id=job_id)
    with pytest.raises(ArkNotFoundError):
        client.content_generation.tasks.get(task_id=job_id)


def test_a_failure_has_a_code(client: Ark) -> None:
    job_id = started(client, "[fault: moderation]")
    while (task := client.content_generation.tasks.get(task_id=job_id)).status != "failed":
        time.sleep(0.05)
    assert task.error.code == "OutputVideoSensitiveContentDetected"


def test_a_task_is_canceled_in_the_queue(client: Ark, calm_sandbox: RunningSandbox) -> None:
    with calm_sandbox.held():
        job_id = started(client, "[fault: endless]")
        client.content_generation.tasks.delete(task_id=job_id)
    assert client.content_generation.tasks.get(task_id=job_id).status == "cancelled"


def test_a_refusal_is_an_error_with_its_code_and_parameter(client: Ark) -> None:
    with pytest.raises(ArkPermissionDeniedError) as poor:
        started(client, "[fault: no_credit]")
    assert poor.value.code == "AccountOverdueError"
    with pytest.raises(ArkBadRequestError) as wrong:
        client.content_generation.tasks.create(model=MODEL, content=[{"type": "odd"}])
    assert (wrong.value.code, wrong.value.param) == ("InvalidParameter", "content.type")
