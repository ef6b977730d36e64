"""Building: a body that becomes something else before it is sent."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from models.spec.values import JSON

Builder: TypeAlias = Callable[[dict[str, JSON], str], JSON]  # the body and the job's id → what is sent


def comfyui_graph(body: dict[str, JSON], job_id: str) -> JSON:
    """A workflow in API format whose files are this job's alone.

    Equal graphs share one file, and a number that was freed is given again: only a prefix of its own keeps a job's
    file its own.  What was bound to node inputs stands in the body already.
    """
    return {name: _own_file(node, job_id) for name, node in body.items()}


def _own_file(node: JSON, job_id: str) -> JSON:
    inputs = node.get("inputs") if isinstance(node, dict) else None
    prefix = inputs.get("filename_prefix") if isinstance(inputs, dict) else None
    if not isinstance(node, dict) or not isinstance(inputs, dict) or not isinstance(prefix, str):
        return node
    return {**node, "inputs": {**inputs, "filename_prefix": f"{prefix}-{job_id}"}}


BUILDERS: Final[Mapping[str, Builder]] = {"comfyui-graph": comfyui_graph}
