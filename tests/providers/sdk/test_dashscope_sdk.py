"""The official `dashscope` package speaks to the sandbox as to the real service."""

from pathlib import Path
from typing import TYPE_CHECKING

import dashscope
import pytest
from dashscope import VideoSynthesis

from tests.providers.sandbox.pictures import picture
from tests.providers.sandbox.running import RunningSandbox, in_order

if TYPE_CHECKING:
    from dashscope import VideoSynthesisResponse  # only the package's stub has it here


@pytest.fixture(autouse=True)
def line(calm_sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package's own settings, which its uploads read too."""
    monkeypatch.setattr(dashscope, "base_http_api_url", f"{calm_sandbox.url}/wan/api/v1")
    monkeypatch.setattr(dashscope, "api_key", "any")


def ordered(prompt: str) -> "VideoSynthesisResponse":
    return VideoSynthesis.async_call(model="wan2.6-t2v", prompt=prompt, size="426*240", duration=1)


def test_a_task_runs_to_its_video(calm_sandbox: RunningSandbox) -> None:
    with calm_sandbox.held():
        task = ordered("A cat")
        states = [task.output.task_status]
        while states[-1] not in ("SUCCEEDED", "FAILED"):
            looked = VideoSynthesis.fetch(task)
            states.append(looked.output.task_status)
            calm_sandbox.tick()
    assert in_order(states) == ["PENDING", "RUNNING", "SUCCEEDED"]
    assert looked.usage["size"] == "426*240"
    clip = calm_sandbox.ask("GET", looked.output.video_url, key=False)
    assert clip.headers["content-type"] == "video/mp4"


def test_wait_returns_the_failure_as_a_value() -> None:
    done = VideoSynthesis.wait(ordered("[fault: moderation]"))
    assert (done.output.task_status, done.output["code"]) == ("FAILED", "DataInspectionFailed")


def test_a_refusal_is_a_value_too() -> None:
    answer = ordered("[fault: no_credit]")
    assert (answer.status_code, answer.code) == (400, "Arrearage")


def test_a_task_is_canceled_while_it_is_pending(calm_sandbox: RunningSandbox) -> None:
    with calm_sandbox.held():
        task = ordered("[fault: endless]")
        assert VideoSynthesis.cancel(task).status_code == 200
    assert VideoSynthesis.fetch(task).output.task_status == "CANCELED"


def test_a_local_picture_is_uploaded_first(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(picture(320, 240))
    task = VideoSynthesis.async_call(model="wan2.6-i2v", img_url=f"file://{path}", prompt="x", duration=1)
    assert task.status_code == 200, task.message
    assert VideoSynthesis.wait(task).output.task_status == "SUCCEEDED"
