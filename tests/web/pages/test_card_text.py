"""Figures as people read them."""

import pytest

from web.pages.card_text import about, amount, clock, either, listed, megabytes, number, ordinal, seconds
from web.pages.fields import ratio_shape


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (number(None), ""),
        (number(5.0), "5"),
        (number(2.5), "2.5"),
        (seconds(5.04), "5 s"),
        (seconds(65), "1:05 min"),
        (megabytes(812_345), "0.8 MB"),
        (megabytes(340), "1 kB"),
        (megabytes(34_000), "34 kB"),
        (clock(7.9), "0:07"),
        (clock(3723), "1:02:03"),
        (clock(-3), "0:00"),
        (about(41), "about 40 s"),
        (about(180), "about 3 min"),
        (ordinal(1), "1st"),
        (ordinal(2), "2nd"),
        (ordinal(11), "11th"),
        (ordinal(23), "23rd"),
        (either(["JPEG", "PNG", "WEBP"]), "JPEG, PNG or WEBP"),
        (either(["MP4"]), "MP4"),
        (either([]), ""),
        (listed(["fal", "Replicate"]), "fal and Replicate"),
        (amount("1.4", "USD"), "$1.40"),
        (amount("0.0375", "USD"), "$0.0375"),
        (amount("3", "JPY"), "3.00 JPY"),
    ],
)
def test_figures_in_words(shown: str, words: str) -> None:
    assert shown == words


@pytest.mark.parametrize(
    ("label", "shape"),
    [("16:9", (20, 11.2)), ("9:16", (11.2, 20)), ("1:1", (20, 20)), ("21:9", (20, 8.6)), ("auto", None)],
)
def test_a_ratio_is_drawn_in_its_shape(label: str, shape: tuple[float, float] | None) -> None:
    assert ratio_shape(label) == shape
