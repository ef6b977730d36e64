"""Text ↔ typed values."""

# ruff: noqa: E501 — tables of cases are wide

from typing import Any

import pytest

from models.form.encoding import from_text, read_form, to_pairs, to_text
from tests.models.building import spec_of

SPEC = spec_of("""
  { name = "prompt", type = "textarea" },
  { name = "duration", type = "select", options = [5, 10] },
  { name = "length", type = "select", options = ["5", "10"] },
  { name = "size", type = "select", options = [1.5, true, "auto"] },
  { name = "style", type = "select", options = ["noir"], open = true },
  { name = "tempo", type = "select", options = [1, 2], open = true },
  { name = "fps", type = "integer" },
  { name = "seed", type = "seed" },
  { name = "strength", type = "number" },
  { name = "loop", type = "switch" },
  { name = "image", type = "image" },
  { name = "images", type = "images" },
  { name = "raw", type = "json" },
  { name = "camera", type = "group", fields = [
    { name = "kind", type = "select", options = ["simple", "zoom"], default = "simple" }, { name = "zoom", type = "integer" } ] },
  { name = "avoid", type = "text", default = "blur" },
  { name = "steps", type = "integer", default = 30 },
  { name = "shots", type = "rows", fields = [
    { name = "prompt", type = "text" }, { name = "duration", type = "integer" }, { name = "refs", type = "images" } ] },
""")


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("prompt", "a\r\nb")], {"prompt": "a\nb"}),
        ([("prompt", "")], {}),
        ([("prompt", " ")], {"prompt": " "}),
        ([("avoid", "")], {"avoid": ""}),
        ([("avoid", "\r\n")], {"avoid": "\n"}),
        ([("steps", "")], {"steps": ""}),
        ([("steps", ""), ("steps", "12")], {"steps": 12}),
        ([("duration", "5")], {"duration": 5}),
        ([("duration", "7")], {"duration": "7"}),
        ([("length", "5")], {"length": "5"}),
        ([("size", "1.5")], {"size": 1.5}),
        ([("size", "true")], {"size": True}),
        ([("style", "sepia")], {"style": "sepia"}),
        ([("tempo", "3")], {"tempo": 3}),
        ([("tempo", "fast")], {"tempo": "fast"}),
        ([("fps", "24")], {"fps": 24}),
        ([("fps", "24.5")], {"fps": "24.5"}),
        ([("fps", "many")], {"fps": "many"}),
        ([("seed", "0")], {"seed": 0}),
        ([("strength", "0.5")], {"strength": 0.5}),
        ([("strength", "1")], {"strength": 1}),
        ([("strength", "half")], {"strength": "half"}),
        ([("loop", "false"), ("loop", "true")], {"loop": True}),
        ([("loop", "false")], {"loop": False}),
        ([("loop", "on")], {"loop": True}),
        ([("loop", "maybe")], {"loop": "maybe"}),
        ([("image", ""), ("image", "up_1")], {"image": "up_1"}),
        ([("images", "up_1"), ("images", ""), ("images", " up_2 ")], {"images": ["up_1", "up_2"]}),
        ([("raw", '{"a": [1]}')], {"raw": {"a": [1]}}),
        ([("raw", "{a")], {"raw": "{a"}),
        ([("camera.kind", "simple"), ("camera.zoom", "")], {}),
        ([("camera.kind", "simple"), ("camera.zoom", "3")], {"camera": {"kind": "simple", "zoom": 3}}),
        ([("camera.kind", "zoom")], {"camera": {"kind": "zoom"}}),
        ([("shots.10.prompt", "b"), ("shots.2.prompt", "a"), ("shots.2.duration", "3"), ("shots.3.prompt", "")],
         {"shots": [{"prompt": "a", "duration": 3}, {"prompt": "b"}]}),
        ([("shots.0.refs", "x"), ("shots.0.refs", "y")], {"shots": [{"refs": ["x", "y"]}]}),
        ([("shots.x.prompt", "a"), ("nonce", "1"), ("mode", "i2v")], {"mode": "i2v"}),
    ],
)  # fmt: skip
def test_a_posted_form_is_read_by_the_types_of_its_fields(
    pairs: list[tuple[str, str]], expected: Any
) -> None:
    read = read_form(SPEC, pairs)
    assert read == expected
    assert [type(read[name]) for name in read] == [type(expected[name]) for name in expected]


VALUES: dict[str, Any] = {
    "mode": "i2v",
    "prompt": "a\nb",
    "duration": 10,
    "length": "10",
    "size": 1.5,
    "fps": 24,
    "strength": 0.25,
    "loop": False,
    "images": ["up_1", "https://example.com/a.png"],
    "raw": {"a": [1, None]},
    "camera": {"kind": "zoom", "zoom": 2},
    "shots": [{"prompt": "a", "duration": 2}, {"refs": ["x", "y"]}],
}


def test_values_written_as_pairs_are_read_back_the_same() -> None:
    assert read_form(SPEC, to_pairs(SPEC.form.fields, VALUES)) == VALUES


def test_a_value_is_written_as_a_control_holds_it() -> None:
    fields = SPEC.form.by_name
    assert to_text(fields["loop"], True) == "true"
    assert to_text(fields["strength"], 1.0) == "1"
    assert to_text(fields["raw"], {"a": 1}) == '{\n  "a": 1\n}'
    assert to_text(fields["fps"], None) == ""
    assert from_text(fields["raw"], to_text(fields["raw"], [1])) == [1]
