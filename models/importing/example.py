"""Small valid examples of a document: what it requires, and a prompt."""

from __future__ import annotations

from collections.abc import Sequence

from models.check import check
from models.importing import kinds
from models.importing.fits import misfit
from models.importing.in_mode import surely_holds
from models.importing.intake import Intake, taken_members
from models.importing.piece import Table
from models.importing.shape import Member, Shape
from models.payload import finish, map_body
from models.spec import Spec
from models.values import JSON, Values, is_absent

_PROMPT = "A paper boat drifts down a rainy street at dusk"
_FILES = {"image": "https://example.com/image.png", "video": "https://example.com/clip.mp4",
          "audio": "https://example.com/sound.mp3", "file": "https://example.com/file.bin"}  # fmt: skip
_DEPTH = 6
# Nothing longer is made, whatever a document asks for.
_LONGEST = 10_000
_MOST = 100


def spec_examples(spec: Spec, members: Sequence[Member], intakes: dict[str, Intake]) -> list[Table]:
    """Inputs and body for each mode of the spec, as far as the smallest input passes there."""
    given = taken_members(intakes, example_input(members))
    examples: list[Table] = []
    for mode in spec.modes:
        inputs: Values = {"mode": mode, **given, **_files_for(spec, mode, given)}
        checked = check(spec, inputs, {})
        if not checked.errors:
            examples.append({"inputs": inputs, "body": finish(map_body(spec, checked.values), {})})
    return examples


def _files_for(spec: Spec, mode: str, given: Values) -> Values:
    """What the rules of a mode ask for besides."""
    needed = [name for rule in spec.rules if surely_holds(rule.when, mode) for name in rule.require]
    files: Values = {}
    for name in needed:
        kind = spec.form.by_name[name].kind
        address = _FILES.get(kind.removesuffix("s"), _FILES["file"])
        if name not in given:
            files[name] = [address] if kind.endswith("s") else address
    return files


def example_input(members: Sequence[Member]) -> dict[str, JSON]:
    """In the document's own terms."""
    chosen: dict[str, JSON] = {}
    for member in members:
        name, shape = member.name, member.shape
        if kinds.is_prompt(name) or (member.required and not shape.has_default):
            chosen[name] = sample(name, shape)
    return chosen


def sample(name: str, shape: Shape, depth: int = 0) -> JSON:
    """One value that the shape takes."""
    if shape.default is not None:
        return shape.default
    if shape.enum:
        return shape.enum[0]
    kind = kinds.file_kind(name, shape)
    if kind:
        return _FILES[kind]
    match shape.type:
        case "string":
            return _text(name, shape)
        case "integer" | "number":
            return _number(shape)
        case "boolean":
            return True
        case "union":
            return sample(name, shape.variants[0], depth + 1)
    given = next(
        (each for each in shape.examples if not is_absent(each) and misfit(shape, each) is None), None
    )
    if shape.type == "array" and depth < _DEPTH:
        if given is not None and (shape.items is None or shape.items.type in ("any", "array")):
            return given
        items = shape.items or Shape()
        return [sample(name, items, depth + 1)] * min(max(1, shape.min_items or 1), _MOST)
    if shape.members and depth < _DEPTH:
        needed = [member for member in shape.members if member.required] or shape.members[:1]
        return {member.name: sample(_called(name, member.name), member.shape, depth + 1) for member in needed}
    return given if given is not None else {"example": True}


def _called(outer: str, inner: str) -> str:
    """The `url` of an image is an image."""
    return f"{outer}_{inner}" if inner == "url" else inner


def _text(name: str, shape: Shape) -> str:
    text = _PROMPT if kinds.is_long_text(name, shape) else "example"
    while len(text) < min(shape.min_length or 0, _LONGEST):
        text += f", {text}"
    return text[: shape.max_length] if shape.max_length else text


def _number(shape: Shape) -> int | float:
    """The smallest that is allowed from 1 on, or the largest below."""
    wanted = 1 if shape.type == "integer" else 1.0
    low, high = shape.low, shape.high
    start = low if low is not None and (low > wanted or shape.step) else wanted
    if shape.step:
        steps = -(-(start - shape.step_from) // shape.step)
        start = shape.step_from + steps * shape.step
    if shape.above and start == low:
        start += shape.step or 1
    if high is not None and (start > high or (shape.below and start == high)):
        start = (
            (low + high) / 2
            if low is not None and shape.type == "number"
            else high - (1 if shape.below else 0)
        )
    return int(start) if shape.type == "integer" else start
