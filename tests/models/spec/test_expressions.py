"""The arithmetic expression: what it comes to, what it refuses, and what it does where a number is not known."""

from decimal import Decimal
from typing import Any

import pytest

from models.spec.conditions import Scope
from models.spec.expressions import INFINITE, Range, read_expression
from models.spec.values import MediaFacts

FILES = {
    "clip": MediaFacts("video", seconds=9.5, width=1280, height=720),
    "other": MediaFacts("video", seconds=2.25),
}
VALUES: dict[str, Any] = {
    "duration": "8s",
    "fps": 24,
    "loop": True,
    "auto": "auto",
    "clip": "clip",
    "clips": ["clip", "other"],
    "linked": "https://example.com/a.mp4",
    "shots": [{"duration": 2}, {"duration": 3}, {"prompt": "no duration"}],
    "size": {"width": 832, "height": 480},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("duration * fps", "192"),
        ("duration / 2 + 1 - -1", "6"),
        ("sum(shots.duration)", "5"),
        ("count(shots) - 1", "2"),
        ("count(nothing)", "0"),
        ("count(shots.duration)", "2"),
        ("nothing + 1", "1"),
        ("max(shots.duration)", "3"),
        ("max(nothing)", "0"),
        ("min(duration, 5)", "5"),
        ("ceil(clip.seconds)", "10"),
        ("round(clip.seconds)", "10"),
        ("round(2.4)", "2"),
        ("sum(clips.seconds)", "11.75"),
        ("clip.width * clip.height", "921600"),
        ("size.width * size.height * 24 / 1024", "9360"),
        ("loop * 3", "3"),
        ("linked.seconds * nothing", "0"),
        (25, "25"),
    ],
)
def test_an_expression_comes_to_a_number(text: str | int, expected: str) -> None:
    found = read_expression(text).value(Scope(VALUES, FILES))
    assert found.known
    assert found.low == Decimal(expected)


def test_an_unknown_number_is_anything_within_its_bounds() -> None:
    def bounds(name: str, part: str) -> Range:
        return {
            ("linked", "seconds"): Range(Decimal(3), Decimal(10)),
            ("auto", ""): Range(Decimal(4), Decimal(8)),
        }[(name, part)]

    found = read_expression("2 * linked.seconds + auto").value(Scope(VALUES, FILES), bounds)
    assert found == Range(Decimal(10), Decimal(28))
    assert read_expression("10 - linked.seconds").value(Scope(VALUES, FILES), bounds) == Range(
        Decimal(0), Decimal(7)
    )


def test_an_unknown_number_without_bounds_has_no_upper_end() -> None:
    assert read_expression("linked.seconds + 1").value(Scope(VALUES, FILES)) == Range(Decimal(1), INFINITE)


@pytest.mark.parametrize("text", ["1 / nothing", "linked.seconds - linked.seconds"])
def test_what_cannot_be_computed_raises_nothing(text: str) -> None:
    assert read_expression(text).value(Scope(VALUES, FILES)).high.is_infinite()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("__import__('os')", "not a function"),
        ("open(duration)", "not a function"),
        ("summ(shots.duration)", "did you mean sum"),
        ("duration ** 9", "not allowed"),
        ("duration if fps else 1", "not allowed"),
        ("shots[0]", "not allowed"),
        ("a.b.c", "not allowed"),
        ("'text'", "not allowed"),
        ("True", "not allowed"),
        ("sum()", "not allowed"),
        ("sum(x=1)", "not allowed"),
        ("(lambda: 1)()", "not allowed"),
        ("duration *", "cannot read"),
        ("count(duration + 1)", "count takes the name"),
    ],
)
def test_nothing_else_is_evaluated(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_expression(text)


def test_an_expression_that_is_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="expected an expression"):
        read_expression(True)
