"""Properties that hold whatever a person does to a form, and whatever its rules are.

What is sent never holds a hidden field nor an option that is not offered; nothing typed is lost silently; a
settled form stays as it is; check changes no value.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from models.form.autocorrect import Autocorrected, autocorrect, touched_in
from models.form.state import posted_state, without_hidden
from models.form.validate import check, check_state
from models.payload import map_body, map_state
from models.pricing import estimate, estimate_state
from models.spec.fields import (
    Field,
    IntegerField,
    MediaField,
    MediaListField,
    NumberField,
    RowsField,
    SeedField,
    SelectField,
    SwitchField,
    TextareaField,
    TextField,
)
from models.spec.loader import build_spec, read_spec
from models.spec.schema import Spec
from models.spec.values import MediaFacts, Values, is_absent, same
from tests.models.building import raw_of
from tests.unhurried import unhurried

TESTS = Path(__file__).parents[2]
HARD_CASES = TESTS / "models" / "spec" / "hard_cases"
FILES = [*sorted((TESTS.parent / "models").glob("*.toml")), *sorted(HARD_CASES.glob("*.toml"))]
assert len(FILES) > 100
SPECS = [spec for path in FILES if isinstance(spec := read_spec(path), Spec)]
FACTS = {
    "up": MediaFacts("image", 1.0, 1280, 720, format="png"),
    "clip": MediaFacts("video", 9.0, 640, 480, 4.0),
}

SMALL = """
  { name = "a", type = "select", options = [1, 2, 3], default = 1 },
  { name = "b", type = "select", options = ["x", "y", "z"], default = "x" },
  { name = "c", type = "select", options = [5, 10], show_if = { a = [2, 3] } },
  { name = "n", type = "integer", min = 0, max = 100, default = 50 },
  { name = "s", type = "switch" },
  { name = "f", type = "image", show_if = { b = { not = "z" } } },
  { name = "t", type = "text" },
"""
OPTIONS: dict[str, list[Any]] = {"a": [1, 2, 3], "b": ["x", "y", "z"], "c": [5, 10], "s": [True, False]}


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    """Any rule at all over the small form; many such sets of rules make little sense."""
    name = draw(st.sampled_from([*OPTIONS, "n", "f", "t"]))
    when: dict[str, Any] = {name: {"set": draw(st.booleans())}}
    if name in OPTIONS:
        when = {name: draw(st.sampled_from(OPTIONS[name]))}
    other = draw(st.sampled_from(list(OPTIONS)))
    some = draw(st.lists(st.sampled_from(OPTIONS[other]), min_size=1, max_size=2, unique=True))
    effects: list[dict[str, Any]] = [
        {"only": {other: some}},
        {"forbid": {other: some}},
        {"forbid": [other]},
        {"forbid": ["f"]},
        {"default": {other: some[0]}},
        {"limit": {"n": {"max": draw(st.integers(0, 100))}}},
        {"drop": [other]},
        {"require": [other]},
    ]
    return {"when": when, **draw(st.sampled_from(effects))}


@st.composite
def small_specs(draw: st.DrawFn) -> Spec:
    raw = raw_of(SMALL)
    raw["rules"] = draw(st.lists(rules(), max_size=4))
    spec = build_spec(raw, key="small", file="small.toml")
    assert isinstance(spec, Spec), spec
    return spec


def a_value(field: Field) -> st.SearchStrategy[Any]:
    """What a person can put into a field, allowed now or not."""
    match field:
        case SelectField():
            return st.sampled_from([option.value for option in field.options])
        case SwitchField():
            return st.booleans()
        case IntegerField() | SeedField() | NumberField():
            low, high = field.limit.min or 0, field.limit.max or 1000
            return st.integers(int(low), int(high)) | st.just("not a number")
        case TextField() | TextareaField():
            return st.sampled_from(["", "a", "words"])
        case MediaListField():
            return st.lists(st.sampled_from(["up", "clip", "https://example.com/a.png"]), max_size=3)
        case MediaField():
            return st.sampled_from(["", "up", "clip", "https://example.com/a.png"])
        case RowsField():
            row = st.fixed_dictionaries({}, optional={each.name: a_value(each) for each in field.fields})
            return st.lists(
                row.map(lambda row: {name: each for name, each in row.items() if not is_absent(each)}),
                max_size=3,
            )
        case _:
            return st.none()


def edited(data: st.DataObject, spec: Spec, drawn: Autocorrected) -> tuple[Values, set[str], str]:
    """One edit of a form as it was drawn, as the page would post it: of a field that can be seen."""
    visible = [state.field for state in drawn.state.fields if state.visible]
    field = data.draw(st.sampled_from(visible), label="field")
    value = data.draw(a_value(field), label="value")
    values = {name: each for name, each in drawn.values.items() if name != field.name}
    if not is_absent(value):
        values[field.name] = value
    return values, touched_in(spec, drawn.values, FACTS) | {field.name}, field.name


def nothing_typed_is_lost_silently(before: Values, touched: set[str], after: Autocorrected) -> None:
    for name in touched:
        if not is_absent(before.get(name)) and name not in after.notes:
            told = any(note.startswith(f"{name}.") for note in after.notes)
            assert told or same(after.values.get(name), before[name]), name


def only_what_is_offered_is_sent(spec: Spec, values: Values) -> None:
    checked = check_state(spec, posted_state(spec, values, FACTS))
    if checked.errors:
        return
    states = autocorrect(spec, checked.values, touched=checked.values, facts=FACTS).state.fields
    visible = {state.name for state in states if state.visible}
    assert set(checked.values) <= visible
    for state in states:
        value = checked.values.get(state.name)
        if state.options and state.constraints.closed and not is_absent(value):
            assert any(option.allowed and same(option.value, value) for option in state.options)
    dropped = {state.name for state in states if state.dropped is not None}
    refs = {leaf.ref for leaf in map_body(spec, checked.values, FACTS).media}
    shown = [checked.values.get(name) for name in visible - dropped]
    assert all(ref in str(shown) for ref in refs)


def a_settled_form_stays(spec: Spec, settled: Autocorrected) -> None:
    again = autocorrect(spec, settled.values, touched=settled.values, facts=FACTS)
    assert again.values == settled.values
    assert again.notes == {}


def choices_of_a_settled_form_pass(spec: Spec, settled: Autocorrected) -> None:
    """Only what settling must not touch can still be wrong: files, texts, typing mistakes, things missing."""
    errors = check_state(spec, posted_state(spec, settled.values, FACTS)).errors
    for state in settled.state.fields:
        if isinstance(state.field, SelectField | SwitchField) and not is_absent(state.value):
            derived = any(state.name in derive.source for derive in spec.derive)
            assert state.name not in errors or derived, errors


def the_drawn_state_answers_like_a_fresh_one(spec: Spec, settled: Autocorrected) -> None:
    """The page checks, prices and sends by the state it settled to; worked out anew all of it is the same."""
    fresh = posted_state(spec, settled.values, FACTS)
    shown = without_hidden(settled.state, settled.values)
    assert shown == fresh.given
    found = check_state(spec, settled.state, shown)
    assert found == check_state(spec, fresh)
    assert estimate_state(spec, settled.state) == estimate(spec, settled.values, FACTS)
    if not found.errors:
        assert map_state(spec, settled.state) == map_body(spec, found.values, FACTS)


@unhurried(100)
@given(data=st.data())
def test_real_models_keep_their_promises_under_any_edits(data: st.DataObject) -> None:
    spec = data.draw(st.sampled_from(SPECS), label="spec")
    drawn = autocorrect(spec, {}, facts=FACTS)
    for _ in range(data.draw(st.integers(1, 6))):
        values, touched, name = edited(data, spec, drawn)
        drawn = autocorrect(spec, values, touched=touched, changed=name, facts=FACTS)
        assert drawn.at_rest
        nothing_typed_is_lost_silently(values, touched, drawn)
        a_settled_form_stays(spec, drawn)
        the_drawn_state_answers_like_a_fresh_one(spec, drawn)
        only_what_is_offered_is_sent(spec, drawn.values)
        choices_of_a_settled_form_pass(spec, drawn)


@unhurried(200)
@given(spec=small_specs(), data=st.data())
def test_any_rules_keep_the_promises_under_any_edits(spec: Spec, data: st.DataObject) -> None:
    drawn = autocorrect(spec, {}, facts=FACTS)
    for _ in range(data.draw(st.integers(1, 5))):
        values, touched, name = edited(data, spec, drawn)
        drawn = autocorrect(spec, values, touched=touched, changed=name, facts=FACTS)
        nothing_typed_is_lost_silently(values, touched, drawn)
        only_what_is_offered_is_sent(spec, drawn.values)
        assume(drawn.at_rest)
        a_settled_form_stays(spec, drawn)
        the_drawn_state_answers_like_a_fresh_one(spec, drawn)
        choices_of_a_settled_form_pass(spec, drawn)


@unhurried(100)
@given(spec=small_specs(), data=st.data())
def test_check_changes_no_value_and_says_the_same_of_what_it_completed(
    spec: Spec, data: st.DataObject
) -> None:
    values = {}
    for field in spec.form.fields:
        value = data.draw(st.none() | a_value(field), label=field.name)
        if not is_absent(value):
            values[field.name] = value
    checked = check(spec, values, FACTS)
    for name, value in checked.values.items():
        if name in values:
            assert same(value, values[name])
    if not checked.errors:
        assert check(spec, checked.values, FACTS) == checked
        assert set(values) <= set(checked.values)
