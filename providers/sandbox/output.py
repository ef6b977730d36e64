"""The finished clip as it is downloaded, with the faults that an output can have."""

from providers.sandbox.asgi import Answer, FileAnswer, Reply, text_answer
from providers.sandbox.store import Job
from providers.sandbox.timeline import moment
from providers.sandbox.wire import Call, route

SLOW_PAUSE = 0.5


def clip_link(base: str, job: Job) -> str:
    """The address of a job's clip, below the address of its wire."""
    return f"{base}/output/{job.id}.mp4"


async def send_clip(call: Call) -> Reply:
    """The job's clip, or what a fault leaves of it; open to all, like the services' own file hosts."""
    job = call.job
    if job is None or moment(job, call.sandbox.clock()).phase != "succeeded":
        return text_answer(404, "There is no such file.")
    faults = {call.fault, *job.facts.faults}
    if "expired_output" in faults:
        return text_answer(404, "This file has expired.")
    if "wrong_type" in faults:
        return text_answer(
            200, "<!doctype html><title>Sign in</title><p>Sign in to see this file.", "text/html"
        )
    clip = await call.sandbox.clips.ready(job)
    if "damaged_output" in faults:
        return Answer(200, clip.path.read_bytes()[: clip.bytes // 2], {"content-type": "video/mp4"})
    stop = clip.bytes // 2 if "truncated_output" in faults else None
    return FileAnswer(clip.path, "video/mp4", stop, pause=SLOW_PAUSE if "slow_download" in faults else 0.0)


CLIP_ROUTE = route("GET", "/output/{id}.mp4", send_clip, "output")
