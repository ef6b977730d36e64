"""ByteDance's Ark: content generation tasks made of a list of texts and media, with an unsigned callback."""

import secrets
from datetime import UTC, datetime
from typing import Any

import msgspec

from providers.sandbox.inputs import wrong_content
from providers.sandbox.jobs import Order, accept, discard, look, reason, word_for
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
    route,
    row,
    trouble_in,
)
from providers.sandbox.store import Job, Trouble
from providers.sandbox.video.geometry import shape_of

STATES = {
    "queued": "queued",
    "running": "running",
    "unknown": "rehearsing",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "cancelled",
    "expired": "expired",
}
FAILURES = {
    "moderation": (
        "OutputVideoSensitiveContentDetected",
        "The output video may contain sensitive information.",
    ),
    "input": ("InvalidParameter", "An input could not be used."),
    "fail": ("InternalServiceError", "The service encountered an unexpected internal error."),
}
REFUSALS = {
    "refuse": (400, "InvalidParameter", "The request body could not be parsed.", "BadRequest"),
    "bad_key": (401, "AuthenticationError", "The API key format is incorrect.", "Unauthorized"),
    "no_credit": (403, "AccountOverdueError", "The account has an overdue balance.", "Forbidden"),
    "not_found": (404, "ResourceNotFound", "The specified task is not found.", "NotFound"),
    "invalid_input": (400, "InvalidParameter", "The parameter content is not valid.", "BadRequest"),
    "blocked": (400, "InputTextSensitiveContentDetected", "The input text may be sensitive.", "BadRequest"),
    "running": (403, "OperationDenied", "A running task cannot be deleted.", "Forbidden"),
    "rate_limit": (429, "RateLimitExceeded.EndpointRPMExceeded", "Too many requests.", "TooManyRequests"),
    "error": (500, "InternalServiceError", "An unexpected internal error.", "InternalServerError"),
}
FIELDS: Rules = {
    "model": str,
    "content": list,
    "ratio": str,
    "resolution": str,
    "duration": int,
    "frames": int,
    "seed": int,
    "camera_fixed": bool,
    "watermark": bool,
    "generate_audio": bool,
    "return_last_frame": bool,
    "service_tier": str,
    "execution_expires_after": int,
    "callback_url": str,
    "safety_identifier": str,
}


def refusal(name: str, trouble: Trouble | None = None) -> Answer:
    """`{"error": {code, message, param, type}}`, by the name of a fault."""
    status, code, message, kind = row(REFUSALS, name)
    if trouble:
        code = "MissingParameter" if trouble.kind == "missing" else code
        message = trouble.message
    error = {"code": code, "message": message, "param": trouble.field if trouble else "", "type": kind}
    return json_answer(status, {"error": error})


async def create(call: Call) -> Reply:
    """POST contents/generations/tasks; a null is as good as absent."""
    given = {name: value for name, value in call.given.items() if value is not None}
    if trouble := trouble_in(given, FIELDS, ("model", "content")) or wrong_content(given["content"]):
        return refusal("invalid_input", trouble)
    stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
    order = Order(
        f"cgt-{stamp}-{secrets.token_hex(4)}",
        given["model"],
        given,
        webhook=given.get("callback_url"),
        events=("start", "completed"),
    )
    return json_answer(200, {"id": accept(call, order).id})


def document(sandbox: Sandbox, job: Job, base: str) -> dict[str, Any]:
    """The task, as every route and every callback shows it."""
    now, given = look(sandbox, job), job.facts.input
    shape = shape_of(job.facts.endpoint, given)
    shown: dict[str, Any] = {
        "id": job.id,
        "model": job.facts.endpoint,
        "status": word_for(job, now, STATES),
        "error": dict(zip(("code", "message"), reason(job, FAILURES), strict=True))
        if now.phase == "failed"
        else None,
        "created_at": int(job.created_at),
        "updated_at": int(now.ended_at or sandbox.clock()),
        "service_tier": given.get("service_tier", "default"),
    }
    if now.phase != "succeeded":
        return shown
    tokens = round(shape.width * shape.height * shape.fps * shape.seconds / 1024)
    return shown | {
        "content": {"video_url": f"{clip_link(base, job)}?X-Tos-Expires=86400", "last_frame_url": None},
        "usage": {"completion_tokens": tokens, "total_tokens": tokens},
        "seed": given.get("seed", int(job.created_at) % 100_000),
        "resolution": given.get("resolution", f"{min(shape.width, shape.height)}p"),
        "ratio": given.get("ratio", "16:9"),
        "duration": round(shape.seconds),
        "framespersecond": 24,
        "generate_audio": shape.audio,
    }


async def show(call: Call) -> Reply:
    """GET contents/generations/tasks/{id}; HTTP stays 200 when the task failed."""
    job = call.job
    return json_answer(200, document(call.sandbox, job, call.request.base)) if job else refusal("not_found")


async def delete(call: Call) -> Reply:
    """DELETE contents/generations/tasks/{id}: cancels in the queue, deletes what is over, refuses what runs."""
    job = call.job
    if job is None:
        return refusal("not_found")
    now = look(call.sandbox, job)
    if now.phase == "running":
        return refusal("running")
    if now.phase == "queued":
        call.sandbox.store.cancel(job.id, call.sandbox.clock())
    else:
        discard(call.sandbox, job)
    return json_answer(200, {})


async def listing(call: Call) -> Reply:
    """GET contents/generations/tasks by page, status, model and ids; the free call that tells whether a key is good."""
    query = call.request.query
    jobs = call.sandbox.store.jobs(call.provider)
    shown = [document(call.sandbox, job, call.request.base) for job in jobs]
    for name in ("status", "model"):
        wanted = query.get(f"filter.{name}")
        shown = [each for each in shown if wanted in (None, each[name])]
    page, size = (
        int(query.get(name, "")) if query.get(name, "").isdecimal() else usual for name, usual in PAGE
    )
    return json_answer(200, {"total": len(shown), "items": shown[(page - 1) * size : page * size]})


async def letter(sandbox: Sandbox, job: Job, _event: str) -> Letter:
    """The task; nothing signs it."""
    return Letter(msgspec.json.encode(document(sandbox, job, job.facts.base)), {})


PAGE = (("page_num", 1), ("page_size", 20))
TASKS = "/api/v3/contents/generations/tasks"
WIRE = Wire(
    name="seedance",
    stands_for="https://ark.ap-southeast.bytepluses.com and https://ark.cn-beijing.volces.com",
    denied=keyed("authorization", "Bearer", refusal),
    refusal=refusal,
    letter=letter,
    routes=(
        route("POST", TASKS, create, "submit"),
        route("GET", TASKS, listing),
        route("GET", f"{TASKS}/{{id}}", show, "look"),
        route("DELETE", f"{TASKS}/{{id}}", delete, "cancel"),
        CLIP_ROUTE,
    ),
)
