"""What a form carries of the price it showed, and when the price at the click must be shown first."""

from datetime import date
from decimal import Decimal

import pytest

from models.pricing import Estimate, UnitPrice
from tasks.create_job import rose, shown_price


def price(low: str = "", high: str = "", unit: UnitPrice | None = None) -> Estimate:
    least, most = (Decimal(each) if each else None for each in (low, high))
    return Estimate(least, most, "USD", "", "", date(2026, 11, 22), unit)


def by(per: str, low: str, high: str = "") -> UnitPrice:
    return UnitPrice(Decimal(low), Decimal(high) if high else None, per)


UNKNOWN = price()
SECOND = price(unit=by("second", "0.14", "0.14"))
SECONDS = price(unit=by("second", "0.05", "0.15"))
FROM_SECOND = price(unit=by("second", "0.05"))
MINUTE = price(unit=by("minute", "0.14", "0.14"))
BOUNDED = price("0.42", "1.40", by("second", "0.14", "0.14"))
AT_LEAST = price("0.56", "", by("second", "0.28", "0.28"))


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (UNKNOWN, ""),
        (price("1.40", "1.40"), "1.40"),
        (price("0.0000004", "0.0000004"), "0.0000004"),
        (price("0.40", "0.80"), "0.80"),
        (price("", "0.80"), "0.80"),
        (price("0.40", ""), "0.40+"),
        (SECOND, "0.14/second"),
        (SECONDS, "0.15/second"),
        (FROM_SECOND, "0.05+/second"),
        (BOUNDED, "1.40"),
        (AT_LEAST, "0.28/second"),
    ],
)
def test_a_form_carries_the_figure_that_binds(found: Estimate, shown: str) -> None:
    assert shown_price(found) == shown
    assert not rose(shown, found)


@pytest.mark.parametrize(
    ("shown", "now", "expected"),
    [
        ("", price("9", "9"), False),  # one that was never known
        ("", SECOND, False),
        ("1.40", price("1.40", "1.40"), False),
        ("1.40", price("0.20", "1.39"), False),
        ("1.40", price("1.41", "1.41"), True),
        ("1.40", UNKNOWN, True),
        ("1.40", SECOND, True),
        ("1.40", AT_LEAST, True),
        ("1.40", price("0.20", ""), True),
        ("0.40+", price("0.40", ""), False),
        ("0.40+", price("0.30", "0.60"), False),
        ("0.40+", price("", "10.50"), False),
        ("0.40+", price("0.50", ""), True),
        ("0.40+", price("2.00", "2.00"), True),
        ("0.40+", UNKNOWN, True),
        ("0.14/second", SECOND, False),
        ("0.15/second", SECOND, False),
        ("0.13/second", SECOND, True),
        ("0.14/second", SECONDS, True),
        ("0.14/second", FROM_SECOND, True),
        ("0.05+/second", FROM_SECOND, False),
        ("0.04+/second", FROM_SECOND, True),
        ("0.05+/second", SECONDS, False),
        ("0.04+/second", SECONDS, True),
        ("0.14/second", MINUTE, True),
        ("0.14/second", UNKNOWN, True),
        ("0.14/second", price("1.40", "1.40"), True),  # a whole that nobody has seen
        ("0.14/second", BOUNDED, True),
        ("cheap", price("1", "1"), True),
        ("1.40/", price("1", "1"), True),
        ("-1", price("1", "1"), True),
    ],
)
def test_a_figure_that_was_shown_is_never_passed_unseen(shown: str, now: Estimate, expected: bool) -> None:
    assert rose(shown, now) is expected
