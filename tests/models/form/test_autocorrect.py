"""Settling a form while it is edited: what moves, what stays, and what the note says."""

# ruff: noqa: E501 — tables of cases are wide

from typing import Any

import pytest

from models.form.autocorrect import Autocorrected, autocorrect, touched_in
from models.spec.schema import Spec
from tests.models.building import PROMPT, spec_of

FIELDS = (
    PROMPT
    + """
  { name = "image", type = "image", show_if = { mode = "i2v" } },
  { name = "end_image", type = "image" },
  { name = "resolution", type = "select", options = ["480p", "720p", "1080p"], default = "720p" },
  { name = "duration", type = "select", options = [5, 8, 10], default = 5, unit = "s" },
  { name = "fps", type = "integer", min = 1, max = 60, default = 24 },
  { name = "loop", type = "switch" },
  { name = "ratio", type = "select", options = ["16:9", { value = "auto", when = { mode = "i2v" } }], default = "16:9" },
"""
)
MESSAGE = "1080p clips are 5 s long: choose 5 s, or 720p."
ONLY_5 = f'[[rules]]\nwhen = {{ resolution = "1080p" }}\nonly = {{ duration = [5] }}\nmessage = "{MESSAGE}"\n'
URL = "https://example.com/a.png"


def edit(spec: Spec, changed: str | None = None, /, **values: Any) -> Autocorrected:
    return autocorrect(spec, {"prompt": "a", **values}, touched=set(values), changed=changed, facts={})


def test_a_value_no_longer_allowed_moves_to_the_nearest_with_a_note() -> None:
    settled = edit(spec_of(FIELDS, ONLY_5), "resolution", resolution="1080p", duration=10)
    assert settled.values["duration"] == 5
    assert settled.values["resolution"] == "1080p"
    assert settled.notes == {"duration": f"Changed from 10 s to 5 s. {MESSAGE}"}


def test_the_field_just_edited_stays_and_another_makes_room_for_it() -> None:
    settled = edit(spec_of(FIELDS, ONLY_5), "duration", resolution="1080p", duration=10)
    assert settled.values["duration"] == 10
    assert settled.values["resolution"] == "720p"
    assert settled.notes == {"resolution": f"Changed from 1080p to 720p. {MESSAGE}"}


def test_where_no_room_can_be_made_the_edited_field_moves_itself() -> None:
    rule = '[[rules]]\nwhen = { end_image = { set = true } }\nonly = { duration = [5] }\nmessage = "5 s with a last frame."\n'
    settled = edit(spec_of(FIELDS, rule), "duration", end_image=URL, duration=10)
    assert settled.values["end_image"] == URL
    assert settled.values["duration"] == 5
    assert settled.notes == {"duration": "Changed from 10 s to 5 s. 5 s with a last frame."}


def test_a_file_just_chosen_makes_room_for_itself() -> None:
    rule = '[[rules]]\nwhen = { duration = 10 }\nforbid = ["end_image"]\nmessage = "No last frame at 10 s."\n'
    settled = edit(spec_of(FIELDS, rule), "end_image", end_image=URL, duration=10)
    assert (settled.values["end_image"], settled.values["duration"]) == (URL, 8)
    assert settled.notes == {"duration": "Changed from 10 s to 8 s. No last frame at 10 s."}


def test_files_and_texts_are_never_taken_away() -> None:
    rule = '[[rules]]\nwhen = { duration = 10 }\nforbid = ["end_image", "prompt"]\n'
    settled = edit(spec_of(FIELDS, rule), "duration", end_image=URL, duration=10)
    assert (settled.values["end_image"], settled.values["prompt"]) == (URL, "a")
    assert settled.notes == {}
    assert settled.state.field("end_image").forbidden


def test_a_number_moves_into_the_limit_of_a_rule_but_a_typing_mistake_stays() -> None:
    spec = spec_of(FIELDS, '[[rules]]\nwhen = { resolution = "1080p" }\nlimit = { fps = { max = 30 } }\n')
    settled = edit(spec, "resolution", resolution="1080p", fps=60)
    assert settled.values["fps"] == 30
    assert settled.notes == {"fps": "Changed from 60 to 30. Fps must be at most 30."}
    for typed in (600, "sixty"):
        mistaken = edit(spec, "fps", resolution="1080p", fps=typed)
        assert (mistaken.values["fps"], mistaken.notes) == (typed, {})


def test_a_number_moves_onto_the_steps_of_its_field() -> None:
    fields = '{ name = "n", type = "integer", min = 1, max = 161, step = 4 }, { name = "x", type = "number", step = 0.05 },'
    spec = spec_of(
        fields + '{ name = "s", type = "switch" }',
        "[[rules]]\nwhen = { s = true }\nlimit = { n = { min = 20, max = 80 }, x = { max = 0.3 } }\n",
    )
    assert edit(spec, "s", s=True, n=161, x=0.5).values == {"mode": "t2v", "s": True, "n": 77, "x": 0.3}
    assert edit(spec, "s", s=True, n=1).values["n"] == 21
    assert edit(spec, "s", s=True, n=21).notes == {}


def test_an_option_that_exists_only_under_a_condition_goes_when_the_condition_goes() -> None:
    spec = spec_of(FIELDS)
    assert edit(spec, "mode", mode="i2v", ratio="auto").values["ratio"] == "auto"
    settled = edit(spec, "mode", mode="t2v", ratio="auto")
    assert settled.values["ratio"] == "16:9"
    assert settled.notes == {
        "ratio": "Changed from auto to 16:9. auto is offered only while Mode is Image to video."
    }


def test_a_value_that_another_model_had_moves_to_the_nearest_of_this_one() -> None:
    settled = edit(spec_of(FIELDS), None, duration=12, mode="edit", resolution="4k")
    assert settled.values["duration"] == 10
    assert settled.values["mode"] == "t2v"
    assert settled.values["resolution"] == "480p"
    assert set(settled.notes) == {"duration", "mode", "resolution"}


DEFAULTS = '[[rules]]\nwhen = { resolution = "1080p" }\ndefault = { duration = 10 }\n'


def test_an_untouched_value_follows_the_default_and_a_touched_one_stays() -> None:
    spec = spec_of(FIELDS, DEFAULTS)
    drawn: dict[str, Any] = {"resolution": "1080p", "duration": 5}
    assert autocorrect(spec, drawn, touched={"resolution"}, facts={}).values["duration"] == 10
    assert autocorrect(spec, drawn, touched={"resolution", "duration"}, facts={}).values["duration"] == 5


def test_what_is_more_than_a_default_counts_as_touched() -> None:
    spec = spec_of(FIELDS, DEFAULTS)
    assert touched_in(spec, {"resolution": "1080p", "duration": 10, "fps": 24, "prompt": "a"}, {}) == {
        "resolution",
        "prompt",
    }


def test_a_hidden_field_keeps_what_was_typed() -> None:
    spec = spec_of(FIELDS)
    hidden = edit(spec, "mode", mode="t2v", image=URL)
    assert hidden.values["image"] == URL
    assert not hidden.state.field("image").visible
    assert "image" not in hidden.state.values
    shown = autocorrect(spec, {**hidden.values, "mode": "i2v"}, touched={"image"}, changed="mode", facts={})
    assert shown.state.field("image").value == URL


def test_a_hidden_value_moves_only_once_it_is_shown_again() -> None:
    fields = '{ name = "a", type = "select", options = [1, 2], show_if = { mode = "i2v" } }'
    spec = spec_of(fields, "[[rules]]\nonly = { a = [1] }")
    assert edit(spec, "mode", mode="t2v", a=2).values["a"] == 2
    assert edit(spec, "mode", mode="i2v", a=2).values["a"] == 1


def test_no_room_is_made_by_changing_the_mode_or_a_hidden_field() -> None:
    fields = """{ name = "a", type = "select", options = [1, 2] },
      { name = "b", type = "select", options = [5, 6], show_if = { mode = "i2v" } },"""
    by_mode = spec_of(fields, '[[rules]]\nwhen = { mode = "t2v" }\nonly = { a = [1] }')
    assert edit(by_mode, "a", mode="t2v", a=2).values == {"mode": "t2v", "a": 1}
    by_hidden = spec_of(fields, "[[rules]]\nwhen = { b = { set = false } }\nonly = { a = [1] }")
    assert edit(by_hidden, "a", mode="t2v", a=2, b=5).values == {"mode": "t2v", "a": 1, "b": 5}


def test_rules_of_rows_that_chase_each_other_say_so_too() -> None:
    spec = spec_of("""
      { name = "shots", type = "rows", fields = [{ name = "a", type = "select", options = [1, 2] }], rules = [
        { when = { a = 1 }, only = { a = [2] } },
        { when = { a = 2 }, only = { a = [1] } },
      ] },
    """)
    assert not edit(spec, shots=[{"a": 1}]).at_rest
    assert edit(spec, shots=[{}]).at_rest


def test_json_stays_as_it_is() -> None:
    spec = spec_of('{ name = "raw", type = "json" }')
    assert edit(spec, "raw", raw={"a": [1]}).values["raw"] == {"a": [1]}


def test_rows_settle_by_themselves() -> None:
    spec = spec_of("""
      { name = "shots", type = "rows", rules = [{ when = { kind = "pan" }, only = { duration = [2] } }], fields = [
        { name = "kind", type = "select", options = ["still", "pan"], default = "still" },
        { name = "duration", type = "select", options = [2, 4], default = 4 },
        { name = "text", type = "text", show_if = { kind = "pan" } },
      ] },
    """)
    rows: list[Any] = [
        {"kind": "pan", "duration": 4},
        {"kind": "still", "duration": 4, "text": "typed"},
        "nonsense",
    ]
    settled = autocorrect(spec, {"shots": rows}, touched={"shots"}, changed="shots.0.kind", facts={})
    assert settled.values["shots"] == [
        {"kind": "pan", "duration": 2},
        {"kind": "still", "duration": 4, "text": "typed"},
        "nonsense",
    ]
    assert settled.notes == {"shots.0.duration": "Changed from 4 to 2. Duration must be 2 while Kind is pan."}
    rows[0]["kind"] = "zoom"
    gone = autocorrect(spec, {"shots": rows[:1]}, touched={"shots"}, facts={})
    assert gone.values["shots"] == [{"kind": "still", "duration": 4}]
    rows[0]["kind"] = "pan"
    room = autocorrect(spec, {"shots": rows}, touched={"shots"}, changed="shots.0.duration", facts={})
    assert room.values["shots"][0] == {"kind": "still", "duration": 4}  # type: ignore[index]


def test_editing_one_row_keeps_the_rows() -> None:
    rows = '{ name = "shots", type = "rows", default = [{ text = "a" }], fields = [{ name = "text", type = "text" }] }'
    edited: Any = {"shots": [{"text": "b"}]}
    assert autocorrect(spec_of(rows), edited, changed="shots.0.text", facts={}).values["shots"] == [
        {"text": "b"}
    ]
    assert autocorrect(spec_of(rows), edited, facts={}).values["shots"] == [{"text": "a"}]


@pytest.mark.parametrize("values", [{}, {"mode": "i2v"}, {"resolution": "1080p", "duration": 10}])
def test_rules_that_chase_each_other_end_and_say_so(values: dict[str, Any]) -> None:
    spec = spec_of(
        FIELDS,
        "[[rules]]\nwhen = { duration = [5, 8] }\nonly = { duration = [10] }\n"
        "[[rules]]\nwhen = { duration = 10 }\nonly = { duration = [5] }\n",
    )
    assert not edit(spec, "resolution", **values).at_rest
