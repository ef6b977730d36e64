"""PixVerse's platform API: numbers for states, pictures uploaded first, and a trace id that repeats an answer."""

import time
from datetime import UTC, datetime
from typing import Any

from providers.sandbox.inputs import SCHEME, form_or_json
from providers.sandbox.jobs import Order, accept, failure, look
from providers.sandbox.server.asgi import Answer, Reply, Request, json_answer
from providers.sandbox.service import (
    CLIP_ROUTE,
    UPLOAD_ROUTE,
    Call,
    Rules,
    Wire,
    clip_link,
    keep_part,
    keyed,
    one_of,
    route,
    row,
    trouble_in,
    upload_link,
)
from providers.sandbox.store import Job, StoredFile, Trouble

QUEUED, WORKING, ODD, DONE, DELETED, MODERATED, FAILED = 2, 5, 4, 1, 6, 7, 8
REFUSALS = {
    "refuse": (200, 400017, "invalid param"),
    "bad_key": (401, 10005, "invalid api key"),
    "no_credit": (200, 500090, "insufficient balance"),
    "not_found": (200, 400017, "invalid param: no such id"),
    "invalid_input": (200, 400017, "invalid param"),
    "blocked": (200, 500054, "content moderation failed"),
    "rate_limit": (429, 429, "too many requests"),
    "busy": (200, 500044, "all concurrent generations are in use"),
    "no_trace": (200, 400011, "empty param: Ai-trace-id"),
    "error": (500, 99999, "internal error"),
}
NEEDS = {
    "text": ("model", "prompt", "aspect_ratio", "quality", "duration"),
    "img": ("model", "img_id", "quality", "duration"),
    "transition": ("model", "first_frame_img", "last_frame_img", "quality", "duration"),
    "fusion": ("model", "image_references", "quality", "duration"),
    "extend": ("model", "quality", "duration"),
}
FIELDS: Rules = {
    "model": str,
    "prompt": str,
    "negative_prompt": str,
    "aspect_ratio": str,
    "quality": one_of("360p", "540p", "720p", "1080p"),
    "duration": one_of(5, 8, 10, 15),
    "seed": int,
    "motion_mode": str,
    "img_id": int,
    "first_frame_img": int,
    "last_frame_img": int,
    "image_references": list,
}
PICTURES = {"img_id": "image", "first_frame_img": "first_frame_image", "last_frame_img": "last_frame_image"}


def refusal(name: str, said: str = "") -> Answer:
    """`{ErrCode, ErrMsg, Resp: null}`, by the name of a fault: mostly under HTTP 200."""
    status, code, message = row(REFUSALS, name)
    body = {"ErrCode": code, "ErrMsg": f"{message}: {said}" if said else message, "Resp": None}
    return json_answer(status, body, {"retry-after": "2"} if status == 429 else {})


def denied(request: Request) -> Answer | None:
    """Any key is good; every call has to carry a trace id."""
    if answer := keyed("api-key", "", refusal)(request):
        return answer
    return None if request.headers.get("ai-trace-id") else refusal("no_trace")


async def create(call: Call) -> Reply:
    """POST video/{kind}/generate; with a trace id that was used before, the earlier answer."""
    kind, given = call.at["kind"], call.given
    if kind not in NEEDS:
        return refusal("not_found")
    trouble = trouble_in(given, FIELDS, NEEDS[kind]) or _unknown_picture(call, given)
    if trouble:
        return refusal("invalid_input", trouble.message)
    fresh = new_id()
    trace = f"pixverse:{call.request.headers['ai-trace-id']}"
    job_id = call.sandbox.store.kept(trace, fresh.encode()).decode()
    if job_id == fresh:
        accept(call, Order(job_id, f"pixverse/{given['model']}", _with_pictures(call, given)))
    return _answer({"video_id": int(job_id)})


def new_id() -> str:
    """A number of fifteen digits, like the service's own."""
    return str(time.time_ns() // 10_000)


def _unknown_picture(call: Call, given: dict[str, Any]) -> Trouble | None:
    wanted = [given[name] for name in PICTURES if name in given]
    wanted += [each.get("img_id") for each in given.get("image_references") or [] if isinstance(each, dict)]
    lost = [number for number in wanted if call.sandbox.store.file(str(number)) is None]
    return Trouble("img_id", "option", f"there is no img_id {lost[0]}") if lost else None


def _with_pictures(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    """The body with the pictures themselves beside their numbers."""
    files = {place: call.sandbox.store.file(str(given.get(name))) for name, place in PICTURES.items()}
    return {**given, **{place: SCHEME + file.stored for place, file in files.items() if file and file.bytes}}


def _answer(resp: dict[str, Any]) -> Answer:
    return json_answer(200, {"ErrCode": 0, "ErrMsg": "Success", "Resp": resp})


async def show(call: Call) -> Reply:
    """GET video/result/{id}."""
    job = call.job
    if job is None:
        return refusal("not_found")
    status = _status(call, job)
    shown: dict[str, Any] = {
        "id": int(job.id),
        "status": status,
        "prompt": job.prompt,
        "negative_prompt": job.facts.input.get("negative_prompt", ""),
        "style": "",
        "seed": job.facts.input.get("seed", 0),
        "create_time": _stamp(job.created_at),
        "modify_time": _stamp(call.sandbox.clock()),
        "url": "",
        "size": 0,
        "outputWidth": 0,
        "outputHeight": 0,
        "has_audio": False,
    }
    if status == DONE:
        clip = await call.sandbox.clips.ready(job)
        size = {"size": clip.bytes, "outputWidth": clip.width, "outputHeight": clip.height}
        shown |= {"url": clip_link(call.request.base, job), **size}
    return _answer(shown)


def _status(call: Call, job: Job) -> int:
    now = look(call.sandbox, job)
    if now.phase == "running":
        return ODD if "unknown_state" in job.facts.faults else WORKING
    if now.phase == "failed":
        return MODERATED if failure(job) == "moderation" else FAILED
    return {"queued": QUEUED, "succeeded": DONE, "canceled": DELETED}[now.phase]


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def upload_image(call: Call) -> Reply:
    """POST image/upload: a form with the part `image`, or the address of one in `image_url`."""
    file = keep_part(call, "image", new_id())
    address = call.given.get("image_url")
    if file is None and not isinstance(address, str):
        return refusal("invalid_input", "image or image_url is required")
    if file is None:
        file = StoredFile(new_id(), call.provider, "elsewhere", "image/png", "", 0, time.time())
        call.sandbox.store.add_file(file)
        return _answer({"img_id": int(file.id), "img_url": address})
    return _answer({"img_id": int(file.id), "img_url": upload_link(call, file)})


async def upload_media(call: Call) -> Reply:
    """POST media/upload: a form with the part `media`, a video or a sound."""
    file = keep_part(call, "media", new_id())
    if file is None:
        return refusal("invalid_input", "media is required")
    return _answer({"media_id": int(file.id), "url": upload_link(call, file)})


async def balance(_call: Call) -> Reply:
    """GET account/balance: the free call that tells whether a key is good."""
    return _answer({"account_id": 1, "credit_monthly": 100_000, "credit_package": 0})


V2 = "/openapi/v2"
WIRE = Wire(
    name="pixverse",
    stands_for="https://app-api.pixverse.ai and https://app-api.pixverseai.cn",
    denied=denied,
    refusal=refusal,
    routes=(
        route("POST", f"{V2}/image/upload", upload_image, read=form_or_json),
        route("POST", f"{V2}/media/upload", upload_media, read=form_or_json),
        route("POST", f"{V2}/video/{{kind}}/generate", create, "submit"),
        route("GET", f"{V2}/video/result/{{id}}", show, "look"),
        route("GET", f"{V2}/account/balance", balance),
        UPLOAD_ROUTE,
        CLIP_ROUTE,
    ),
)
