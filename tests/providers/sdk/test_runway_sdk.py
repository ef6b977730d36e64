"""The official `runwayml` package speaks to the sandbox as to the real service."""

from collections.abc import Iterator

import pytest
import runwayml
from runwayml import RunwayML
from runwayml.lib import polling

from tests.providers.sandbox.running import RunningSandbox, in_order


@pytest.fixture
def client(calm_sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunwayML]:
    """The package has no setting for its six seconds between polls."""
    monkeypatch.setattr(polling, "POLL_TIME", 0.1)
    monkeypatch.setattr(polling, "POLL_JITTER", 0.02)
    with RunwayML(api_key="any", base_url=f"{calm_sandbox.url}/runway") as client:
        yield client


def test_a_task_runs_to_its_output(client: RunwayML, calm_sandbox: RunningSandbox) -> None:
    states: list[str] = []
    with calm_sandbox.held():
        task = client.text_to_video.create(model="veo3.1", prompt_text="A cat", ratio="1280:720", duration=4)
        while not states or states[-1] not in ("SUCCEEDED", "FAILED"):
            looked = client.tasks.retrieve(task.id)
            states.append(looked.status)
            calm_sandbox.tick()
    assert in_order(states) == ["PENDING", "RUNNING", "SUCCEEDED"]
    done = client.tasks.retrieve(task.id).wait_for_task_output()
    assert done.status == "SUCCEEDED"
    assert calm_sandbox.ask("GET", done.output[0], key=False).headers["content-type"] == "video/mp4"


def test_a_failure_is_an_error_with_its_code(client: RunwayML) -> None:
    task = client.text_to_video.create(model="veo3.1", prompt_text="[fault: moderation]", ratio="1280:720")
    with pytest.raises(polling.TaskFailedError) as failed:
        task.wait_for_task_output()
    assert failed.value.task_details.failure_code == "SAFETY.INPUT.TEXT"  # type: ignore[union-attr]


def test_a_refusal_carries_its_body(client: RunwayML) -> None:
    with pytest.raises(runwayml.BadRequestError) as refused:
        client.text_to_video.create(
            model="veo3.1", prompt_text="x", ratio="1280:720", extra_body={"unknown": 1}
        )
    assert refused.value.body["issues"][0]["path"] == ["unknown"]  # type: ignore[index]


def test_a_deleted_task_is_gone(client: RunwayML) -> None:
    task = client.text_to_video.create(model="veo3.1", prompt_text="[fault: endless]", ratio="1280:720")
    client.tasks.delete(task.id)
    with pytest.raises(runwayml.NotFoundError):
        client.tasks.retrieve(task.id)


def test_an_upload_becomes_a_handle_that_a_task_takes(client: RunwayML) -> None:
    upload = client.uploads.create_ephemeral(file=("a.png", b"\x89PNG\r\n\x1a\nnot really"))
    assert upload.uri.startswith("runway://")
    task = client.image_to_video.create(model="gen4_turbo", prompt_image=upload.uri, ratio="1280:720")
    assert task.id


def test_the_organization_has_credits(client: RunwayML) -> None:
    assert client.organization.retrieve().credit_balance > 0
