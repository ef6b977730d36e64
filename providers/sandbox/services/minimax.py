"""MiniMax's second generation: content in a list, one step to the clip, and statuses that mean what they say."""

from typing import Any

import msgspec

from providers.sandbox.inputs import wrong_content
from providers.sandbox.jobs import Order, accept, discard, look, reason, word_for
from providers.sandbox.server.asgi import Answer, Reply, Request, json_answer
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
from providers.sandbox.services import minimax_legacy as minimax_v1
from providers.sandbox.services.minimax_legacy import CALLBACK_EVENTS, listens, new_id
from providers.sandbox.store import Job, Trouble

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
    "moderation": ("1027", "output new_sensitive"),
    "input": ("2013", "invalid params"),
    "fail": ("1000", "unknown error"),
}
REFUSALS = {
    "refuse": (400, "bad_request_error", "invalid params, the body is no JSON object (2013)"),
    "bad_key": (401, "authorized_error", "login fail: please carry the API secret key (1004)"),
    "no_credit": (402, "insufficient_balance_error", "insufficient balance (1008)"),
    "not_found": (500, "server_error", "record not found (1000)"),
    "invalid_input": (400, "bad_request_error", "invalid params, content (2013)"),
    "blocked": (422, "unprocessable_entity_error", "input new_sensitive (1026)"),
    "rate_limit": (429, "rate_limit_error", "rate limit exceeded (1002)"),
    "error": (500, "server_error", "unknown error (1000)"),
}
FIELDS: Rules = {
    "model": one_of("MiniMax-H3", "MiniMax-H3-Max"),
    "content": list,
    "resolution": one_of("480P", "768P", "2K"),
    "duration": int,
    "ratio": str,
    "callback_url": str,
    "aigc_watermark": bool,
}
OLD_FIELDS = ("prompt", "first_frame_image", "last_frame_image", "subject_reference")


def refusal(name: str, said: str = "") -> Answer:
    """`{type: "error", error: {…}}`, by the name of a fault; the old number stands in the message."""
    status, kind, message = row(REFUSALS, name)
    error = {
        "type": kind,
        "message": f"invalid params, {said} (2013)" if said else message,
        "http_code": str(status),
    }
    return json_answer(status, {"type": "error", "error": error, "request_id": new_id()})


async def create(call: Call) -> Reply:
    """POST v2/video_generation."""
    given = call.given
    if trouble := _wrong(given):
        return refusal("invalid_input", trouble.message)
    return await _accept(call, given)


async def regenerate(call: Call) -> Reply:
    """POST v2/video_regeneration: a finished task of 768P again in 2K."""
    rules: Rules = {"model": FIELDS["model"], "source_task_id": str, "resolution": one_of("2K")}
    if trouble := trouble_in(call.given, rules, ("model", "source_task_id")):
        return refusal("invalid_input", trouble.message)
    source = call.sandbox.store.job(call.provider, call.given["source_task_id"])
    if source is None or look(call.sandbox, source).phase != "succeeded":
        return refusal("not_found")
    return await _accept(call, {**source.facts.input, **call.given, "resolution": "2K"}, source.prompt)


async def _accept(call: Call, given: dict[str, Any], prompt: str | None = None) -> Answer:
    hook = call.given.get("callback_url")
    heard = hook if hook and await listens(hook) else None
    order = Order(new_id(), given["model"], given, webhook=heard, events=CALLBACK_EVENTS, prompt=prompt)
    return json_answer(200, {"task_id": accept(call, order).id})


def _wrong(given: dict[str, Any]) -> Trouble | None:
    if mixed := [name for name in OLD_FIELDS if name in given]:
        return Trouble(mixed[0], "unknown", f"{mixed[0]} cannot be mixed with content")
    trouble = trouble_in(given, FIELDS, ("model", "content")) or wrong_content(given["content"])
    if trouble:
        return trouble
    only_text = all(entry["type"] == "text" for entry in given["content"])
    if only_text and given.get("ratio") in (None, "", "adaptive"):
        return Trouble("ratio", "missing", "ratio is required when there is only text")
    if not 4 <= (given.get("duration") or 5) <= 15:
        return Trouble("duration", "range", "duration must be between 4 and 15")
    return None


def document(sandbox: Sandbox, job: Job, base: str) -> dict[str, Any]:
    """The task, as every route and every callback shows it."""
    now, given = look(sandbox, job), job.facts.input
    seconds = given.get("duration") or 5
    task: dict[str, Any] = {
        "id": job.id,
        "model": job.facts.endpoint,
        "status": word_for(job, now, STATES),
        "resolution": given.get("resolution", "768P"),
        "duration": seconds,
        "ratio": given.get("ratio", "adaptive"),
        "created_at": int(job.created_at),
        "updated_at": int(now.ended_at or sandbox.clock()),
    }
    if now.phase == "failed":
        task["error"] = dict(zip(("code", "message"), reason(job, FAILURES), strict=True))
    if now.phase == "succeeded":
        task["content"] = {"url": clip_link(base, job), "prompt": job.prompt}
        task["usage"] = {"total_seconds": seconds, "input_seconds": 0, "output_seconds": seconds}
    return {"task": task}


async def show(call: Call) -> Reply:
    """GET v2/query/video_generation/{id}; an unknown one is an error of the server, as at the real service."""
    job = call.job
    return json_answer(200, document(call.sandbox, job, call.request.base)) if job else refusal("not_found")


async def listing(call: Call) -> Reply:
    """GET v2/query/video_generation, newest first; the free call that tells whether a key is good."""
    jobs = [job for job in call.sandbox.store.jobs(call.provider) if not minimax_v1.is_old(job)]
    items = [document(call.sandbox, job, call.request.base)["task"] for job in jobs]
    return json_answer(200, {"items": items, "total": len(items)})


async def delete(call: Call) -> Reply:
    """DELETE v2/video_generation/{id}: cancels what is not over, deletes what is."""
    job = call.job
    if job is None:
        return refusal("not_found")
    if look(call.sandbox, job).over:
        discard(call.sandbox, job)
        return json_answer(200, {"task_id": job.id, "action": "delete", "status": "deleted"})
    call.sandbox.store.cancel(job.id, call.sandbox.clock())
    return json_answer(200, {"task_id": job.id, "action": "cancel", "status": "cancelled"})


async def letter(sandbox: Sandbox, job: Job, _event: str) -> Letter:
    """The task in the shape of the generation that it was ordered by; nothing signs it."""
    if minimax_v1.is_old(job):
        return Letter(msgspec.json.encode(await minimax_v1.document(sandbox, job)), {})
    return Letter(msgspec.json.encode(document(sandbox, job, job.facts.base)), {})


def denied(request: Request) -> Answer | None:
    """Any bearer token is good; each generation refuses in its own envelope."""
    speak = refusal if request.path.startswith("/v2") else minimax_v1.refusal
    return keyed("authorization", "Bearer", speak)(request)


WIRE = Wire(
    name="minimax",
    stands_for="https://api.minimax.io and https://api.minimaxi.com",
    denied=denied,
    refusal=refusal,
    letter=letter,
    find=minimax_v1.find,
    routes=(
        *minimax_v1.ROUTES,
        route("POST", "/v2/video_generation", create, "submit"),
        route("POST", "/v2/video_regeneration", regenerate, "submit"),
        route("GET", "/v2/query/video_generation", listing),
        route("GET", "/v2/query/video_generation/{id}", show, "look"),
        route("DELETE", "/v2/video_generation/{id}", delete, "cancel"),
        CLIP_ROUTE,
    ),
)
