"""Speaking to the sandbox's ComfyUI: submitting graphs and waiting for what becomes of them."""

import time
from typing import Any
from uuid import uuid4

import httpx

from tests.providers.sandbox.running import RunningSandbox
from tests.providers.sandbox.services import COMFYUI
from tests.support import PATIENCE


def submit(sandbox: RunningSandbox, graph: Any, **more: Any) -> httpx.Response:
    return sandbox.ask("POST", "/comfyui/prompt", json={"prompt": graph, **more})


def history(sandbox: RunningSandbox, prompt_id: str) -> Any:
    return sandbox.ask("GET", f"/comfyui/history/{prompt_id}").json()


def finished(sandbox: RunningSandbox, prompt_id: str) -> Any:
    until = time.monotonic() + PATIENCE
    while not (found := history(sandbox, prompt_id)):
        assert time.monotonic() < until, "it does not end"
        sandbox.tick()
    return found[prompt_id]


def running(sandbox: RunningSandbox, prompt: str) -> str:
    """The id of a job that is at work and would never end."""
    job_id = COMFYUI.started(sandbox, f"[fault: endless] {prompt} {uuid4()}")
    COMFYUI.until(sandbox, job_id, "in_progress")
    return job_id
