"""A ComfyUI server of version 0.28.1: graphs in, files out, no key, and the peculiarities of the real one."""

from urllib.parse import urlsplit

from providers.sandbox.server.asgi import Answer, Reply, Request, json_answer
from providers.sandbox.service import Call, Function, Route, Wire, by_path, route
from providers.sandbox.services.comfyui import files as comfyui_files
from providers.sandbox.services.comfyui import queue as comfyui_jobs
from providers.sandbox.services.comfyui import socket as comfyui_socket
from providers.sandbox.services.comfyui.graph import MISSING, output_nodes, prompt_of
from providers.sandbox.services.comfyui.submit import any_json, refusal, submit
from providers.sandbox.store import Job

VERSION = "0.28.1"


def denied(request: Request) -> Answer | None:
    """No key, but no page of another site either."""
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    elsewhere = origin is not None and urlsplit(origin).netloc != host
    return Answer(403) if elsewhere or request.headers.get("sec-fetch-site") == "cross-site" else None


def find(call: Call) -> Job | None:
    """The run that a path, a body or a file's name speaks of."""
    asked = call.given.get("prompt_id")
    named = call.sandbox.store.job(call.provider, asked) if isinstance(asked, str) else None
    return by_path(call) or named or comfyui_files.saved_by(call)


async def system_stats(_call: Call) -> Reply:
    """GET system_stats: among other things, which version this is."""
    system = {
        "os": "linux",
        "ram_total": 2**34,
        "ram_free": 2**33,
        "comfyui_version": VERSION,
        "pytorch_version": "2",
    }
    return json_answer(200, {"system": system, "devices": [{"name": "cpu", "type": "cpu", "index": None}]})


async def features(_call: Call) -> Reply:
    """GET features."""
    return json_answer(200, comfyui_socket.FEATURES)


async def models(_call: Call) -> Reply:
    """GET models: the folders that there are."""
    return json_answer(200, ["checkpoints", "diffusion_models", "loras", "text_encoders", "vae"])


async def object_info(call: Call) -> Reply:
    """GET object_info/{class}: empty for a node that is not installed."""
    kind = call.at["kind"]
    saves = bool(output_nodes({"1": {"class_type": kind}}))
    info = {"input": {"required": {}}, "output": [], "name": kind, "output_node": saves}
    return json_answer(200, {} if kind.startswith(MISSING) else {kind: info})


async def free(_call: Call) -> Reply:
    """POST free."""
    return Answer(200)


def _everywhere(*routes: tuple[str, str, Function, str]) -> tuple[Route, ...]:
    """Each route as it is, and once more below /api."""
    starts = ("", "/api")
    return tuple(
        route(method, start + path, answer, kind, read=any_json)
        for start in starts
        for method, path, answer, kind in routes
    )


WIRE = Wire(
    name="comfyui",
    stands_for="a ComfyUI server, such as http://127.0.0.1:8188",
    denied=denied,
    refusal=refusal,
    find=find,
    prompt=prompt_of,
    socket=comfyui_socket.serve,
    routes=(
        *_everywhere(
            ("POST", "/prompt", submit, "submit"),
            ("GET", "/prompt", comfyui_jobs.queue_length, "other"),
            ("GET", "/queue", comfyui_jobs.queue, "other"),
            ("POST", "/queue", comfyui_jobs.change_queue, "cancel"),
            ("POST", "/interrupt", comfyui_jobs.interrupt, "cancel"),
            ("GET", "/history", comfyui_jobs.all_history, "other"),
            ("POST", "/history", comfyui_jobs.change_history, "other"),
            ("GET", "/history/{id}", comfyui_jobs.history, "look"),
            ("POST", "/upload/image", comfyui_files.upload, "other"),
            ("GET", "/view", comfyui_files.view, "output"),
            ("GET", "/system_stats", system_stats, "other"),
            ("GET", "/features", features, "other"),
            ("GET", "/models", models, "other"),
            ("GET", "/object_info/{kind}", object_info, "other"),
            ("POST", "/free", free, "other"),
        ),
        route("GET", "/api/jobs", comfyui_jobs.list_jobs),
        route("POST", "/api/jobs/cancel", comfyui_jobs.cancel_jobs, "cancel"),
        route("GET", "/api/jobs/{id}", comfyui_jobs.show_job, "look"),
        route("POST", "/api/jobs/{id}/cancel", comfyui_jobs.cancel_job, "cancel"),
    ),
)
