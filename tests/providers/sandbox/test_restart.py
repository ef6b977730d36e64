"""Jobs, counts and clips outlast a SIGKILL."""

import signal
from pathlib import Path

import pytest

from tests.providers.sandbox.running import RunningSandbox

pytestmark = pytest.mark.slow


def test_after_a_sigkill_a_job_goes_on_and_is_counted_once(tmp_path: Path) -> None:
    with RunningSandbox(tmp_path, speed=3) as sandbox:
        with sandbox.held():
            prediction = sandbox.predict("Outlives it")
            request = sandbox.request("Outlives it too")
            sandbox.watch(prediction["urls"]["get"], ("processing",))
        sandbox.end(signal.SIGKILL)
        sandbox.start()
        here = f"/replicate/v1/predictions/{prediction['id']}"
        seen = sandbox.watch(here, ("succeeded",))
        assert seen[-1]["created_at"] == prediction["created_at"]
        assert seen[-1]["output"].startswith(sandbox.url)
        assert sandbox.ask("GET", seen[-1]["output"]).status_code == 200
        sandbox.watch(f"/fal/someone/video/requests/{request['request_id']}/status", ("COMPLETED",))
        told = sandbox.submissions()
        assert told["by_prompt"] == {"Outlives it": 1, "Outlives it too": 1}


def test_a_cancel_and_an_upload_outlast_a_sigkill(tmp_path: Path) -> None:
    with RunningSandbox(tmp_path, speed=1) as sandbox:
        prediction = sandbox.predict("Canceled before")
        sandbox.ask("POST", prediction["urls"]["cancel"])
        form = {"content": ("a.txt", b"kept", "text/plain")}
        file = sandbox.ask("POST", "/replicate/v1/files", files=form).json()
        sandbox.end(signal.SIGKILL)
        sandbox.start()
        assert (
            sandbox.ask("GET", f"/replicate/v1/predictions/{prediction['id']}").json()["status"] == "canceled"
        )
        assert sandbox.ask("GET", f"/replicate/v1/files/{file['id']}/download").content == b"kept"
