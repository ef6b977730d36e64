"""TOML → Spec, strictly, with all that is wrong in a file at once.

TOML text → tables, where everything that keeps a text from being read is the same kind of error.

A workflow beside a spec: a graph of nodes in ComfyUI's API format, which becomes the constants of the body.
"""

from __future__ import annotations

import tomllib
import types
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from models.payload import path_names
from models.spec.conditions import Condition, read_condition
from models.spec.expressions import Expression, read_expression
from models.spec.fields import KINDS, Field
from models.spec.references import check_references
from models.spec.schema import Problem, Spec
from models.spec.suggest import did_you_mean
from models.spec.values import JSON


class NotTomlError(tomllib.TOMLDecodeError):
    """What tomllib itself does not call an error of the text; the message is a clause."""

    def __init__(self, why: str) -> None:
        ValueError.__init__(self, why)


def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text, which may begin with a byte order mark. Raises `tomllib.TOMLDecodeError`."""
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError as error:
        raise NotTomlError("it is nested too deeply") from error
    except ValueError as error:  # Python reads no number of more than 4,300 digits
        raise NotTomlError("a number in it is too long") from error


FOLDER = "workflows"

_EXPORT = 'export it again with "Export (API)" in the menu of ComfyUI'


def place_of(spec_file: Path, name: str) -> Path | None:
    """Where the workflow of that name lies: beside the spec or in its folder `workflows`, else None."""
    context = PurePosixPath(name).parts
    inside = len(context) == 1 or (len(context) == 2 and context[0] == FOLDER)
    return spec_file.parent.joinpath(*context) if inside and name.endswith(".json") else None


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
        if field.mapping is None and any(field.name in derive.source for derive in spec.derive):
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


_FAILED = object()

_WORDS: dict[object, str] = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    date: "a date such as 2026-11-22",
    Decimal: 'an amount as text, such as "0.28"',
    int | float: "a number",
    tuple[str, ...]: 'a list of texts, such as ["a", "b"]',
}


def read_spec(path: Path) -> Spec | tuple[Problem, ...]:
    """The spec of one file, or every problem that keeps it from being read."""
    try:
        raw = parse_toml(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        return (Problem(str(path), "", "", f"this is not valid TOML: {error}"),)
    except UnicodeDecodeError:
        return (Problem(str(path), "", "", "this is not UTF-8 text"),)
    except OSError as error:
        return (Problem(str(path), "", "", f"cannot be read: {error.strerror or error}"),)
    return build_spec(raw, key=path.stem, file=str(path))


def build_spec(raw: dict[str, Any], *, key: str, file: str) -> Spec | tuple[Problem, ...]:
    """The same for a table that is already parsed."""
    reader = _Reader(file)
    spec = reader.table(raw, Spec, "", key=key, file=file)
    if isinstance(spec, Spec) and spec.workflow:
        spec = reader.graph(spec)
    if isinstance(spec, Spec):
        reader.problems += check_references(spec)
    return tuple(reader.problems) or spec


class _Reader:
    """Walks the tables of one file along the structs they must become, noting every problem on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def table(self, raw: object, cls: type[msgspec.Struct], place: str, **given: str) -> Any:
        """A table as its struct; a value that is not a table may be short for one of its keys.

        Optional keys that are wrong are left out, so that the rest is still looked through.
        """
        if not isinstance(raw, dict):
            shorthand = getattr(cls, "shorthand", None)
            if shorthand is None:
                return self.problem(place, "", f"expected a table, found {_found(raw)}")
            raw = {shorthand: raw}
        keys = _keys(cls)
        for key in raw:
            if key not in keys and not (key == "type" and issubclass(cls, Field)):
                self.problem(place, key, f"is not a known key{did_you_mean(key, keys)}")
        read: dict[str, Any] = dict(given)
        for key, info in keys.items():
            if key in raw:
                value = self.value(raw[key], info.type, place, key)
                if value is not _FAILED or info.required:
                    read[info.name] = value
            elif info.required:
                self.problem(place, key, f"is missing; expected {_expected(info.type)}")
                read[info.name] = _FAILED
        return _FAILED if any(each is _FAILED for each in read.values()) else cls(**read)

    def field(self, raw: object, place: str) -> Any:
        """A field as the struct of its `type`."""
        if not isinstance(raw, dict):
            return self.problem(place, "", f"expected a table with name and type, found {_found(raw)}")
        kind = raw.get("type")
        if kind is None:
            return self.problem(place, "type", f"is missing; expected one of {', '.join(KINDS)}")
        if not isinstance(kind, str) or kind not in KINDS:
            return self.problem(
                place, "type", f"{kind!r} is not a type of field{did_you_mean(str(kind), KINDS)}"
            )
        return self.table(raw, KINDS[kind], place)

    def value(self, raw: object, hint: Any, place: str, key: str) -> Any:
        """One value as its type, `hint`."""
        hint = _without_none(hint)
        here = f"{place}.{key}" if place else key
        match get_origin(hint), get_args(hint):
            case (origin, (item, end)) if origin is tuple and end is ... and _is_ours(item):
                return self.items(raw, item, place, key)
            case (origin, (_, item)) if origin is dict and _is_ours(item):
                return self.entries(raw, item, place, key)
        if hint is Field:
            return self.field(raw, here)
        if isinstance(hint, type) and issubclass(hint, Condition | Expression):
            return self.parsed(raw, hint, place, key)
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return self.table(raw, hint, here)
        return self.plain(raw, hint, place, key)

    def items(self, raw: object, item: Any, place: str, key: str) -> Any:
        if not isinstance(raw, list):
            return self.problem(place, key, f"expected a list, found {_found(raw)}")
        read = tuple(self.value(each, item, place, f"{key}[{index}]") for index, each in enumerate(raw))
        return _FAILED if any(each is _FAILED for each in read) else read

    def entries(self, raw: object, item: Any, place: str, key: str) -> Any:
        if not isinstance(raw, dict):
            return self.problem(place, key, f"expected a table, found {_found(raw)}")
        here = f"{place}.{key}" if place else key
        read = {name: self.value(each, item, here, name) for name, each in raw.items()}
        return _FAILED if any(each is _FAILED for each in read.values()) else read

    def parsed(self, raw: object, hint: type, place: str, key: str) -> Any:
        try:
            return read_condition(raw) if hint is Condition else read_expression(raw)
        except ValueError as error:
            return self.problem(place, key, str(error))

    def plain(self, raw: object, hint: Any, place: str, key: str) -> Any:
        if get_origin(hint) is Literal and raw not in get_args(hint):
            choices = get_args(hint)
            return self.problem(
                place, key, f"{raw!r} is not one of its values{did_you_mean(str(raw), choices)}"
            )
        try:
            if hint is Decimal and not isinstance(raw, str):
                raise InvalidOperation
            value = msgspec.convert(raw, hint)
            if isinstance(value, Decimal) and not value.is_finite():
                raise InvalidOperation
            return value
        except (msgspec.ValidationError, InvalidOperation):
            return self.problem(place, key, f"expected {_expected(hint)}, found {_found(raw)}")

    def graph(self, spec: Spec) -> Any:
        """The same spec with its workflow read, whose inputs its fields must name."""
        read = with_workflow(spec)
        if isinstance(read, Problem):
            return self.problem(read.place, read.key, read.sentence)
        self.problems += workflow_problems(read)
        return read

    def problem(self, place: str, key: str, sentence: str) -> object:
        self.problems.append(Problem(self.file, place, key, sentence))
        return _FAILED


@cache
def _keys(cls: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    fields, left_out = msgspec.structs.fields(cls), getattr(cls, "not_in_file", ())
    return {info.encode_name: info for info in fields if info.name not in left_out}


@cache
def _without_none(hint: Any) -> Any:
    if get_origin(hint) not in (Union, types.UnionType) or type(None) not in get_args(hint):
        return hint
    return Union[tuple(arg for arg in get_args(hint) if arg is not type(None))]  # noqa: UP007


@cache
def _is_ours(hint: Any) -> bool:
    """Whether this type needs walking, because msgspec alone would stop at the first error in it."""
    return isinstance(hint, type) and issubclass(hint, msgspec.Struct)


def _expected(hint: Any) -> str:
    hint = _without_none(hint)
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, get_args(hint)))
    if hint in _WORDS:
        return _WORDS[hint]
    if get_origin(hint) is tuple:
        return "a list"
    if get_origin(hint) is dict or (isinstance(hint, type) and issubclass(hint, msgspec.Struct)):
        return "a table"
    kinds = get_args(hint)
    return " or ".join(_expected(kind) for kind in kinds) if kinds else "another kind of value"


def _found(raw: object) -> str:
    match raw:
        case bool():
            return "true or false"
        case str():
            return f"the text {raw!r}"
        case int() | float():
            return f"the number {raw}"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return f"{raw}"
