"""Kling's own API: strings where others have numbers, bare base64, and a code that outranks the HTTP status."""

import base64
import secrets
import time
from typing import Any
from uuid import uuid4

import msgspec

from providers.sandbox.jobs import Order, accept, failure, look, word_for
from providers.sandbox.server.asgi import Answer, Reply, Request, json_answer
from providers.sandbox.service import (
    CLIP_ROUTE,
    Call,
    Letter,
    Rules,
    Sandbox,
    Wire,
    by_path,
    clip_link,
    one_of,
    route,
    row,
    trouble_in,
)
from providers.sandbox.store import Job, Trouble
from providers.sandbox.video.geometry import shape_of

KINDS = ("text2video", "image2video", "multi-image2video", "motion-control", "omni-video")
STATES = {
    "queued": "submitted",
    "running": "processing",
    "unknown": "rehearsing",
    "succeeded": "succeed",
    "failed": "failed",
    "canceled": "failed",
}
FAILURES = {
    "moderation": "Failure to pass the risk control system",
    "fail": "The task failed, please try again",
}
REFUSALS = {
    "refuse": (400, 1200, "Invalid request parameters"),
    "bad_key": (401, 1002, "Authorization is invalid"),
    "no_key": (401, 1001, "Authorization is empty"),
    "too_early": (401, 1003, "Authorization is not yet valid"),
    "too_late": (401, 1004, "Authorization has expired"),
    "no_credit": (429, 1102, "Resource pack exhausted or expired"),
    "not_found": (404, 1203, "The requested resource does not exist"),
    "invalid_input": (400, 1201, "prompt is invalid"),
    "blocked": (400, 1301, "The content triggers the content security policy"),
    "rate_limit": (429, 1302, "The API request is too fast"),
    "busy": (429, 1303, "parallel task over resource pack limit"),
    "error": (500, 5000, "Internal server error"),
}
FIELDS: Rules = {
    "model_name": str,
    "prompt": str,
    "negative_prompt": str,
    "image": str,
    "image_tail": str,
    "image_list": list,
    "duration": str,
    "aspect_ratio": one_of("16:9", "9:16", "1:1"),
    "mode": one_of("std", "pro", "4k"),
    "sound": one_of("on", "off"),
    "cfg_scale": (int, float),
    "camera_control": dict,
    "callback_url": str,
    "external_task_id": str,
}
NEEDS = {"text2video": "prompt", "image2video": "image", "multi-image2video": "image_list"}
LONGEST_PROMPT = 2500


def refusal(name: str, said: str = "") -> Answer:
    """`{code, message, request_id}`, by the name of a fault; 429 says nothing of when, and may mean an unpaid bill."""
    status, code, message = row(REFUSALS, name)
    return json_answer(status, {"code": code, "message": said or message, "request_id": str(uuid4())})


def denied(request: Request) -> Answer | None:
    """Any plain key is good, and any JWT whose time is right: who signed it is not known here."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not token:
        return refusal("no_key")
    if scheme != "Bearer":
        return refusal("bad_key")
    return _wrong_jwt(token) if token.count(".") == 2 else None


def _wrong_jwt(token: str) -> Answer | None:
    head, claims, _ = (part + "=" * (-len(part) % 4) for part in token.split("."))
    try:
        algorithm = msgspec.json.decode(base64.urlsafe_b64decode(head)).get("alg")
        claim = msgspec.json.decode(base64.urlsafe_b64decode(claims), type=Claims)
    except (ValueError, AttributeError):
        return refusal("bad_key")
    if algorithm != "HS256" or not claim.iss:
        return refusal("bad_key")
    now = time.time()
    if claim.nbf > now:
        return refusal("too_early")
    return refusal("too_late") if claim.exp < now else None


class Claims(msgspec.Struct):
    """What a JWT says: whose key, until when and from when (Unix seconds)."""

    iss: str
    exp: float
    nbf: float


async def create(call: Call) -> Reply:
    """POST videos/{kind}."""
    kind, given = call.at["kind"], call.given
    if kind not in KINDS:
        return refusal("not_found")
    if trouble := _wrong(kind, given):
        return refusal("invalid_input", trouble.message)
    job_id = str(10**17 + secrets.randbelow(9 * 10**17))
    if own := given.get("external_task_id"):
        kept = call.sandbox.store.kept(f"kling:{own}", job_id.encode()).decode()
        if kept != job_id:
            return refusal("invalid_input", "external_task_id already exists")
    order = Order(
        job_id,
        str(given.get("model_name") or "kling-v1"),
        _readable(given),
        webhook=given.get("callback_url"),
        events=("start", "completed"),
        notes={"kind": kind},
    )
    return _answer(_task(call.sandbox, accept(call, order), call.request.base))


def _wrong(kind: str, given: dict[str, Any]) -> Trouble | None:
    needs = (NEEDS[kind],) if kind in NEEDS else ()
    if trouble := trouble_in(given, FIELDS, needs):
        return trouble
    if len(given.get("prompt") or "") > LONGEST_PROMPT:
        return Trouble("prompt", "length", f"prompt must have at most {LONGEST_PROMPT} characters")
    for name in ("image", "image_tail"):
        if str(given.get(name) or "").startswith("data:"):
            return Trouble(name, "option", f"{name} must be an address or base64 without a prefix")
    return None


def _readable(value: Any) -> Any:
    """Bare base64 as data URIs, so that it is kept as a file."""
    if isinstance(value, list):
        return [_readable(member) for member in value]
    if not isinstance(value, dict):
        return value
    return {
        name: f"data:image/png;base64,{member}"
        if name.startswith("image") and isinstance(member, str) and not member.startswith("http")
        else _readable(member)
        for name, member in value.items()
    }


def _answer(data: Any) -> Answer:
    return json_answer(200, {"code": 0, "message": "SUCCEED", "request_id": str(uuid4()), "data": data})


def _task(sandbox: Sandbox, job: Job, base: str) -> dict[str, Any]:
    now, created = look(sandbox, job), round(job.created_at * 1000)
    trouble = job.facts.trouble
    said = trouble.message if trouble else FAILURES.get(failure(job), "")
    shown: dict[str, Any] = {
        "task_id": job.id,
        "task_status": word_for(job, now, STATES),
        "task_status_msg": said if now.phase == "failed" else "",
        "task_info": {"external_task_id": job.facts.input.get("external_task_id")},
        "created_at": created,
        "updated_at": round((now.ended_at or now.started_at or job.created_at) * 1000),
    }
    if now.phase == "succeeded":
        seconds = shape_of(job.facts.endpoint, job.facts.input).seconds
        video = {"id": str(uuid4()), "url": clip_link(base, job), "duration": f"{seconds:.1f}"}
        shown |= {"task_result": {"videos": [video]}, "final_unit_deduction": str(round(seconds / 5 * 2))}
    return shown


def find(call: Call) -> Job | None:
    """The task of this id, or of the caller's own id."""
    store, named = call.sandbox.store, call.at.get("id", "")
    own = store.text(f"kling:{named}")
    return by_path(call) or (store.job(call.provider, own) if own else None)


async def show(call: Call) -> Reply:
    """GET videos/{kind}/{id}: the kind has to be the one that it was ordered by."""
    job = call.job
    if job is None or job.facts.notes["kind"] != call.at["kind"]:
        return refusal("not_found")
    return _answer(_task(call.sandbox, job, call.request.base))


async def listing(call: Call) -> Reply:
    """GET videos/{kind}?pageNum&pageSize, newest first; the free call that tells whether a key is good."""
    jobs = [
        job for job in call.sandbox.store.jobs(call.provider) if job.facts.notes["kind"] == call.at["kind"]
    ]
    return _answer([_task(call.sandbox, job, call.request.base) for job in jobs])


async def letter(sandbox: Sandbox, job: Job, _event: str) -> Letter:
    """The bare task, without the envelope; nothing signs it."""
    return Letter(msgspec.json.encode(_task(sandbox, job, job.facts.base)), {})


WIRE = Wire(
    name="kling",
    stands_for="https://api-singapore.klingai.com and https://api-beijing.klingai.com",
    denied=denied,
    refusal=refusal,
    letter=letter,
    find=find,
    routes=(
        route("POST", "/v1/videos/{kind}", create, "submit"),
        route("GET", "/v1/videos/{kind}", listing),
        route("GET", "/v1/videos/{kind}/{id}", show, "look"),
        CLIP_ROUTE,
    ),
)
