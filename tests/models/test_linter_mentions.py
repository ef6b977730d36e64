"""Which fields the rest of a spec names, wherever it can name one."""

import pytest

from models.linter import lint, mentioned
from tests.models.building import PROMPT, spec_of

FREE = '{ name = "free", type = "select", options = ["a", "b"] }'
USED = '{ name = "used", type = "integer", max = 9 }'


@pytest.mark.parametrize(
    ("fields", "rest"),
    [
        ('{ name = "x", type = "text", show_if = { used = 1 } }', ""),
        ('{ name = "x", type = "select", options = [{ value = 1, when = { used = 1 } }, 2] }', ""),
        (
            '{ name = "x", type = "rows", fields = [{ name = "y", type = "text", show_if = { used = 1 } }] }',
            "",
        ),
        (FREE, '[[rules]]\nwhen = { used = 1 }\nrequire = ["prompt"]'),
        (FREE, '[[rules]]\ndrop = ["used"]'),
        (FREE, "[[rules]]\nlimit = { used = { max = 3 } }"),
        (FREE, '[[rules]]\ntotal = "used * 2"\nmax = 4'),
        (FREE, '[[derive]]\nat = "size"\nfrom = ["used"]\ntable = [[1, "a"]]'),
    ],
)
def test_a_field_is_named_by_conditions_rules_expressions_and_derivations(fields: str, rest: str) -> None:
    names = mentioned(spec_of(f"{PROMPT} {USED}, {fields}", rest))
    assert "used" in names
    assert not names & {"free", "x"}


def test_fields_that_nothing_names_are_tried_together_and_still_must_not_meet_in_the_body() -> None:
    one = '{ name = "one", type = "select", options = ["a", "b"], wire = "same" }'
    two = '{ name = "two", type = "select", options = ["a", "b"], wire = "same" }'
    example = '[[examples]]\ninputs = { prompt = "A kite" }\nbody = { prompt = "A kite" }'
    told = [str(problem) for problem in lint(spec_of(f"{PROMPT} {one}, {two}", example))]
    assert any("same is sent twice" in line for line in told), told
