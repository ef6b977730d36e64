"""How a submission becomes a job, the same for every wire."""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from providers.sandbox.faults import goes_with_job, marks_in
from providers.sandbox.inputs import SCHEME, unusable_image
from providers.sandbox.service import Call, Sandbox
from providers.sandbox.store import Facts, Job, Trouble
from providers.sandbox.timeline import Moment, ending, moment, plan_seconds
from providers.sandbox.video.geometry import default_for
from providers.sandbox.webhook_sender import account_of

CLIP_AFTER = 0.2
UPLOADED = re.compile(r"(?:/files/|^runway://|^mm_file://|^oss://.*/(?=[0-9a-f]{32}/))([\w-]+)(?:/[^/]*)?$")


class Order(Struct, frozen=True):
    """A submission as its wire understood it; `events` and `stop_after` (seconds) as the caller asked.

    `prompt` stands in for the one of the request, `seconds` (in the queue, at work) for the usual plan; `notes` is
    what else the wire wants to find in the job again.
    """

    id: str
    endpoint: str
    input: Any
    trouble: Trouble | None = None
    webhook: str | None = None
    events: tuple[str, ...] = ("completed",)
    stop_after: float | None = None
    prompt: str | None = None
    seconds: tuple[float, float] | None = None
    notes: dict[str, Any] = {}


def accept(call: Call, order: Order) -> Job:
    """Records the order as a job; from here on it counts as a submission."""
    sandbox, prompt = call.sandbox, call.prompt if order.prompt is None else order.prompt
    body = sandbox.inputs.settle(order.input, lambda address: own_file(sandbox, address))
    queue_seconds, run_seconds = order.seconds or plan_seconds(order.id, sandbox.speed)
    faults = job_faults(prompt, call.fault)
    asked = (
        Trouble("prompt", "value_error", "The prompt could not be used.")
        if "rejected_input" in faults
        else None
    )
    facts = Facts(
        endpoint=order.endpoint,
        input=body,
        base=call.request.base,
        queue_seconds=queue_seconds,
        run_seconds=run_seconds,
        stop_after=order.stop_after,
        faults=faults,
        trouble=order.trouble or unusable_image(body) or asked,
        webhook=order.webhook,
        events=order.events,
        notes=order.notes,
        account=account_of(sandbox.store, call.request.headers.get("authorization", "")),
    )
    job = Job(order.id, call.provider, prompt, sandbox.clock(), None, facts)
    sandbox.store.add(job)
    return job


def job_faults(prompt: str, named: str) -> tuple[str, ...]:
    """The faults that go with a job: those marked in its prompt, and the one that its request named."""
    marked = tuple(mark.fault.name for mark in marks_in(prompt) if mark.place == "job")
    return (*marked, named) if named and goes_with_job(named) else marked


def prompt_trouble(endpoint: str, body: Mapping[str, Any]) -> Trouble | None:
    """A prompt that is no text, or is missing where the model cannot do without it."""
    prompt = body.get("prompt")
    if prompt is None:
        needed = "prompt" in default_for(endpoint).needs
        return Trouble("prompt", "missing", "Field required") if needed else None
    if not isinstance(prompt, str):
        return Trouble("prompt", "string_type", "Input should be a valid string")
    return None


def own_file(sandbox: Sandbox, address: str) -> str | None:
    """The stored name of a file that was uploaded here, by any address or handle that ends in its id."""
    found = UPLOADED.search(address)
    file = sandbox.store.file(found[1]) if found else None
    return file.stored if file else None


def with_links(value: Any, root: str) -> Any:
    """A body with its stored media as addresses again."""
    if isinstance(value, dict):
        return {key: with_links(member, root) for key, member in value.items()}
    if isinstance(value, list):
        return [with_links(member, root) for member in value]
    if isinstance(value, str) and value.startswith(SCHEME):
        return f"{root}/_sandbox/inputs/{value[len(SCHEME) :]}"
    return value


def word_for(job: Job, now: Moment, words: Mapping[str, str]) -> str:
    """The service's word for where the job stands; `words` has one for each phase, and an undocumented one."""
    if now.phase == "failed" and "expired_job" in job.facts.faults:
        return words.get("expired", words["failed"])
    odd = now.phase == "running" and "unknown_state" in job.facts.faults
    return words["unknown" if odd else now.phase]


def failure(job: Job) -> str:
    """Why a failed job failed: input, moderation or fail."""
    if job.facts.trouble:
        return "input"
    return "moderation" if "moderation" in job.facts.faults else "fail"


def reason(job: Job, reasons: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """The service's code and sentence for why a job failed; what is wrong with an input is told in its own words."""
    code, said = reasons[failure(job)]
    return code, job.facts.trouble.message if job.facts.trouble else said


def discard(sandbox: Sandbox, job: Job) -> None:
    """Deletes a job for its owner: it stops, is not found any more, and no webhook tells of it."""
    now = sandbox.clock()
    sandbox.store.cancel(job.id, now)
    sandbox.store.told(job.id, now)
    sandbox.store.hide(job.id)


def look(sandbox: Sandbox, job: Job) -> Moment:
    """Where the job stands now; a look at a running one starts its clip, so that it is there in time."""
    now = moment(job, sandbox.clock())
    if now.phase == "running" and now.fraction > CLIP_AFTER and ending(job)[1] == "succeeded":
        sandbox.clips.start(job)
    return now
