"""Replicate's prediction, as every route and every webhook shows it."""

import math
from typing import Any

from providers.sandbox.orders import look, with_links
from providers.sandbox.store import Job
from providers.sandbox.timeline import Moment, iso, stopped_at
from providers.sandbox.wire import Sandbox

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
