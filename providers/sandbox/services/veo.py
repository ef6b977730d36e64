"""Google's Veo by the Gemini API: long-running operations, images in base64, and files that need the key."""

from typing import Any
from uuid import uuid4

from providers.sandbox.jobs import Order, accept, failure, look
from providers.sandbox.server.asgi import Answer, Reply, json_answer
from providers.sandbox.service import (
    Call,
    Rules,
    Wire,
    by_path,
    keyed,
    one_of,
    route,
    row,
    send_clip,
    trouble_in,
)
from providers.sandbox.store import Job, Trouble

ID_LENGTH = 32
TYPE = "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse"
FILTERED = "Veo could not generate videos because the input text violates the usage guidelines. Support codes: 58061214"
REFUSALS = {
    "refuse": (400, "INVALID_ARGUMENT", "Invalid JSON payload received."),
    "bad_key": (
        403,
        "PERMISSION_DENIED",
        "Method doesn't allow unregistered callers. Please use an API key.",
    ),
    "no_credit": (
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota, please check your plan and billing.",
    ),
    "not_found": (404, "NOT_FOUND", "The requested model or operation is not found."),
    "invalid_input": (400, "INVALID_ARGUMENT", "`prompt` has an invalid value."),
    "blocked": (
        400,
        "INVALID_ARGUMENT",
        "The prompt could not be submitted: it violates the usage guidelines.",
    ),
    "rate_limit": (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    "error": (500, "INTERNAL", "An internal error has occurred."),
}
RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2s"}
INSTANCE: Rules = {"prompt": str, "image": dict, "lastFrame": dict, "referenceImages": list, "video": dict}
PARAMETERS: Rules = {
    "sampleCount": int,
    "durationSeconds": one_of(4, 5, 6, 7, 8),
    "aspectRatio": one_of("16:9", "9:16"),
    "resolution": one_of("720p", "1080p", "4k"),
    "negativePrompt": str,
    "personGeneration": str,
    "seed": int,
    "enhancePrompt": bool,
}


def refusal(name: str, said: str = "") -> Answer:
    """`{"error": {code, message, status}}`, by the name of a fault; a rate limit says in its details when to return."""
    status, word, message = row(REFUSALS, name)
    error: dict[str, Any] = {"code": status, "message": said or message, "status": word}
    if name == "rate_limit":
        error["details"] = [RETRY]
    return json_answer(status, {"error": error})


async def submit(call: Call) -> Reply:
    """POST models/{model}:predictLongRunning."""
    given, model = call.given, call.at["model"]
    if not model.startswith("veo-"):
        return refusal("not_found", f"models/{model} is not found for API version v1beta.")
    if trouble := _wrong(given):
        return refusal("invalid_input", trouble.message)
    instance, parameters = given["instances"][0], given.get("parameters") or {}
    job = accept(call, Order(uuid4().hex, model, {**_readable(instance), "parameters": parameters}))
    return json_answer(200, {"name": _name(job)})


def _wrong(given: dict[str, Any]) -> Trouble | None:
    instances = given.get("instances")
    if not isinstance(instances, list) or len(instances) != 1 or not isinstance(instances[0], dict):
        return Trouble("instances", "type", "`instances` must hold one object.")
    if trouble := trouble_in(instances[0], INSTANCE, strict=True):
        return trouble
    if not instances[0].get("prompt") and not instances[0].get("image"):
        return Trouble("prompt", "missing", "`prompt` is empty.")
    for name in ("image", "lastFrame"):
        if (image := instances[0].get(name)) and not image.get("bytesBase64Encoded"):
            return Trouble(name, "missing", f"`{name}` must have `bytesBase64Encoded` and `mimeType`.")
    return trouble_in(given.get("parameters") or {}, PARAMETERS, strict=True)


def _readable(value: Any) -> Any:
    """Bytes in base64 as data URIs, so that they are kept as files."""
    if isinstance(value, list):
        return [_readable(member) for member in value]
    if not isinstance(value, dict):
        return value
    if isinstance(data := value.get("bytesBase64Encoded"), str):
        return {"bytes": f"data:{value.get('mimeType', 'image/png')};base64,{data}"}
    return {name: _readable(member) for name, member in value.items()}


def _name(job: Job) -> str:
    return f"models/{job.facts.endpoint}/operations/{job.id}"


async def show(call: Call) -> Reply:
    """GET models/{model}/operations/{id}: `done` is not there until it is true."""
    job = call.job
    if job is None:
        return refusal("not_found")
    now = look(call.sandbox, job)
    if not now.over:
        state = {"state": "REHEARSING"} if "unknown_state" in job.facts.faults else {}
        return json_answer(200, {"name": _name(job), "metadata": state})
    done = {"name": _name(job), "done": True, "metadata": {}}
    if now.phase == "failed" and failure(job) != "moderation":
        return json_answer(200, {**done, "error": _error(job)})
    made = {"generatedSamples": _samples(job, call.request.base)}
    filtered = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [FILTERED]}
    response = {"@type": TYPE, "generateVideoResponse": made if now.phase == "succeeded" else filtered}
    return json_answer(200, {**done, "response": response})


def _error(job: Job) -> dict[str, Any]:
    if job.facts.trouble:
        return {"code": 3, "message": job.facts.trouble.message, "status": "INVALID_ARGUMENT", "details": []}
    return {
        "code": 13,
        "message": "Video generation failed due to an internal server issue.",
        "status": "INTERNAL",
    }


def _samples(job: Job, base: str) -> list[dict[str, Any]]:
    count = min(4, max(1, job.facts.input["parameters"].get("sampleCount") or 1))
    links = [f"{base}/v1beta/files/{job.id}{number or ''}:download?alt=media" for number in range(count)]
    return [{"video": {"uri": link}} for link in links]


def of_file(call: Call) -> Job | None:
    """The job of an operation, or the one whose file the path names: its id and the number of the sample."""
    return by_path(call) or call.sandbox.store.job(call.provider, call.at.get("file", "")[:ID_LENGTH])


async def download(call: Call) -> Reply:
    """GET files/{file}:download?alt=media, for who has the key."""
    return await send_clip(call) if call.job else refusal("not_found")


async def models(_call: Call) -> Reply:
    """GET models: the free call that tells whether a key is good."""
    names = ("models/veo-3.1-generate-preview", "models/veo-3.1-fast-generate-preview")
    ways = ["predictLongRunning"]
    return json_answer(
        200, {"models": [{"name": name, "supportedGenerationMethods": ways} for name in names]}
    )


WIRE = Wire(
    name="veo",
    stands_for="https://generativelanguage.googleapis.com",
    denied=keyed("x-goog-api-key", "", refusal, also="key"),
    refusal=refusal,
    find=of_file,
    routes=(
        route("POST", "/v1beta/models/{model}:predictLongRunning", submit, "submit"),
        route("GET", "/v1beta/models/{model}/operations/{id}", show, "look"),
        route("GET", "/v1beta/files/{file}:download", download, "output", open=False),
        route("GET", "/v1beta/models", models),
    ),
)
