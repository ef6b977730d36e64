"""Replicate's HTTP API: predictions by model, version or deployment, and uploaded files.

Replicate's prediction, as every route and every webhook shows it.

Replicate's file API: what is uploaded here can be named as an input.
"""

import asyncio
import hashlib
import math
import re
import secrets
import time
from typing import Any

import msgspec

from providers.sandbox import webhook_sender as webhooks
from providers.sandbox.inputs import KEEP_SECONDS
from providers.sandbox.jobs import Order, accept, look, prompt_trouble, with_links
from providers.sandbox.server.asgi import Answer, FileAnswer, Reply, json_answer
from providers.sandbox.service import Call, Letter, Sandbox, Wire, keep_part, keyed, route, row, send_clip
from providers.sandbox.store import Job, StoredFile
from providers.sandbox.timeline import Moment, iso, stopped_at

STATUS = {"queued": "starting", "running": "processing"}
STEPS = 50
SENSITIVE = "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"
CRASHED = "Prediction failed: the worker stopped unexpectedly."


def document(sandbox: Sandbox, job: Job, base: str) -> dict[str, Any]:
    """The prediction at this moment; `base` is the address that its links begin with."""
    now = look(sandbox, job)
    own = f"{base}/v1/predictions/{job.id}"
    urls = {
        "get": own,
        "cancel": f"{own}/cancel",
        "web": f"{base}/p/{job.id}",
        "stream": f"{base}/stream/{job.id}",
    }
    stop = job.facts.stop_after
    return {
        "id": job.id,
        "model": job.facts.endpoint,
        "version": "hidden",
        "input": with_links(job.facts.input, base.removesuffix("/replicate")),
        "status": _status(job, now),
        "output": f"{base}/delivery/{job.id}/output.mp4" if now.phase == "succeeded" else None,
        "error": _error(job) if now.phase == "failed" else None,
        "logs": _logs(job, now),
        "metrics": _metrics(job, now),
        "created_at": iso(job.created_at),
        "started_at": iso(now.started_at),
        "completed_at": iso(now.ended_at),
        "deadline": iso(None if stop is None else job.created_at + stop),
        "deployment": None,
        "data_removed": False,
        "source": "api",
        "urls": urls,
    }


def _status(job: Job, now: Moment) -> str:
    if now.phase == "running" and "unknown_state" in job.facts.faults:
        return "rehearsing"
    if now.phase == "canceled" and now.started_at is None and stopped_at(job) != job.canceled_at:
        return "aborted"
    return STATUS.get(now.phase, now.phase)


def _error(job: Job) -> str:
    if job.facts.trouble:
        return f"Input {job.facts.trouble.field}: {job.facts.trouble.message}"
    return (
        SENSITIVE
        if "moderation" in job.facts.faults
        else "Prediction failed: the worker stopped unexpectedly."
    )


def _logs(job: Job, now: Moment) -> str:
    if now.started_at is None:
        return ""
    lines = [f"Using seed: {int(job.created_at * 1000) % 100_000}", "Generating…"]
    ten = math.floor(now.fraction * 10)
    pace = STEPS / job.facts.run_seconds
    for step in range(0, ten * 5 + 1, 5):
        bar = "█" * (step // 5) + " " * (10 - step // 5)
        spent, left = (
            f"{int(steps / pace) // 60:02}:{int(steps / pace) % 60:02}" for steps in (step, STEPS - step)
        )
        lines.append(f"{step * 100 // STEPS:3}%|{bar}| {step}/{STEPS} [{spent}<{left}, {pace:.2f}it/s]")
    return "\n".join(lines)


def _metrics(job: Job, now: Moment) -> dict[str, float]:
    if now.ended_at is None or now.started_at is None:
        return {}
    return {
        "predict_time": round(now.ended_at - now.started_at, 3),
        "total_time": round(now.ended_at - job.created_at, 3),
    }


async def create(call: Call) -> Reply:
    """POST files: a form with the part `content`."""
    file = keep_part(call, "content")
    if file is None:
        said = "The form has no part named content."
        return json_answer(400, {"title": "Bad request", "detail": said, "status": 400})
    return json_answer(201, _document(call, file))


async def show_file(call: Call) -> Reply:
    """GET files/{id}."""
    file = call.sandbox.store.file(call.at["id"])
    return json_answer(200, _document(call, file)) if file else _missing()


async def list_files(call: Call) -> Reply:
    """GET files, newest first."""
    results = [_document(call, file) for file in call.sandbox.store.files(call.provider)]
    return json_answer(200, {"previous": None, "next": None, "results": results})


async def remove(call: Call) -> Reply:
    """DELETE files/{id}."""
    return Answer(204) if call.sandbox.store.remove_file(call.at["id"]) else _missing()


async def download(call: Call) -> Reply:
    """GET files/{id}/download: the bytes themselves."""
    file = call.sandbox.store.file(call.at["id"])
    path = call.sandbox.inputs.path(file.stored) if file else None
    return FileAnswer(path, file.content_type) if file and path else _missing()


def _document(call: Call, file: StoredFile) -> dict[str, Any]:
    path = call.sandbox.inputs.path(file.stored)
    digest = hashlib.sha256(path.read_bytes() if path else b"").hexdigest()
    return {
        "id": file.id,
        "name": file.name,
        "content_type": file.content_type,
        "size": file.bytes,
        "etag": digest[:32],
        "checksums": {"sha256": digest},
        "metadata": {},
        "created_at": iso(file.created_at),
        "expires_at": iso(file.created_at + KEEP_SECONDS),
        "urls": {"get": f"{call.request.base}/v1/files/{file.id}"},
    }


def _missing() -> Answer:
    return json_answer(
        404, {"title": "Not found", "detail": "The requested file could not be found.", "status": 404}
    )


FILE_ROUTES = (
    route("POST", "/v1/files", create),
    route("GET", "/v1/files", list_files),
    route("GET", "/v1/files/{id}", show_file),
    route("DELETE", "/v1/files/{id}", remove),
    route("GET", "/v1/files/{id}/download", download),
)


EVENTS = ("start", "output", "logs", "completed")
LONGEST_HOLD = 60.0
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
REFUSALS = {
    "refuse": (400, "Bad request", "The request could not be understood."),
    "bad_key": (401, "Unauthenticated", "You did not pass a valid authentication token"),
    "no_credit": (
        402,
        "Insufficient credit",
        "You have insufficient credit to run this model. Add credit and try again.",
    ),
    "not_found": (404, "Not found", "The requested resource could not be found."),
    "invalid_input": (422, "Input validation failed", "- input: prompt: Invalid value"),
    "blocked": (422, "Input validation failed", "- input.prompt: flagged as sensitive (E005)"),
    "rate_limit": (429, "Too many requests", "Request was throttled. Your rate limit resets in ~2s."),
    "error": (500, "Internal server error", "An unexpected error occurred."),
}


def refusal(name: str, detail: str = "") -> Answer:
    """A problem document, by the name of its fault."""
    status, title, said = row(REFUSALS, name)
    headers = {"retry-after": "2"} if status == 429 else {}
    return json_answer(status, {"title": title, "detail": detail or said, "status": status}, headers)


async def submit_to_model(call: Call) -> Reply:
    """POST models/{owner}/{name}/predictions, and the same of a deployment."""
    return await _submit(call, f"{call.at['owner']}/{call.at['name']}")


async def submit_version(call: Call) -> Reply:
    """POST predictions, with the version in the body."""
    version = call.given.get("version")
    if not isinstance(version, str) or not version:
        return refusal("invalid_input", "- version is required")
    return await _submit(call, version)


async def _submit(call: Call, endpoint: str) -> Reply:
    body = call.given
    given = body.get("input")
    if not isinstance(given, dict):
        return refusal("invalid_input", "- input is required")
    if trouble := prompt_trouble(endpoint, given):
        return refusal("invalid_input", f"- input.{trouble.field}: {trouble.message}")
    webhook, events = body.get("webhook"), body.get("webhook_events_filter") or list(EVENTS)
    if not isinstance(webhook, str | None):
        return refusal("invalid_input", "- webhook: must be a string")
    if not isinstance(events, list) or any(event not in EVENTS for event in events):
        return refusal("invalid_input", f"- webhook_events_filter: must be a list of {', '.join(EVENTS)}")
    order = Order(
        id="".join(secrets.choice(ALPHABET) for _ in range(26)),
        endpoint=endpoint,
        input=given,
        webhook=webhook,
        events=tuple(events),
        stop_after=_limit(call.request.headers.get("cancel-after", "")),
    )
    job = accept(call, order)
    return await _held(call, job)


async def _held(call: Call, job: Job) -> Answer:
    """201 with the prediction, which `Prefer: wait` holds back until it is over; 202 when the hold ends first."""
    found = re.search(r"\bwait(?:=(\d+))?", call.request.headers.get("prefer", ""))
    if not found:
        return json_answer(201, document(call.sandbox, job, call.request.base))
    until = time.monotonic() + min(LONGEST_HOLD, float(found[1] or LONGEST_HOLD))
    while not look(call.sandbox, job).over and time.monotonic() < until:
        await asyncio.sleep(0.05)
        job = call.sandbox.store.job(job.provider, job.id) or job
    over = look(call.sandbox, job).over
    return json_answer(201 if over else 202, document(call.sandbox, job, call.request.base))


def _limit(text: str) -> float | None:
    """`90s`, `5m` or `1h30m` in seconds."""
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", text.strip())
    if not text or not found:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(hours * 3600 + minutes * 60 + seconds)


async def show(call: Call) -> Reply:
    """GET predictions/{id}."""
    job = call.job
    return json_answer(200, document(call.sandbox, job, call.request.base)) if job else refusal("not_found")


async def cancel(call: Call) -> Reply:
    """POST predictions/{id}/cancel; what is over stays as it is."""
    job = call.job
    if job is None:
        return refusal("not_found")
    if not look(call.sandbox, job).over:
        call.sandbox.store.cancel(job.id, call.sandbox.clock())
    return await show(call.again())


async def listing(call: Call) -> Reply:
    """GET predictions, newest first."""
    jobs = call.sandbox.store.jobs(call.provider)
    results = [document(call.sandbox, job, call.request.base) for job in jobs]
    return json_answer(200, {"previous": None, "next": None, "results": results})


async def account(_call: Call) -> Reply:
    """GET account: the free call that tells whether a key is good."""
    return json_answer(200, {"type": "user", "username": "sandbox", "name": "Sandbox", "github_url": ""})


async def version(call: Call) -> Reply:
    """GET models/{owner}/{name}/versions/{id}: every version takes anything and gives one address."""
    output = {"type": "string", "format": "uri", "title": "Output"}
    schema = {"openapi": "3.0.2", "components": {"schemas": {"Input": {"type": "object"}, "Output": output}}}
    made = {"id": call.at["id"], "created_at": iso(0.0), "cog_version": "0.0.0", "openapi_schema": schema}
    return json_answer(200, made)


async def webhook_secret(call: Call) -> Reply:
    """GET webhooks/default/secret: that of the account whose key asks."""
    store = call.sandbox.store
    account = webhooks.account_of(store, call.request.headers["authorization"])
    return json_answer(200, {"key": webhooks.standard_secret(store, account)})


async def letter(sandbox: Sandbox, job: Job, _event: str) -> Letter:
    """The prediction, signed as Standard Webhooks say."""
    body = msgspec.json.encode(document(sandbox, job, job.facts.base))
    return Letter(body, webhooks.standard_headers(sandbox.store, job.facts.account, body))


WIRE = Wire(
    name="replicate",
    stands_for="https://api.replicate.com",
    denied=keyed("authorization", "Bearer", refusal),
    refusal=refusal,
    letter=letter,
    routes=(
        route("POST", "/v1/models/{owner}/{name}/predictions", submit_to_model, "submit"),
        route("POST", "/v1/deployments/{owner}/{name}/predictions", submit_to_model, "submit"),
        route("POST", "/v1/predictions", submit_version, "submit"),
        route("GET", "/v1/predictions", listing),
        route("GET", "/v1/predictions/{id}", show, "look"),
        route("POST", "/v1/predictions/{id}/cancel", cancel, "cancel"),
        route("GET", "/v1/account", account),
        route("GET", "/v1/models/{owner}/{name}/versions/{id}", version),
        route("GET", "/v1/webhooks/default/secret", webhook_secret),
        route("GET", "/delivery/{id}/output.mp4", send_clip, "output"),
        *FILE_ROUTES,
    ),
)
