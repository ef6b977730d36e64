"""Values → the request's body, in every shape that real models want."""

# ruff: noqa: E501 — tables of cases are wide

from typing import Any

import pytest

from models.form.validate import check
from models.payload import BodyConflictError, finish, map_body
from models.spec.values import MediaFacts
from tests.models.building import spec_of

URL = "https://example.com/a.png"
OTHER = "https://example.com/b.png"


def sent(fields: str, values: Any, tables: str = "", top: str = "") -> Any:
    spec = spec_of(fields, tables, top=top)
    checked = check(spec, values, {"up": MediaFacts("image")})
    assert checked.errors == {}
    return finish(map_body(spec, checked.values), {})


@pytest.mark.parametrize(
    ("fields", "values", "body"),
    [
        ('{ name = "a", type = "text", wire = "input.deep.b" }', {"a": "x"}, {"input": {"deep": {"b": "x"}}}),
        ('{ name = "a", type = "text", wire = "input.\\"lora.scale\\"" }', {"a": "x"}, {"input": {"lora.scale": "x"}}),
        ('{ name = "a", type = "text" }', {}, {}),
        ('{ name = "a", type = "images" }', {"a": [URL, OTHER]}, {"a": [URL, OTHER]}),
        ('{ name = "a", type = "image", wire = "list[]" }, { name = "b", type = "image", wire = "list[]" }', {"a": URL, "b": OTHER}, {"list": [URL, OTHER]}),
        ('{ name = "a", type = "images", wire = { at = "list", as = { url = "$" } } }', {"a": [URL]}, {"list": [{"url": URL}]}),
        ('{ name = "d", type = "select", options = [5], wire = { at = "d", encode = "seconds" } }', {"d": 5}, {"d": "5s"}),
        ('{ name = "d", type = "select", options = ["auto"], wire = { at = "d", encode = "seconds" } }', {"d": "auto"}, {"d": "auto"}),
        ('{ name = "d", type = "integer", wire = { at = "d", encode = "string" } }', {"d": 5}, {"d": "5"}),
        ('{ name = "d", type = "number", wire = { at = "d", encode = "string" } }', {"d": 2.5}, {"d": "2.5"}),
        ('{ name = "s", type = "select", options = ["1280x720"], wire = { at = "size", encode = "star" } }', {"s": "1280x720"}, {"size": "1280*720"}),
        ('{ name = "j", type = "json", wire = { at = "j", encode = "json" } }', {"j": {"a": [1]}}, {"j": '{"a":[1]}'}),
        ('{ name = "g", type = "group", fields = [{ name = "x", type = "integer" }, { name = "y", type = "integer", wire = "z.y" }] }', {"g": {"x": 1, "y": 2}}, {"g": {"x": 1, "z": {"y": 2}}}),
        ('{ name = "r", type = "rows", fields = [{ name = "id", type = "text" }], wire = { at = "voices", as = "$id" } }', {"r": [{"id": "a"}, {"id": "b"}]}, {"voices": ["a", "b"]}),
        ('{ name = "r", type = "rows", fields = [{ name = "id", type = "text" }, { name = "x", type = "text" }], wire = { at = "voices", as = "$id" } }', {"r": [{"id": "a"}, {"x": "b"}]}, {"voices": ["a"]}),
        ('{ name = "r", type = "rows", fields = [{ name = "t", type = "text" }, { name = "n", type = "integer" }], wire = { at = "r[]", as = { kind = "shot", text = "$t", more = ["$n"] } } }', {"r": [{"t": "a"}, {"t": "b", "n": 2}]}, {"r": [{"kind": "shot", "text": "a", "more": []}, {"kind": "shot", "text": "b", "more": [2]}]}),
        ('{ name = "j", type = "job", wire = { at = "keyframes.frame0", as = { type = "generation", id = "$" } } }', {"j": "job_1"}, {"keyframes": {"frame0": {"type": "generation", "id": "job_1"}}}),
    ],
)  # fmt: skip
def test_a_value_goes_where_its_wire_says(fields: str, values: Any, body: Any) -> None:
    assert sent(fields, values) == body


PARTS = """
  { name = "prompt", type = "text", wire = { at = "content[]", as = { type = "text", text = "$" } } },
  { name = "image", type = "image", wire = { at = "content[]", as = { type = "image_url", role = "first_frame", image_url = { url = "$" } } } },
  { name = "refs", type = "images", wire = { at = "content[]", as = { type = "image_url", role = "reference_image", image_url = { url = "$" } } } },
"""


def test_typed_parts_are_appended_in_the_order_of_the_fields() -> None:
    spec = spec_of(PARTS)
    mapped = map_body(spec, {"mode": "t2v", "refs": [URL, OTHER], "prompt": "a", "image": "up"})
    assert mapped.body == {
        "content": [
            {"type": "text", "text": "a"},
            {"type": "image_url", "role": "first_frame", "image_url": {"url": "up"}},
            {"type": "image_url", "role": "reference_image", "image_url": {"url": URL}},
            {"type": "image_url", "role": "reference_image", "image_url": {"url": OTHER}},
        ]
    }
    assert [(leaf.at, leaf.kind, leaf.ref) for leaf in mapped.media] == [
        ("/content/1/image_url/url", "image", "up"),
        ("/content/2/image_url/url", "image", URL),
        ("/content/3/image_url/url", "image", OTHER),
    ]


def test_an_earlier_job_is_sent_by_its_id_or_as_its_video() -> None:
    spec = spec_of('{ name = "a", type = "job" }, { name = "b", type = "job", send = "video" }')
    assert [leaf.kind for leaf in map_body(spec, {"a": "job_1", "b": "job_1"}).media] == ["job", "job-video"]


def test_delivered_values_take_the_place_of_the_media_before_anything_is_encoded() -> None:
    spec = spec_of("""
      { name = "shots", type = "rows", wire = { at = "input.multi~prompt", encode = "json" }, fields = [
        { name = "prompt", type = "text" }, { name = "frame", type = "image", wire = "media.url" } ] },
      { name = "clip", type = "video", wire = "input.clip" },
    """)
    values: Any = {"shots": [{"prompt": "a"}, {"prompt": "b", "frame": "up"}], "clip": URL}
    mapped = map_body(spec, values)
    assert mapped.encode == ("/input/multi~0prompt",)
    assert [leaf.at for leaf in mapped.media] == ["/input/multi~0prompt/1/media/url", "/input/clip"]
    body = finish(mapped, {"/input/multi~0prompt/1/media/url": {"uri": "h1"}, "/input/clip": "data:x"})
    assert body == {
        "input": {
            "multi~prompt": '[{"prompt":"a"},{"prompt":"b","media":{"url":{"uri":"h1"}}}]',
            "clip": "data:x",
        }
    }
    assert mapped.body["input"]["clip"] == URL  # type: ignore[index,call-overload]


def test_the_shape_of_a_row_takes_its_media_and_its_encodings_along() -> None:
    spec = spec_of("""
      { name = "frames", type = "rows", wire = { at = "keyframes[]", as = { uri = "$image", more = "$more", raw = "$raw" } }, fields = [
        { name = "image", type = "image" }, { name = "image2", type = "image" }, { name = "more", type = "images" },
        { name = "raw", type = "json", wire = { at = "raw", encode = "json" } } ] },
    """)
    rows: Any = [{"image": URL, "image2": OTHER, "more": ["up", OTHER], "raw": {"a": 1}}, {"image2": OTHER}]
    mapped = map_body(spec, {"frames": rows})
    assert [(leaf.at, leaf.ref) for leaf in mapped.media] == [
        ("/keyframes/0/uri", URL),
        ("/keyframes/0/more/0", "up"),
        ("/keyframes/0/more/1", OTHER),
    ]
    assert mapped.encode == ("/keyframes/0/raw",)
    assert finish(mapped, {})["keyframes"] == [{"uri": URL, "more": ["up", OTHER], "raw": '{"a":1}'}, {}]


def test_json_inside_json_is_encoded_from_the_inside_out() -> None:
    fields = """{ name = "outer", type = "group", wire = { at = "outer", encode = "json" }, fields = [
      { name = "inner", type = "json", wire = { at = "inner", encode = "json" } } ] }"""
    assert sent(fields, {"outer": {"inner": [1]}}) == {"outer": '{"inner":"[1]"}'}


def test_a_dropped_or_hidden_field_is_not_sent() -> None:
    fields = """
      { name = "image", type = "image" },
      { name = "ratio", type = "select", options = ["16:9"], default = "16:9" },
      { name = "hidden", type = "text", default = "x", show_if = { mode = "i2v" } },
    """
    drop = '[[rules]]\nwhen = { image = { set = true } }\ndrop = ["ratio"]'
    assert sent(fields, {}, drop) == {"ratio": "16:9"}
    assert sent(fields, {"image": URL}, drop) == {"image": URL}


DERIVED = """
  { name = "ratio", type = "select", options = ["16:9", "9:16"], default = "16:9" },
  { name = "size", type = "select", options = ["720p"], default = "720p" },
"""
DERIVE = """
[request]
generation_type = "video"
ratio = "square"
[[derive]]
at = "ratio"
from = ["ratio", "size"]
table = [["16:9", "720p", "1280:720"], ["9:16", "720p", "720:1280"]]
"""


def test_derived_values_replace_the_fields_they_come_from_and_constants_at_the_same_place() -> None:
    assert sent(DERIVED, {"ratio": "9:16"}, DERIVE) == {"generation_type": "video", "ratio": "720:1280"}


def test_a_constant_stands_where_a_field_gives_nothing() -> None:
    fields = '{ name = "negative_prompt", type = "text", wire = "input.negative_prompt" }'
    constants = '[request.input]\nnegative_prompt = ""\n'
    assert sent(fields, {}, constants) == {"input": {"negative_prompt": ""}}
    assert sent(fields, {"negative_prompt": "x"}, constants) == {"input": {"negative_prompt": "x"}}
    assert sent(fields, {}, constants) == {"input": {"negative_prompt": ""}}


@pytest.mark.parametrize("wires", [("a.b", "a.b"), ("a", "a.b"), ("a", "a[]"), ("a[]", "a")])
def test_two_fields_that_want_one_place_are_a_fault_of_the_spec(wires: tuple[str, str]) -> None:
    first, second = wires
    with pytest.raises(BodyConflictError):
        sent(
            f'{{ name = "x", type = "text", wire = "{first}" }}, {{ name = "y", type = "text", wire = "{second}" }}',
            {"x": "1", "y": "2"},
        )


def test_the_wire_of_the_spec_wraps_every_field_that_says_nothing_else() -> None:
    assert sent(
        '{ name = "a", type = "text" }, { name = "b", type = "text", wire = "b" }',
        {"a": "1", "b": "2"},
        top='wire = "input.*"',
    ) == {
        "input": {"a": "1"},
        "b": "2",
    }
