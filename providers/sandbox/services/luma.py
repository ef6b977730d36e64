"""Luma's Dream Machine: generations that queue, dream and complete, and an unsigned callback for each step."""

from typing import Any
from uuid import uuid4

import msgspec

from providers.sandbox.jobs import Order, accept, discard, failure, look, with_links, word_for
from providers.sandbox.server.asgi import Answer, Reply, json_answer
from providers.sandbox.service import (
    CLIP_ROUTE,
    Call,
    Letter,
    Rules,
    Sandbox,
    Wire,
    clip_link,
    keyed,
    one_of,
    route,
    row,
    trouble_in,
)
from providers.sandbox.store import Job
from providers.sandbox.timeline import iso

STATES = {
    "queued": "queued",
    "running": "dreaming",
    "unknown": "daydreaming",
    "succeeded": "completed",
    "failed": "failed",
    "canceled": "failed",
}
REASONS = {
    "moderation": "400: prompt not allowed because advanced moderation failed",
    "fail": "500: internal server error during generation",
}
REFUSALS = {
    "refuse": (400, "The request could not be understood."),
    "bad_key": (401, "Not authenticated"),
    "no_credit": (400, "Insufficient credits"),
    "not_found": (404, "Generation not found"),
    "invalid_input": (400, "Invalid request: prompt"),
    "blocked": (400, "Prompt not allowed because advanced moderation failed"),
    "rate_limit": (429, "Too many requests"),
    "error": (500, "Internal Server Error"),
}
RATIOS = one_of("1:1", "16:9", "9:16", "4:3", "3:4", "21:9", "9:21")
TEXT_TO_VIDEO: Rules = {
    "model": one_of("ray-2", "ray-flash-2"),
    "generation_type": one_of("video"),
    "prompt": str,
    "aspect_ratio": RATIOS,
    "duration": str,
    "resolution": str,
    "loop": bool,
    "keyframes": dict,
    "concepts": list,
    "callback_url": str,
}
OTHER: Rules = {
    "model": str,
    "prompt": str,
    "media": dict,
    "first_frame": dict,
    "mode": str,
    "resolution": str,
}
WINDOW = ("limit", "offset")
CONCEPTS = ["crane_up", "dolly_zoom", "handheld", "orbit_left", "orbit_right", "static"]


def refusal(name: str, said: str = "") -> Answer:
    """`{"detail": …}`, by the name of a fault."""
    status, detail = row(REFUSALS, name)
    return json_answer(status, {"detail": said or detail}, {"retry-after": "2"} if status == 429 else {})


async def create(call: Call) -> Reply:
    """POST generations/video, or generations as it was called before."""
    if trouble := trouble_in(call.given, TEXT_TO_VIDEO, ("model",)):
        return refusal("invalid_input", trouble.message)
    if not call.given.get("prompt") and not call.given.get("keyframes"):
        return refusal("invalid_input", "Prompt is required when there are no keyframes")
    for name, frame in (call.given.get("keyframes") or {}).items():
        if isinstance(frame, dict) and not str(frame.get("url", "http")).startswith("http"):
            return refusal("invalid_input", f"keyframes.{name}.url must be an http or https address")
    return _accept(call, {"generation_type": "video", **call.given}, str(call.given["model"]))


async def change(call: Call) -> Reply:
    """POST generations/video/modify and generations/video/reframe: a clip made of another."""
    if trouble := trouble_in(call.given, OTHER, ("model", "media")):
        return refusal("invalid_input", trouble.message)
    kind = f"{call.at['change']}_video"
    return _accept(call, {"generation_type": kind, **call.given}, str(call.given["model"]))


async def enhance(call: Call) -> Reply:
    """POST generations/{id}/upscale and generations/{id}/audio: the same clip again, better."""
    source = call.job
    if source is None:
        return refusal("not_found")
    kind = "upscale_video" if call.at["enhance"] == "upscale" else "add_audio"
    given = {**source.facts.input, **call.given, "generation_type": kind}
    return _accept(call, given, source.facts.endpoint, source.prompt)


def _accept(call: Call, given: dict[str, Any], model: str, prompt: str | None = None) -> Answer:
    hook = call.given.get("callback_url")
    order = Order(str(uuid4()), model, given, webhook=hook, events=("start", "completed"), prompt=prompt)
    return json_answer(201, document(call.sandbox, accept(call, order), call.request.base))


def document(sandbox: Sandbox, job: Job, base: str) -> dict[str, Any]:
    """The generation, as every route and every callback shows it."""
    now = look(sandbox, job)
    video = clip_link(base, job) if now.phase == "succeeded" else None
    trouble = job.facts.trouble
    reason = trouble.message if trouble else REASONS.get(failure(job))
    return {
        "id": job.id,
        "generation_type": "video",
        "state": word_for(job, now, STATES),
        "failure_reason": reason if now.phase == "failed" else None,
        "created_at": iso(job.created_at),
        "assets": {"video": video, "image": None, "progress_video": None} if video else None,
        "model": job.facts.endpoint,
        "request": with_links(job.facts.input, base.removesuffix("/luma")),
    }


async def show(call: Call) -> Reply:
    """GET generations/{id}."""
    job = call.job
    return json_answer(200, document(call.sandbox, job, call.request.base)) if job else refusal("not_found")


async def delete(call: Call) -> Reply:
    """DELETE generations/{id}: the only way to give one up; it is gone afterwards."""
    if call.job is None:
        return refusal("not_found")
    discard(call.sandbox, call.job)
    return Answer(204)


async def listing(call: Call) -> Reply:
    """GET generations, newest first, by `limit` and `offset`."""
    query = call.request.query
    limit, offset = (int(query.get(name, "")) if query.get(name, "").isdecimal() else None for name in WINDOW)
    jobs = call.sandbox.store.jobs(call.provider)
    first, most = offset or 0, limit or 100
    shown = [document(call.sandbox, job, call.request.base) for job in jobs[first : first + most]]
    more = len(jobs) > first + most
    return json_answer(
        200, {"generations": shown, "limit": most, "offset": first, "count": len(jobs), "has_more": more}
    )


async def concepts(_call: Call) -> Reply:
    """GET generations/concepts/list."""
    return json_answer(200, CONCEPTS)


async def credits_left(_call: Call) -> Reply:
    """GET credits, in US cents."""
    return json_answer(200, {"credit_balance": 100_000.0})


async def ping(_call: Call) -> Reply:
    """GET ping."""
    return json_answer(200, {"message": "pong"})


async def letter(sandbox: Sandbox, job: Job, _event: str) -> Letter:
    """The generation; nothing signs it."""
    return Letter(msgspec.json.encode(document(sandbox, job, job.facts.base)), {})


V1 = "/dream-machine/v1"
WIRE = Wire(
    name="luma",
    stands_for="https://api.lumalabs.ai",
    denied=keyed("authorization", "Bearer", refusal),
    refusal=refusal,
    letter=letter,
    routes=(
        route("POST", f"{V1}/generations", create, "submit"),
        route("POST", f"{V1}/generations/video", create, "submit"),
        route("POST", f"{V1}/generations/video/{{change}}", change, "submit"),
        route("GET", f"{V1}/generations", listing),
        route("GET", f"{V1}/generations/concepts/list", concepts),
        route("POST", f"{V1}/generations/{{id}}/{{enhance}}", enhance, "submit"),
        route("GET", f"{V1}/generations/{{id}}", show, "look"),
        route("DELETE", f"{V1}/generations/{{id}}", delete, "cancel"),
        route("GET", f"{V1}/credits", credits_left),
        route("GET", f"{V1}/ping", ping),
        CLIP_ROUTE,
    ),
)
