"""`python -m tests.guide.simulate`: the simulated addition of a model, told step by step, in a temporary copy.

Nothing of this checkout is changed, nothing is billed. It needs Chromium at /usr/bin/chromium or at $CHROMIUM.
"""

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.guide.checkout import Checkout
from tests.guide.simulation import Simulation


def main() -> int:
    chromium = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
    if not chromium.exists():
        print(
            f"There is no Chromium at {chromium}: install it, or say where it is in CHROMIUM.",
            file=sys.stderr,
        )
        return 1
    with (
        tempfile.TemporaryDirectory(prefix="shotlist-simulation-") as folder,
        sync_playwright() as playwright,
    ):
        root = Path(folder) / "shotlist"
        root.mkdir()
        browser = playwright.chromium.launch(executable_path=str(chromium))
        try:
            Simulation(Checkout(root), browser, lambda line: print(f"- {line}", flush=True)).run()
        except AssertionError as error:
            print(f"It does not hold: {error}", file=sys.stderr)
            return 1
        finally:
            browser.close()
    print("The simulated addition holds from the draft to both logs.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
