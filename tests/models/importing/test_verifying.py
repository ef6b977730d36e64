"""The trial of an import by random inputs finds what is wrong, and nothing else."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from models.importing.draft import Drafted
from models.importing.samples import Samples, forbidden
from models.importing.verify import Trial, standard_schema, verify_text
from models.spec.loader import build_spec
from models.spec.schema import Spec
from tests.models.importing.documents import PROMPT, TODAY, document, drafted, fal, replicate, trial
from tests.models.importing.test_defects import varied

STEPS = {"type": "integer", "minimum": 1, "maximum": 50, "default": 30}


def test_a_document_with_something_of_everything_is_imported_without_fault() -> None:
    verdict = trial(varied(), inputs=300)
    assert verdict.told == ()
    assert (verdict.tried, verdict.valid, verdict.forbidden, verdict.refused) == (300, 300, 300, 300)


@pytest.mark.parametrize(
    ("schema", "schemas"),
    [
        ({"type": "number", "minimum": 0, "exclusiveMaximum": 1}, {}),
        ({"type": "integer", "minimum": 5, "maximum": 101, "multipleOf": 8}, {}),
        ({"type": "string", "nullable": True, "enum": ["a", "b"]}, {}),
        (
            {
                "type": "array",
                "items": {"type": "string", "enum": ["a", "b", "c"]},
                "uniqueItems": True,
                "minItems": 2,
            },
            {},
        ),
        (
            {
                "anyOf": [{"type": "integer", "maximum": 9}, {"type": "string", "enum": ["auto"]}],
                "default": "auto",
            },
            {},
        ),
        ({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}, {}),
        ({"anyOf": [{"type": "boolean"}, {"type": "number"}]}, {}),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "integer", "default": 1}, "b": {"type": "string"}},
                "required": ["b"],
            },
            {},
        ),
        ({"type": "array", "items": {"type": "array", "items": {"type": "number"}}}, {}),
        ({"$ref": "#/components/schemas/Any"}, {"Any": {"description": "anything"}}),
        ({"$ref": "#/components/schemas/Loop"}, {"Loop": {"$ref": "#/components/schemas/Loop"}}),
        (
            {"$ref": "#/components/schemas/One"},
            {
                "One": {"allOf": [{"$ref": "#/components/schemas/Two"}]},
                "Two": {"anyOf": [{"$ref": "#/components/schemas/One"}, {"type": "string"}]},
            },
        ),
        pytest.param(
            {"$ref": "#/components/schemas/Tree"},
            {"Tree": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}},
            marks=pytest.mark.slow,
        ),
        ({"type": "string", "pattern": "([a-z"}, {}),
        ({"type": "string", "format": "binary"}, {}),
        ({"type": "str"}, {}),
        ({"type": "float", "minimum": 0, "maximum": 1}, {}),
        ({"enum": [5, "10", "auto", True]}, {}),
        ({"enum": [5, "5", "auto"]}, {}),
        ({"type": "integer", "multipleOf": 0.5, "minimum": 0, "maximum": 9}, {}),
    ],
)
@pytest.mark.parametrize("required", [True, False], ids=["required", "optional"])
def test_an_odd_schema_is_imported_without_fault(schema: Any, schemas: Any, required: bool) -> None:
    raw = fal({"prompt": PROMPT, "thing": schema}, ["prompt", *(["thing"] if required else [])], **schemas)
    verdict = trial(raw, inputs=80)
    assert (verdict.imported, verdict.valid) == (True, verdict.tried)
    assert verdict.tried == 80


def test_definitions_inside_a_bare_input_schema_are_read_as_standard_ones_too() -> None:
    size = {"type": "object", "properties": {"note": {"type": "string", "nullable": True}}}
    raw = {
        "modelId": "acme/dream",
        "inputSchema": {"properties": {"size": {"$ref": "#/$defs/Size"}}, "$defs": {"Size": size}},
    }
    schema = standard_schema(document(raw, "replicate"))
    assert Draft202012Validator(schema).is_valid({"size": {"note": None}})


def spoiled(found: Drafted, change: dict[str, Any]) -> Trial:
    """The trial of a spec whose field `steps` says something else than the document."""
    fields = [{**each, **change} if each["name"] == "steps" else each for each in found.table["fields"]]
    spec = build_spec({**found.table, "fields": fields}, key="x", file="x.toml")
    assert isinstance(spec, Spec)
    spoiled = Trial(found, spec, seed=3)
    spoiled.run(100)
    return spoiled


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"max": 40}, "refused although the document allows it (steps: Steps must be 1 to 40.)"),
        ({"wire": "stepz"}, ""),
        ({"max": 60}, "taken although the document forbids it (steps: too large)"),
        (
            {"min": 0, "default": 0},
            "made a request that the document forbids ($.steps: 0 is less than the minimum of 1)",
        ),
        (
            {"type": "text", "min": None},
            "refused although the document allows it (steps: Steps must be text.)",
        ),
    ],
)
def test_a_wrong_field_is_found(change: dict[str, Any], told: str) -> None:
    found = drafted(fal({"prompt": PROMPT, "steps": STEPS}, ["prompt"]))
    if change.get("type") == "text":
        change = {"type": "text", "min": None, "max": None, "default": None}
        found.table["fields"][1] = {"name": "steps", "type": "text"}
        change = {}
    result = spoiled(found, change)
    if told:
        assert told in result.told
    else:
        assert result.told == []


def test_a_forgotten_requirement_is_found() -> None:
    found = drafted(fal({"prompt": PROMPT, "tag": {"type": "string"}}, ["prompt", "tag"]))
    fields = [{key: each[key] for key in each if key != "required"} for each in found.table["fields"]]
    spec = build_spec({**found.table, "fields": fields}, key="x", file="x.toml")
    assert isinstance(spec, Spec)
    result = Trial(found, spec, seed=1)
    result.run(50)
    assert result.refused < result.forbidden
    assert "taken although the document forbids it (the whole: lacks tag)" in result.told


def test_drawn_inputs_are_allowed_and_broken_ones_are_not() -> None:
    schema = standard_schema(document(varied()))
    validator, samples = Draft202012Validator(schema), Samples(schema, seed=5)
    drawn = [samples.allowed() for _ in range(200)]
    assert all(validator.is_valid(each) for each in drawn)
    assert {name for each in drawn for name in each} == set(
        varied()["openapi"]["components"]["schemas"]["DreamInput"]["properties"]
    )
    wrongs = {
        wrong for each in drawn for wrong, bad in forbidden(samples, each) if not validator.is_valid(bad)
    }
    assert wrongs >= {
        "the whole: lacks prompt",
        "prompt: too long",
        "duration: not in its enum",
        "shots: too many",
        "shots.0: lacks prompt",
        "camera.zoom: too large",
        "cfg: at an excluded end",
        "size.width: too small",
    }


def test_the_judge_reads_the_document_and_not_the_import() -> None:
    schema = standard_schema(
        document(
            replicate(
                {
                    "a": {"type": "string", "nullable": True},
                    "b": {"type": "number", "minimum": 0, "exclusiveMinimum": True},
                    "c": {"$ref": "#/components/schemas/Gone"},
                    "required": {"type": "array", "items": [{"type": "string"}], "required": True},
                }
            ),
            "replicate",
        )
    )
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"a": None, "b": 1, "c": [], "required": []})
    assert not validator.is_valid({"b": 0, "required": []})
    assert not validator.is_valid({"a": None})


def test_what_is_no_document_counts_as_not_imported() -> None:
    (verdict,) = verify_text("{", "fal", "broken", inputs=5, today=TODAY)
    assert (verdict.imported, verdict.tried) == (False, 0)
    assert verdict.told[0].startswith("This is not JSON")
