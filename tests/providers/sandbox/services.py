"""How each wire of the sandbox is spoken: one row a wire."""

from tests.providers.sandbox.graphs import text_graph
from tests.providers.sandbox.services_east import KLING, MINIMAX, MINIMAX_V1, PIXVERSE, SEEDANCE, VIDU, WAN
from tests.providers.sandbox.services_west import LUMA, OPENAI, RUNWAY, VEO, XAI
from tests.providers.sandbox.spoken import Spoken, at

__all__ = [
    "COMFYUI",
    "KLING",
    "LUMA",
    "MINIMAX",
    "MINIMAX_V1",
    "OPENAI",
    "PIXVERSE",
    "RUNWAY",
    "SEEDANCE",
    "VEO",
    "VIDU",
    "WAN",
    "WIRES",
    "XAI",
    "Spoken",
    "at",
]

COMFYUI = Spoken(
    name="comfyui",
    submit="/prompt",
    body=lambda prompt: {"prompt": text_graph(prompt)},
    id="prompt_id",
    look="/api/jobs/{id}",
    state="status",
    words=("pending", "in_progress", "completed", "failed", "rehearsing"),
    output="outputs.9.images.0.filename",
    third=("/view?filename={value}&subfolder=video&type=output", ""),
    refusals={
        "refuse": (400, "error.type", "no_prompt"),
        "unreadable": (500, "", "500 Internal Server Error"),
        "not_found": (400, "error.type", "missing_node_type"),
        "invalid_input": (400, "error.type", "prompt_outputs_failed_validation"),
        "rate_limit": (429, "", "Too Many Requests"),
        "error_before": (500, "", "500 Internal Server Error"),
    },
    reasons={
        "moderation": ("execution_error.exception_message", "The request was rejected"),
        "fail": ("execution_error.exception_type", "RuntimeError"),
    },
    cancel=("POST", "/api/jobs/{id}/cancel"),
    missing=(404, "error", "Job not found"),
)

WIRES = {
    "luma": LUMA,
    "runway": RUNWAY,
    "openai": OPENAI,
    "xai": XAI,
    "veo": VEO,
    "seedance": SEEDANCE,
    "wan": WAN,
    "minimax": MINIMAX,
    "minimax-v1": MINIMAX_V1,
    "kling": KLING,
    "pixverse": PIXVERSE,
    "vidu": VIDU,
    "comfyui": COMFYUI,
}
