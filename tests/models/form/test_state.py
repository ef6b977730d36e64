"""What the page draws: each field with its value, options and limits now in force."""

# ruff: noqa: E501 — a field is one line of TOML
from typing import Any

from models.form.state import FieldState, form_state
from models.spec.schema import Spec
from models.spec.values import MediaFacts
from tests.models.building import PROMPT, spec_of

URL = "https://example.com/a.png"
FIELDS = (
    PROMPT
    + """
  { name = "image", type = "image", show_if = { mode = "i2v" }, accept = ["jpeg"], max_mb = 10, min_width = 300 },
  { name = "size", type = "select", options = ["s", "m", "l", "xl"], default = "m" },
  { name = "style", type = "select", options = ["noir", "anime"], open = true },
  { name = "fps", type = "integer", min = 1, max = 60, step = 1, default = 24 },
  { name = "note", type = "text", max_length = 50 },
  { name = "videos", type = "videos", max_count = 3, min_seconds = 2 },
  { name = "loop", type = "switch" },
  { name = "camera", type = "group", fields = [{ name = "zoom", type = "integer", default = 1 }] },
  { name = "shots", type = "rows", min_count = 1, max_count = 4, fields = [{ name = "length", type = "integer", default = 2 }] },
"""
)
RULES = """
[[rules]]
when = { size = "l" }
limit = { fps = { max = 30, step = 5 }, videos = { count = { max = 2 }, seconds = { max = 9 }, megabytes = { max = 50 } }, note = { max_length = 20, min_length = 2 }, image = { megabytes = { max = 4 } } }
require = ["note"]
message = "Large clips are limited."
[[rules]]
when = { loop = true }
limit = { fps = { max = 12, min = 6 } }
forbid = ["videos"]
[[rules]]
when = { loop = true }
forbid = { style = "noir" }
[[rules]]
when = { note = { set = true } }
drop = ["style"]
"""


def state(name: str, /, spec: Spec | None = None, **values: Any) -> FieldState:
    return form_state(spec or spec_of(FIELDS, RULES), values, {"up": MediaFacts("image")}).field(name)


def test_every_field_is_there_in_page_order_and_the_first_is_the_mode() -> None:
    names = [each.name for each in form_state(spec_of(FIELDS), {}, {}).fields]
    assert names == [
        "mode",
        "prompt",
        "image",
        "size",
        "style",
        "fps",
        "note",
        "videos",
        "loop",
        "camera",
        "shots",
    ]
    assert [option.label for option in state("mode").options] == ["Text to video", "Image to video"]


def test_the_limits_shown_are_the_narrowest_in_force() -> None:
    assert (state("fps").min, state("fps").max, state("fps").step) == (1, 60, 1)
    assert (state("fps", size="l").max, state("fps", size="l").step) == (30, 5)
    both = state("fps", size="l", loop=True)
    assert (both.min, both.max) == (6, 12)
    assert (state("note").max_length, state("note", size="l").max_length) == (50, 20)
    assert state("note", size="l").limit.min_length == 2
    videos = state("videos", size="l")
    assert (state("videos").max_count, videos.max_count, videos.min_count) == (3, 2, None)
    assert videos.limit.seconds is not None
    assert (videos.limit.seconds.min, videos.limit.seconds.max, videos.max_mb) == (2, 9, 50)
    image = state("image", size="l", mode="i2v")
    assert (image.max_mb, image.accept) == (4, ("jpeg",))
    assert image.limit.width is not None
    assert image.limit.width.min == 300


def test_a_field_is_required_where_it_says_so_or_a_rule_does_and_it_is_shown() -> None:
    assert state("prompt").required
    assert not state("note").required
    assert state("note", size="l").required
    assert state("note", size="l").why_required == "Large clips are limited."
    hidden = spec_of('{ name = "a", type = "text", required = true, show_if = { mode = "i2v" } }')
    assert not state("a", spec=hidden).required
    assert state("a", spec=hidden, mode="i2v").required


def test_a_field_that_must_stay_empty_says_why() -> None:
    assert state("videos").forbidden is None
    assert state("videos", loop=True).forbidden == "This must stay empty while Loop is on."


def test_a_field_shown_but_not_sent_says_why() -> None:
    assert state("style", note="a").dropped == "Not sent while Note is set."
    assert state("style").dropped is None


def test_a_hidden_field_holds_what_was_given_and_a_shown_one_its_default() -> None:
    assert (state("image", image="up").visible, state("image", image="up").value) == (False, "up")
    assert (state("size").value, state("size").default) == ("m", "m")
    assert (state("size", size="xl").value, state("size", size="xl").default) == ("xl", "m")


def test_an_open_select_refuses_only_what_is_forbidden() -> None:
    style = state("style", loop=True)
    assert [option.allowed for option in style.options] == [False, True]
    assert style.constraints.refusal("sepia") is None
    assert style.constraints.refusal("noir") == "Style cannot be noir while Loop is on."
    assert style.constraints.nearest("noir") == "anime"


def test_a_switch_has_two_options_like_any_choice() -> None:
    assert [(option.value, option.label) for option in state("loop").options] == [
        (True, "On"),
        (False, "Off"),
    ]


def test_the_nearest_option_is_the_nearest_number_or_else_the_nearest_place() -> None:
    words = spec_of(FIELDS, '[[rules]]\nonly = { size = ["s", "l", "xl"] }')
    assert state("size", spec=words).constraints.nearest("m") == "s"
    later = spec_of(FIELDS, '[[rules]]\nonly = { size = ["l", "xl"] }')
    assert state("size", spec=later).constraints.nearest("s") == "l"
    earlier = spec_of(FIELDS, '[[rules]]\nonly = { size = ["s", "m"] }')
    assert state("size", spec=earlier).constraints.nearest("xl") == "m"
    numbers = spec_of('{ name = "n", type = "select", options = [30, 5, "12s", 20] }')
    narrowed = state("n", spec=numbers).constraints
    assert [narrowed.nearest(value) for value in (7, 10, "16s", 99)] == [5, "12s", "12s", 30]


def test_no_option_left_is_said() -> None:
    none = spec_of(FIELDS, '[[rules]]\nonly = { size = ["s"] }\n[[rules]]\nonly = { size = ["m"] }')
    assert state("size", spec=none).constraints.nearest("m") is None
    assert state("size", spec=none).constraints.refusal("x") == "Choose nothing: no option is left."


def test_rows_and_groups_hold_the_states_of_their_fields() -> None:
    shots = state("shots", shots=[{"length": 3}, {}, "nonsense"])
    assert [[each.value for each in row] for row in shots.rows] == [[3], [2]]
    assert [each.value for each in shots.blank] == [2]
    assert (shots.min_count, shots.max_count) == (1, 4)
    assert [each.value for each in state("camera").rows[0]] == [1]
    assert [each.value for each in state("camera", camera={"zoom": 5}).rows[0]] == [5]
    assert state("prompt").rows == ()
