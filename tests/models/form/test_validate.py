"""The one validation: every kind of value, what is hidden, groups and tables, all errors at once."""

# ruff: noqa: E501 — tables of cases are wide

from typing import Any

import pytest

from models.form.state import posted_state
from models.form.validate import check, check_state
from models.spec.values import MediaFacts, Values
from tests.models.building import PROMPT, spec_of

FACTS = {
    "wide": MediaFacts("image", 2.5, 1920, 1080, format="jpeg"),
    "small": MediaFacts("image", 0.1, 200, 150, format="png"),
    "old": MediaFacts("image", 0.1, 640, 480, format="gif"),
    "strip": MediaFacts("image", 12.0, 3000, 400, format="png"),
    "clip": MediaFacts("video", 40.0, 1280, 720, 9.5, "mp4"),
    "long": MediaFacts("video", 90.0, 1280, 720, 31.0, "mp4"),
    "song": MediaFacts("audio", 3.0, seconds=12.0, format="mp3"),
}
URL = "https://example.com/a.png"

KINDS = spec_of("""
  { name = "text", type = "text", min_length = 2, max_length = 5 },
  { name = "area", type = "textarea", max_length = 5 },
  { name = "whole", type = "integer", min = 1, max = 81, step = 4, unit = "frames" },
  { name = "number", type = "number", min = 0, max = 1, step = 0.05 },
  { name = "seed", type = "seed", max = 100 },
  { name = "pick", type = "select", options = [5, "5", "auto"], unit = "s" },
  { name = "open", type = "select", options = ["std", "pro"], open = true },
  { name = "switch", type = "switch" },
  { name = "image", type = "image", accept = ["jpeg", "png"], max_mb = 10, min_width = 300, min_ratio = 0.4, max_ratio = 2.5 },
  { name = "video", type = "video", min_seconds = 2, max_seconds = 30 },
  { name = "audio", type = "audio" },
  { name = "file", type = "file" },
  { name = "images", type = "images", min_count = 2, max_count = 3 },
  { name = "json", type = "json" },
  { name = "job", type = "job" },
  { name = "camera", type = "group", fields = [{ name = "zoom", type = "integer", max = 10 }] },
  { name = "shots", type = "rows", max_count = 2, fields = [
    { name = "prompt", type = "text", required = true },
    { name = "duration", type = "integer", min = 1, default = 2 },
    { name = "voice", type = "text", show_if = { duration = { min = 3 } } },
  ] },
""")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"text": 5}, "Text must be text."),
        ({"text": "123456"}, "Text has 6 characters; at most 5 are possible."),
        ({"text": "12345"}, None),
        ({"text": "12"}, None),
        ({"text": "1"}, "Text has 1 characters; at least 2 are needed."),
        ({"area": "123456"}, "Area has 6 characters; at most 5 are possible."),
        ({"whole": "5"}, "Whole must be a whole number."),
        ({"whole": True}, "Whole must be a whole number."),
        ({"whole": 5.0}, "Whole must be a whole number."),
        ({"whole": 0}, "Whole must be 1 to 81 frames."),
        ({"whole": 82}, "Whole must be 1 to 81 frames."),
        ({"whole": 6}, "Whole goes in steps of 4: choose 5 or 9."),
        ({"whole": 77}, None),
        ({"number": "0.5"}, "Number must be a number."),
        ({"number": float("nan")}, "Number must be a number."),
        ({"number": float("inf")}, "Number must be a number."),
        ({"number": 0.3}, None),
        ({"number": 0.31}, "Number goes in steps of 0.05: choose 0.30 or 0.35."),
        ({"number": -0.1}, "Number must be 0 to 1."),
        ({"seed": 101}, "Seed must be at most 100."),
        ({"seed": 0}, None),
        ({"pick": 5}, None),
        ({"pick": "5"}, None),
        ({"pick": "5s"}, "Choose 5 s, 5 or auto."),
        ({"pick": True}, "Choose 5 s, 5 or auto."),
        ({"open": "max"}, None),
        ({"open": 3}, "Open must be written like std or pro."),
        ({"switch": "true"}, "Switch must be true or false."),
        ({"switch": False}, None),
        ({"image": URL}, None),
        ({"image": "wide"}, None),
        ({"image": "gone"}, "This file is not here any more: choose it again."),
        ({"image": "http://example.com/a.png"}, "Image: only a public https address can be used, such as https://example.com/a.png."),
        ({"image": []}, "Image cannot be a list: give one value."),
        ({"pick": {}}, "Pick cannot be a table: give one value."),
        ({"images": {}}, "Images cannot be a table: give one value."),
        ({"image": "clip"}, "Image must be an image; this is a video. Choose another."),
        ({"image": "small"}, "Image: this image is 200 pixels wide; it must be at least 300. Choose another."),
        ({"image": "strip"}, "Image: this image is 7.5 times as wide as high; it must be 0.4 to 2.5. Choose another."),
        ({"image": ["wide"]}, "Image must be one file: an upload's id or an https address."),
        ({"video": "long"}, "Video: this video is 31 seconds long; it must be 2 to 30. Choose another."),
        ({"audio": "song"}, None),
        ({"file": "song"}, None),
        ({"images": ["wide", URL]}, None),
        ({"images": ["wide"]}, "Images takes 2 to 3 files; there are 1 now."),
        ({"images": "wide"}, "Images must be a list of files."),
        ({"images": ["wide", "gone"]}, "This file is not here any more: choose it again."),
        ({"json": {"a": [1]}}, None),
        ({"job": 5}, "Job must be text."),
        ({"camera": 5}, "Camera must be a table."),
        ({"camera": {"zoom": 11}}, ("camera.zoom", "Zoom must be at most 10.")),
        ({"camera": {"zom": 1}}, ("camera.zom", "There is no field zom; did you mean zoom?")),
        ({"shots": [{"prompt": "a"}] * 3}, "Shots takes at most 2 rows; there are 3 now."),
        ({"shots": ["a"]}, "Shots must be a list of tables."),
        ({"shots": [{"prompt": "a"}, {"duration": 1}]}, ("shots.1.prompt", "Prompt is needed.")),
        ({"shots": [{"prompt": "a", "voice": "b"}]}, ("shots.0.voice", "Voice applies only while Duration is at least 3: leave it out.")),
        ({"shots": [{"prompt": "a", "voice": "b", "duration": 3}]}, None),
        ({"imgae": URL}, ("imgae", "There is no field imgae; did you mean image?")),
    ],
)  # fmt: skip
def test_each_kind_of_value_is_checked(values: Any, expected: str | tuple[str, str] | None) -> None:
    name, sentence = expected if isinstance(expected, tuple) else (next(iter(values)), expected)
    assert check(KINDS, values, FACTS).errors == ({name: sentence} if sentence else {})


def test_spaces_are_no_prompt() -> None:
    spec = spec_of('{ name = "prompt", type = "textarea", required = true }')
    for blank in ("   ", "\n\t "):
        assert check(spec, {"prompt": blank}, {}).errors == {"prompt": "Prompt is needed."}


def test_a_format_that_is_not_taken_is_named() -> None:
    spec = spec_of('{ name = "image", type = "image", accept = ["jpeg", "png"] }')
    assert check(spec, {"image": "old"}, FACTS).errors == {
        "image": "Image must be JPEG or PNG; this file is GIF. Choose another."
    }


def test_all_errors_come_at_once() -> None:
    errors = check(KINDS, {"text": 5, "whole": 0, "shots": [{}], "nothing": 1}, {}).errors
    assert set(errors) == {"text", "whole", "shots.0.prompt", "nothing"}


def test_a_wrong_mode_is_said_with_the_names_that_an_api_takes() -> None:
    assert check(KINDS, {"mode": "v2v", "text": 5}, {}).errors == {
        "mode": "v2v is not a mode of this model: choose t2v or i2v."
    }


def test_absent_values_take_their_defaults_and_given_ones_stay_as_they_are() -> None:
    checked = check(KINDS, {"shots": [{"prompt": "a"}], "text": "", "images": []}, {})
    assert checked.errors == {}
    assert checked.values == {"mode": "t2v", "shots": [{"prompt": "a", "duration": 2}]}


HIDING = spec_of(
    PROMPT
    + """
  { name = "image", type = "image", label = "First frame", required = true, show_if = { mode = "i2v" } },
  { name = "strength", type = "number", default = 0.5, show_if = { image = { set = true } } },
  { name = "end_image", type = "image", show_if = { strength = { min = 0.5 } } },
"""
)


def test_a_required_field_is_needed_only_while_it_is_shown() -> None:
    assert check(HIDING, {"prompt": "a"}, {}).errors == {}
    assert check(HIDING, {"prompt": "a", "mode": "i2v"}, {}).errors == {
        "image": "First frame is needed: choose a file."
    }


def test_a_value_for_a_hidden_field_is_refused_and_dropped_only_at_the_form_door() -> None:
    values: Values = {"prompt": "a", "image": URL, "strength": 0.7}
    assert set(check(HIDING, values, {}).errors) == {"image", "strength"}
    assert check_state(HIDING, posted_state(HIDING, values, {})).values == {"mode": "t2v", "prompt": "a"}


def test_a_hidden_field_is_absent_to_what_hides_the_next_one() -> None:
    shown: Values = {"mode": "i2v", "prompt": "a", "image": URL, "end_image": URL}
    assert check(HIDING, shown, {}).errors == {}
    hidden: Values = {**shown, "mode": "t2v"}
    assert check_state(HIDING, posted_state(HIDING, hidden, {})).errors == {}


def test_an_optional_group_is_absent_until_one_of_its_members_has_a_value() -> None:
    group = """{ name = "size", type = "group", fields = [
      { name = "width", type = "integer", required = true }, { name = "height", type = "integer", default = 480 } ] },"""
    spec = spec_of(group)
    assert check(spec, {}, {}).values == {"mode": "t2v"}
    assert check(spec, {"size": {"width": 832}}, {}).values["size"] == {"width": 832, "height": 480}
    assert check(spec, {"size": {"height": 720}}, {}).errors == {"size.width": "Width is needed."}


def test_a_combination_that_no_table_lists_is_refused() -> None:
    spec = spec_of(
        """{ name = "ratio", type = "select", options = ["16:9", "1:1"], default = "16:9", label = "Shape" },
        { name = "size", type = "select", options = ["720p", "4k"], default = "720p" },""",
        '[[derive]]\nat = "ratio"\nfrom = ["ratio", "size"]\n'
        'table = [["16:9", "720p", "1280:720"], ["1:1", "720p", "960:960"], ["16:9", "4k", "3840:2160"]]',
    )
    assert check(spec, {"ratio": "1:1"}, {}).errors == {}
    assert check(spec, {"ratio": "1:1", "size": "4k"}, {}).errors == {
        "size": "Shape 1:1 and Size 4k do not go together: choose another."
    }


def test_a_derived_value_is_looked_up_only_while_its_condition_holds() -> None:
    spec = spec_of(
        '{ name = "ratio", type = "select", options = ["16:9", "1:1"], default = "16:9" }',
        '[[derive]]\nat = "size"\nfrom = ["ratio"]\nwhen = { mode = "t2v" }\ntable = [["16:9", "1280x720"]]',
    )
    assert check(spec, {"ratio": "1:1", "mode": "i2v"}, {}).errors == {}
    assert set(check(spec, {"ratio": "1:1"}, {}).errors) == {"ratio"}
