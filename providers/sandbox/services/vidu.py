"""Vidu's enterprise API: strict fields, creations that are looked up by task, and callbacks signed by the key."""

import time
from email.utils import formatdate
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec

from providers.sandbox import webhook_sender as webhooks
from providers.sandbox.jobs import Order, accept, failure, look, with_links, word_for
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
from providers.sandbox.store import Job, Trouble
from providers.sandbox.timeline import LONGEST_QUEUE, Moment, iso

STATES = {
    "queued": "queueing",
    "running": "processing",
    "unknown": "rehearsing",
    "succeeded": "success",
    "failed": "failed",
    "canceled": "failed",
}
CODES = {
    "moderation": "CreationPolicyViolation",
    "input": "ImageFormatInvalid",
    "fail": "InternalServiceFailure",
}
REFUSALS = {
    "refuse": (400, "BadRequest", "the body is no JSON object"),
    "bad_key": (401, "Unauthorized", "invalid token"),
    "no_credit": (400, "CreditInsufficient", "insufficient credits"),
    "not_found": (404, "TaskNotFound", "task not found"),
    "invalid_input": (400, "FieldInvalid", "invalid prompt"),
    "missing": (400, "FieldLacking", "a field is lacking"),
    "unknown": (400, "FieldUnwanted", "a field is unwanted"),
    "count": (400, "FieldItemCountOutOfRange", "a field has too many or too few items"),
    "blocked": (400, "TaskPromptPolicyViolation", "the prompt violates the policy"),
    "rate_limit": (429, "TooManyRequests", "too many requests"),
    "busy": (429, "QuotaExceeded", "the number of concurrent tasks is exceeded"),
    "over": (409, "Conflict", "the task is over"),
    "error": (500, "InternalServiceFailure", "internal error"),
}
COMMON: Rules = {
    "model": str,
    "prompt": str,
    "duration": int,
    "seed": int,
    "resolution": one_of("360p", "480p", "540p", "720p", "1080p"),
    "movement_amplitude": one_of("auto", "small", "medium", "large"),
    "bgm": bool,
    "audio": bool,
    "off_peak": bool,
    "watermark": bool,
    "payload": str,
    "callback_url": str,
    "style": str,
    "voice_id": str,
    "meta_data": str,
    "wm_position": int,
    "wm_url": str,
}
RATIO: Rules = {"aspect_ratio": one_of("16:9", "9:16", "1:1", "3:4", "4:3")}
IMAGES: Rules = {"images": list}
KINDS: dict[str, tuple[Rules, tuple[str, ...], tuple[int, int]]] = {
    "text2video": ({**COMMON, **RATIO}, ("model", "prompt"), (0, 0)),
    "img2video": ({**COMMON, **IMAGES}, ("model", "images"), (1, 1)),
    "start-end2video": ({**COMMON, **IMAGES}, ("model", "images"), (2, 2)),
    "reference2video": ({**COMMON, **IMAGES, **RATIO}, ("model", "images", "prompt"), (1, 7)),
}
CREDITS_A_SECOND = 4


def refusal(name: str, said: str = "") -> Answer:
    """`{code, reason, message, metadata}`, by the name of a fault or by the kind of a trouble."""
    status, reason, message = row(REFUSALS, name)
    body = {
        "code": status,
        "reason": reason,
        "message": said or message,
        "metadata": {"trace_id": uuid4().hex},
    }
    return json_answer(status, body)


async def create(call: Call) -> Reply:
    """POST text2video, img2video, start-end2video or reference2video."""
    given = call.given
    if trouble := _wrong(call.request.path.rpartition("/")[2], given):
        return refusal(trouble.kind if trouble.kind in REFUSALS else "invalid_input", trouble.message)
    images = dict(zip(("first_image", "last_image"), given.get("images") or [], strict=False))
    order = Order(
        str(time.time_ns()),
        given["model"],
        {**given, **images},
        webhook=given.get("callback_url"),
        events=("start", "completed"),
    )
    job = accept(call, order)
    call.sandbox.keys[job.id] = call.request.headers["authorization"].partition(" ")[2]
    echoed = {name: value for name, value in job.facts.input.items() if name not in images}
    made = {
        "task_id": job.id,
        "state": "created",
        "created_at": iso(job.created_at),
        "credits": _credits(job),
    }
    return json_answer(200, with_links(echoed, call.request.root) | made)


def _wrong(kind: str, given: dict[str, Any]) -> Trouble | None:
    rules, needs, (least, most) = KINDS[kind]
    if trouble := trouble_in(given, rules, needs, strict=True):
        return trouble
    if not least <= len(given.get("images") or []) <= most:
        return Trouble("images", "count", f"images must have {least} to {most} items")
    return None


def _credits(job: Job) -> int:
    return int(job.facts.input.get("duration") or 5) * CREDITS_A_SECOND


def document(sandbox: Sandbox, job: Job, base: str) -> dict[str, Any]:
    """The task with its creations, as the status and every callback show it."""
    now = look(sandbox, job)
    made = {"id": f"{job.id}1", "url": clip_link(base, job), "cover_url": "", "watermarked_url": ""}
    return {
        "id": job.id,
        "state": _state(job, now),
        "err_code": _code(job, now),
        "credits": _credits(job),
        "payload": job.facts.input.get("payload", ""),
        "creations": [made] if now.phase == "succeeded" else [],
    }


def _state(job: Job, now: Moment) -> str:
    new = now.phase == "queued" and now.position >= LONGEST_QUEUE - 1
    return "created" if new else word_for(job, now, STATES)


def _code(job: Job, now: Moment) -> str:
    if now.phase == "canceled":
        return "UserCancelled"
    return CODES[failure(job)] if now.phase == "failed" else ""


async def show(call: Call) -> Reply:
    """GET tasks/{id}/creations."""
    job = call.job
    return json_answer(200, document(call.sandbox, job, call.request.base)) if job else refusal("not_found")


async def cancel(call: Call) -> Reply:
    """POST tasks/{id}/cancel, while it is not over."""
    if call.job is None:
        return refusal("not_found")
    if look(call.sandbox, call.job).over:
        return refusal("over")
    call.sandbox.store.cancel(call.job.id, call.sandbox.clock())
    return json_answer(200, {})


async def listing(call: Call) -> Reply:
    """GET tasks, newest first."""
    jobs = call.sandbox.store.jobs(call.provider)
    return json_answer(200, {"tasks": [document(call.sandbox, job, call.request.base) for job in jobs]})


async def credits_left(_call: Call) -> Reply:
    """GET credits: the free call that tells whether a key is good."""
    return json_answer(200, {"remains": [{"type": "test", "credit_remain": 100_000, "concurrency_limit": 5}]})


async def letter(sandbox: Sandbox, job: Job, _event: str) -> Letter:
    """The task; the key that ordered it signs path, query, date and nonce, but not the body."""
    parts = urlsplit(job.facts.webhook or "")
    date, nonce = formatdate(usegmt=True), uuid4().hex
    key = sandbox.keys.get(job.id, "")
    headers = {
        "x-hmac-signature": webhooks.vidu_signature(key, parts.path, parts.query, date, nonce),
        "x-hmac-algorithm": "hmac-sha256",
        "x-hmac-access-key": "vidu",
        "x-hmac-signed-headers": "Date;x-request-nonce",
        "date": date,
        "x-request-nonce": nonce,
    }
    return Letter(msgspec.json.encode(document(sandbox, job, job.facts.base)), headers)


V2 = "/ent/v2"
WIRE = Wire(
    name="vidu",
    stands_for="https://api.vidu.com and https://api.vidu.cn",
    denied=keyed("authorization", "Token", refusal),
    refusal=refusal,
    letter=letter,
    routes=(
        *(route("POST", f"{V2}/{kind}", create, "submit") for kind in KINDS),
        route("GET", f"{V2}/tasks/{{id}}/creations", show, "look"),
        route("POST", f"{V2}/tasks/{{id}}/cancel", cancel, "cancel"),
        route("GET", f"{V2}/tasks", listing),
        route("GET", f"{V2}/credits", credits_left),
        CLIP_ROUTE,
    ),
)
