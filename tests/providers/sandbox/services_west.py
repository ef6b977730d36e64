"""How Luma, Runway, OpenAI, xAI and Google are spoken."""

from tests.providers.sandbox.spoken import Spoken

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
