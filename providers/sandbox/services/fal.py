"""fal's queue API: submit, status, result and cancel of any model, and its file storage.

fal's file storage: a token and a raw upload, or an address that takes a PUT.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from providers.sandbox import webhook_sender as webhooks
from providers.sandbox.jobs import Order, accept, look, prompt_trouble
from providers.sandbox.server.asgi import Answer, Reply, json_answer
from providers.sandbox.service import (
    UPLOAD_ROUTE,
    Call,
    Letter,
    Sandbox,
    Wire,
    keep_bytes,
    keyed,
    route,
    row,
    send_clip,
    upload_link,
)
from providers.sandbox.store import Job, StoredFile, Trouble
from providers.sandbox.timeline import Moment

TOKEN_HOURS = 1


async def token(call: Call) -> Reply:
    """POST storage/auth/token: a short-lived token for the file host."""
    expires = (datetime.now(UTC) + timedelta(hours=TOKEN_HOURS)).isoformat()
    answer = {"token": f"sandbox-{uuid4().hex}", "token_type": "Bearer", "base_url": call.request.base}
    return json_answer(200, {**answer, "expires_at": expires})


async def upload(call: Call) -> Reply:
    """POST files/upload with that token: the body is the file."""
    kind, _, value = call.request.headers.get("authorization", "").partition(" ")
    if kind != "Bearer" or not value:
        return json_answer(401, {"detail": "An upload needs the token of storage/auth/token."})
    file = _keep(call, call.request.headers.get("x-fal-file-name", "file"))
    return json_answer(200, {"access_url": upload_link(call, file)})


async def initiate(call: Call) -> Reply:
    """POST storage/upload/initiate: where to PUT the file, and where it will be."""
    if not call.given:
        return json_answer(422, {"detail": "The body is no JSON object."})
    name = Path(str(call.given.get("file_name") or "file")).name
    address = f"{call.request.base}/files/{uuid4().hex}/{name}"
    return json_answer(200, {"upload_url": address, "file_url": address})


async def put(call: Call) -> Reply:
    """PUT files/{id}/{name}: the address itself is the permission."""
    _keep(call, call.at["name"], call.at["id"])
    return json_answer(200, {})


def _keep(call: Call, name: str, file_id: str = "") -> StoredFile:
    return keep_bytes(call, call.request.body, name, call.request.headers.get("content-type", ""), file_id)


STORAGE_ROUTES = (
    route("POST", "/storage/auth/token", token),
    route("POST", "/storage/upload/initiate", initiate),
    route("POST", "/files/upload", upload, open=True),
    route("PUT", "/files/{id}/{name}", put, open=True),
    UPLOAD_ROUTE,
)


THREE_PARTS = ("workflows", "comfy")
LOCKED = "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing"
CANCELED = "Request was cancelled"
CRASHED = "The model's worker stopped unexpectedly."
FILTERED_PROMPT = Trouble(
    "prompt",
    "content_policy_violation",
    "The content could not be processed because it was flagged by a content checker.",
)
REFUSALS: dict[str, tuple[int, Any]] = {
    "refuse": (400, "The request could not be understood."),
    "bad_key": (401, "Cannot access application. Authentication is required to access this application."),
    "no_credit": (403, LOCKED),
    "not_found": (404, "Application or request not found"),
    "rate_limit": (429, "Too many requests. Please slow down."),
    "error": (500, "Internal Server Error"),
}


def refusal(name: str) -> Answer:
    """`{"detail": …}`, by the name of a fault."""
    if name == "invalid_input":
        return _wrong_input(Trouble("prompt", "value_error", "The prompt could not be used."), {})
    if name == "blocked":
        return _wrong_input(FILTERED_PROMPT, {})
    status, detail = row(REFUSALS, name)
    return json_answer(status, {"detail": detail}, {"retry-after": "2"} if status == 429 else {})


async def submit(call: Call) -> Reply:
    """POST {endpoint}: everything is accepted; what is wrong with the input shows when the job runs."""
    given = call.given
    endpoint = call.at["endpoint"]
    order = Order(
        id=str(uuid4()),
        endpoint=endpoint,
        input=given,
        trouble=prompt_trouble(endpoint, given),
        webhook=call.request.query.get("fal_webhook"),
    )
    job = accept(call, order)
    queued = look(call.sandbox, job)
    answer = {"status": "IN_QUEUE", **_links(job, call.request.base), "queue_position": queued.position}
    return _answer(200, answer, job)


async def status(call: Call) -> Reply:
    """GET …/requests/{id}/status, with `logs=1` or `logs=true` for the log."""
    job = call.job
    if job is None:
        return refusal("not_found")
    now = look(call.sandbox, job)
    links = _links(job, call.request.base)
    if now.phase == "queued":
        return _answer(202, {"status": "IN_QUEUE", **links, "queue_position": now.position}, job)
    logs = _logs(job, now) if call.request.query.get("logs", "").lower() in ("1", "true") else None
    if not now.over:
        word = "WARMING_UP" if "unknown_state" in job.facts.faults else "IN_PROGRESS"
        return _answer(202, {"status": word, **links, "logs": logs}, job)
    spent = round((now.ended_at or 0) - (now.started_at or now.ended_at or 0), 3)
    over = {"status": "COMPLETED", **links, "logs": logs, "metrics": {"inference_time": spent}}
    return _answer(200, {**over, **_end(job, now)}, job)


def _end(job: Job, now: Moment) -> dict[str, str]:
    """What a status says of a bad end. A wrong input shows only at the result, as at the real service."""
    if now.phase == "canceled":
        return {"error": CANCELED, "error_type": "request_cancelled"}
    if now.phase == "failed" and "fail" in job.facts.faults:
        return {"error": CRASHED, "error_type": "internal_server_error"}
    return {}


async def result(call: Call) -> Reply:
    """GET …/requests/{id}: the model's own answer, or its error."""
    job = call.job
    if job is None:
        return refusal("not_found")
    now = look(call.sandbox, job)
    if not now.over:
        return _answer(400, {"detail": "Request is still in progress"}, job)
    if now.phase == "canceled":
        return _answer(499, {"detail": CANCELED}, job)
    if now.phase == "failed":
        return _failure(job)
    return _answer(200, await output(call.sandbox, job, call.request.base), job)


async def output(sandbox: Sandbox, job: Job, base: str) -> dict[str, Any]:
    """The output of a video model; the clip is rendered by now, or is now."""
    clip = await sandbox.clips.ready(job)
    video = {
        "url": f"{base}/files/output/{job.id}/output.mp4",
        "content_type": "video/mp4",
        "file_name": "output.mp4",
        "file_size": clip.bytes,
        "width": clip.width,
        "height": clip.height,
        "duration": clip.seconds,
        "fps": clip.fps,
        "num_frames": clip.frames,
    }
    seed = job.facts.input.get("seed") if isinstance(job.facts.input, dict) else None
    return {
        "video": video,
        "seed": seed if isinstance(seed, int) else int(job.created_at),
        "prompt": job.prompt,
    }


def _failure(job: Job) -> Answer:
    if "fail" in job.facts.faults:
        body = {"detail": CRASHED, "error_type": "internal_server_error"}
        headers = {"x-fal-error-type": "internal_server_error", "x-fal-retryable": "true"}
        return json_answer(500, body, {**headers, "x-fal-request-id": job.id})
    return _wrong_input(job.facts.trouble or FILTERED_PROMPT, job.facts.input, job.id)


def _wrong_input(trouble: Trouble, given: Any, request_id: str = "") -> Answer:
    entry = {
        "loc": ["body", trouble.field],
        "msg": trouble.message,
        "type": trouble.kind,
        "url": f"https://docs.fal.ai/errors/#{trouble.kind}",
        "input": given.get(trouble.field) if isinstance(given, dict) else None,
    }
    return json_answer(422, {"detail": [entry]}, {"x-fal-retryable": "false", "x-fal-request-id": request_id})


async def cancel(call: Call) -> Reply:
    """PUT …/requests/{id}/cancel."""
    job = call.job
    if job is None:
        return json_answer(404, {"status": "NOT_FOUND"})
    if look(call.sandbox, job).over:
        return json_answer(400, {"status": "ALREADY_COMPLETED"})
    call.sandbox.store.cancel(job.id, call.sandbox.clock())
    return json_answer(202, {"status": "CANCELLATION_REQUESTED"})


async def signing_keys(call: Call) -> Reply:
    """GET .well-known/jwks.json."""
    return json_answer(200, webhooks.fal_keys(call.sandbox.store))


async def letter(sandbox: Sandbox, job: Job, _event: str) -> Letter:
    """The result in an envelope, signed by Ed25519."""
    now = look(sandbox, job)
    message: dict[str, Any] = {"request_id": job.id, "gateway_request_id": job.id, "payload_error": None}
    if now.phase == "succeeded":
        message |= {"status": "OK", "error": None, "payload": await output(sandbox, job, job.facts.base)}
    else:
        bad = json_answer(499, {"detail": CANCELED}) if now.phase == "canceled" else _failure(job)
        message |= {"status": "ERROR", "error": f"Unexpected status code: {bad.status}"}
        message["payload"] = msgspec.json.decode(bad.body)
    body = msgspec.json.encode(message)
    return Letter(body, webhooks.fal_headers(sandbox.store, job.id, body))


def _answer(code: int, value: dict[str, Any], job: Job) -> Answer:
    return json_answer(code, value, {"x-fal-request-id": job.id})


def _links(job: Job, base: str) -> dict[str, str]:
    parts = job.facts.endpoint.split("/")
    app = "/".join(parts[: 3 if parts[0] in THREE_PARTS else 2])
    own = f"{base}/{app}/requests/{job.id}"
    return {
        "request_id": job.id,
        "response_url": own,
        "status_url": f"{own}/status",
        "cancel_url": f"{own}/cancel",
    }


def _logs(job: Job, now: Moment) -> list[dict[str, str]]:
    """A line for each tenth of the run, with the time at which it was written."""
    start = now.started_at or job.created_at
    lines = []
    for tenth in range(int(now.fraction * 10) + 1):
        stamp = datetime.fromtimestamp(start + tenth / 10 * job.facts.run_seconds, UTC).isoformat()
        message = f"Generating frames: {tenth * 10}%" if tenth else "Loading the model"
        lines.append({"message": message, "level": "INFO", "source": "USER", "timestamp": stamp})
    return lines


WIRE = Wire(
    name="fal",
    stands_for="https://queue.fal.run, https://rest.fal.ai and https://v3.fal.media",
    denied=keyed("authorization", "Key", refusal),
    refusal=refusal,
    letter=letter,
    routes=(
        *STORAGE_ROUTES,
        route("GET", "/.well-known/jwks.json", signing_keys, open=True),
        route("GET", "/files/output/{id}/output.mp4", send_clip, "output"),
        route("GET", "/{app:path}/requests/{id}/status", status, "look"),
        route("PUT", "/{app:path}/requests/{id}/cancel", cancel, "cancel"),
        route("GET", "/{app:path}/requests/{id}", result, "look"),
        route("POST", "/{endpoint:path}", submit, "submit"),
    ),
)
