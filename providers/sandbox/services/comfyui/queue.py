"""The queue, the history and the jobs of a ComfyUI server."""

from typing import Any

from providers.sandbox.jobs import look, word_for
from providers.sandbox.server.asgi import Answer, Reply, json_answer
from providers.sandbox.service import Call
from providers.sandbox.services.comfyui.graph import is_canonical
from providers.sandbox.services.comfyui.run import LAST_NODE, ended_by, graph_of, messages, prompt_id
from providers.sandbox.store import Job
from providers.sandbox.timeline import Moment

STATUSES = {
    "queued": "pending",
    "running": "in_progress",
    "unknown": "rehearsing",
    "succeeded": "completed",
    "failed": "failed",
    "canceled": "cancelled",
}


def runs(call: Call, asked: str) -> list[Job]:
    """The runs of one prompt id, oldest first: it may be submitted again, and then runs again."""
    store = call.sandbox.store
    count = int(store.text(f"comfyui-runs:{asked}") or 0)
    names = [asked, *(f"{asked}/{number}" for number in range(1, count))]
    return [job for name in names if (job := store.job(call.provider, name))]


def current(call: Call, asked: str) -> Job | None:
    """The run that history shows: the one that ended last, or the one that is not over."""
    found = runs(call, asked)
    over = [(ended, job) for job in found if (ended := look(call.sandbox, job).ended_at)]
    return max(over, key=lambda pair: pair[0])[1] if over else (found[-1] if found else None)


def live(call: Call) -> tuple[list[Job], list[Job]]:
    """What runs and what waits, by number."""
    found: dict[str, list[Job]] = {"running": [], "queued": []}
    for job in call.sandbox.store.jobs(call.provider):
        found.get(look(call.sandbox, job).phase, []).append(job)
    running, waiting = (
        sorted(jobs, key=lambda job: int(job.facts.notes["number"])) for jobs in found.values()
    )
    return running, waiting


def _row(job: Job) -> list[Any]:
    notes = job.facts.notes
    return [notes["number"], prompt_id(job), graph_of(job), notes["extra"], notes["outputs"]]


async def queue(call: Call) -> Reply:
    """GET queue: what runs and what waits. The order of what waits is that of a heap, not of the numbers."""
    running, waiting = live(call)
    heap = waiting[:1] + waiting[:0:-1]
    return json_answer(200, {"queue_running": [*map(_row, running)], "queue_pending": [*map(_row, heap)]})


async def queue_length(call: Call) -> Reply:
    """GET prompt: how many run and wait."""
    running, waiting = live(call)
    return json_answer(200, {"exec_info": {"queue_remaining": len(running) + len(waiting)}})


async def change_queue(call: Call) -> Reply:
    """POST queue with `delete` or `clear`: what waits is gone without a trace, what runs goes on."""
    wanted = call.given.get("delete") or []
    for job in reversed(live(call)[1]):
        if call.given.get("clear") or prompt_id(job) in wanted:
            _drop(call, job)
            wanted = [each for each in wanted if each != prompt_id(job)]
    return Answer(200)


def _drop(call: Call, job: Job) -> None:
    call.sandbox.store.cancel(job.id, call.sandbox.clock())
    call.sandbox.store.hide(job.id)


async def interrupt(call: Call) -> Reply:
    """POST interrupt, for one id or for whatever runs; it is always 200, and ignored in the last node."""
    asked = call.given.get("prompt_id")
    for job in live(call)[0]:
        if asked in (None, prompt_id(job)):
            _stop(call, job)
    return Answer(200)


def _stop(call: Call, job: Job) -> None:
    if look(call.sandbox, job).fraction < LAST_NODE or "endless" in job.facts.faults:
        call.sandbox.store.cancel(job.id, call.sandbox.clock())


async def history(call: Call) -> Reply:
    """GET history/{id}: empty until the run is over."""
    job = current(call, call.at["id"])
    now = look(call.sandbox, job) if job else None
    return json_answer(200, {prompt_id(job): _record(job, now)} if job and now and now.over else {})


async def all_history(call: Call) -> Reply:
    """GET history?max_items=…, newest last."""
    most = call.request.query.get("max_items", "")
    found = [(job, look(call.sandbox, job)) for job in call.sandbox.store.jobs(call.provider)]
    over = [(job, now) for job, now in found if now.over][: int(most) if most.isdecimal() else None]
    return json_answer(200, {prompt_id(job): _record(job, now) for job, now in reversed(over)})


async def change_history(call: Call) -> Reply:
    """POST history with `delete` or `clear`."""
    for job in call.sandbox.store.jobs(call.provider):
        if call.given.get("clear") or prompt_id(job) in (call.given.get("delete") or []):
            call.sandbox.store.hide(job.id)
    return Answer(200)


def _outcome(job: Job, now: Moment) -> tuple[dict[str, Any], dict[str, Any]]:
    """Outputs and status of a run that is over."""
    good = now.phase == "succeeded"
    status = {"status_str": "success" if good else "error", "completed": good, "messages": messages(job, now)}
    return job.facts.notes["files"] if good else {}, status


def _record(job: Job, now: Moment) -> dict[str, Any]:
    outputs, status = _outcome(job, now)
    meta = {
        node: {"node_id": node, "display_node": node, "parent_node": None, "real_node_id": node}
        for node in outputs
    }
    return {"prompt": _row(job), "outputs": outputs, "status": status, "meta": meta}


def _summary(job: Job, now: Moment) -> dict[str, Any]:
    notes = job.facts.notes
    count = sum(
        len(files) for node in notes["files"].values() for name, files in node.items() if name != "animated"
    )
    shown: dict[str, Any] = {
        "id": prompt_id(job),
        "status": word_for(job, now, STATUSES),
        "priority": notes["number"],
        "create_time": notes["extra"]["create_time"],
        "outputs_count": count if now.phase == "succeeded" else 0,
    }
    if now.over:
        shown["execution_start_time"] = round((now.started_at or job.created_at) * 1000)
        shown["execution_end_time"] = round((now.ended_at or 0) * 1000)
    return shown


async def show_job(call: Call) -> Reply:
    """GET api/jobs/{id}."""
    job = current(call, call.at["id"])
    if job is None:
        return json_answer(404, {"error": "Job not found"})
    now = look(call.sandbox, job)
    shown = _summary(job, now)
    if now.over:
        outputs, status = _outcome(job, now)
        shown |= {"outputs": outputs, "execution_status": status}
        shown["workflow"] = {"prompt": graph_of(job), "extra_data": job.facts.notes["extra"]}
    if now.phase == "failed":
        shown["execution_error"] = ended_by(job, now)[1]
    return json_answer(200, shown)


async def list_jobs(call: Call) -> Reply:
    """GET api/jobs by status."""
    asked = [each for each in call.request.query.get("status", "").split(",") if each]
    known = [word for phase, word in STATUSES.items() if phase != "unknown"]
    if wrong := [each for each in asked if each not in known]:
        said = f"Invalid status value(s): {', '.join(wrong)}. Valid values: {', '.join(known)}"
        return json_answer(400, {"error": said})
    found = [_summary(job, look(call.sandbox, job)) for job in call.sandbox.store.jobs(call.provider)]
    shown = [each for each in found if not asked or each["status"] in asked]
    page = {"offset": 0, "limit": len(shown), "total": len(shown), "has_more": False}
    return json_answer(200, {"jobs": shown, "pagination": page})


async def cancel_job(call: Call) -> Reply:
    """POST api/jobs/{id}/cancel: true means only that somebody was told."""
    return json_answer(200, {"cancelled": _cancel(call, call.at["id"])})


async def cancel_jobs(call: Call) -> Reply:
    """POST api/jobs/cancel with `job_ids`."""
    asked = call.given.get("job_ids") or []
    if wrong := [each for each in asked if not is_canonical(each)]:
        return json_answer(400, {"error": "job_ids contains invalid id(s)", "invalid_ids": wrong})
    told = [_cancel(call, each) for each in asked]
    return json_answer(200, {"cancelled": any(told)})


def _cancel(call: Call, asked: str) -> bool:
    running, waiting = live(call)
    for job in waiting:
        if prompt_id(job) == asked:
            _drop(call, job)
            return True
    for job in running:
        if prompt_id(job) == asked:
            _stop(call, job)
            return True
    return False
