"""Reading a posted form: buttons carried out on its pairs, rows counted."""

import pytest
from msgspec.structs import replace

from models.spec.values import Values
from web.pages.form_data import Drawn, Pair, loose_pairs, parse_form_data, read_drawn, remove, typed_pairs

PAIRS: tuple[Pair, ...] = (
    ("image", "up_1"),
    ("images", "up_2"),
    ("images", ""),
    ("images", "up_3"),
    ("shots.0.prompt", "one"),
    ("shots.1.prompt", "two"),
    ("shots.1.image", "up_4"),
)


@pytest.mark.parametrize(
    ("at", "gone"),
    [
        ("image", {("image", "up_1")}),
        ("images.0", {("images", "up_2")}),
        ("images.1", {("images", "up_3")}),
        ("shots.1", {("shots.1.prompt", "two"), ("shots.1.image", "up_4")}),
        ("shots.1.image", {("shots.1.image", "up_4")}),
        ("images.7", set()),
        ("nothing", set()),
    ],
)
def test_remove_takes_out_one_value_one_file_or_one_row(at: str, gone: set[Pair]) -> None:
    assert set(PAIRS) - set(remove(PAIRS, at)) == gone


def test_fields_and_what_the_form_carries_for_itself_are_told_apart() -> None:
    form = parse_form_data(
        [("_csrf_token", "t"), ("model", "a"), ("nonce", "n"), ("prompt", "x"), ("watch", "1 2")]
    )
    assert form.pairs == (("prompt", "x"),)
    assert (form.model, form.nonce, form.watch, form.shown_estimate) == ("a", "n", ("1", "2"), None)


def test_the_picker_names_another_model_than_the_one_that_was_drawn() -> None:
    form = parse_form_data([("model", "a"), ("choose", "b")])
    assert (form.drawn_model, form.model) == ("a", "b")


def test_an_added_row_counts_beside_the_drawn_ones_and_a_removed_one_does_not() -> None:
    drawn = [("_rows", "shots.0"), ("_rows", "shots.1")]
    assert parse_form_data([*drawn, ("_add", "shots")]).row_counts == {"shots": 3}
    assert parse_form_data([*drawn, ("_remove", "shots.0")]).row_counts == {"shots": 1}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"values": 5}', '{"kept": [["a"]]}'])
def test_what_does_not_read_as_drawn_was_never_drawn(text: str) -> None:
    assert read_drawn(text) == Drawn()


@pytest.mark.parametrize(
    ("values", "pairs"),
    [
        ({"prompt": "x", "loop": True, "seed": 7, "scale": 0.5, "none": None, "empty": ""},
         [("prompt", "x"), ("loop", "true"), ("seed", "7"), ("scale", "0.5")]),
        ({"images": ["up_1", "up_2"], "files": []}, [("images", "up_1"), ("images", "up_2")]),
        ({"camera": {"zoom": 1.5}}, [("camera.zoom", "1.5"), ("camera", '{\n  "zoom": 1.5\n}')]),
        ({"shots": [{"seconds": 3}, {"images": ["up_1"]}]},
         [("shots.0.seconds", "3"), ("shots.1.images", "up_1"),
          ("shots", '[\n  {\n    "seconds": 3\n  },\n  {\n    "images": [\n      "up_1"\n    ]\n  }\n]')]),
    ],
)  # fmt: skip
def test_values_are_pairs_also_where_no_model_tells_their_kinds(values: Values, pairs: list[Pair]) -> None:
    assert list(loose_pairs(values)) == pairs


DRAWN = Drawn({"prompt": "a\nb", "steps": 30, "sound": True, "images": ["up_1"], "camera": {"zoom": 1}})


@pytest.mark.parametrize(
    ("pairs", "touched", "typed"),
    [
        ([("prompt", "a\r\nb"), ("steps", "30"), ("seed", "")], (), set()),
        ([("prompt", "a\r\nb"), ("steps", "30")], ("prompt",), {"prompt"}),
        ([("prompt", "a\r\nb"), ("steps", "12"), ("seed", "7")], (), {"steps", "seed"}),
        ([("sound", "false"), ("sound", "true")], (), set()),
        ([("sound", "false")], (), {"sound"}),
        ([("images", "up_1"), ("images", "")], (), set()),
        ([("images", "up_1"), ("images", "up_2")], (), {"images"}),
        ([("camera.zoom", "1"), ("camera.pan", "2")], (), {"camera.zoom", "camera.pan"}),
        ([("steps", "30"), ("seed", "")], None, {"steps", "seed"}),
    ],
)
def test_without_its_model_a_form_still_tells_what_a_person_set(
    pairs: list[Pair], touched: tuple[str, ...] | None, typed: set[str]
) -> None:
    drawn = replace(DRAWN, touched=touched, kept=(("voice", "Ada"),))
    form = replace(parse_form_data(pairs), drawn=drawn)
    names = [name for name, _ in typed_pairs(form)]
    assert names[0] == "voice"
    assert set(names[1:]) == typed
