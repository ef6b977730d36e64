"""A form is worked out once, and everything else takes what was worked out."""

from __future__ import annotations

from pathlib import Path

import pytest

import models
from models.describe import frame, frame_state, labels
from models.form.rules import evaluate
from models.form.state import form_state, posted_state
from models.form.validate import check, check_state
from models.payload import map_body, map_state
from models.pricing import estimate, estimate_state
from models.spec.catalogue import Catalogue
from models.spec.schema import Spec
from models.spec.values import Values
from tests.counting import calls_of
from tests.models.building import PROMPT, spec_of

SPECS = Catalogue([Path(models.__file__).parent]).all()

HIDING = spec_of(f'{PROMPT} {{ name = "image", type = "image", show_if = {{ mode = "i2v" }} }}')


def inputs_of(spec: Spec) -> list[Values]:
    return [example.inputs for example in spec.examples]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.key)
def test_check_price_body_labels_and_frame_of_a_model_need_one_evaluation(spec: Spec) -> None:
    for inputs in inputs_of(spec):
        with calls_of(evaluate) as calls:
            state = form_state(spec, inputs, {})
            checked = check_state(spec, state)
            price, body = estimate_state(spec, state), map_state(spec, state)
            told, shape = labels(spec, state.values), frame_state(spec, state)
        assert calls.outermost == 1
        assert checked == check(spec, inputs, {})
        assert checked.errors == {}
        assert price == estimate(spec, checked.values, {})
        assert body == map_body(spec, checked.values)
        assert (told, shape) == (labels(spec, checked.values), frame(spec, checked.values, {}))


@pytest.mark.parametrize(
    ("values", "evaluations"),
    [
        ({"mode": "t2v", "prompt": "a"}, 1),
        ({"mode": "t2v", "prompt": "a", "image": "https://example.com/a.png"}, 2),
        ({"mode": "i2v", "prompt": "a", "image": "https://example.com/a.png"}, 1),
    ],
)
def test_a_posted_form_is_worked_out_again_only_where_it_held_what_is_hidden(
    values: Values, evaluations: int
) -> None:
    with calls_of(evaluate) as calls:
        state = posted_state(HIDING, values, {})
    assert calls.outermost == evaluations
    assert check_state(HIDING, state).errors == {}
