"""A run of a graph over time: which node is at work when, the events that tell of it, and how history records it."""

from typing import Any

from msgspec import Struct

from providers.sandbox.jobs import failure
from providers.sandbox.services.comfyui.graph import Graph, ancestry, loaded_files
from providers.sandbox.store import Job
from providers.sandbox.timeline import Moment, moment

LAST_NODE = 0.9
STEPS = 20
TICKS = (0.05, 0.3, 0.6, 0.9, 1.0)
SAMPLER_SHARE = 0.7


class Event(Struct, frozen=True):
    """Something that a websocket is told at `at` (Unix seconds)."""

    at: float
    type: str
    data: dict[str, Any]


class Step(Struct, frozen=True):
    """A node at work between two shares (0-1) of the run."""

    node: str
    begins: float
    ends: float
    samples: bool


def graph_of(job: Job) -> Graph:
    """The graph that the job runs."""
    graph: Graph = job.facts.input["graph"]
    return graph


def prompt_id(job: Job) -> str:
    """The id that its client knows it by: repeated submissions share one."""
    return str(job.facts.notes["prompt_id"])


def steps_of(job: Job) -> list[Step]:
    """The nodes in the order in which they run; the sampler takes most of the time."""
    if job.facts.notes["cached"]:
        return []
    graph = graph_of(job)
    order = list(dict.fromkeys(each for out in job.facts.notes["outputs"] for each in ancestry(graph, out)))
    sampler = next((each for each in order if _samples(graph[each])), order[len(order) // 2])
    shares = [
        SAMPLER_SHARE if each == sampler else (1 - SAMPLER_SHARE) / max(1, len(order) - 1) for each in order
    ]
    whole, begun, steps = sum(shares), 0.0, []
    for each, share in zip(order, shares, strict=True):
        steps.append(Step(each, begun, begun + share / whole, each == sampler))
        begun += share / whole
    return steps


def _samples(node: dict[str, Any]) -> bool:
    kind = str(node.get("class_type"))
    return "Sampler" in kind or kind == "ColorTransfer"


def node_at(job: Job, fraction: float) -> str:
    """The node that is at work at a share of the run."""
    steps = steps_of(job)
    return next((step.node for step in steps if fraction < step.ends), steps[-1].node if steps else "")


def ended_by(job: Job, now: Moment) -> tuple[str, dict[str, Any]]:
    """The last message of a run that is over: its kind and what it says."""
    base = {"prompt_id": prompt_id(job), "timestamp": round((now.ended_at or 0) * 1000)}
    if now.phase == "succeeded":
        return "execution_success", base
    node = _failing_node(job, now)
    done = [step.node for step in steps_of(job) if step.ends <= now.fraction]
    where = {"node_id": node, "node_type": graph_of(job)[node]["class_type"], "executed": done}
    if now.phase == "canceled":
        return "execution_interrupted", base | where
    kind, said = _exception(job)
    told = {"exception_message": f"{said}\n", "exception_type": kind, "traceback": [f"{kind}: {said}\n"]}
    rest = {"current_inputs": graph_of(job)[node].get("inputs", {}), "current_outputs": []}
    return "execution_error", base | where | told | rest


def _failing_node(job: Job, now: Moment) -> str:
    trouble = job.facts.trouble
    if trouble and trouble.field in graph_of(job):
        return trouble.field
    if trouble and (loaders := loaded_files(graph_of(job))):
        return next(iter(loaders))
    return node_at(job, now.fraction)


def _exception(job: Job) -> tuple[str, str]:
    match failure(job):
        case "input" if job.facts.trouble and "." in job.facts.trouble.kind:
            return job.facts.trouble.kind, job.facts.trouble.message
        case "input":
            return "PIL.UnidentifiedImageError", "cannot identify image file '/comfyui/input/upload.png'"
        case "moderation":
            return "Exception", "The request was rejected by the content filter"
        case _:
            return (
                "RuntimeError",
                "[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory",
            )


def messages(job: Job, now: Moment) -> list[tuple[str, dict[str, Any]]]:
    """What history keeps of a run's events."""
    started = round((now.started_at or job.created_at) * 1000)
    cached = list(graph_of(job)) if job.facts.notes["cached"] else []
    base = {"prompt_id": prompt_id(job), "timestamp": started}
    return [("execution_start", base), ("execution_cached", {"nodes": cached, **base}), ended_by(job, now)]


def events_until(job: Job, until: float) -> list[Event]:
    """All that the websocket of the job's client has been told by `until`, in order."""
    now, notes = moment(job, until), job.facts.notes
    if now.started_at is None:
        return []
    began, seconds = now.started_at, job.facts.run_seconds
    start, cached, *_ = messages(job, now)
    told = [Event(began, *start), Event(began, *cached)]
    for step in steps_of(job):
        told += [
            event for event in _of_step(job, step, began, seconds) if event.at <= (now.ended_at or until)
        ]
    if not now.over or now.ended_at is None:
        return told
    if now.phase == "succeeded":
        told += [_executed(job, node, now.ended_at) for node in notes["outputs"]]
    told.append(Event(now.ended_at, *ended_by(job, now)))
    told.append(Event(now.ended_at, "executing", {"node": None, "prompt_id": prompt_id(job)}))
    return told


def _of_step(job: Job, step: Step, began: float, seconds: float) -> list[Event]:
    begins, whole = began + step.begins * seconds, (step.ends - step.begins) * seconds
    own = {"node": step.node, "display_node": step.node, "prompt_id": prompt_id(job)}
    told = [_state(job, step, begins, 0, 1), Event(begins, "executing", own)]
    for tick in TICKS if step.samples else ():
        done = max(1, round(tick * STEPS))
        value = {"value": done, "max": STEPS, "prompt_id": prompt_id(job), "node": step.node}
        told += [
            _state(job, step, begins + tick * whole, done, STEPS),
            Event(begins + tick * whole, "progress", value),
        ]
    return [*told, _state(job, step, begins + whole, 1, 1)]


def _state(job: Job, step: Step, at: float, value: float, most: float) -> Event:
    """Every node that has begun by then, and how far it is."""
    nodes = {}
    for each in steps_of(job):
        if each.begins > step.begins:
            break
        mine = each.node == step.node
        nodes[each.node] = {
            "value": float(value if mine else 1),
            "max": float(most if mine else 1),
            "state": "finished" if not mine or value == most else "running",
            "node_id": each.node,
            "prompt_id": prompt_id(job),
            "display_node_id": each.node,
            "parent_node_id": None,
            "real_node_id": each.node,
        }
    return Event(at, "progress_state", {"prompt_id": prompt_id(job), "nodes": nodes})


def _executed(job: Job, node: str, at: float) -> Event:
    told = {
        "node": node,
        "display_node": node,
        "output": job.facts.notes["files"][node],
        "prompt_id": prompt_id(job),
    }
    return Event(at, "executed", told)
