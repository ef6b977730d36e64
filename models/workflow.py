"""A workflow beside a spec: a graph of nodes in ComfyUI's API format, which becomes the constants of the body."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import msgspec

from models.body import path_names
from models.nearest import did_you_mean
from models.spec import Problem, Spec
from models.values import JSON

FOLDER = "workflows"

_EXPORT = 'export it again with "Export (API)" in the menu of ComfyUI'


def place_of(spec_file: Path, name: str) -> Path | None:
    """Where the workflow of that name lies: beside the spec or in its folder `workflows`, else None."""
    parts = PurePosixPath(name).parts
    inside = len(parts) == 1 or (len(parts) == 2 and parts[0] == FOLDER)
    return spec_file.parent.joinpath(*parts) if inside and name.endswith(".json") else None


def workflow_files(folder: Path) -> Iterator[Path]:
    """Every file of a folder of specs that can be a workflow."""
    yield from sorted(folder.glob("*.json"))
    yield from sorted((folder / FOLDER).glob("*.json"))


def with_workflow(spec: Spec) -> Spec | Problem:
    """The spec with the nodes of its workflow as the constants of its body."""
    path = place_of(Path(spec.file), spec.workflow)
    if path is None:
        told = f'{spec.workflow!r} is not beside the spec; expected a name such as "{FOLDER}/{spec.key}.json"'
        return Problem(spec.file, "", "workflow", told)
    nodes = read_workflow(path)
    if isinstance(nodes, str):
        return Problem(spec.file, "", "workflow", f"{spec.workflow} {nodes}")
    if spec.request:
        return Problem(
            spec.file, "", "request", "is here beside workflow: put these values into the workflow"
        )
    return msgspec.structs.replace(spec, request=nodes)


def read_workflow(path: Path) -> dict[str, JSON] | str:
    """The nodes by id, or what is wrong with the file, as the rest of a sentence that begins with its name."""
    try:
        document: JSON = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except (msgspec.DecodeError, RecursionError) as error:
        return f"is not valid JSON: {error}"
    if not isinstance(document, dict) or not document:
        return f"is not a workflow in API format: {_EXPORT}"
    if isinstance(document.get("nodes"), list) and isinstance(document.get("links"), list):
        return f"is a workflow as the editor saves it, not in API format: {_EXPORT}"
    for name, node in document.items():
        if not _is_node(node):
            return f"has no class_type and inputs at {name!r}, so it is not in API format: {_EXPORT}"
    return document


def _is_node(node: JSON) -> bool:
    return (
        isinstance(node, dict)
        and isinstance(node.get("class_type"), str)
        and isinstance(node.get("inputs"), dict)
    )


def workflow_problems(spec: Spec) -> Iterator[Problem]:
    """Fields and derived values that go anywhere but to an input that a node of the workflow has."""
    known = list(_inputs(spec.request))
    for index, field in enumerate(spec.fields):
        if field.wire is None and any(field.name in derive.source for derive in spec.derive):
            continue
        yield from _unknown(spec, spec.wire_of(field).at, known, f"fields[{index}]", "wire")
    for index, derive in enumerate(spec.derive):
        yield from _unknown(spec, derive.at, known, f"derive[{index}]", "at")


def _inputs(nodes: dict[str, JSON]) -> Iterator[str]:
    """Every input as a wire names it."""
    for name, node in nodes.items():
        inputs = node.get("inputs") if isinstance(node, dict) else None
        for each in inputs if isinstance(inputs, dict) else ():
            yield ".".join(f'"{part}"' if "." in part else part for part in (name, "inputs", each))


def _unknown(spec: Spec, at: str, known: list[str], place: str, key: str) -> Iterator[Problem]:
    if path_names(at) not in map(path_names, known):
        told = f"{at} is not an input of a node of {spec.workflow}{did_you_mean(at, known)}"
        yield Problem(spec.file, place, key, told)
