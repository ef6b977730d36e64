"""Every fact that a document states by machine is in the field made from it."""

from typing import Any

import pytest

from tests.models.importing.documents import PROMPT, drafted, fal, field, replicate


@pytest.mark.parametrize(
    ("name", "schema", "expected"),
    [
        ("prompt", {"type": "string", "maxLength": 2500}, {"type": "textarea", "max_length": 2500}),
        ("tag", {"type": "string", "minLength": 3}, {"type": "text", "min_length": 3}),
        (
            "duration",
            {"type": "integer", "enum": [5, 10], "default": 5},
            {"type": "select", "options": [5, 10], "default": 5},
        ),
        ("duration", {"type": "string", "enum": ["5", "10"]}, {"type": "select", "options": ["5", "10"]}),
        (
            "duration",
            {"type": "string", "enum": ["5s", "auto"]},
            {"type": "select", "options": ["5s", "auto"]},
        ),
        ("scale", {"type": "number", "enum": [1.5, 2]}, {"type": "select", "options": [1.5, 2]}),
        ("steps", {"type": "integer", "minimum": 0, "maximum": 50}, {"type": "integer", "min": 0, "max": 50}),
        ("steps", {"type": "integer", "exclusiveMinimum": 0}, {"type": "integer", "min": 1}),
        (
            "steps",
            {"type": "integer", "minimum": 5, "multipleOf": 8},
            {"type": "integer", "min": 8, "step": 8},
        ),
        (
            "shift",
            {"type": "number", "minimum": 0.5, "default": 1},
            {"type": "number", "min": 0.5, "default": 1},
        ),
        ("loop", {"type": "boolean", "default": False}, {"type": "switch", "default": False}),
        ("seed", {"type": "integer"}, {"type": "seed"}),
        ("seed", {"type": "integer", "minimum": -1, "maximum": 9}, {"type": "seed", "min": -1, "max": 9}),
        ("seed", {"type": "integer", "multipleOf": 2}, {"type": "integer", "step": 2}),
        ("image", {"type": "string", "format": "uri"}, {"type": "image"}),
        (
            "image_urls",
            {"type": "array", "items": {"type": "string"}, "maxItems": 4},
            {"type": "images", "max_count": 4},
        ),
        ("negative", {"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "text"}),
        (
            "flavour",
            {"type": ["string", "null"], "enum": ["a", "b", None]},
            {"type": "select", "options": ["a", "b"]},
        ),
        (
            "voice",
            {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "string"}]},
            {"options": ["a"], "open": True},
        ),
        ("meta", {"type": "object"}, {"type": "json"}),
        ("meta", {}, {"type": "json"}),
    ],
)
def test_a_fact_is_kept(name: str, schema: Any, expected: dict[str, Any]) -> None:
    found = field(name, schema)
    assert expected == {key: found.get(key) for key in expected}
    assert {key: type(value) for key, value in expected.items()} == {
        key: type(found[key]) for key in expected
    }


def test_the_default_of_a_limit_is_not_invented() -> None:
    assert field("steps", {"type": "integer"}) == {"name": "steps", "type": "integer"}


def test_limits_of_files_are_those_that_fal_states() -> None:
    limits = {
        "max_file_size": 10_485_760,
        "min_width": 300,
        "min_aspect_ratio": 0.4,
        "max_duration": 10.05,
        "timeout": 20,
    }
    found = field("image_url", {"type": "string", "x-fal": limits})
    expected = {"max_mb": 10.48576, "min_width": 300, "min_ratio": 0.4, "max_seconds": 10.05}
    assert {key: found.get(key) for key in expected} == expected
    assert "timeout" not in found


def test_an_excluded_end_is_a_rule_for_numbers() -> None:
    found = drafted(fal({"guidance": {"type": "number", "minimum": 1, "exclusiveMaximum": 10}}))
    assert found.table["fields"][0]["max"] == 10
    assert {"forbid": {"guidance": [10]}, "message": "Guidance must be less than 10."} in found.table["rules"]


def test_rows_are_the_objects_of_a_list() -> None:
    lora = {
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "scale": {"type": "number", "minimum": 0, "maximum": 4, "default": 1},
        },
        "required": ["path"],
    }
    found = field(
        "loras", {"type": "array", "items": {"$ref": "#/components/schemas/Lora"}, "maxItems": 3}, Lora=lora
    )
    assert (found["type"], found["max_count"]) == ("rows", 3)
    assert found["fields"] == [
        {"name": "path", "type": "text", "required": True},
        {"name": "scale", "type": "number", "default": 1, "min": 0, "max": 4},
    ]


def test_a_list_of_texts_is_rows_of_one_field_each() -> None:
    found = field("voice_ids", {"type": "array", "items": {"type": "string"}, "maxItems": 2})
    assert found["wire"] == {"at": "voice_ids", "as": "$id"} or found["wire"] == {
        "at": "voice_ids",
        "as": "$ids",
    }
    assert [each["required"] for each in found["fields"]] == [True]


def test_an_object_of_an_address_is_a_file_sent_as_that_object() -> None:
    video = {
        "type": "object",
        "properties": {"url": {"type": "string"}, "content_type": {"type": "string"}},
        "required": ["url"],
    }
    found = field("video_url", {"$ref": "#/components/schemas/File"}, required=True, File=video)
    assert (found["type"], found["wire"]) == ("video", {"at": "video_url", "as": {"url": "$"}})


def test_a_preset_or_a_size_of_ones_own() -> None:
    size = {
        "type": "object",
        "properties": {"width": {"type": "integer", "exclusiveMinimum": 0, "default": 512}},
    }
    schema = {
        "anyOf": [{"$ref": "#/components/schemas/Size"}, {"type": "string", "enum": ["square", "wide"]}],
        "default": "wide",
    }
    found = drafted(fal({"video_size": schema}, Size=size))
    preset, custom = found.table["fields"]
    assert preset["options"] == ["square", "wide", {"value": "custom", "label": "Custom"}]
    assert preset["default"] == "wide"
    assert (custom["type"], custom["show_if"], custom["wire"]) == (
        "group",
        {"video_size": "custom"},
        "video_size",
    )
    assert custom["fields"] == [{"name": "width", "type": "integer", "default": 512, "min": 1}]


def test_the_order_is_the_documents() -> None:
    properties = {"b": {"type": "string"}, "prompt": PROMPT, "a": {"type": "string"}}
    raw = fal(properties)
    raw["openapi"]["components"]["schemas"]["DreamInput"]["x-fal-order-properties"] = ["a", "prompt", "b"]
    assert [each["name"] for each in drafted(raw).table["fields"]] == ["a", "prompt", "b"]
    ordered = {
        name: {**each, "x-order": order} for order, (name, each) in enumerate(reversed(properties.items()))
    }
    assert [each["name"] for each in drafted(replicate(ordered), "replicate").table["fields"]] == [
        "a",
        "prompt",
        "b",
    ]


@pytest.mark.parametrize("name", ["mode", "model", "nonce", "2x", "my field", "_hidden"])
def test_a_name_that_a_form_cannot_have_is_another_name_for_the_same_wire(name: str) -> None:
    found = field(name, {"type": "string", "enum": ["std", "pro"]})
    assert found["name"] != name
    assert found["wire"].strip('"') == name


def test_what_is_always_the_same_is_sent_without_being_asked() -> None:
    found = drafted(
        replicate({"prompt": PROMPT, "kind": {"type": "string", "enum": ["video"]}}, ["prompt", "kind"]),
        "replicate",
    )
    assert [each["name"] for each in found.table["fields"]] == ["prompt"]
    assert found.table["request"] == {"input": {"kind": "video"}}


def test_what_must_be_there_but_may_be_empty_is_sent_empty() -> None:
    found = drafted(
        fal(
            {"prompt": PROMPT, "negative_prompt": {"type": "string", "default": ""}},
            ["prompt", "negative_prompt"],
        )
    )
    assert found.table["request"] == {"negative_prompt": ""}
    assert "required" not in found.table["fields"][1]
    assert found.table["examples"][0]["body"]["negative_prompt"] == ""


@pytest.mark.parametrize(
    ("name", "schema", "kind"),
    [
        ("start_image_url", {"description": "URL of the first frame."}, "image"),
        ("mask_video_url", {"description": "URL of the mask."}, "video"),
        ("input_path", {"format": "uri", "description": "Input video."}, "video"),
        ("input_reference", {"format": "uri", "description": "An image to use as the first frame."}, "image"),
        ("source_url", {"examples": ["https://example.com/a.mp3"]}, "audio"),
        ("attachment_url", {"description": "URL of a file."}, "file"),
        ("lora_url", {"description": "URL of the weights."}, "text"),
        ("webhook_url", {"description": "URL to be called."}, "text"),
        ("video_id", {"description": "Id of an earlier video."}, "text"),
        ("image_style", {"description": "A style."}, "text"),
    ],
)
def test_the_kind_of_a_file_is_told_by_name_example_or_prose(name: str, schema: Any, kind: str) -> None:
    assert field(name, {"type": "string", **schema})["type"] == kind
