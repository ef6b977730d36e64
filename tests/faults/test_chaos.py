"""A short campaign of chaos; `make chaos` runs a long one."""

import time

import pytest

from tests.faults.chaos import a_house, campaign, told

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("where", ["embedded", "apart"])
def test_the_books_balance_after_a_short_campaign(where: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Always the same one, its seed printed; `make chaos` draws another each time."""
    seed = 7
    began = time.monotonic()
    with a_house(embedded=where == "embedded") as house:
        books, mischief = campaign(house, seed, count=24, seconds=10)
        lines = told(seed, books, mischief, time.monotonic() - began)
        with capsys.disabled():
            print(f"\nchaos, {where}:", *lines, sep="\n  ")
        assert books.wrong == (), f"seed {seed}; the log:\n{house.said()}"
