"""How each wire of the sandbox is spoken: one row a wire, so that the same questions are put to all of them."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from msgspec import Struct

from tests.sandbox.running import RunningSandbox


class Spoken(Struct, frozen=True):
    """A wire as its clients speak it. Places in an answer are dotted; paths have `{id}` where the job's id goes.

    `words` are those for queued, running, succeeded, failed and an undocumented state; `refusals` the status and
    the place and start of the code or sentence for each fault; `reasons` the same for a job that failed.
    """

    name: str
    submit: str
    body: Callable[[str], dict[str, Any]]
    id: str
    look: str
    state: str
    words: tuple[Any, Any, Any, Any, Any]
    output: str
    refusals: Mapping[str, tuple[int, str, Any]]
    reasons: Mapping[str, tuple[str, Any]]
    accepted: int = 200
    cancel: tuple[str, str] | None = None
    output_needs_key: bool = False
    stranger: str = "00000000-0000-4000-8000-000000000000"

    @property
    def unknown_job(self) -> tuple[int, str, Any]:
        """How a job that is not there is answered."""
        return self.refusals["not_found"]

    def order(self, sandbox: RunningSandbox, prompt: str, **more: Any) -> httpx.Response:
        """The answer to a submission."""
        return sandbox.ask("POST", f"/{self.name}{self.submit}", json=self.body(prompt), **more)

    def started(self, sandbox: RunningSandbox, prompt: str, **more: Any) -> str:
        """The id of a job that was accepted."""
        answer = self.order(sandbox, prompt, **more)
        assert answer.status_code == self.accepted, answer.text
        return str(at(answer.json(), self.id))

    def looked(self, sandbox: RunningSandbox, job_id: str, **more: Any) -> httpx.Response:
        """One look at a job."""
        return sandbox.ask("GET", f"/{self.name}{self.look.format(id=job_id)}", **more)

    def watched(self, sandbox: RunningSandbox, job_id: str, seconds: float = 20) -> list[dict[str, Any]]:
        """What looks see from now to the end of a job."""
        seen: list[dict[str, Any]] = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            answer = self.looked(sandbox, job_id)
            seen.append(answer.json() if answer.content else {})
            if at(seen[-1], self.state) in self.words[2:4]:
                return seen
            time.sleep(0.02)
        raise AssertionError(f"Not over after {seconds} s: {seen[-1]}")

    def link(self, sandbox: RunningSandbox, job_id: str, last: dict[str, Any]) -> str:
        """The address of a finished clip; a path of the wire where the answer holds no address."""
        if self.output.startswith("/"):
            return f"{sandbox.url}/{self.name}{self.output.format(id=job_id)}"
        return str(at(last, self.output))

    def state_after(self, sandbox: RunningSandbox, job_id: str) -> dict[str, Any]:
        """What a job looks like once it was canceled; what is no object is gone."""
        document = self.looked(sandbox, job_id).json()
        return document if isinstance(document, dict) else {}


def at(document: Any, place: str) -> Any:
    """What stands at a dotted place; None where nothing does."""
    for part in place.split("."):
        if isinstance(document, list):
            document = document[int(part)] if int(part) < len(document) else None
        elif isinstance(document, dict):
            document = document.get(part)
        else:
            return None
    return document


LUMA = Spoken(
    name="luma",
    submit="/dream-machine/v1/generations/video",
    body=lambda prompt: {"model": "ray-2", "prompt": prompt, "resolution": "256p", "duration": "1s"},
    id="id",
    look="/dream-machine/v1/generations/{id}",
    state="state",
    words=("queued", "dreaming", "completed", "failed", "daydreaming"),
    output="assets.video",
    refusals={
        "refuse": (400, "detail", "The request"),
        "bad_key": (401, "detail", "Not auth"),
        "no_credit": (400, "detail", "Insufficient credits"),
        "not_found": (404, "detail", "Generation"),
        "invalid_input": (400, "detail", "Invalid"),
        "blocked": (400, "detail", "Prompt not allowed"),
        "rate_limit": (429, "detail", "Too many"),
        "error_before": (500, "detail", "Internal"),
    },
    reasons={"moderation": ("failure_reason", "400"), "fail": ("failure_reason", "500")},
    accepted=201,
    cancel=("DELETE", "/dream-machine/v1/generations/{id}"),
)

RUNWAY = Spoken(
    name="runway",
    submit="/v1/text_to_video",
    body=lambda prompt: {
        "model": "gemini_omni_flash_1.1",
        "promptText": prompt,
        "ratio": "640:360",
        "duration": 1,
    },
    id="id",
    look="/v1/tasks/{id}",
    state="status",
    words=("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "WARMING_UP"),
    output="output.0",
    refusals={
        "refuse": (400, "error", "Validation"),
        "bad_key": (401, "error", "The API key"),
        "no_credit": (400, "error", "You do not have enough credits"),
        "not_found": (404, "error", "Not found"),
        "invalid_input": (400, "issues.0.path.0", "promptText"),
        "blocked": (400, "error", "Your request was rejected"),
        "rate_limit": (429, "error", "Rate limit"),
        "error_before": (502, "error", "Bad gateway"),
    },
    reasons={"moderation": ("failureCode", "SAFETY.INPUT"), "fail": ("failureCode", "INTERNAL.BAD_OUTPUT")},
    cancel=("DELETE", "/v1/tasks/{id}"),
)

OPENAI = Spoken(
    name="openai",
    submit="/v1/videos",
    body=lambda prompt: {"model": "wan-2.2", "prompt": prompt, "seconds": "1", "size": "426x240"},
    id="id",
    look="/v1/videos/{id}",
    state="status",
    words=("queued", "in_progress", "completed", "failed", "rendering"),
    output="/v1/videos/{id}/content",
    output_needs_key=True,
    refusals={
        "refuse": (400, "error.type", "invalid_request_error"),
        "bad_key": (401, "error.code", "invalid_api_key"),
        "no_credit": (429, "error.code", "insufficient_quota"),
        "not_found": (404, "error.code", "not_found"),
        "invalid_input": (400, "error.param", "prompt"),
        "blocked": (400, "error.code", "moderation_blocked"),
        "rate_limit": (429, "error.code", "rate_limit_exceeded"),
        "error_before": (500, "error.type", "server_error"),
    },
    reasons={
        "moderation": ("error.code", "moderation_blocked"),
        "fail": ("error.code", "video_generation_failed"),
    },
)
XAI = Spoken(
    name="xai",
    submit="/v1/videos/generations",
    body=lambda prompt: {
        "model": "grok-imagine-video",
        "prompt": prompt,
        "duration": 1,
        "aspect_ratio": "16:9",
    },
    id="request_id",
    look="/v1/videos/{id}",
    state="status",
    words=("pending", "pending", "done", "failed", "dreaming"),
    output="video.url",
    refusals={
        "refuse": (400, "error", "Failed to parse"),
        "bad_key": (401, "code", "unauthenticated"),
        "no_credit": (403, "code", "permission-denied"),
        "not_found": (404, "code", "not-found"),
        "invalid_input": (422, "error", "Failed to deserialize"),
        "blocked": (400, "code", "invalid-argument"),
        "rate_limit": (429, "code", "resource-exhausted"),
        "error_before": (500, "error.type", "server_error"),
    },
    reasons={"moderation": ("video.respect_moderation", "False"), "fail": ("error.code", "internal_error")},
)

VEO = Spoken(
    name="veo",
    submit="/v1beta/models/veo-3.1-generate-preview:predictLongRunning",
    body=lambda prompt: {"instances": [{"prompt": prompt}], "parameters": {"durationSeconds": 4}},
    id="name",
    look="/v1beta/{id}",
    state="done",
    words=(None, None, True, True, None),
    output="response.generateVideoResponse.generatedSamples.0.video.uri",
    output_needs_key=True,
    refusals={
        "refuse": (400, "error.status", "INVALID_ARGUMENT"),
        "bad_key": (403, "error.status", "PERMISSION_DENIED"),
        "no_credit": (429, "error.message", "You exceeded your current quota"),
        "not_found": (404, "error.status", "NOT_FOUND"),
        "invalid_input": (400, "error.message", "`prompt`"),
        "blocked": (400, "error.message", "The prompt could not be submitted"),
        "rate_limit": (429, "error.details.0.retryDelay", "2s"),
        "error_before": (500, "error.status", "INTERNAL"),
    },
    reasons={
        "moderation": ("response.generateVideoResponse.raiMediaFilteredCount", 1),
        "fail": ("error.code", 13),
    },
    stranger="models/veo-3.1-generate-preview/operations/nobody",
)
SEEDANCE = Spoken(
    name="seedance",
    submit="/api/v3/contents/generations/tasks",
    body=lambda prompt: {
        "model": "doubao-seedance-2-0-260128",
        "content": [{"type": "text", "text": prompt}],
        "resolution": "256p",
        "duration": 1,
        "seed": None,
    },
    id="id",
    look="/api/v3/contents/generations/tasks/{id}",
    state="status",
    words=("queued", "running", "succeeded", "failed", "rehearsing"),
    output="content.video_url",
    refusals={
        "refuse": (400, "error.code", "InvalidParameter"),
        "bad_key": (401, "error.code", "AuthenticationError"),
        "no_credit": (403, "error.code", "AccountOverdueError"),
        "not_found": (404, "error.type", "NotFound"),
        "invalid_input": (400, "error.code", "InvalidParameter"),
        "blocked": (400, "error.code", "InputTextSensitiveContentDetected"),
        "rate_limit": (429, "error.code", "RateLimitExceeded"),
        "error_before": (500, "error.code", "InternalServiceError"),
    },
    reasons={
        "moderation": ("error.code", "OutputVideoSensitiveContentDetected"),
        "fail": ("error.code", "InternalServiceError"),
    },
)

WIRES = {wire.name: wire for wire in (LUMA, RUNWAY, OPENAI, XAI, VEO, SEEDANCE)}
