"""Specs and values in words, shapes and JSON Schema."""

# ruff: noqa: E501 — a field is one line of TOML

from typing import Any

import jsonschema
import pytest

from models.describe import frame, json_schema, labels
from models.form.validate import check
from models.spec.values import MediaFacts
from tests.models.building import PROMPT, spec_of

URL = "https://example.com/a.png"
FILES = {"up": MediaFacts("image", 1.0, 1500, 1000)}
SPEC = spec_of(
    PROMPT
    + """
  { name = "image", type = "image", label = "First frame", help = "Begins with it.", show_if = { mode = "i2v" }, required = true },
  { name = "images", type = "images", max_count = 3 },
  { name = "duration", type = "select", options = [5, 10], default = 5, unit = "s" },
  { name = "open", type = "select", options = ["a"], open = true },
  { name = "aspect_ratio", type = "select", options = ["auto", "16:9", "9:16"], default = "9:16" },
  { name = "size", type = "select", options = ["1280x704", "704*1280"] },
  { name = "width", type = "integer", min = 1 }, { name = "height", type = "integer" },
  { name = "strength", type = "number", max = 1.5 },
  { name = "loop", type = "switch" },
  { name = "camera", type = "group", fields = [{ name = "zoom", type = "integer" }] },
  { name = "shots", type = "rows", min_count = 1, fields = [{ name = "prompt", type = "text", required = true }] },
  { name = "raw", type = "json" },
  { name = "earlier", type = "job" },
""",
    '[[rules]]\nwhen = { image = { set = true } }\ndrop = ["aspect_ratio"]\n'
    '[[rules]]\ntotal = "count(images)"\nmax = 2',
)


def test_what_is_required_is_not_empty_in_the_json_schema_either() -> None:
    spec = spec_of(
        '{ name = "prompt", type = "textarea", required = true }, { name = "note", type = "text" }'
    )
    schema: Any = json_schema(spec)
    assert schema["properties"]["prompt"]["minLength"] == 1
    assert "minLength" not in schema["properties"]["note"]


def test_labels_are_what_was_chosen_in_the_words_of_the_form() -> None:
    values: Any = {
        "mode": "i2v",
        "prompt": "a",
        "image": "up",
        "images": [URL, URL],
        "duration": 10,
        "loop": False,
    }
    nested: Any = {"camera": {"zoom": 2}, "shots": [{"prompt": "x"}], "earlier": "job_1", "strength": 0.5}
    assert labels(SPEC, {**values, **nested}) == (
        ("Mode", "Image to video"),
        ("Prompt", "a"),
        ("First frame", "a file"),
        ("Images", "2 files"),
        ("Duration", "10 s"),
        ("Strength", "0.5"),
        ("Loop", "off"),
        ("Camera", "zoom 2"),
        ("Shots", "1 row"),
        ("Earlier", "an earlier job"),
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, (9, 16)),
        ({"aspect_ratio": "16:9"}, (16, 9)),
        ({"aspect_ratio": "auto"}, (16, 9)),
        ({"aspect_ratio": "auto", "size": "704*1280"}, (704, 1280)),
        ({"aspect_ratio": "auto", "width": 640, "height": 480}, (640, 480)),
        ({"aspect_ratio": "auto", "width": 640}, (16, 9)),
        ({"mode": "i2v", "image": "up"}, (1500, 1000)),
        ({"mode": "i2v", "image": URL}, (16, 9)),
        ({"mode": "t2v", "image": "up"}, (9, 16)),
        ({"aspect_ratio": "auto", "images": [URL, "up"]}, (1500, 1000)),
        ({"prompt": "a 4:3 video", "aspect_ratio": "auto"}, (16, 9)),
    ],
)
def test_the_frame_is_what_the_video_will_be_shaped_like(values: Any, expected: tuple[int, int]) -> None:
    assert frame(SPEC, values, FILES) == expected


@pytest.mark.parametrize(
    ("values", "valid"),
    [
        ({"prompt": "a", "shots": [{"prompt": "x"}], "images": [URL], "camera": {"zoom": 1}}, True),
        (
            {
                "prompt": "a",
                "duration": 10,
                "open": "b",
                "loop": True,
                "raw": [1],
                "strength": 1.5,
                "mode": "i2v",
            },
            True,
        ),
        ({}, False),
        ({"prompt": "a", "duration": 7}, False),
        ({"prompt": "a", "strength": 2}, False),
        ({"prompt": "a", "images": [URL] * 4}, False),
        ({"prompt": "a", "shots": [{}]}, False),
        ({"prompt": "a", "imgae": URL}, False),
        ({"prompt": "a", "width": 0}, False),
    ],
)
def test_the_json_schema_agrees_with_the_check(values: Any, valid: bool) -> None:
    schema: Any = json_schema(SPEC)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert jsonschema.Draft202012Validator(schema).is_valid(values) is valid
    if not valid:
        assert check(SPEC, values, FILES).errors


def test_the_schema_says_when_a_field_applies() -> None:
    image: Any = json_schema(SPEC)["properties"]
    assert image["image"]["description"] == "Begins with it. Only while Mode is Image to video."
