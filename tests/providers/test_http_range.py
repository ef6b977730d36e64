"""Which bytes of a file a request asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.http_range import (
    ByteRange,
    NotModified,
    RangeNotSatisfiable,
    RequestedRange,
    WholeFile,
    requested_range,
)
from tests.unhurried import unhurried

ETAG, MODIFIED = '"abc"', "Mon, 23 Nov 2026 03:00:00 GMT"


def ask(size: int = 1000, **headers: str) -> RequestedRange:
    return requested_range(
        {k.replace("_", "-"): v for k, v in headers.items()}, size=size, etag=ETAG, modified=MODIFIED
    )


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-99", ByteRange(0, 99)),
        ("bytes=0-0", ByteRange(0, 0)),
        ("bytes=0-", ByteRange(0, 999)),
        ("bytes=990-", ByteRange(990, 999)),
        ("bytes=990-5000", ByteRange(990, 999)),
        ("bytes=-100", ByteRange(900, 999)),
        ("bytes=-5000", ByteRange(0, 999)),
        ("Bytes = 5-6", ByteRange(5, 6)),
        ("bytes=1000-", RangeNotSatisfiable()),
        ("bytes=1000-1001", RangeNotSatisfiable()),
        ("bytes=-0", RangeNotSatisfiable()),
        ("bytes=5-4", WholeFile()),
        ("bytes=0-1,5-6", WholeFile()),
        ("bytes=-", WholeFile()),
        ("bytes=a-b", WholeFile()),
        ("bytes=--5", WholeFile()),
        ("bytes=+1-2", WholeFile()),
        ("bytes=٣-٤", WholeFile()),
        ("bytes=" + "9" * 5000 + "-", WholeFile()),
        ("lines=0-5", WholeFile()),
        ("bytes", WholeFile()),
        ("", WholeFile()),
    ],
)
def test_a_range_is_answered_as_the_rfc_says(header: str, expected: RequestedRange) -> None:
    assert ask(range=header) == expected


def test_no_byte_of_an_empty_file_can_be_asked_for() -> None:
    assert ask(size=0, range="bytes=0-") == RangeNotSatisfiable()
    assert ask(size=0, range="bytes=-5") == RangeNotSatisfiable()
    assert ask(size=0) == WholeFile()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [(ETAG, ByteRange(0, 9)), (MODIFIED, ByteRange(0, 9)), ('"old"', WholeFile()), ('W/"abc"', WholeFile())],
)
def test_a_range_of_a_file_that_has_changed_is_answered_with_the_whole_new_one(
    condition: str, expected: RequestedRange
) -> None:
    assert ask(range="bytes=0-9", if_range=condition) == expected


@pytest.mark.parametrize("header", [ETAG, f'"x", {ETAG}', f"W/{ETAG}", "*"])
def test_what_the_browser_has_already_is_not_sent_again(header: str) -> None:
    assert ask(if_none_match=header, range="bytes=0-9") == NotModified()


def test_another_etag_is_sent_again() -> None:
    assert ask(if_none_match='"other"') == WholeFile()


@unhurried()
@given(st.text(max_size=40), st.integers(min_value=0, max_value=10**12))
def test_whatever_is_asked_a_part_lies_inside_the_file(text: str, size: int) -> None:
    match ask(size=size, range="bytes=" + text):
        case ByteRange(first, last):
            assert 0 <= first <= last < size
