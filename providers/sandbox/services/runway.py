"""Runway's developer API: tasks, whose every call names a version of the API, and uploads in two steps.

The fields that each of Runway's models takes, by the call that takes it: `!` marks what it cannot do without.
"""

from typing import Any
from uuid import uuid4

from providers.sandbox.jobs import Order, accept, discard, failure, look, reason, word_for
from providers.sandbox.server.asgi import Answer, Reply, Request, json_answer
from providers.sandbox.service import (
    CLIP_ROUTE,
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
)
from providers.sandbox.store import Job, Trouble
from providers.sandbox.timeline import Moment, iso, moment

REFERENCES = "references referenceVideos referenceAudio"
KLING_3 = "promptText providerSettings audio cfgScale duration"
KLING_O3 = "promptText providerSettings audio duration"
SEEDANCE = "duration ratio audio seed referenceAudio"
OMNI = "duration ratio"

TEXT_TO_VIDEO = {
    "gen4.5": "promptText! ratio! duration! seed contentModeration outputFormat proresProfile",
    "veo3.1": "promptText! ratio! duration audio negativePrompt seed",
    "veo3.1_fast": "promptText! ratio! duration audio negativePrompt seed",
    "kling2.5_turbo_pro": "promptText! ratio duration cfgScale",
    "kling3.0_standard": f"ratio! {KLING_3}",
    "kling3.0_pro": f"ratio! {KLING_3}",
    "kling3.0_4k": f"ratio! {KLING_3}",
    "klingO3_standard": f"ratio! {KLING_O3}",
    "klingO3_pro": f"ratio! {KLING_O3}",
    "klingO3_4k": f"ratio! {KLING_O3}",
    "kling_4": "promptText! ratio duration references referenceVideos",
    "hailuo3": f"promptText! duration ratio resolution {REFERENCES}",
    "h3_max": "promptText! duration resolution seed promptExpansionMode",
    "happyhorse_1_0": "promptText! duration ratio",
    "seedance2": f"promptText! references referenceVideos {SEEDANCE}",
    "seedance2_fast": f"promptText! references referenceVideos {SEEDANCE}",
    "seedance2_mini": f"promptText! references referenceVideos {SEEDANCE}",
    "seedance2_5": f"promptText draft draftTaskId outputFormat references referenceVideos {SEEDANCE}",
    "wan3": f"promptText! audio duration ratio {REFERENCES}",
    "wan3_prime": f"promptText! audio duration ratio {REFERENCES}",
    "grok_imagine_1_5": "promptText! duration ratio resolution references referenceAudio",
    "grok_imagine_1_5_lite": "promptText! duration ratio",
    "gemini_omni_flash": f"promptText! {OMNI}",
    "gemini_omni_flash_1.1": f"promptText! references referenceVideos {OMNI}",
}
IMAGE_TO_VIDEO = {
    "gen4.5": "promptImage! promptText! ratio! duration! seed contentModeration outputFormat proresProfile",
    "gen4_turbo": "promptImage! ratio! promptText duration seed contentModeration",
    "veo3.1": "promptImage! ratio! promptText duration audio negativePrompt seed",
    "veo3.1_fast": "promptImage! ratio! promptText duration audio negativePrompt seed",
    "kling2.5_turbo_pro": "promptImage! promptText! duration cfgScale",
    "kling3.0_standard": f"promptImage! ratio {KLING_3}",
    "kling3.0_pro": f"promptImage! ratio {KLING_3}",
    "kling3.0_4k": f"promptImage! ratio {KLING_3}",
    "klingO3_standard": f"promptImage! ratio references {KLING_O3}",
    "klingO3_pro": f"promptImage! ratio references {KLING_O3}",
    "klingO3_4k": f"promptImage! ratio references {KLING_O3}",
    "kling_4": "promptImage! promptText ratio duration references referenceVideos",
    "hailuo3": "promptImage! promptText! duration ratio resolution referenceAudio",
    "h3_max": "promptImage! promptText! duration resolution seed promptExpansionMode",
    "happyhorse_1_0": "promptImage! promptText duration resolution",
    "seedance2": f"promptImage! promptText {SEEDANCE}",
    "seedance2_fast": f"promptImage! promptText {SEEDANCE}",
    "seedance2_mini": f"promptImage! promptText {SEEDANCE}",
    "seedance2_5": f"promptImage! promptText draft outputFormat {SEEDANCE}",
    "wan3": "promptImage! promptText! audio duration ratio referenceAudio referenceVideos",
    "wan3_prime": "promptImage! promptText! audio duration ratio referenceAudio referenceVideos",
    "grok_imagine_1_5": "promptImage! promptText duration resolution",
    "grok_imagine_1_5_lite": "promptImage! promptText duration ratio",
    "gemini_omni_flash": f"promptImage! promptText {OMNI}",
    "gemini_omni_flash_1.1": f"promptImage! promptText! {OMNI}",
}
VIDEO_TO_VIDEO = {
    "aleph2": "videoUri! promptText seed keyframes ratio targetAspectRatio contentModeration outputFormat"
    " proresProfile",
    "klingO3_standard": "promptVideo! promptText! providerSettings references",
    "klingO3_pro": "promptVideo! promptText! providerSettings references",
    "klingO3_4k": "promptVideo! promptText! providerSettings references",
    "kling_4": "videoUri! promptText! ratio references",
    "hailuo3": f"promptVideo! promptText! duration ratio resolution {REFERENCES}",
    "seedance2": f"promptVideo! promptText references referenceVideos {SEEDANCE}",
    "seedance2_fast": f"promptVideo! promptText references referenceVideos {SEEDANCE}",
    "seedance2_mini": f"promptVideo! promptText references referenceVideos {SEEDANCE}",
    "seedance2_5": f"promptVideo! promptText draft mode outputFormat references referenceVideos {SEEDANCE}",
    "gemini_omni_flash": "videoUri! promptText! references",
    "gemini_omni_flash_1.1": f"videoUri! promptText! mode references {OMNI}",
}
PERFORMANCE = {
    "act_two": "character! reference! bodyControl contentModeration expressionIntensity ratio seed",
}
UPSCALE = {
    "magnific_video_upscaler_creative": "videoUri! creativity flavor fpsBoost resolution sharpen smartGrain",
    "enhance_frame_rate": "videoUri! targetFramerate!",
}
FIELDS = {
    "text_to_video": TEXT_TO_VIDEO,
    "image_to_video": IMAGE_TO_VIDEO,
    "video_to_video": VIDEO_TO_VIDEO,
    "character_performance": PERFORMANCE,
    "video_upscale": UPSCALE,
}
GEN4 = one_of("1280:720", "720:1280", "1104:832", "960:960", "832:1104", "1584:672")
VEO = one_of("1280:720", "720:1280", "1080:1920", "1920:1080")
RATIOS = {
    ("text_to_video", "gen4.5"): one_of("1280:720", "720:1280"),
    ("image_to_video", "gen4.5"): GEN4,
    ("image_to_video", "gen4_turbo"): GEN4,
    ("text_to_video", "veo3.1"): VEO,
    ("text_to_video", "veo3.1_fast"): VEO,
    ("image_to_video", "veo3.1"): VEO,
    ("image_to_video", "veo3.1_fast"): VEO,
}
# Credits a second, at a cent each; the last is for models whose price is not known here.
CREDITS = {
    "gen4_turbo": 5,
    "gen4.5": 12,
    "veo3.1": 40,
    "veo3.1_fast": 15,
    "aleph2": 28,
    "hailuo3": 10,
    "": 20,
}


VERSION = "2024-11-06"
AT_ONCE = 10
STATES = {
    "queued": "PENDING",
    "running": "RUNNING",
    "unknown": "WARMING_UP",
    "succeeded": "SUCCEEDED",
    "failed": "FAILED",
    "canceled": "CANCELLED",
}
FAILURES = {
    "moderation": ("SAFETY.INPUT.TEXT", "Your request was rejected by our content moderation."),
    "input": ("ASSET.INVALID", "The asset could not be used."),
    "fail": ("INTERNAL.BAD_OUTPUT.CODE01", "An unexpected error occurred."),
}
REFUSALS = {
    "refuse": (400, "Validation of body failed"),
    "bad_key": (401, "The API key is not valid."),
    "no_credit": (400, "You do not have enough credits to run this task."),
    "not_found": (404, "Not found"),
    "invalid_input": (400, "Validation of body failed"),
    "blocked": (400, "Your request was rejected by our content moderation."),
    "rate_limit": (429, "Rate limit exceeded"),
    "error": (502, "Bad gateway"),
}
COMMON: Rules = {"model": str, "promptText": str, "duration": (int, str), "seed": int}
ADDRESSES = ("https://", "data:", "runway://")


def refusal(name: str) -> Answer:
    """`{"error": …}`, by the name of a fault; `issues` where the body is at fault."""
    status, said = row(REFUSALS, name)
    issues = (
        {} if name != "invalid_input" else {"issues": _issues(Trouble("promptText", "custom", "Invalid"))}
    )
    return json_answer(status, {"error": said, **issues}, {"retry-after": "2"} if status == 429 else {})


def denied(request: Request) -> Answer | None:
    """Any bearer token is good; the version has to be named, on every call."""
    if answer := keyed("authorization", "Bearer", refusal)(request):
        return answer
    named = request.headers.get("x-runway-version")
    said = f"X-Runway-Version must be {VERSION}" if named else "The X-Runway-Version header is required."
    return None if named == VERSION else json_answer(400, {"error": said})


async def create(call: Call) -> Reply:
    """POST text_to_video, image_to_video or video_to_video."""
    if trouble := _wrong(call.request.path.removeprefix("/v1/"), call.given):
        return json_answer(400, {"error": "Validation of body failed", "issues": _issues(trouble)})
    now, jobs = call.sandbox.clock(), call.sandbox.store.jobs(call.provider)
    busy = sum(not moment(job, now).over for job in jobs)
    order = Order(str(uuid4()), str(call.given["model"]), call.given, notes={"throttled": busy >= AT_ONCE})
    job = accept(call, order)
    return json_answer(200, {"id": job.id, "estimatedCost": {"credits": _credits(job)}})


def _wrong(kind: str, given: dict[str, Any]) -> Trouble | None:
    models = FIELDS[kind]
    model = str(given.get("model"))
    if model not in models:
        return Trouble("model", "invalid_union_discriminator", f"Expected one of {', '.join(models)}")
    names = models[model].split()
    known = {**COMMON, "ratio": RATIOS.get((kind, model), str)}
    rules = {name.rstrip("!"): known.get(name.rstrip("!"), object) for name in ["model", *names]}
    needs = [name.rstrip("!") for name in names if name.endswith("!")]
    return trouble_in(given, rules, needs, strict=True) or _wrong_address(given)


def _wrong_address(given: dict[str, Any]) -> Trouble | None:
    """Media come by https, as data URIs or as uploads, never from an address on this machine."""
    for name in ("promptImage", "promptVideo", "videoUri"):
        value = given.get(name)
        listed = value if isinstance(value, list) else [value]
        for each in listed:
            address = each.get("uri") if isinstance(each, dict) else each
            if address is not None and not str(address).startswith(ADDRESSES):
                return Trouble(name, "invalid_string", "Must be an https URL, a data URI or a runway:// URI")
    return None


def _issues(trouble: Trouble) -> list[dict[str, Any]]:
    return [{"code": trouble.kind, "path": [trouble.field], "message": trouble.message}]


def _credits(job: Job) -> float:
    given = job.facts.input.get("duration")
    seconds = float(given) if isinstance(given, int | float) else 5.0
    return seconds * CREDITS.get(job.facts.endpoint, CREDITS[""])


async def show(call: Call) -> Reply:
    """GET tasks/{id}; a deleted task is not found."""
    job = call.job
    if job is None:
        return refusal("not_found")
    now = look(call.sandbox, job)
    shown: dict[str, Any] = {"id": job.id, "createdAt": iso(job.created_at), "status": _state(job, now)}
    if now.over:
        free = now.phase == "canceled" or failure(job) == "fail"
        shown["cost"] = {"credits": 0 if now.phase != "succeeded" and free else round(_credits(job))}
    else:
        shown["estimatedCost"] = {"credits": _credits(job)}
    if now.phase == "running":
        shown["progress"] = round(now.fraction, 3)
    if now.phase == "succeeded":
        shown["output"] = [f"{clip_link(call.request.base, job)}?_jwt={uuid4().hex}"]
    if now.phase == "failed":
        code, said = reason(job, FAILURES)
        shown |= {"failure": said, "failureCode": code}
    return json_answer(200, shown)


def _state(job: Job, now: Moment) -> str:
    waits = now.phase == "queued" and job.facts.notes.get("throttled")
    return "THROTTLED" if waits else word_for(job, now, STATES)


async def delete(call: Call) -> Reply:
    """DELETE tasks/{id}: cancels what is not over, deletes what is."""
    if call.job is None:
        return refusal("not_found")
    discard(call.sandbox, call.job)
    return Answer(204)


async def promise_upload(call: Call) -> Reply:
    """POST uploads: where the file goes, with which fields, and how to name it afterwards."""
    if trouble := trouble_in(call.given, {"filename": str, "type": str}, ("filename",), strict=True):
        return json_answer(400, {"error": "Validation of body failed", "issues": _issues(trouble)})
    file_id = uuid4().hex
    fields = {"key": f"uploads/{file_id}", "policy": "sandbox", "x-amz-signature": uuid4().hex}
    address = f"{call.request.base}/storage/{file_id}"
    return json_answer(200, {"uploadUrl": address, "fields": fields, "runwayUri": f"runway://{file_id}"})


async def take_upload(call: Call) -> Reply:
    """POST the promised address: a form with those fields and the part `file`; the address is the permission."""
    kept = keep_part(call, "file", call.at["file"], also=("key", "policy", "x-amz-signature"))
    return Answer(204) if kept else Answer(403, b"<Error><Code>AccessDenied</Code></Error>")


async def organization(_call: Call) -> Reply:
    """GET organization: the free call that tells whether a key is good."""
    models = {
        name: {"maxConcurrentGenerations": AT_ONCE, "maxDailyGenerations": 10_000} for name in CREDITS if name
    }
    used = {"models": {name: {"dailyGenerations": 0} for name in models}}
    tier = {"maxMonthlyCreditSpend": 1_000_000, "models": models}
    return json_answer(200, {"creditBalance": 100_000, "tier": tier, "usage": used})


WIRE = Wire(
    name="runway",
    stands_for="https://api.dev.runwayml.com",
    denied=denied,
    refusal=refusal,
    routes=(
        *(route("POST", f"/v1/{kind}", create, "submit") for kind in FIELDS),
        route("GET", "/v1/tasks/{id}", show, "look"),
        route("DELETE", "/v1/tasks/{id}", delete, "cancel"),
        route("POST", "/v1/uploads", promise_upload),
        route("POST", "/storage/{file}", take_upload, open=True),
        route("GET", "/v1/organization", organization),
        CLIP_ROUTE,
    ),
)
