"""What a ComfyUI graph says: which nodes save something, in what order they run, how large the clip is, and what is
wrong with it. Every node counts as installed, except those whose class begins with Acme."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from msgspec import Struct

MISSING = "Acme"
SAVERS = {"SaveVideo": "mp4", "SaveWEBM": "webm", "SaveAnimatedWEBP": "webp", "VHS_VideoCombine": "mp4"}
STILLS = {"SaveImage": "png", "PreviewImage": "png"}
LOADERS = {"LoadImage": "image", "LoadVideo": "file", "LoadImageMask": "image"}
TEXTS = ("text", "prompt", "value", "positive", "string")
FRAMES = ("length", "num_frames", "frames", "video_length", "batch_size", "amount")
RATES = ("fps", "frame_rate")
INT, FLOAT = "INT", "FLOAT"
# What some nodes take, by (kind, least, most) or by their options; the figures are those of a real 0.28.1.
INPUTS: dict[str, dict[str, Any]] = {
    "EmptyImage": {"width": (INT, 1, 16384), "height": (INT, 1, 16384), "batch_size": (INT, 1, 4096)},
    "ImageAddNoise": {"seed": (INT, 0, 2**64 - 1), "strength": (FLOAT, 0, 1)},
    "CreateVideo": {"fps": (FLOAT, 1, 120)},
    "SaveVideo": {"format": ["auto", "mp4"], "codec": ["auto", "h264"]},
}

Graph = dict[str, dict[str, Any]]


class Shot(Struct, frozen=True):
    """What the graph makes: pixels, frames and frames a second, None where it does not say."""

    width: float | None
    height: float | None
    frames: float | None
    fps: float | None


def is_canonical(value: Any) -> bool:
    """Whether a value is a UUID in the one spelling that is taken: lower case, with hyphens."""
    try:
        return bool(str(UUID(value)) == value)
    except (ValueError, AttributeError, TypeError):
        return False


def inputs_of(node: dict[str, Any]) -> dict[str, Any]:
    """A node's inputs; an empty table for a node without any."""
    found = node.get("inputs")
    return found if isinstance(found, dict) else {}


def links_of(node: dict[str, Any]) -> list[tuple[str, str]]:
    """The inputs that come from other nodes, with those nodes' ids."""
    return [
        (name, str(value[0]))
        for name, value in inputs_of(node).items()
        if isinstance(value, list) and len(value) == 2 and isinstance(value[1], int)
    ]


def ancestry(graph: Graph, node_id: str) -> list[str]:
    """A node and all that it needs, in an order in which they can run."""
    order: list[str] = []

    def visit(each: str) -> None:
        if each in order or each not in graph:
            return
        for _, source in links_of(graph[each]):
            if source != each:
                visit(source)
        if each not in order:
            order.append(each)

    visit(node_id)
    return order


def output_nodes(graph: Graph) -> list[str]:
    """The ids of the nodes that save or show something."""
    return [node_id for node_id, node in graph.items() if node.get("class_type") in (SAVERS | STILLS)]


def prompt_of(body: Any) -> str:
    """The text that a submission is about: one that asks for a fault, or else the first one in the graph."""
    graph = body.get("prompt") if isinstance(body, dict) else None
    texts = [text for node in _nodes(graph) for text in _texts(node)]
    return next((text for text in texts if "[fault:" in text), texts[0] if texts else "")


def _nodes(graph: Any) -> Iterator[dict[str, Any]]:
    if isinstance(graph, dict):
        yield from (node for node in graph.values() if isinstance(node, dict))


def _texts(node: dict[str, Any]) -> list[str]:
    given = inputs_of(node)
    return [given[name] for name in TEXTS if isinstance(given.get(name), str) and given[name]]


def shot_of(graph: Graph) -> Shot:
    """The size of the first node that has one, and the first count of frames and frame rate."""
    nodes = list(_nodes(graph))
    sized = [node for node in nodes if _number(graph, node, "width") and _number(graph, node, "height")]
    width, height = (_number(graph, sized[0], name) if sized else None for name in ("width", "height"))
    counts = [
        count for node in nodes for name in FRAMES if (count := _number(graph, node, name)) and count > 1
    ]
    rates = [rate for node in nodes for name in RATES if (rate := _number(graph, node, name))]
    return Shot(width, height, counts[0] if counts else None, rates[0] if rates else None)


def _number(graph: Graph, node: dict[str, Any], name: str) -> float | None:
    """A number that stands in a node, or in the primitive node that it is linked to."""
    value = inputs_of(node).get(name)
    if isinstance(value, list) and value and str(value[0]) in graph:
        value = inputs_of(graph[str(value[0])]).get("value")
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value):
        value = float(value)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def loaded_files(graph: Graph) -> dict[str, str]:
    """The names of uploaded files by the ids of the nodes that load them."""
    found = {}
    for node_id, node in graph.items():
        name = inputs_of(node).get(LOADERS.get(str(node.get("class_type")), ""))
        if isinstance(name, str):
            found[node_id] = name.removesuffix(" [input]")
    return found


def errors_in(graph: Graph, node_id: str, *, there: bool) -> list[dict[str, Any]]:
    """What is wrong with one node; `there` says whether the file that it loads was uploaded."""
    node = graph[node_id]
    given, known = inputs_of(node), INPUTS.get(str(node.get("class_type")), {})
    errors = [error for name, rule in known.items() if (error := _wrong_value(name, rule, given))]
    lost = [source for _, source in links_of(node) if source not in graph]
    errors += [
        _error("exception_during_inner_validation", "Exception when validating inner node", f"'{each}'")
        for each in lost
    ]
    if not there:
        field = LOADERS[node["class_type"]]
        said = f"{field} - Invalid image file: {given[field]}"
        errors.append(_error("custom_validation_failed", "Custom validation failed for node", said, field))
    return errors


def _wrong_value(name: str, rule: Any, given: dict[str, Any]) -> dict[str, Any] | None:
    if name not in given:
        return _error("required_input_missing", "Required input is missing", name, name)
    value = given[name]
    if isinstance(value, list):
        return None
    if isinstance(rule, list):
        said = f"{name}: {value!r} not in {rule}"
        return None if value in rule else _error("value_not_in_list", "Value not in list", said, name)
    kind, least, most = rule
    try:
        number = float(value)
    except (TypeError, ValueError):
        said = f"{name}, {value}, invalid literal for {'int() with base 10' if kind == INT else 'float()'}: {value!r}"
        return _error("invalid_input_type", "Failed to convert an input value to a " + kind, said, name)
    if number > most:
        return _error("value_bigger_than_max", f"Value {value} bigger than max of {most}", name, name)
    if number < least:
        return _error("value_smaller_than_min", f"Value {value} smaller than min of {least}", name, name)
    return None


def _error(kind: str, message: str, details: str, name: str = "") -> dict[str, Any]:
    return {
        "type": kind,
        "message": message,
        "details": details,
        "extra_info": {"input_name": name} if name else {},
    }
