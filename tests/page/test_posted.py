"""Reading a posted form: buttons carried out on its pairs, rows counted."""

import pytest

from web.posted import Drawn, Pair, posted, read_drawn, remove

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
    form = posted([("_csrf_token", "t"), ("model", "a"), ("nonce", "n"), ("prompt", "x"), ("watch", "1 2")])
    assert form.pairs == (("prompt", "x"),)
    assert (form.model, form.nonce, form.watch, form.shown_estimate) == ("a", "n", ("1", "2"), None)


def test_the_picker_names_another_model_than_the_one_that_was_drawn() -> None:
    form = posted([("model", "a"), ("choose", "b")])
    assert (form.drawn_model, form.model) == ("a", "b")


def test_an_added_row_counts_beside_the_drawn_ones_and_a_removed_one_does_not() -> None:
    drawn = [("_rows", "shots.0"), ("_rows", "shots.1")]
    assert posted([*drawn, ("_add", "shots")]).row_counts == {"shots": 3}
    assert posted([*drawn, ("_remove", "shots.0")]).row_counts == {"shots": 1}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"values": 5}', '{"kept": [["a"]]}'])
def test_what_does_not_read_as_drawn_was_never_drawn(text: str) -> None:
    assert read_drawn(text) == Drawn()
