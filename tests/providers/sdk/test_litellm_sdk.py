"""LiteLLM speaks five of the sandbox's wires through one interface, each as its authors understood it."""

import os
import time
from typing import Any

import pytest

from tests.providers.sandbox.running import RunningSandbox
from tests.support import PATIENCE

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = (
    "True"  # read at import; without it prices are fetched from the internet
)

import litellm

# Its model, where its address ends, and the words that make a clip small.
SPOKEN: dict[str, tuple[str, str, dict[str, Any]]] = {
    "openai": ("openai/sora-2", "/openai/v1", {"seconds": "4", "size": "1280x720"}),
    "hosted_vllm": ("hosted_vllm/wan-2.2", "/openai/v1", {"seconds": "1", "size": "426x240"}),
    "runwayml": ("runwayml/gen4.5", "/runway/v1", {"seconds": "2", "size": "1280x720"}),
    "gemini": ("gemini/veo-3.1-generate-preview", "/veo", {"seconds": "4", "size": "1280x720"}),
    "fal_ai": ("fal_ai/fal-ai/veo3.1", "/fal", {"seconds": "4"}),
}
# The package's own types warn when they are built, which they are at the first call.
pytestmark = pytest.mark.filterwarnings("ignore:Item 'summary' on TypedDict class:UserWarning")
EACH = pytest.mark.parametrize("name", list(SPOKEN))


def ordered(sandbox: RunningSandbox, name: str, prompt: str) -> tuple[Any, dict[str, Any]]:
    model, base, small = SPOKEN[name]
    line: dict[str, Any] = {"api_base": sandbox.url + base, "api_key": "any"}
    return litellm.video_generation(model=model, prompt=prompt, num_retries=0, **small, **line), line


def watched(video: Any, line: dict[str, Any]) -> Any:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        looked = litellm.video_status(video_id=video.id, **line)
        if looked.status in ("completed", "failed"):
            return looked
        time.sleep(0.1)
    raise AssertionError(f"Not over: {looked}")


@EACH
def test_a_video_is_made_watched_and_fetched(calm_sandbox: RunningSandbox, name: str) -> None:
    video, line = ordered(calm_sandbox, name, f"A cat for {name}")
    assert video.id
    assert watched(video, line).status == "completed"
    content = litellm.video_content(video_id=video.id, **line)
    assert isinstance(content, bytes)
    assert content[4:8] == b"ftyp"


@EACH
def test_a_refusal_is_an_error(calm_sandbox: RunningSandbox, name: str) -> None:
    with pytest.raises(Exception, match=r"(?i)credit|quota|balance") as refused:
        ordered(calm_sandbox, name, f"[fault: no_credit] {name}")
    assert type(refused.value).__module__.startswith("litellm")
