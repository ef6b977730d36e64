"""What was emptied never becomes the default: not in the check, the form or the request; and what says nothing."""

# ruff: noqa: E501 — tables of cases are wide

import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import models
from models.describe import json_schema, labels
from models.form.autocorrect import autocorrect, touched_in
from models.form.empties import is_blank, stays_empty
from models.form.encoding import read_form, to_pairs
from models.form.state import form_state
from models.form.validate import Checked, check
from models.payload import finish, map_body
from models.spec.catalogue import Catalogue
from models.spec.fields import Field
from models.spec.schema import Spec
from models.spec.values import Values, is_absent
from tests.models.building import PROMPT, spec_of

NEGATIVE = "blur, distort, and low quality"
CAT = "A cat walks on the grass, realistic style"

SPEC = spec_of(f"""
  {PROMPT}
  {{ name = "negative_prompt", type = "textarea", default = "{NEGATIVE}" }},
  {{ name = "title", type = "text" }},
  {{ name = "tail", type = "text", default = "the end", min_length = 3 }},
  {{ name = "steps", type = "integer", min = 1, default = 30 }},
  {{ name = "scale", type = "number", default = 0.5 }},
  {{ name = "seed", type = "seed", default = 42 }},
  {{ name = "duration", type = "select", options = [5, 10], default = 5, unit = "s" }},
  {{ name = "style", type = "select", options = ["", "noir"], default = "noir" }},
  {{ name = "voice", type = "select", options = ["Ada", "Kai"], open = true, default = "Ada" }},
  {{ name = "loop", type = "switch", default = true }},
  {{ name = "extra", type = "json", default = {{ a = 1 }} }},
  {{ name = "image", type = "image", default = "https://example.com/a.png" }},
  {{ name = "camera", type = "group", required = true, fields = [{{ name = "move", type = "text", default = "pan" }}] }},
  {{ name = "shots", type = "rows", fields = [{{ name = "words", type = "text", default = "cut" }}, {{ name = "seconds", type = "integer", default = 2 }}] }},
""")  # fmt: skip

DRIVEN = spec_of(f"""
  {{ name = "prompt", type = "textarea", default = "{CAT}" }},
  {{ name = "image", type = "image", show_if = {{ mode = "i2v" }} }},
""")


def checked(values: Values, spec: Spec = SPEC) -> Checked:
    return check(spec, {"prompt": "A heron", **values}, {})


def sent(values: Values, spec: Spec = SPEC) -> Any:
    found = checked(values, spec)
    assert found.errors == {}
    return finish(map_body(spec, found.values), {})


# Texts


def test_an_emptied_text_is_sent_empty_and_an_absent_one_as_its_default() -> None:
    assert sent({})["negative_prompt"] == NEGATIVE
    assert sent({"negative_prompt": None})["negative_prompt"] == NEGATIVE
    assert sent({"negative_prompt": ""})["negative_prompt"] == ""
    assert checked({"negative_prompt": ""}).values["negative_prompt"] == ""


def test_a_text_without_a_default_that_is_empty_is_left_out() -> None:
    assert "title" not in sent({"title": ""})
    assert "title" not in checked({"title": ""}).values


def test_an_emptied_text_that_must_have_some_length_is_refused_rather_than_filled_in() -> None:
    assert checked({"tail": ""}).errors == {"tail": "Tail has 0 characters; at least 3 are needed."}


def test_an_emptied_text_in_a_group_or_row_stays_empty_too() -> None:
    body = sent({"camera": {"move": ""}, "shots": [{"words": ""}, {}]})
    assert body["camera"] == {"move": ""}
    assert body["shots"] == [{"words": "", "seconds": 2}, {"words": "cut", "seconds": 2}]


def test_to_rules_an_emptied_text_is_empty() -> None:
    rule = '[[rules]]\nwhen = { negative_prompt = { set = true } }\nonly = { duration = [10] }\nmessage = "With words to avoid 10 s."'
    fields = f'{PROMPT} {{ name = "negative_prompt", type = "text", default = "blur" }}, {{ name = "duration", type = "select", options = [5, 10] }}'
    spec = spec_of(fields, rule)
    assert set(checked({"duration": 5}, spec).errors) == {"duration"}
    assert checked({"duration": 5, "negative_prompt": ""}, spec).errors == {}


def test_a_default_that_only_a_rule_gives_does_not_come_back_either() -> None:
    rule = '[[rules]]\nwhen = { mode = "t2v" }\ndefault = { negative_prompt = "ugly" }'
    spec = spec_of(f'{PROMPT} {{ name = "negative_prompt", type = "text" }}', rule)
    assert sent({}, spec)["negative_prompt"] == "ugly"
    assert sent({"negative_prompt": ""}, spec)["negative_prompt"] == ""
    assert "negative_prompt" not in sent({"mode": "i2v", "negative_prompt": ""}, spec)


def test_what_was_left_empty_is_listed_with_a_jobs_settings() -> None:
    told = labels(SPEC, checked({"negative_prompt": ""}).values)
    assert ("Negative prompt", "left empty") in told
    assert "Title" not in dict(told)


# What cannot be empty


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("steps", "Steps cannot be empty: give a value, such as 30."),
        ("scale", "Scale cannot be empty: give a value, such as 0.5."),
        ("seed", "Seed cannot be empty: give a value, such as 42."),
        ("duration", "Duration cannot be empty: give a value, such as 5 s."),
        ("voice", "Voice cannot be empty: give a value, such as Ada."),
        ("loop", "Loop cannot be empty: give a value, such as on."),
        ("extra", "Extra cannot be empty: give a value."),
        ("image", "Image cannot be empty: give a value, such as a file."),
    ],
)
def test_a_default_is_not_sent_in_place_of_what_was_emptied(name: str, sentence: str) -> None:
    assert checked({name: ""}).errors == {name: sentence}
    assert checked({name: None}).errors == {}


def test_inside_a_row_neither() -> None:
    assert set(checked({"shots": [{"seconds": ""}]}).errors) == {"shots.0.seconds"}


def test_a_choice_that_is_empty_is_a_choice() -> None:
    assert sent({"style": ""})["style"] == ""
    assert sent({})["style"] == "noir"


# Prompts


BLANKS = [
    "",
    " ",
    "\n\t ",
    "\u200b",
    "\ufeff",
    "\u200e\u200f",
    "\u2060",
    "\u3164",
    "\u2800",
    "\u00ad",
    "\u3000",
]


@pytest.mark.parametrize("prompt", BLANKS)
def test_a_required_prompt_that_shows_nothing_is_refused(prompt: str) -> None:
    assert check(SPEC, {"prompt": prompt}, {}).errors == {"prompt": "Prompt is needed."}


@pytest.mark.parametrize("prompt", [None, *BLANKS])
def test_a_prompts_default_is_never_ordered_where_words_alone_make_the_video(prompt: str | None) -> None:
    assert check(DRIVEN, {"prompt": prompt}, {}).errors == {"prompt": "Prompt is needed."}
    assert check(DRIVEN, {}, {}).errors == {"prompt": "Prompt is needed."}
    assert sent({}, DRIVEN) == {"prompt": "A heron"}
    assert sent({"prompt": CAT}, DRIVEN) == {"prompt": CAT}, "one who writes it means it"


def test_beside_a_picture_a_prompts_default_is_used_until_it_is_emptied() -> None:
    picture: Values = {"mode": "i2v", "image": "https://example.com/a.png"}
    assert finish(map_body(DRIVEN, check(DRIVEN, picture, {}).values), {})["prompt"] == CAT
    assert sent({**picture, "prompt": ""}, DRIVEN)["prompt"] == ""


def test_a_prompts_default_is_shown_in_grey() -> None:
    state = form_state(DRIVEN, {}, {}).field("prompt")
    assert (state.value, state.default, state.placeholder, state.required) == (None, None, CAT, True)
    beside = form_state(DRIVEN, {"mode": "i2v"}, {}).field("prompt")
    assert (beside.value, beside.default, beside.placeholder, beside.required) == (CAT, CAT, "", False)


def test_the_schema_for_programs_asks_for_the_prompt() -> None:
    alone = spec_of(
        f'{{ name = "prompt", type = "textarea", default = "{CAT}" }}',
        rest='[capabilities]\nmodes = ["t2v"]\n[price]\nrates = [{ unknown = true }]\nsource = "made up"\nchecked = 2026-11-22',
    )
    schema: Any = json_schema(alone)
    assert schema["required"] == ["prompt"]
    assert "default" not in schema["properties"]["prompt"]
    both: Any = json_schema(DRIVEN)
    assert both["required"] == []


def test_of_a_prompt_and_shots_either_is_enough_and_spaces_are_neither() -> None:
    rule = '[[rules]]\nexactly_one_of = ["prompt", "shots"]'
    spec = spec_of(
        '{ name = "prompt", type = "text" }, { name = "shots", type = "rows", fields = [{ name = "words", type = "text" }] }',
        rule,
    )
    assert check(spec, {"shots": [{"words": "a"}]}, {}).errors == {}
    assert set(check(spec, {"prompt": "\u200b "}, {}).errors) == {"prompt"}
    assert check(spec, {"prompt": "a"}, {}).errors == {}


@pytest.mark.parametrize(
    "text", ["a", "夜", "🌊", "…", ".", "\u200ba", "a\u0301", "👨\u200d👩\u200d👧", "\ue000", "\u0378"]
)
def test_a_text_that_shows_anything_is_not_blank(text: str) -> None:
    assert not is_blank(text)


def test_no_letter_mark_or_digit_is_blank_but_the_fillers_of_unicode() -> None:
    fillers = {
        0x034F,
        0x115F,
        0x1160,
        0x17B4,
        0x17B5,
        0x180B,
        0x180C,
        0x180D,
        0x180F,
        0x3164,
        0xFFA0,
        *range(0xFE00, 0xFE10),
    }
    blank = {
        code
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code))[0] in "LMN" and is_blank(chr(code))
    }
    assert {code for code in blank if code < 0xE0000} == fillers
    assert {code for code in blank if code >= 0xE0000} == set(range(0xE0100, 0xE01F0)), "variation selectors"


# The form


def test_a_form_says_what_was_emptied_and_reads_it_back() -> None:
    pairs = [
        ("prompt", "A heron"),
        ("negative_prompt", ""),
        ("title", ""),
        ("steps", ""),
        ("seed", "7"),
        ("loop", ""),
    ]
    read = read_form(SPEC, pairs)
    assert read == {"prompt": "A heron", "negative_prompt": "", "steps": "", "seed": 7, "loop": ""}
    assert read_form(SPEC, to_pairs(SPEC.form.fields, read)) == read


def test_a_field_that_is_not_in_the_form_was_not_emptied() -> None:
    assert read_form(SPEC, [("prompt", "A heron")]) == {"prompt": "A heron"}


def test_a_row_in_which_everything_was_emptied_is_none() -> None:
    pairs = [("shots.0.words", ""), ("shots.0.seconds", ""), ("shots.1.words", ""), ("shots.1.seconds", "3")]
    assert read_form(SPEC, pairs)["shots"] == [{"words": "", "seconds": 3}]


def test_an_emptied_text_counts_as_set_by_the_person_and_stays_while_other_fields_change() -> None:
    settled = autocorrect(SPEC, {"negative_prompt": ""}, touched={"negative_prompt"}, facts={})
    assert settled.values["negative_prompt"] == ""
    assert settled.state.field("negative_prompt").value == ""
    assert "negative_prompt" in touched_in(SPEC, settled.values, {})
    assert "negative_prompt" not in touched_in(SPEC, autocorrect(SPEC, {}, facts={}).values, {})
    again = autocorrect(
        SPEC, {**settled.values, "duration": 10}, touched={"negative_prompt"}, changed="duration", facts={}
    )
    assert again.values["negative_prompt"] == ""


def test_an_emptied_number_is_filled_in_again_for_all_to_see_while_the_form_is_edited() -> None:
    settled = autocorrect(SPEC, {"steps": ""}, touched={"steps"}, changed="steps", facts={})
    assert settled.values["steps"] == settled.state.field("steps").value == 30


def test_a_hidden_text_that_was_emptied_is_still_empty_when_it_comes_back() -> None:
    spec = spec_of('{ name = "avoid", type = "text", default = "blur", show_if = { mode = "t2v" } }')
    away = autocorrect(spec, {"mode": "i2v", "avoid": ""}, touched={"avoid"}, facts={})
    assert away.values["avoid"] == ""
    back = autocorrect(
        spec, {**away.values, "mode": "t2v"}, touched=touched_in(spec, away.values, {}), facts={}
    )
    assert back.values["avoid"] == ""


def test_an_empty_prompt_that_nobody_touched_takes_its_default_in_a_mode_that_has_one() -> None:
    drawn = autocorrect(DRIVEN, {"prompt": ""}, facts={}).values
    assert touched_in(DRIVEN, drawn, {}) == set()
    assert autocorrect(DRIVEN, {**drawn, "mode": "i2v"}, facts={}).values["prompt"] == CAT


# The catalogue

SPECS = Catalogue([Path(models.__file__).parent]).all()


def example_of(spec: Spec, mode: str) -> Values | None:
    found = (each.inputs for each in spec.examples if each.inputs.get("mode", spec.modes[0]) == mode)
    return next(found, None)


def emptied(spec: Spec, inputs: Values) -> Iterator[tuple[Field, Checked]]:
    """Each field that has a default here, made empty."""
    for state in form_state(spec, inputs, {}).fields:
        if state.visible and not is_absent(state.default):
            yield state.field, check(spec, {**inputs, state.name: ""}, {})


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.key)
def test_no_emptied_field_of_any_model_sends_its_default(spec: Spec) -> None:
    for inputs in (example for mode in spec.modes if (example := example_of(spec, mode))):
        for field, found in emptied(spec, inputs):
            if not stays_empty(field, ""):
                assert field.name in found.errors
            elif not found.errors:
                default = check(spec, {**inputs, field.name: None}, {}).values
                assert found.values[field.name] == ""
                assert map_body(spec, found.values).body != map_body(spec, default).body


PROMPTED = [
    (spec, inputs)
    for spec in SPECS
    if "t2v" in spec.modes and (inputs := example_of(spec, "t2v")) and "prompt" in inputs
]


@pytest.mark.parametrize(("spec", "inputs"), PROMPTED, ids=[spec.key for spec, _ in PROMPTED])
def test_no_model_makes_a_video_of_a_prompt_that_shows_nothing(spec: Spec, inputs: Values) -> None:
    assert len(PROMPTED) > 80
    for prompt in BLANKS:
        assert check(spec, {**inputs, "prompt": prompt}, {}).errors
