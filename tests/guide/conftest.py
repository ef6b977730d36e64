"""A copy of the checkout for every file of tests, and a real Chromium for those that look at the page."""

from pathlib import Path

import pytest

from tests.browser.conftest import chromium
from tests.guide.checkout import Checkout

__all__ = ["checkout", "chromium"]


@pytest.fixture(scope="module")
def checkout(starts_processes: None, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    root: Path = tmp_path_factory.mktemp("guide") / "shotlist"
    root.mkdir()
    return Checkout(root)
