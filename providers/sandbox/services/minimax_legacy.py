"""MiniMax's first generation: HTTP 200 for everything, the truth in `base_resp`, and a third step to the clip."""

import asyncio
import secrets
import time
from typing import Any

import msgspec

from providers.sandbox.inputs import form_or_json
from providers.sandbox.jobs import Order, accept, failure, look, word_for
from providers.sandbox.server.asgi import Answer, Reply, json_answer
from providers.sandbox.service import (
    Call,
    Letter,
    Rules,
    Sandbox,
    by_path,
    clip_link,
    keep_part,
    one_of,
    route,
    row,
    trouble_in,
)
from providers.sandbox.store import Job, StoredFile, Trouble
from providers.sandbox.timeline import LONGEST_QUEUE
from providers.sandbox.webhook_sender import answer_to, is_near

CALLBACK_EVENTS = ("start", "completed")
CHALLENGE_SECONDS = 3.0
GOOD = {"status_code": 0, "status_msg": "success"}
STATES = {
    "queued": "Queueing",
    "running": "Processing",
    "unknown": "Rehearsing",
    "succeeded": "Success",
    "failed": "Fail",
    "canceled": "Fail",
}
FAILURES = {
    "moderation": (1027, "output new_sensitive"),
    "input": (2013, "invalid params"),
    "fail": (1000, "unknown error"),
}
REFUSALS = {
    "refuse": (200, 2013, "invalid params, the body is no JSON object"),
    "bad_key": (200, 1004, "login fail: please carry the API secret key"),
    "no_credit": (200, 1008, "insufficient balance"),
    "not_found": (200, 2013, "invalid params, no such task or file"),
    "invalid_input": (200, 2013, "invalid params, prompt"),
    "blocked": (200, 1026, "input new_sensitive"),
    "rate_limit": (200, 1002, "rate limit"),
    "error": (500, 1000, "unknown error"),
}
FIELDS: Rules = {
    "model": str,
    "prompt": str,
    "first_frame_image": str,
    "last_frame_image": str,
    "subject_reference": list,
    "duration": one_of(6, 10),
    "resolution": one_of("512P", "720P", "768P", "1080P"),
    "prompt_optimizer": bool,
    "callback_url": str,
}
IMAGES = ("first_frame_image", "last_frame_image", "subject_reference")


def refusal(name: str, said: str = "") -> Answer:
    """`base_resp` with a number, by the name of a fault: under HTTP 200, but for errors of the server."""
    status, code, message = row(REFUSALS, name)
    told = f"invalid params, {said}" if said else message
    return json_answer(status, {"task_id": "", "base_resp": {"status_code": code, "status_msg": told}})


def new_id() -> str:
    """Digits only, like the service's own."""
    return str(10**14 + secrets.randbelow(9 * 10**14))


def is_old(job: Job) -> bool:
    """Whether a job was ordered by the first generation."""
    return "content" not in job.facts.input


def find(call: Call) -> Job | None:
    """The task that the path, `task_id` or `file_id` names: a clip's file id is its task's and one digit more."""
    query = call.request.query
    named = query.get("task_id") or query.get("file_id", "")[:-1]
    return by_path(call) or call.sandbox.store.job(call.provider, named)


async def listens(address: str) -> bool:
    """Whether a callback's address echoes the challenge in time, which it must before it hears anything."""
    if not is_near(address):
        return False
    challenge = secrets.token_hex(8)
    letter = Letter(msgspec.json.encode({"challenge": challenge}), {})
    said = await asyncio.to_thread(answer_to, address, letter, CHALLENGE_SECONDS)
    try:
        return said is not None and msgspec.json.decode(said) == {"challenge": challenge}
    except msgspec.DecodeError:
        return False


async def create(call: Call) -> Reply:
    """POST v1/video_generation."""
    given = call.given
    trouble = trouble_in(given, FIELDS, ("model",))
    if trouble is None and not given.get("prompt") and not any(given.get(name) for name in IMAGES):
        trouble = Trouble("prompt", "missing", "prompt is required")
    if trouble:
        return refusal("invalid_input", trouble.message)
    hook = given.get("callback_url")
    heard = hook if hook and await listens(hook) else None
    job = accept(call, Order(new_id(), given["model"], given, webhook=heard, events=CALLBACK_EVENTS))
    return json_answer(200, {"task_id": job.id, "base_resp": GOOD})


async def document(sandbox: Sandbox, job: Job) -> dict[str, Any]:
    """The task, as the query and every callback show it."""
    now = look(sandbox, job)
    status = word_for(job, now, STATES)
    if now.phase == "queued" and now.position >= LONGEST_QUEUE - 1:
        status = "Preparing"
    shown: dict[str, Any] = {"task_id": job.id, "status": status, "file_id": "", "base_resp": GOOD}
    if now.phase == "succeeded":
        clip = await sandbox.clips.ready(job)
        shown |= {"file_id": f"{job.id}0", "video_width": clip.width, "video_height": clip.height}
    if now.phase == "failed":
        code, said = FAILURES[failure(job)]
        shown["base_resp"] = {"status_code": code, "status_msg": said}
    return shown


async def show(call: Call) -> Reply:
    """GET v1/query/video_generation?task_id=…"""
    return json_answer(200, await document(call.sandbox, call.job)) if call.job else refusal("not_found")


async def retrieve(call: Call) -> Reply:
    """GET v1/files/retrieve?file_id=…: the third step, which tells where the clip is."""
    job = call.job
    if job is None or look(call.sandbox, job).phase != "succeeded":
        uploaded = call.sandbox.store.file(call.request.query.get("file_id", ""))
        return (
            json_answer(200, {"file": _file(uploaded), "base_resp": GOOD})
            if uploaded
            else refusal("not_found")
        )
    clip = await call.sandbox.clips.ready(job)
    file = {
        "file_id": int(f"{job.id}0"),
        "bytes": clip.bytes,
        "created_at": int(time.time()),
        "filename": "output.mp4",
        "purpose": "video_generation",
        "download_url": clip_link(call.request.base, job),
    }
    return json_answer(200, {"file": file, "base_resp": GOOD})


async def upload(call: Call) -> Reply:
    """POST v1/files/upload: a form with `purpose` and the part `file`; inputs name it as mm_file://{file_id}."""
    file = keep_part(call, "file", new_id(), also=("purpose",))
    if file is None:
        return refusal("invalid_input", "the form needs purpose and file")
    return json_answer(200, {"file": _file(file, str(call.given["purpose"])), "base_resp": GOOD})


def _file(file: StoredFile, purpose: str = "video_generation") -> dict[str, Any]:
    told = {"file_id": int(file.id), "bytes": file.bytes, "created_at": int(file.created_at)}
    return {**told, "filename": file.name, "purpose": purpose}


ROUTES = (
    route("POST", "/v1/video_generation", create, "submit", refusal=refusal),
    route("GET", "/v1/query/video_generation", show, "look", refusal=refusal),
    route("GET", "/v1/files/retrieve", retrieve, refusal=refusal),
    route("POST", "/v1/files/upload", upload, read=form_or_json, refusal=refusal),
)
