"""Alibaba's DashScope: asynchronous tasks that can be canceled only while pending, and uploads by a policy."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from providers.sandbox.inputs import form_or_json
from providers.sandbox.jobs import Order, accept, look, reason, word_for
from providers.sandbox.server.asgi import Answer, Reply, json_answer
from providers.sandbox.service import (
    CLIP_ROUTE,
    Call,
    Rules,
    Wire,
    clip_link,
    keep_part,
    keyed,
    route,
    row,
    trouble_in,
)
from providers.sandbox.store import Job, Trouble
from providers.sandbox.timeline import Moment
from providers.sandbox.video.geometry import shape_of

STATES = {
    "queued": "PENDING",
    "running": "RUNNING",
    "unknown": "WARMING_UP",
    "succeeded": "SUCCEEDED",
    "failed": "FAILED",
    "canceled": "CANCELED",
    "expired": "UNKNOWN",
}
FAILURES = {
    "moderation": ("DataInspectionFailed", "Output data may contain inappropriate content."),
    "input": ("InvalidParameter", "An input could not be used."),
    "fail": ("InternalError.Algo", "An internal error occurred while the algorithm ran."),
}
REFUSALS = {
    "refuse": (400, "BadRequest.IllegalInput", "Request body is not valid."),
    "bad_key": (401, "InvalidApiKey", "Invalid API-key provided."),
    "no_credit": (400, "Arrearage", "Access denied, please make sure your account is in good standing."),
    "not_found": (404, "ModelNotFound", "Model can not be found."),
    "invalid_input": (400, "InvalidParameter", "prompt is invalid."),
    "blocked": (400, "DataInspectionFailed", "Input data may contain inappropriate content."),
    "rate_limit": (429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later."),
    "synchronous": (403, "AccessDenied", "current user api does not support synchronous calls."),
    "address": (400, "InvalidParameter", "url error, please check url!"),
    "unresolved": (400, "InvalidURL", "An oss:// address needs X-DashScope-OssResourceResolve: enable."),
    "too_late": (400, "UnsupportedOperation", "Failed to cancel the task: it is not in PENDING status."),
    "error": (500, "InternalError", "An internal error has occurred."),
}
FIELDS: Rules = {"model": str, "input": dict, "parameters": dict}
INPUT: Rules = {"prompt": str, "negative_prompt": str, "img_url": str, "audio_url": str, "media": list}
PARAMETERS: Rules = {
    "size": str,
    "resolution": str,
    "ratio": str,
    "duration": int,
    "seed": int,
    "audio": bool,
}


def refusal(name: str, said: str = "") -> Answer:
    """`{code, message, request_id}`, by the name of a fault; 429 says nothing of when."""
    status, code, message = row(REFUSALS, name)
    return json_answer(status, {"code": code, "message": said or message, "request_id": str(uuid4())})


async def submit(call: Call) -> Reply:
    """POST services/aigc/video-generation/video-synthesis, or …/image2video/… for models from frame to frame."""
    given, headers = call.given, call.request.headers
    if headers.get("x-dashscope-async") != "enable":
        return refusal("synchronous")
    if trouble := _wrong(given):
        return refusal("invalid_input", trouble.message)
    if ("-kf2v" in given["model"]) != (call.at["service"] == "image2video"):
        return refusal("address")
    if _names_upload(given["input"]) and headers.get("x-dashscope-ossresourceresolve") != "enable":
        return refusal("unresolved")
    job = accept(call, Order(str(uuid4()), given["model"], given))
    return _answer({"output": {"task_status": "PENDING", "task_id": job.id}})


def _wrong(given: dict[str, Any]) -> Trouble | None:
    parameters = given.get("parameters") or {}
    trouble = (
        trouble_in(given, FIELDS, ("model", "input"))
        or trouble_in(given["input"], INPUT)
        or trouble_in(parameters, PARAMETERS)
    )
    if trouble:
        return trouble
    if not any(given["input"].get(name) for name in ("prompt", "img_url", "first_frame_url", "media")):
        return Trouble("prompt", "missing", "prompt is required")
    if "size" in parameters and "*" not in parameters["size"]:
        return Trouble("size", "option", "size must be width*height, such as 1280*720")
    return None


def _names_upload(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_names_upload(member) for member in value.values())
    if isinstance(value, list):
        return any(_names_upload(member) for member in value)
    return isinstance(value, str) and value.startswith("oss://")


def _answer(value: dict[str, Any]) -> Answer:
    return json_answer(200, {"request_id": str(uuid4()), **value})


async def show(call: Call) -> Reply:
    """GET tasks/{id}; what is not known is UNKNOWN, and no error."""
    if call.job is None:
        return _answer({"output": {"task_id": call.at["id"], "task_status": "UNKNOWN"}})
    return _answer(document(call, call.job))


def document(call: Call, job: Job) -> dict[str, Any]:
    """Output and usage of a task."""
    now = look(call.sandbox, job)
    output = {"task_id": job.id, "task_status": word_for(job, now, STATES), **_times(job, now)}
    if now.phase == "failed":
        code, said = reason(job, FAILURES)
        return {"output": output | {"code": code, "message": said}}
    if now.phase != "succeeded":
        return {"output": output}
    shape = shape_of(job.facts.endpoint, job.facts.input)
    link = f"{clip_link(call.request.base, job)}?Expires={int(job.created_at) + 86_400}&Signature=sandbox"
    usage = {
        "duration": round(shape.seconds),
        "output_video_duration": round(shape.seconds),
        "input_video_duration": 0,
        "size": f"{shape.width}*{shape.height}",
        "SR": min(shape.width, shape.height),
        "fps": round(shape.fps),
        "video_count": 1,
    }
    return {"output": output | {"orig_prompt": job.prompt, "video_url": link}, "usage": usage}


def _times(job: Job, now: Moment) -> dict[str, str]:
    known = {"submit_time": job.created_at, "scheduled_time": now.started_at, "end_time": now.ended_at}
    return {
        name: datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        for name, at in known.items()
        if at is not None
    }


async def cancel(call: Call) -> Reply:
    """POST tasks/{id}/cancel, while it is pending."""
    if call.job is None or look(call.sandbox, call.job).phase != "queued":
        return refusal("too_late")
    call.sandbox.store.cancel(call.job.id, call.sandbox.clock())
    return _answer({})


async def listing(call: Call) -> Reply:
    """GET tasks, newest first; the free call that tells whether a key is good."""
    jobs = call.sandbox.store.jobs(call.provider)
    shown = [{"model_name": job.facts.endpoint, **document(call, job)["output"]} for job in jobs]
    return _answer({"data": shown, "total": len(shown), "page_no": 1, "page_size": 100})


async def policy(call: Call) -> Reply:
    """GET uploads?action=getPolicy&model=…: where a file goes and with which fields."""
    if call.request.query.get("action") != "getPolicy" or not call.request.query.get("model"):
        return refusal("invalid_input", "action must be getPolicy and model is required")
    data = {
        "policy": "sandbox",
        "signature": uuid4().hex,
        "upload_dir": f"dashscope-instant/sandbox/{uuid4().hex}",
        "upload_host": f"{call.request.base}/oss",
        "expire_in_seconds": 300,
        "max_file_size_mb": 100,
        "oss_access_key_id": "sandbox",
        "x_oss_object_acl": "private",
        "x_oss_forbid_overwrite": "true",
    }
    return _answer({"data": data})


async def take_upload(call: Call) -> Reply:
    """POST the host of a policy: a form with its fields and the part `file`; the signature is the permission."""
    directory = call.given.get("key", "").rpartition("/")[0]
    kept = keep_part(call, "file", directory.rpartition("/")[2], also=("policy", "Signature", "key"))
    return Answer(200) if directory and kept else Answer(403, b"<Error><Code>AccessDenied</Code></Error>")


V1 = "/api/v1"
WIRE = Wire(
    name="wan",
    stands_for="https://dashscope-intl.aliyuncs.com and the other regions",
    denied=keyed("authorization", "Bearer", refusal),
    refusal=refusal,
    routes=(
        route("POST", f"{V1}/services/aigc/{{service}}/video-synthesis", submit, "submit"),
        route("GET", f"{V1}/tasks/{{id}}", show, "look"),
        route("POST", f"{V1}/tasks/{{id}}/cancel", cancel, "cancel"),
        route("GET", f"{V1}/tasks", listing),
        route("GET", f"{V1}/uploads", policy),
        route("POST", "/oss", take_upload, open=True, read=form_or_json),
        CLIP_ROUTE,
    ),
)
