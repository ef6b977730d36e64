"""OpenAI's /v1/videos, the shape that self-hosted servers and gateways speak too: forms in, bytes out."""

import time
from typing import Any
from uuid import uuid4

import msgspec

from providers.sandbox import webhook_sender as webhooks
from providers.sandbox.inputs import form_or_json
from providers.sandbox.jobs import Order, accept, discard, look, reason, word_for
from providers.sandbox.server.asgi import Answer, Reply, json_answer
from providers.sandbox.service import (
    Call,
    Letter,
    Rules,
    Sandbox,
    Wire,
    keyed,
    one_of,
    route,
    row,
    send_clip,
    trouble_in,
)
from providers.sandbox.store import Job
from providers.sandbox.timeline import moment
from providers.sandbox.video.geometry import default_for, shape_of

KEEP_SECONDS = 24 * 3600
STATES = {
    "queued": "queued",
    "running": "in_progress",
    "unknown": "rendering",
    "succeeded": "completed",
    "failed": "failed",
    "canceled": "cancelled",
}
FAILURES = {
    "moderation": ("moderation_blocked", "Your request was blocked by our moderation system."),
    "input": ("invalid_value", "The input could not be used."),
    "fail": ("video_generation_failed", "The video could not be generated."),
}
BAD, QUOTA = "invalid_request_error", "insufficient_quota"
REFUSALS: dict[str, tuple[int, str, str, str | None, str | None]] = {
    "refuse": (400, "The request could not be parsed.", BAD, None, None),
    "bad_key": (401, "Incorrect API key provided.", BAD, None, "invalid_api_key"),
    "no_credit": (429, "You exceeded your current quota.", QUOTA, None, QUOTA),
    "not_found": (404, "Video not found.", BAD, None, "not_found"),
    "invalid_input": (400, "Invalid value for prompt.", BAD, "prompt", "invalid_value"),
    "blocked": (400, "Your request was rejected by the safety system.", BAD, "prompt", "moderation_blocked"),
    "rate_limit": (429, "Rate limit reached for videos.", "requests", None, "rate_limit_exceeded"),
    "conflict": (409, "The video is still being generated.", BAD, None, "conflict"),
    "error": (500, "The server had an error.", "server_error", None, "server_error"),
}
SORA: Rules = {
    "model": str,
    "prompt": str,
    "seconds": one_of("4", "8", "12"),
    "size": one_of("720x1280", "1280x720", "1024x1792", "1792x1024"),
}


def refusal(name: str, said: str = "", param: str = "") -> Answer:
    """`{"error": {message, type, param, code}}`, by the name of a fault."""
    status, message, kind, field, code = row(REFUSALS, name)
    error = {"message": said or message, "type": kind, "param": param or field, "code": code}
    headers = {"x-request-id": f"req_{uuid4().hex}"} | ({"retry-after": "2"} if status == 429 else {})
    return json_answer(status, {"error": error}, headers)


async def create(call: Call) -> Reply:
    """POST videos, as a form or as JSON."""
    model = str(call.given.get("model") or "sora-2")
    rules = SORA if model.startswith("sora") else {"prompt": str}
    if trouble := trouble_in(call.given, rules, ("prompt",)):
        return refusal("invalid_input", trouble.message, trouble.field)
    given = dict(call.given)
    if "input_reference" in given:
        given["input_image"] = given.pop("input_reference")
    return _accept(call, given, model)


async def remix(call: Call) -> Reply:
    """POST videos/{id}/remix: the same with another prompt."""
    source = call.job
    if source is None:
        return refusal("not_found")
    if trouble := trouble_in(call.given, {"prompt": str}, ("prompt",)):
        return refusal("invalid_input", trouble.message, trouble.field)
    return _accept(call, {**source.facts.input, **call.given}, source.facts.endpoint, source.id)


def _accept(call: Call, given: dict[str, Any], model: str, source: str | None = None) -> Answer:
    shape = shape_of(model, given)
    notes = {
        "size": given.get("size") or f"{shape.width}x{shape.height}",
        "seconds": str(given.get("seconds") or round(default_for(model).seconds)),
        "remixed_from": source,
    }
    account = webhooks.account_of(call.sandbox.store, call.request.headers["authorization"])
    hook = call.sandbox.store.text(f"webhook:{call.provider}:{account}") or None
    return _shown(call, accept(call, Order(f"video_{uuid4().hex}", model, given, webhook=hook, notes=notes)))


async def show(call: Call) -> Reply:
    """GET videos/{id}."""
    return _shown(call, call.job) if call.job else refusal("not_found")


def _shown(call: Call, job: Job) -> Answer:
    pause = str(round(1000 / call.sandbox.speed))
    return json_answer(200, document(call.sandbox, job), {"openai-poll-after-ms": pause})


def document(sandbox: Sandbox, job: Job) -> dict[str, Any]:
    """The video, as every route shows it."""
    now, notes = look(sandbox, job), job.facts.notes
    done = None if now.phase != "succeeded" or now.ended_at is None else int(now.ended_at)
    code, said = reason(job, FAILURES)
    return {
        "id": job.id,
        "object": "video",
        "model": job.facts.endpoint,
        "status": word_for(job, now, STATES),
        "progress": 100 if done else int(now.fraction * 100),
        "created_at": int(job.created_at),
        "completed_at": done,
        "expires_at": done and done + KEEP_SECONDS,
        "size": notes["size"],
        "seconds": notes["seconds"],
        "prompt": job.prompt,
        "remixed_from_video_id": notes["remixed_from"],
        "error": {"code": code, "message": said} if now.phase == "failed" else None,
    }


async def content(call: Call) -> Reply:
    """GET videos/{id}/content: the bytes, for who has the key."""
    if call.job is None or moment(call.job, call.sandbox.clock()).phase != "succeeded":
        return refusal("not_found")
    if (variant := call.request.query.get("variant", "video")) != "video":
        return refusal("invalid_input", f"There is no {variant} of this video.", "variant")
    return await send_clip(call)


async def delete(call: Call) -> Reply:
    """DELETE videos/{id}, once it is over: there is no cancel."""
    job = call.job
    if job is None:
        return refusal("not_found")
    if not look(call.sandbox, job).over:
        return refusal("conflict")
    discard(call.sandbox, job)
    return json_answer(200, {"id": job.id, "deleted": True, "object": "video.deleted"})


async def listing(call: Call) -> Reply:
    """GET videos by `after`, `limit` and `order`."""
    query = call.request.query
    jobs = call.sandbox.store.jobs(call.provider)
    if query.get("order") == "asc":
        jobs.reverse()
    ids = [job.id for job in jobs]
    first = ids.index(query["after"]) + 1 if query.get("after") in ids else 0
    most = int(query["limit"]) if query.get("limit", "").isdecimal() else 20
    shown = [document(call.sandbox, job) for job in jobs[first : first + most]]
    ends = {"first_id": shown[0]["id"], "last_id": shown[-1]["id"]} if shown else {}
    more = len(jobs) > first + most
    return json_answer(200, {"object": "list", "data": shown, "has_more": more, **ends})


async def models(_call: Call) -> Reply:
    """GET models: the free call that tells whether a key is good."""
    listed = [
        {"id": name, "object": "model", "created": 0, "owned_by": "sandbox"}
        for name in ("sora-2", "sora-2-pro")
    ]
    return json_answer(200, {"object": "list", "data": listed})


async def letter(sandbox: Sandbox, job: Job, _event: str) -> Letter:
    """An event that names the video, signed as Standard Webhooks say."""
    kind = "video.completed" if look(sandbox, job).phase == "succeeded" else "video.failed"
    event = {"id": f"evt_{uuid4().hex}", "object": "event", "type": kind, "created_at": int(time.time())}
    body = msgspec.json.encode({**event, "data": {"id": job.id}})
    return Letter(body, webhooks.standard_headers(sandbox.store, job.facts.account, body))


WIRE = Wire(
    name="openai",
    stands_for="https://api.openai.com",
    denied=keyed("authorization", "Bearer", refusal),
    refusal=refusal,
    letter=letter,
    routes=(
        route("POST", "/v1/videos", create, "submit", read=form_or_json),
        route("GET", "/v1/videos", listing),
        route("POST", "/v1/videos/{id}/remix", remix, "submit", read=form_or_json),
        route("GET", "/v1/videos/{id}/content", content, "output", open=False),
        route("GET", "/v1/videos/{id}", show, "look"),
        route("DELETE", "/v1/videos/{id}", delete, "cancel"),
        route("GET", "/v1/models", models),
    ),
)
