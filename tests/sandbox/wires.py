"""How each wire of the sandbox is spoken: one row a wire, so that the same questions are put to all of them."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from msgspec import Struct

from tests.sandbox.graphs import text_graph
from tests.sandbox.running import RunningSandbox


class Spoken(Struct, frozen=True):
    """A wire as its clients speak it. Places in an answer are dotted; paths have `{id}` where the job's id goes.

    `before` are words that may come before the others; `third` is the call that turns what stands at `output` into an
    address, where that takes one.
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
    before: tuple[str, ...] = ()
    third: tuple[str, str] | None = None
    missing: tuple[int, str, Any] | None = None
    stranger: str = "00000000-0000-4000-8000-000000000000"

    @property
    def unknown_job(self) -> tuple[int, str, Any]:
        """How a job that is not there is answered."""
        return self.missing or self.refusals["not_found"]

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
            if self.is_over(at(seen[-1], self.state)):
                return seen
            time.sleep(0.02)
        raise AssertionError(f"Not over after {seconds} s: {seen[-1]}")

    def is_over(self, state: Any) -> bool:
        """Whether a state is that of a job that ended, well or badly."""
        bad = self.words[3] if isinstance(self.words[3], tuple) else (self.words[3],)
        return state in (self.words[2], *bad)

    def link(self, sandbox: RunningSandbox, job_id: str, last: dict[str, Any]) -> str:
        """The address of a finished clip; a path of the wire where the answer holds no address."""
        if self.output.startswith("/"):
            return f"{sandbox.url}/{self.name}{self.output.format(id=job_id)}"
        value = at(last, self.output)
        if self.third is None:
            return str(value)
        path, place = self.third
        if not place:
            return f"{sandbox.url}/{self.name}{path.format(value=value)}"
        return str(at(sandbox.ask("GET", f"/{self.name}{path.format(value=value)}").json(), place))

    def state_after(self, sandbox: RunningSandbox, job_id: str) -> dict[str, Any]:
        """What a job looks like once it was canceled; what is no object is gone."""
        document = self.looked(sandbox, job_id).json()
        return document if isinstance(document, dict) else {}


def at(document: Any, place: str) -> Any:
    """What stands at a dotted place; None where nothing does, and the whole document at ""."""
    if not place:
        return document
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

WAN = Spoken(
    name="wan",
    submit="/api/v1/services/aigc/video-generation/video-synthesis",
    body=lambda prompt: {
        "model": "wan2.6-t2v",
        "input": {"prompt": prompt, "extend_prompt": True, "function": "video-synthesis"},
        "parameters": {"size": "426*240", "duration": 1},
    },
    id="output.task_id",
    look="/api/v1/tasks/{id}",
    state="output.task_status",
    words=("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "WARMING_UP"),
    output="output.video_url",
    refusals={
        "refuse": (400, "code", "BadRequest"),
        "bad_key": (401, "code", "InvalidApiKey"),
        "no_credit": (400, "code", "Arrearage"),
        "not_found": (404, "code", "ModelNotFound"),
        "invalid_input": (400, "code", "InvalidParameter"),
        "blocked": (400, "code", "DataInspectionFailed"),
        "rate_limit": (429, "code", "Throttling.RateQuota"),
        "error_before": (500, "code", "InternalError"),
    },
    reasons={"moderation": ("output.code", "DataInspectionFailed"), "fail": ("output.code", "InternalError")},
    missing=(200, "output.task_status", "UNKNOWN"),
)
MINIMAX = Spoken(
    name="minimax",
    submit="/v2/video_generation",
    body=lambda prompt: {
        "model": "MiniMax-H3-Max",
        "content": [{"type": "text", "text": prompt}],
        "resolution": "480P",
        "duration": 4,
        "ratio": "16:9",
    },
    id="task_id",
    look="/v2/query/video_generation/{id}",
    state="task.status",
    words=("queued", "running", "succeeded", "failed", "rehearsing"),
    output="task.content.url",
    refusals={
        "refuse": (400, "error.type", "bad_request_error"),
        "bad_key": (401, "error.type", "authorized_error"),
        "no_credit": (402, "error.type", "insufficient_balance_error"),
        "not_found": (500, "error.message", "record not found"),
        "invalid_input": (400, "error.message", "invalid params"),
        "blocked": (422, "error.type", "unprocessable_entity_error"),
        "rate_limit": (429, "error.http_code", "429"),
        "error_before": (500, "error.type", "server_error"),
    },
    reasons={"moderation": ("task.error.code", "1027"), "fail": ("task.error.code", "1000")},
    cancel=("DELETE", "/v2/video_generation/{id}"),
    stranger="1",
)
MINIMAX_V1 = Spoken(
    name="minimax",
    submit="/v1/video_generation",
    body=lambda prompt: {"model": "MiniMax-Hailuo-2.3", "prompt": prompt, "resolution": "512P"},
    id="task_id",
    look="/v1/query/video_generation?task_id={id}",
    state="status",
    words=("Queueing", "Processing", "Success", "Fail", "Rehearsing"),
    output="file_id",
    before=("Preparing",),
    third=("/v1/files/retrieve?file_id={value}", "file.download_url"),
    refusals={
        "refuse": (200, "base_resp.status_code", 2013),
        "bad_key": (200, "base_resp.status_code", 1004),
        "no_credit": (200, "base_resp.status_code", 1008),
        "not_found": (200, "base_resp.status_code", 2013),
        "invalid_input": (200, "base_resp.status_code", 2013),
        "blocked": (200, "base_resp.status_code", 1026),
        "rate_limit": (200, "base_resp.status_code", 1002),
        "error_before": (500, "base_resp.status_code", 1000),
    },
    reasons={"moderation": ("base_resp.status_code", 1027), "fail": ("base_resp.status_code", 1000)},
)
KLING = Spoken(
    name="kling",
    submit="/v1/videos/text2video",
    body=lambda prompt: {"model_name": "kling-v2-6", "prompt": prompt, "duration": "1", "mode": "std"},
    id="data.task_id",
    look="/v1/videos/text2video/{id}",
    state="data.task_status",
    words=("submitted", "processing", "succeed", "failed", "rehearsing"),
    output="data.task_result.videos.0.url",
    refusals={
        "refuse": (400, "code", 1200),
        "bad_key": (401, "code", 100),
        "no_credit": (429, "code", 1102),
        "not_found": (404, "code", 1203),
        "invalid_input": (400, "code", 1201),
        "blocked": (400, "code", 1301),
        "rate_limit": (429, "code", 1302),
        "busy": (429, "code", 1303),
        "error_before": (500, "code", 5000),
    },
    reasons={
        "moderation": ("data.task_status_msg", "Failure to pass the risk"),
        "fail": ("data.task_status_msg", "The task failed"),
    },
)
PIXVERSE = Spoken(
    name="pixverse",
    submit="/openapi/v2/video/text/generate",
    body=lambda prompt: {
        "model": "v5",
        "prompt": prompt,
        "aspect_ratio": "16:9",
        "quality": "360p",
        "duration": 5,
    },
    id="Resp.video_id",
    look="/openapi/v2/video/result/{id}",
    state="Resp.status",
    words=(2, 5, 1, (7, 8), 4),
    output="Resp.url",
    refusals={
        "refuse": (200, "ErrCode", 400017),
        "bad_key": (401, "ErrCode", 10005),
        "no_credit": (200, "ErrCode", 500090),
        "not_found": (200, "ErrCode", 400017),
        "invalid_input": (200, "ErrCode", 400017),
        "blocked": (200, "ErrCode", 500054),
        "rate_limit": (429, "ErrCode", 429),
        "busy": (200, "ErrCode", 500044),
        "error_before": (500, "ErrCode", 99999),
    },
    reasons={"moderation": ("Resp.status", 7), "fail": ("Resp.status", 8)},
    stranger="1",
)
VIDU = Spoken(
    name="vidu",
    submit="/ent/v2/text2video",
    body=lambda prompt: {"model": "viduq3", "prompt": prompt, "duration": 1, "resolution": "360p"},
    id="task_id",
    look="/ent/v2/tasks/{id}/creations",
    state="state",
    words=("queueing", "processing", "success", "failed", "rehearsing"),
    before=("created",),
    output="creations.0.url",
    refusals={
        "refuse": (400, "reason", "BadRequest"),
        "bad_key": (401, "reason", "Unauthorized"),
        "no_credit": (400, "reason", "CreditInsufficient"),
        "not_found": (404, "reason", "TaskNotFound"),
        "invalid_input": (400, "reason", "FieldInvalid"),
        "blocked": (400, "reason", "TaskPromptPolicyViolation"),
        "rate_limit": (429, "reason", "TooManyRequests"),
        "busy": (429, "reason", "QuotaExceeded"),
        "error_before": (500, "reason", "InternalServiceFailure"),
    },
    reasons={"moderation": ("err_code", "CreationPolicy"), "fail": ("err_code", "InternalServiceFailure")},
    cancel=("POST", "/ent/v2/tasks/{id}/cancel"),
)
COMFYUI = Spoken(
    name="comfyui",
    submit="/prompt",
    body=lambda prompt: {"prompt": text_graph(prompt)},
    id="prompt_id",
    look="/api/jobs/{id}",
    state="status",
    words=("pending", "in_progress", "completed", "failed", "rehearsing"),
    output="outputs.9.images.0.filename",
    third=("/view?filename={value}&subfolder=video&type=output", ""),
    refusals={
        "refuse": (400, "error.type", "no_prompt"),
        "unreadable": (500, "", "500 Internal Server Error"),
        "not_found": (400, "error.type", "missing_node_type"),
        "invalid_input": (400, "error.type", "prompt_outputs_failed_validation"),
        "rate_limit": (429, "", "Too Many Requests"),
        "error_before": (500, "", "500 Internal Server Error"),
    },
    reasons={
        "moderation": ("execution_error.exception_message", "The request was rejected"),
        "fail": ("execution_error.exception_type", "RuntimeError"),
    },
    cancel=("POST", "/api/jobs/{id}/cancel"),
    missing=(404, "error", "Job not found"),
)

WIRES = {
    "luma": LUMA,
    "runway": RUNWAY,
    "openai": OPENAI,
    "xai": XAI,
    "veo": VEO,
    "seedance": SEEDANCE,
    "wan": WAN,
    "minimax": MINIMAX,
    "minimax-v1": MINIMAX_V1,
    "kling": KLING,
    "pixverse": PIXVERSE,
    "vidu": VIDU,
    "comfyui": COMFYUI,
}
