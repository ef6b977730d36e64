"""What `shotlist models check` refuses beyond what cannot be read."""

# ruff: noqa: E501 — tables of cases are wide
import pytest

from models.linter import lint
from tests.models.building import REST, spec_of, told

FIELDS = """
  { name = "prompt", type = "text" },
  { name = "resolution", type = "select", options = ["720p", "1080p"], default = "720p" },
  { name = "duration", type = "select", options = [5, 10], default = 5 },
  { name = "image", type = "image", show_if = { mode = "i2v" } },
"""
GOOD = '[[examples]]\ninputs = { prompt = "a" }\nbody = { prompt = "a", resolution = "720p", duration = 5 }\n'
PRICED = '[capabilities]\nmodes = ["t2v", "i2v"]\n[price]\nsource = "x"\nchecked = 2026-11-22\n'


def test_a_good_spec_has_no_problems() -> None:
    assert told(lint(spec_of(FIELDS, GOOD))) == ""


@pytest.mark.parametrize(
    ("fields", "tables", "rest", "expected"),
    [
        (FIELDS, "", REST, "examples: is missing"),
        (FIELDS, GOOD.replace("duration = 5", 'duration = "5"'), REST, 'examples[0].body.duration: is "5", but 5 is sent'),
        (FIELDS, GOOD.replace(", duration = 5", ""), REST, "examples[0].body.duration: is sent too, as 5"),
        (FIELDS, GOOD.replace("duration = 5", "duration = 5, fps = 24"), REST, "examples[0].body.fps: is not sent"),
        (FIELDS, GOOD.replace("{ prompt", '{ mode = "t2v", duration = 7, prompt', 1), REST, "examples[0].inputs.duration: Choose 5 or 10."),
        (FIELDS, GOOD.replace("{ prompt", '{ mode = "i2v", prompt', 1), REST, "examples[0].inputs.mode: expected the first example to be t2v"),
        (FIELDS, GOOD, PRICED, "price.rates: is empty"),
        (FIELDS, GOOD, PRICED.replace('"x"', '" "') + 'rates = [{ usd = "1" }]', "price.source: is empty"),
        (FIELDS, GOOD, PRICED + 'rates = [{ usd = "1", unknown = true }]', "price.rates[0]: expected one of usd, low and high, or unknown"),
        (FIELDS, GOOD, PRICED + 'rates = [{ usd = "-1" }]', "price.rates[0].usd: is -1; expected an amount that is not negative"),
        (FIELDS, GOOD + "[timing]\ndeadline_sec = 0", REST, "timing.deadline_sec: is 0; expected more than 0 seconds"),
        (FIELDS, GOOD + "[timing]\ntypical_sec = -1", REST, "timing.typical_sec: is -1; expected more than 0 seconds"),
        (FIELDS, GOOD, PRICED + "rates = [{}]", "price.rates[0]: expected one of"),
        (FIELDS, GOOD, PRICED + 'rates = [{ when = { resolution = "720p" }, usd = "1" }]', "price.rates: no rate holds for resolution = '1080p'"),
        (FIELDS, GOOD + "[[rules]]\nmessage = 'x'", REST, "rules[0]: has no effect"),
        (FIELDS + '{ name = "fps", type = "integer", max = 60, default = 90 }', GOOD, REST, "fps.default: Fps must be at most 60."),
        (FIELDS + '{ name = "loop", type = "switch", default = "yes" }', GOOD, REST, "loop.default: Loop must be true or false."),
        (FIELDS + '{ name = "a", type = "text", show_if = { b = "1" } }, { name = "b", type = "text", show_if = { a = "1" } }', GOOD, REST, "show_if: goes round in a circle: a → b → a"),
        (FIELDS, GOOD + "[constraints]\nmax_duration_sec = 8", REST, "constraints.max_duration_sec: is 8, but duration goes to 10"),
        (FIELDS + '{ name = "aspect_ratio", type = "select", options = ["16:9", "auto"] }', GOOD + '[constraints]\naspect_ratios = ["16:9", "1:1"]', REST, "constraints.aspect_ratios: 1:1 is not both here and an option"),
        (FIELDS, GOOD + '[[rules]]\nwhen = { resolution = "1080p" }\nonly = { duration = [5] }\n[[rules]]\nwhen = { resolution = "1080p", duration = 5 }\nonly = { duration = [10] }', REST, "rules: never come to rest"),
        (FIELDS, GOOD + '[[rules]]\nwhen = { duration = 5 }\ndefault = { duration = 10 }\n[[rules]]\nwhen = { duration = 10 }\ndefault = { duration = 5 }', REST, "rules: never come to rest"),
        (FIELDS + '{ name = "size", type = "text", default = "x", wire = "resolution", show_if = { resolution = "1080p" } }', GOOD, REST, "fields.wire: resolution is sent twice"),
    ],
)  # fmt: skip
def test_a_spec_that_would_fail_later_is_refused_now(
    fields: str, tables: str, rest: str, expected: str
) -> None:
    assert f"test.toml: {expected}" in told(lint(spec_of(fields, tables, rest=rest)))


def test_a_wire_without_a_place_for_the_name_is_refused() -> None:
    assert "wire: has no *" in told(lint(spec_of(FIELDS, GOOD, top='wire = "input"')))
