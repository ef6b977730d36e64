"""Documents are defective; an import survives that with a warning, and says nothing wrong."""

import copy
import random
from typing import Any

import pytest

from models.importing.toml_writer import write_toml
from models.spec.schema import Spec
from tests.models.importing.documents import PROMPT, drafted, fal, field, notices, replicate, trial

STYLE = {"type": "string", "enum": ["anime", "clay"], "title": "style", "description": "An enumeration."}


def test_an_order_that_is_missing_puts_required_and_usual_fields_first() -> None:
    properties = {
        "a": {"type": "string"},
        "duration": {"type": "integer"},
        "prompt": PROMPT,
        "z": {"type": "string"},
    }
    raw = replicate(properties, ["z"])
    assert [each["name"] for each in drafted(raw, "replicate").table["fields"]] == [
        "prompt",
        "z",
        "duration",
        "a",
    ]
    assert "gives no order" in notices(raw, "replicate")


def test_an_order_given_twice_is_no_order() -> None:
    raw = replicate({"a": {"type": "string", "x-order": 1}, "prompt": {**PROMPT, "x-order": 1}})
    assert [each["name"] for each in drafted(raw, "replicate").table["fields"]] == ["prompt", "a"]
    assert "same place" in notices(raw, "replicate")


def test_an_enum_inside_allof_beside_its_default_is_read() -> None:
    raw = replicate(
        {"style": {"allOf": [{"$ref": "#/components/schemas/style"}], "default": "clay"}}, style=STYLE
    )
    (found,) = drafted(raw, "replicate").table["fields"]
    assert (found["options"], found["default"]) == (["anime", "clay"], "clay")
    assert "help" not in found or "enumeration" not in found["help"]


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "string", "enum": ["129", "85"], "default": 129}, "not of its type"),
        ({"type": "string", "enum": ["a", "b"], "default": "c"}, "not in its enum"),
        ({"type": "integer", "maximum": 9, "default": 10}, "above its maximum"),
        ({"type": "integer", "default": 0.5}, "not of its type"),
        ({"type": "array", "items": {"type": "string"}, "default": [1]}, "not of its type"),
    ],
)
def test_a_default_that_the_document_itself_refuses_is_left_out(schema: Any, why: str) -> None:
    assert "default" not in field("thing", schema)
    assert why in notices(fal({"thing": schema}))


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer", "min": 1, "max": 10}, {"min": 1, "max": 10}),
        ({"type": "integer", "ge": 0, "le": 5}, {"min": 0, "max": 5}),
        ({"type": "number", "minimum": 1, "step": 0.5}, {"min": 1, "step": 0.5}),
        ({"type": "int", "minimum": 1}, {"type": "integer", "min": 1}),
        ({"minimum": 1, "default": 2}, {"type": "integer", "min": 1, "default": 2}),
    ],
)
def test_keys_that_no_standard_knows_are_read_with_a_warning(schema: Any, expected: dict[str, Any]) -> None:
    found = field("thing", schema)
    assert {key: found.get(key) for key in expected} == expected
    assert "thing:" in notices(fal({"thing": schema}))


def test_a_secret_has_no_field_and_is_named() -> None:
    raw = fal({"prompt": PROMPT, "api_key": {"type": "string", "format": "password"}}, ["prompt"])
    found = drafted(raw)
    assert [each["name"] for each in found.table["fields"]] == ["prompt"]
    assert "# left out: api_key" in write_toml(found)
    assert "is a secret" in notices(raw)


def test_a_deprecated_field_stays_and_is_named() -> None:
    raw = fal({"prompt": PROMPT, "old": {"type": "string", "deprecated": True}})
    assert len(drafted(raw).table["fields"]) == 2
    assert "old: is deprecated" in notices(raw)


def test_a_reference_to_nothing_is_free_json() -> None:
    schema = {"type": "array", "items": {"type": "array", "items": {"$ref": "#/components/schemas/Gone"}}}
    assert field("tracks", schema)["type"] == "json"
    assert "refers to #/components/schemas/Gone, which is not in the document" in notices(
        fal({"tracks": schema})
    )


def test_a_schema_inside_itself_ends() -> None:
    node = {
        "type": "object",
        "properties": {"next": {"$ref": "#/components/schemas/Node"}, "name": {"type": "string"}},
    }
    assert "is defined by itself" in notices(fal({"node": {"$ref": "#/components/schemas/Node"}}, Node=node))


def test_limits_that_contradict_each_other_are_left_out() -> None:
    schema = {"type": "integer", "minimum": 10, "maximum": 5}
    assert field("steps", schema) == {"name": "steps", "type": "integer"}
    assert "has a minimum of 10 above its maximum of 5" in notices(fal({"steps": schema}))


def test_words_that_contradict_the_schema_lose() -> None:
    schema = {"type": "integer", "minimum": 9, "maximum": 81, "description": "Must be between 9 to 100."}
    assert field("num_frames", schema)["max"] == 81
    assert "# Must be between 9 to 100." in write_toml(drafted(fal({"num_frames": schema})))


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"type": ["string", "null"]},
        {"type": "string", "nullable": True},
    ],
)
def test_required_and_null_at_once_is_asked_for(schema: Any) -> None:
    assert field("tag", schema, required=True)["required"] is True
    assert "may be null" in notices(fal({"tag": schema}, ["tag"]))


def test_a_name_that_no_wire_can_write_is_left_out_with_a_warning() -> None:
    raw = fal({"prompt": PROMPT, 'say "hi"': {"type": "string"}})
    assert [each["name"] for each in drafted(raw).table["fields"]] == ["prompt"]
    assert "cannot write" in notices(raw)


JUNK: list[Any] = [
    None, True, 0, -1, 1.5, 1e30, "", "x", "#/nowhere", [], [1], ["a", None], {}, {"a": 1}, [[]], {"anyOf": []},
    {"$ref": "#/components/schemas/DreamInput"}, {"type": "string"}, {"type": ["string", "null"]}, "é\u0000\n\"'",
]  # fmt: skip
KEYS = (
    "type", "enum", "default", "minimum", "maximum", "items", "properties", "required", "anyOf", "allOf", "$ref",
    "description", "title", "nullable", "x-order", "examples", "multipleOf", "minLength", "maxItems", "format", "x-fal",
    "exclusiveMinimum", "const", "uniqueItems", "step", "additionalProperties", "pattern", "a.b", "mode",
)  # fmt: skip


def varied() -> dict[str, Any]:
    """A document with something of everything."""
    size = {"type": "object", "properties": {"width": {"type": "integer", "minimum": 1, "default": 512}}}
    shot = {
        "type": "object",
        "properties": {"prompt": PROMPT, "seconds": {"type": "number"}},
        "required": ["prompt"],
    }
    properties = {
        "prompt": {**PROMPT, "maxLength": 500},
        "image_url": {"type": "string", "description": "URL of the first frame."},
        "duration": {
            "type": "integer",
            "enum": [5, 10],
            "default": 5,
            "description": "10 is only available for 720p.",
        },
        "resolution": {"allOf": [{"$ref": "#/components/schemas/Resolution"}], "default": "720p"},
        "size": {
            "anyOf": [{"$ref": "#/components/schemas/Size"}, {"type": "string", "enum": ["auto"]}],
            "default": "auto",
        },
        "shots": {"type": "array", "items": {"$ref": "#/components/schemas/Shot"}, "maxItems": 6},
        "camera": {
            "type": "object",
            "properties": {"zoom": {"type": "number", "minimum": -10, "maximum": 10}},
        },
        "tags": {"type": "array", "items": {"type": "string"}},
        "cfg": {"type": "number", "exclusiveMinimum": 0, "maximum": 20, "default": 7.5},
        "seed": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    }
    resolution = {"type": "string", "enum": ["720p", "1080p"]}
    return fal(properties, ["prompt"], Size=size, Shot=shot, Resolution=resolution)


def damage(raw: Any, dice: random.Random) -> None:
    """Takes something away, replaces it by junk, or adds junk, somewhere in the schemas."""
    places: list[Any] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict | list):
            places.append(value)
            for each in value.values() if isinstance(value, dict) else value:
                walk(each)

    walk(raw["openapi"]["components"]["schemas"])
    place, junk = dice.choice(places), copy.deepcopy(dice.choice(JUNK))
    if isinstance(place, list):
        place.append(junk)
    elif place and dice.random() < 0.6:
        name = dice.choice(list(place))
        place.pop(name) if dice.random() < 0.4 else place.update({name: junk})
    else:
        place[dice.choice(KEYS)] = junk


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 12))])
def test_no_damage_ends_in_a_traceback(seed: int) -> None:
    for number in range(12):
        dice = random.Random(1000 * seed + number)
        raw = copy.deepcopy(varied())
        for _ in range(dice.choice((1, 1, 2, 4))):
            damage(raw, dice)
        verdict = trial(raw, inputs=2)
        assert verdict.imported or verdict.told, verdict


def test_the_varied_document_itself_is_without_a_warning() -> None:
    assert notices(varied()) == ""
    assert isinstance(drafted(varied()).spec, Spec)


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "string", "minLength": 10, "maxLength": 2}, "minLength = 10 and maxLength = 2"),
        ({"type": "string", "maxLength": -1}, "maxLength = -1"),
        (
            {"type": "array", "items": {"type": "integer"}, "minItems": 5, "maxItems": 2},
            "minItems = 5 and maxItems = 2",
        ),
        (
            {"type": "integer", "multipleOf": 1000, "minimum": 1, "maximum": 10},
            "none is between 1 and 10",
        ),
    ],
)
def test_limits_that_nothing_can_keep_are_left_out(schema: Any, why: str) -> None:
    raw = fal({"thing": schema}, ["thing"])
    assert trial(raw, inputs=1).imported
    assert why in notices(raw)


def test_whole_numbers_go_in_whole_steps() -> None:
    found = field("thing", {"type": "integer", "multipleOf": 2.5, "minimum": 3, "maximum": 40})
    assert (found["min"], found["step"]) == (5, 5)


def test_what_is_required_but_not_described_is_asked_for() -> None:
    raw = fal({"prompt": PROMPT}, ["prompt", "tracks"])
    assert [(each["name"], each["type"]) for each in drafted(raw).table["fields"]] == [
        ("prompt", "textarea"),
        ("tracks", "json"),
    ]
    assert "requires tracks, which it does not describe" in notices(raw)
    verdict = trial(raw, inputs=40)
    assert (verdict.tried, verdict.valid, verdict.refused) == (40, 40, verdict.forbidden)


def test_an_enum_of_several_types_is_a_choice() -> None:
    assert field("length", {"enum": [5, "10", "auto"]})["options"] == [5, "10", "auto"]
    assert field("length", {"enum": [5, "5"]})["type"] == "json"
