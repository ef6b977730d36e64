"""How a ComfyUI server takes a graph: what it refuses, what it takes in part, and which runs share their files."""

import hashlib
import time
from typing import Any
from uuid import uuid4

import msgspec

from providers.sandbox.inputs import SCHEME
from providers.sandbox.jobs import Order, accept, look
from providers.sandbox.server.asgi import Answer, Reply, Request, json_answer, text_answer
from providers.sandbox.service import Call, Sandbox, row
from providers.sandbox.services.comfyui.files import CRASH, plan_outputs, uploaded
from providers.sandbox.services.comfyui.graph import (
    MISSING,
    Graph,
    ancestry,
    errors_in,
    is_canonical,
    loaded_files,
    output_nodes,
    shot_of,
)
from providers.sandbox.store import Job, Trouble
from providers.sandbox.timeline import ends_at, plan_seconds

CACHED_SECONDS = 0.01
FAILED = "prompt_outputs_failed_validation"
REFUSALS: dict[str, tuple[int, Any]] = {
    "refuse": (400, ("no_prompt", "No prompt provided", "No prompt provided")),
    "bad_key": (401, "Unauthorized"),
    "no_credit": (402, "Payment required"),
    "not_found": (
        400,
        ("missing_node_type", "Node 'sampler' not found. The custom node may not be installed.", ""),
    ),
    "invalid_input": (400, (FAILED, "Prompt outputs failed validation", "")),
    "rate_limit": (429, "Too Many Requests"),
    "unreadable": (500, CRASH),
    "error": (500, CRASH),
}
ID_HINT = (
    "prompt_id must be a UUID string in canonical lowercase hyphenated form; "
    "omit it to let the server generate one"
)


def refusal(name: str) -> Answer:
    """An error with no node errors, or the plain text of a server that crashed or stands behind another."""
    status, said = row(REFUSALS, name)
    return text_answer(status, said) if isinstance(said, str) else _error(*said)


def _error(
    kind: str,
    message: str,
    details: str,
    nodes: dict[str, Any] | None = None,
    info: dict[str, Any] | None = None,
) -> Answer:
    error = {"type": kind, "message": message, "details": details, "extra_info": info or {}}
    return json_answer(400, {"error": error, "node_errors": nodes or {}})


def any_json(request: Request) -> dict[str, Any] | None:
    """A JSON object; any other JSON counts as an empty one, and what is no JSON crashes the server."""
    try:
        value = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        return None
    return value if isinstance(value, dict) else {}


async def submit(call: Call) -> Reply:
    """POST prompt: 400 when no output can be made, and 200 with `node_errors` when some can."""
    given = call.given
    number = call.sandbox.store.attempt("comfyui-number", time.time())
    if refused := _unreadable(given):
        return refused
    graph = given["prompt"]
    wanted = [
        each for each in output_nodes(graph) if each in (given.get("partial_execution_targets") or [each])
    ]
    if not wanted:
        return _error("prompt_no_outputs", "Prompt has no outputs", "")
    wrong = _node_errors(call, graph, wanted)
    bad = {each for error in wrong.values() for each in error["dependent_outputs"]}
    good = [each for each in wanted if each not in bad]
    if not good:
        own = [said["details"] for each in wanted if each in wrong for said in wrong[each]["errors"]]
        return _error(FAILED, "Prompt outputs failed validation", "\n".join(own), wrong)
    notes = _accept(call, graph, good, -number if given.get("front") else number).facts.notes
    answer = {"prompt_id": notes["prompt_id"], "number": notes["number"], "node_errors": wrong}
    return json_answer(200, answer)


def _unreadable(given: dict[str, Any]) -> Answer | None:
    """What is wrong with a submission before its graph is looked into."""
    asked = given.get("prompt_id")
    if asked is not None and not is_canonical(asked):
        return _error("invalid_prompt_id", "prompt_id must be a valid UUID", ID_HINT)
    if "prompt" not in given:
        return refusal("refuse")
    graph = given["prompt"]
    if not isinstance(graph, dict) or not all(isinstance(node, dict) for node in graph.values()):
        return text_answer(500, CRASH)
    return _missing_node(graph)


def _missing_node(graph: Graph) -> Answer | None:
    for node_id, node in graph.items():
        kind = node.get("class_type")
        if isinstance(kind, str) and not kind.startswith(MISSING):
            continue
        title = (node.get("_meta") or {}).get("title", kind)
        why = "not found. The custom node may not be installed."
        if kind is None:
            why = "has no class_type. The workflow may be corrupted or a custom node is missing."
        info = {"node_id": node_id, "class_type": kind, "node_title": title}
        return _error("missing_node_type", f"Node '{title}' {why}", f"Node ID '#{node_id}'", info=info)
    return None


def _node_errors(call: Call, graph: Graph, wanted: list[str]) -> dict[str, Any]:
    loads, found = loaded_files(graph), {}
    needs = {output: ancestry(graph, output) for output in wanted}
    for node_id in dict.fromkeys(each for order in needs.values() for each in order):
        there = node_id not in loads or uploaded(call.sandbox.store, loads[node_id]) is not None
        if errors := errors_in(graph, node_id, there=there):
            blamed = [output for output, order in needs.items() if node_id in order]
            kind = graph[node_id]["class_type"]
            found[node_id] = {"errors": errors, "dependent_outputs": blamed, "class_type": kind}
    return found


def _accept(call: Call, graph: Graph, outputs: list[str], number: int) -> Job:
    store, given = call.sandbox.store, call.given
    asked = given.get("prompt_id") or str(uuid4())
    count = int(store.text(f"comfyui-runs:{asked}") or 0)
    store.put(f"comfyui-runs:{asked}", str(count + 1))
    job_id = f"{asked}/{count}" if count else asked
    earlier = _same_before(call, graph, outputs, job_id)
    extra = dict(given.get("extra_data") or {})
    if client := given.get("client_id"):
        extra["client_id"] = client
    notes = {
        "prompt_id": asked,
        "number": number,
        "extra": extra | {"create_time": round(call.sandbox.clock() * 1000)},
        "outputs": outputs,
        "cached": earlier is not None,
        "files": earlier.facts.notes["files"] if earlier else plan_outputs(store, job_id, graph, outputs),
    }
    seconds = plan_seconds(job_id, call.sandbox.speed)
    if earlier:
        seconds = (max(0.0, (ends_at(earlier) or 0) - call.sandbox.clock()) + CACHED_SECONDS, CACHED_SECONDS)
    given_to = _readable(call, graph)
    order = Order(
        job_id, "comfyui", given_to, trouble=_odd_size(graph, outputs), seconds=seconds, notes=notes
    )
    return accept(call, order)


def _same_before(call: Call, graph: Graph, outputs: list[str], job_id: str) -> Job | None:
    """The run of the same graph whose files this one will share, if it went or goes well."""
    store = call.sandbox.store
    plain = {node_id: {**node, "_meta": None} for node_id, node in graph.items()}
    name = (
        "comfyui-graph:"
        + hashlib.sha256(msgspec.json.encode([plain, outputs], order="deterministic")).hexdigest()
    )
    kept = store.text(name)
    earlier = store.job(call.provider, kept) if kept else None
    if earlier and _goes_well(call.sandbox, earlier):
        return earlier
    store.put(name, job_id)
    return None


def _goes_well(sandbox: Sandbox, job: Job) -> bool:
    phase = look(sandbox, job).phase
    end = ends_at(job)
    return phase == "succeeded" or (
        phase in ("queued", "running") and end is not None and not job.facts.trouble
    )


def _readable(call: Call, graph: Graph) -> dict[str, Any]:
    """The graph with what the clip needs to be known beside it."""
    shot = shot_of(graph)
    files = [uploaded(call.sandbox.store, name) for name in loaded_files(graph).values()]
    known = {"width": shot.width, "height": shot.height, "num_frames": shot.frames, "fps": shot.fps}
    image = next((SCHEME + file.stored for file in files if file), None)
    return {"graph": graph, "image": image, **known}


def _odd_size(graph: Graph, outputs: list[str]) -> Trouble | None:
    shot = shot_of(graph)
    if not (shot.width or 0) % 2 and not (shot.height or 0) % 2:
        return None
    return Trouble(
        outputs[0], "av.error.ExternalError", "[Errno 542398533] Generic error in an external library"
    )
