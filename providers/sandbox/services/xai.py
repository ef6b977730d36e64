"""xAI's Grok Imagine: 202 while a video is pending, and a moderated one that is done without an address."""

from typing import Any
from uuid import uuid4

from providers.sandbox.jobs import Order, accept, failure, look, word_for
from providers.sandbox.server.asgi import Answer, Reply, json_answer
from providers.sandbox.service import (
    CLIP_ROUTE,
    Call,
    Rules,
    Wire,
    clip_link,
    keyed,
    one_of,
    route,
    row,
    trouble_in,
)
from providers.sandbox.store import Job, Trouble
from providers.sandbox.video.geometry import shape_of

TICKS_A_SECOND = {
    "480": 500_000_000,
    "720": 700_000_000,
    "1080": 2_500_000_000,
}  # 10 000 000 000 are a dollar
STATES = {
    "queued": "pending",
    "running": "pending",
    "unknown": "dreaming",
    "succeeded": "done",
    "failed": "failed",
    "canceled": "expired",
    "expired": "expired",
}
REFUSALS: dict[str, tuple[int, Any]] = {
    "refuse": (400, {"error": "Failed to parse the request body as JSON"}),
    "bad_key": (401, {"code": "unauthenticated", "error": "Incorrect API key provided"}),
    "no_credit": (403, {"code": "permission-denied", "error": "Your team has used all available credits"}),
    "not_found": (404, {"code": "not-found", "error": "The requested video was not found"}),
    "invalid_input": (422, {"error": "Failed to deserialize the JSON body: prompt: invalid value"}),
    "blocked": (400, {"code": "invalid-argument", "error": "The prompt was rejected by content moderation"}),
    "rate_limit": (429, {"code": "resource-exhausted", "error": "Too many requests for team sandbox"}),
    "error": (
        500,
        {"error": {"message": "Internal error", "type": "server_error", "param": None, "code": "500"}},
    ),
}
FAILED = "The video could not be generated"
FIELDS: Rules = {
    "model": str,
    "prompt": str,
    "duration": int,
    "aspect_ratio": str,
    "resolution": one_of("480p", "720p", "1080p"),
    "image": dict,
    "last_frame": dict,
    "keyframes": list,
    "reference_images": list,
    "reference_audios": list,
    "generate_audio": bool,
    "storage_options": dict,
    "user": str,
    "video": dict,
}


def refusal(name: str) -> Answer:
    """One of the three shapes that errors have here, by the name of a fault; 429 says nothing of when."""
    status, said = row(REFUSALS, name)
    return json_answer(status, said)


async def generate(call: Call) -> Reply:
    """POST videos/generations."""
    return _submit(call, ("model",))


async def change(call: Call) -> Reply:
    """POST videos/edits and videos/extensions: they start from a video."""
    return _submit(call, ("model", "prompt", "video"))


def _submit(call: Call, needs: tuple[str, ...]) -> Answer:
    given = call.given
    trouble = trouble_in(given, FIELDS, needs)
    if trouble is None and not given.get("prompt") and not given.get("image"):
        trouble = Trouble("prompt", "missing", "prompt is required")
    if trouble is None and not 1 <= (given.get("duration") or 8) <= 15:
        trouble = Trouble("duration", "range", "duration must be between 1 and 15")
    if trouble:
        return json_answer(422, {"error": f"Failed to deserialize the JSON body: {trouble.message}"})
    job = accept(call, Order(str(uuid4()), str(given["model"]), given))
    return json_answer(200, {"request_id": job.id})


async def show(call: Call) -> Reply:
    """GET videos/{request_id}: 202 until it is over."""
    job = call.job
    if job is None:
        return refusal("not_found")
    now = look(call.sandbox, job)
    shown: dict[str, Any] = {"status": word_for(job, now, STATES)}
    if not now.over:
        return json_answer(202, {**shown, "progress": int(now.fraction * 100)})
    moderated = now.phase == "failed" and failure(job) == "moderation"
    if now.phase == "succeeded" or moderated:
        return json_answer(200, _done(call, job, moderated=moderated))
    code, said = (
        ("invalid_argument", job.facts.trouble.message) if job.facts.trouble else ("internal_error", FAILED)
    )
    return json_answer(200, {**shown, "error": {"code": code, "message": said}, "model": job.facts.endpoint})


def _done(call: Call, job: Job, *, moderated: bool) -> dict[str, Any]:
    """What is done, whether or not there is anything to see; both cost the same."""
    link = "" if moderated else clip_link(call.request.base, job)
    shape = shape_of(job.facts.endpoint, job.facts.input)
    video: dict[str, Any] = {
        "url": link,
        "duration": round(shape.seconds),
        "respect_moderation": not moderated,
    }
    if wanted := job.facts.input.get("storage_options"):
        stored = {"file_id": f"file_{job.id}", "filename": wanted.get("filename"), "expires_at": None}
        video |= {"file_output": {**stored, "public_url": link if wanted.get("public_url") else None}}
    ticks = round(shape.seconds * TICKS_A_SECOND.get(str(min(shape.width, shape.height)), 500_000_000))
    return {
        "status": "done",
        "video": video,
        "model": job.facts.endpoint,
        "usage": {"cost_in_usd_ticks": ticks},
        "progress": 100,
        "error": None,
    }


async def models(_call: Call) -> Reply:
    """GET models: the free call that tells whether a key is good."""
    names = ("grok-imagine-video", "grok-imagine-video-1.5", "grok-imagine-video-1.5-lite")
    return json_answer(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in names]})


WIRE = Wire(
    name="xai",
    stands_for="https://api.x.ai",
    denied=keyed("authorization", "Bearer", refusal),
    refusal=refusal,
    routes=(
        route("POST", "/v1/videos/generations", generate, "submit"),
        route("POST", "/v1/videos/edits", change, "submit"),
        route("POST", "/v1/videos/extensions", change, "submit"),
        route("GET", "/v1/videos/{id}", show, "look"),
        route("GET", "/v1/models", models),
        CLIP_ROUTE,
    ),
)
