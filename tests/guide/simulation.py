"""The simulated addition: everything that happens from a partial draft to both logs, seen in a real browser.

Run by tests/guide/test_simulated_addition.py and, for people, by tests/guide/simulate.py.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import patient
from tests.guide.checkout import Checkout
from tests.guide.serving import serving
from tests.guide.terminal import on_terminal
from tests.support import png, sandbox_held
from web.cli.changelog import ANALYSIS, GUIDE, entries

Tell = Callable[[str], None]

KEY = "nova-video-1"

DRAFT = """\
# What somebody knew already.
display_name = "Nova Film 1"
family = "Nova"
provider = "replicate"
endpoint = "nova/video-1"
summary = "5 or 10 s clips from text or a first frame."
wire = "input.*"
fields = [
  { name = "prompt", type = "textarea", required = true, max_length = 500 },
  { name = "image", type = "image", label = "First frame", show_if = { mode = "i2v" }, required = true, wire = "input.start_image", accept = ["jpeg", "png"], max_mb = 10 },
  { name = "duration", type = "select", unit = "s", default = 5 },
  { name = "resolution", type = "select", options = ["720p", "1080p"], default = "720p" },
  { name = "seed", type = "seed", advanced = true },
]

[capabilities]
modes = ["t2v", "i2v"]

[[rules]]
when = { resolution = "1080p" }
only = { duration = [5] }
message = "1080p clips are 5 s long."
"""  # noqa: E501

MISSING = [
    "source",
    "checked",
    "fields[2].options",
    "price",
    "price.source",
    "price.checked",
    "examples.inputs",
    "examples.body",
]

ANSWERS = {
    "Where do these facts come from": "the page of nova/video-1, read by Ada",
    "On which day did you look": "today",
    "Between what can one choose in the field duration": "[5, 10]",
    "What does it cost": "$0.05 a second",
    "Who asks that price": "replicate.com/nova/video-1",
    "On which day was that the price": "2026-11-23",
    "What would somebody choose": '{ mode = "t2v", prompt = "A heron lifts from a still lake" }',
    "What must be sent for it": "",  # Enter: what the file would send
}


# What the newest card says, each once, in order; without its time.
NOTE_HEADINGS = """() => {
    window.seen = [];
    new MutationObserver(() => {
        const now = document.querySelector("#cards .card h3")?.innerText.replace(/ ·.*/, "");
        if (now && now !== seen.at(-1)) seen.push(now);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


@dataclass
class Simulation:
    """One addition in one copy of the checkout; `tell` hears of every step."""

    checkout: Checkout
    browser: Browser
    tell: Tell

    def run(self) -> None:
        """Every step in turn; an AssertionError where one does not hold."""
        self.begin()
        self.ask_what_is_missing()
        with serving(self.checkout) as served:
            page = patient(self.browser.new_context(base_url=served.address)).new_page()
            try:
                self.add_on_a_terminal()
                self.see_the_form(page)
                self.order_and_watch(page, served.sandbox)
                self.see_an_error(page)
            finally:
                page.context.close()
        self.read_the_logs()

    def begin(self) -> None:
        """A repository as it is after a commit, so that a log that was rewritten would be found."""
        self.checkout.write("draft.toml", DRAFT)
        who = "-c user.name=a -c user.email=a@example.com"
        ended = self.checkout.sh(f"git init -q . && git add -A && git {who} commit -qm start")
        assert ended.returncode == 0, ended.stdout
        self.before = {log: len(entries(self.checkout.log(log))) for log in (GUIDE, ANALYSIS)}

    def ask_what_is_missing(self) -> None:
        ended = self.checkout.sh(".venv/bin/shotlist models missing draft.toml --json")
        assert ended.returncode == 1, ended.stdout
        asked = [each["field"] for each in json.loads(ended.stdout)["missing"]]
        assert asked == MISSING
        self.tell(f"A partial draft; missing are only: {', '.join(asked)}")

    def add_on_a_terminal(self) -> None:
        words = ["models", "add", KEY, "--from", "draft.toml", "--why", "asked for by Ada"]
        session = on_terminal(self.checkout, words, ANSWERS)
        assert session.asked == tuple(ANSWERS), session.screen
        assert session.code == 0, session.screen
        states = [line.strip() for line in session.screen.splitlines()]
        assert [state for state in ("queued", "processing", "succeeded") if state in states] == [
            "queued",
            "processing",
            "succeeded",
        ], session.screen
        self.tell(
            f"Answered {len(session.asked)} questions on a terminal; the trial on the sandbox succeeded"
        )

    def see_the_form(self, page: Page) -> None:
        """The running server has the model; its form says what is required, and shows what depends on the mode."""
        page.goto(f"/video?model={KEY}")
        expect(page.locator("#form [name=model]")).to_have_value(KEY)
        expect(page.locator("#f-image-file")).to_have_count(0)
        page.locator("#run").click()
        expect(page.locator("#f-prompt-error")).to_contain_text("Prompt")
        page.get_by_label("Prompt", exact=True).fill("A heron over the lake")
        page.get_by_label("Image to video").check()
        expect(page.locator("#f-image-file")).to_be_attached()
        page.locator("#run").click()
        expect(page.locator("#f-image-error")).to_contain_text("First frame")
        page.get_by_label("10 s").check()
        expect(page.locator("#price")).to_have_text("about $0.50")
        page.get_by_label("1080p").check()
        expect(page.get_by_label("5 s")).to_be_checked()
        expect(page.locator("#f-duration-note")).to_contain_text("1080p clips are 5 s long.")
        expect(page.locator("#cards .card")).to_have_count(0)
        self.tell(
            "The form: a required field, a conditional one, a rule that moves another field with a note"
        )

    def order_and_watch(self, page: Page, sandbox: str) -> None:
        picture = Path(self.checkout.write("frame.png", ""))
        picture.write_bytes(png((640, 360)))
        page.locator("#f-image-file").set_input_files(picture)
        expect(page.locator(".chosen")).to_contain_text("640 × 360")
        page.evaluate(NOTE_HEADINGS)
        card = page.locator("#cards .card").first
        with sandbox_held(sandbox):
            page.locator("#run").click()
            expect(card.locator("h3")).to_contain_text("Processing")
        expect(card.locator("video")).to_be_visible()
        seen: list[str] = page.evaluate("seen")
        assert any(each.startswith(("Queued", "Sending")) for each in seen), seen
        assert any(each.startswith("Processing") for each in seen), seen
        self.tell(f"The card: {' → '.join(seen)}, the video is there")

    def see_an_error(self, page: Page) -> None:
        page.goto(f"/video?model={KEY}&prompt=A+storm+[fault:+moderation]")
        page.locator("#run").click()
        trouble = page.locator("#cards .is-failed .trouble").first
        expect(trouble).to_be_visible()
        expect(trouble).to_contain_text("not billed")
        said = " ".join(trouble.inner_text().split())
        assert "Change" in said or "change" in said, said
        self.tell(f"An error: {said}")

    def read_the_logs(self) -> None:
        for log in (GUIDE, ANALYSIS):
            found = entries(self.checkout.log(log))
            assert len(found) == self.before[log] + 1
            assert KEY in found[-1].text
            self.tell(f"{log}: {found[-1].text.splitlines()[0]}")
        assert entries(self.checkout.log(GUIDE))[-1].text.split(" / ")[1] == "asked for by Ada"
        ended = self.checkout.sh(".venv/bin/shotlist log check")
        assert ended.returncode == 0, ended.stdout
        self.tell("shotlist log check: both logs only grew")
