"""A model is added as the guide says: from a partial draft to a video in the browser and an entry in both logs."""

import pytest
from playwright.sync_api import Browser

from tests.guide.checkout import Checkout
from tests.guide.simulation import Simulation


@pytest.mark.browser
def test_from_a_partial_draft_to_a_video_and_both_logs(checkout: Checkout, chromium: Browser) -> None:
    told: list[str] = []
    Simulation(checkout, chromium, told.append).run()
    assert len(told) == 8
