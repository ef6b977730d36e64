"""The condition language, as tables of cases."""

from typing import Any

import pytest

from models.spec.conditions import Scope, read_condition
from models.spec.values import MediaFacts

FILES = {
    "wide": MediaFacts("image", 2.5, 1920, 1080),
    "tall": MediaFacts("image", 8.0, 1080, 1920),
    "clip": MediaFacts("video", 40.0, 1280, 720, 9.5),
    "bare": MediaFacts("image"),
}


def scope(**values: Any) -> Scope:
    return Scope(values, FILES)


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        ({"mode": "i2v"}, {"mode": "i2v"}, True),
        ({"mode": "i2v"}, {}, False),
        ({"mode": ["i2v", "edit"]}, {"mode": "edit"}, True),
        ({"duration": 5}, {"duration": "5"}, False),
        ({"duration": 5}, {"duration": 5.0}, True),
        ({"loop": True}, {"loop": 1}, False),
        ({"loop": True}, {"loop": True}, True),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, False),
        ([{"a": 1}, {"b": 2}], {"a": 0, "b": 2}, True),
        ({"duration": {"min": 6}}, {"duration": "8s"}, True),
        ({"duration": {"min": 6}}, {"duration": "auto"}, False),
        ({"duration": {"min": 2, "max": 4}}, {"duration": 5}, False),
        ({"image": {"set": True}}, {"image": "wide"}, True),
        ({"image": {"set": True}}, {"image": ""}, False),
        ({"image": {"set": False}}, {"images": []}, True),
        ({"mode": {"not": "t2v"}}, {"mode": "i2v"}, True),
        ({"mode": {"not": ["t2v", "i2v"]}}, {"mode": "i2v"}, False),
        ({"mode": {"not": "t2v"}}, {}, True),
        ({"images": {"count": 2}}, {"images": ["wide", "tall"]}, True),
        ({"images": {"count": {"min": 1}}}, {}, False),
        ({"image": {"count": 1}}, {"image": "wide"}, True),
        ({"image": {"ratio": {"max": 1}}}, {"image": "tall"}, True),
        ({"images": {"ratio": {"max": 1}}}, {"images": ["tall", "wide"]}, False),
        ({"clip": {"seconds": {"max": 10}}}, {"clip": "clip"}, True),
        ({"image": {"megabytes": {"max": 5}, "width": {"min": 2000}}}, {"image": "wide"}, False),
        ({"image": {"pixels": {"min": 2_000_000}}}, {"image": "wide"}, True),
        ({"camera.type": "simple"}, {"camera": {"type": "simple"}}, True),
    ],
)
def test_a_condition_holds_or_not(condition: Any, values: Any, expected: bool) -> None:
    assert read_condition(condition).holds(scope(**values)) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"image": {"width": {"min": 300}}}, None),
        ({"image": {"width": {"min": 300}}, "mode": "t2v"}, False),
        ([{"image": {"width": {"min": 300}}}, {"mode": "i2v"}], True),
        ([{"image": {"width": {"min": 300}}}, {"mode": "t2v"}], None),
    ],
)
@pytest.mark.parametrize("image", ["https://example.com/a.png", "bare"])
def test_a_fact_nobody_knows_makes_a_condition_neither_true_nor_false(
    condition: Any, expected: bool | None, image: str
) -> None:
    assert read_condition(condition).holds(scope(image=image, mode="i2v")) is expected


def test_a_row_sees_its_own_fields_first_then_those_around_it() -> None:
    row = Scope({"kind": "video"}, {}, Scope({"kind": "image", "mode": "r2v"}))
    assert read_condition({"kind": "video", "mode": "r2v"}).holds(row) is True


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ([], "expected a table"),
        ("i2v", "expected a table"),
        ({"image": {"sett": True}}, "did you mean set?"),
        ({"image": {"set": "yes"}}, "set must be true or false"),
        ({"image": {"count": {"min": "1"}}}, "expected a number"),
        ({"image": {"width": {"least": 1}}}, "expected a number"),
    ],
)
def test_a_condition_that_cannot_be_read_is_a_sentence(condition: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence.replace("?", r"\?")):
        read_condition(condition)
