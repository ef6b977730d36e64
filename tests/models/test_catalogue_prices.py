"""What every model of the catalogue says it costs, whatever is filled in: no paid one ever costs nothing."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import models
from models.form.autocorrect import autocorrect
from models.form.rules import evaluate
from models.pricing import UNKNOWN, Estimate, estimate, typical_price
from models.spec.catalogue import Catalogue
from models.spec.fields import Field, Form, GroupField, MediaField, RowsField, SelectField, SwitchField
from models.spec.schema import Spec
from models.spec.values import JSON, Values

SPECS = Catalogue([Path(models.__file__).parent]).all()
PAID = [spec for spec in SPECS if any(rate.usd or rate.low or rate.high for rate in spec.price.rates)]
FREE = [spec for spec in SPECS if spec not in PAID and not any(rate.unknown for rate in spec.price.rates)]
ZERO = re.compile(r"\$0(\.0+)?(?![.\d])")
LINKED = "https://example.com/file"


def choices(field: Field) -> list[JSON]:
    match field:
        case SelectField():
            return [option.value for option in field.options]
        case SwitchField():
            return [True, False]
    return []


def linked(form: Form, values: Values) -> Values:
    """The same with every file that can be given, by an address of which nothing is known."""
    visible = evaluate(form, values, {}).visible
    return {
        **values,
        **{field.name: _file(field) for field in form.fields if field.name in visible and _file(field)},
    }


def _file(field: Field) -> JSON:
    if isinstance(field, RowsField | GroupField):
        row = {each.name: _file(each) for each in field.fields if _file(each)}
        return ([row] if isinstance(field, RowsField) else row) if row else None
    return ([LINKED] if field.is_list else LINKED) if isinstance(field, MediaField) else None


def states(spec: Spec) -> Iterator[Values]:
    """Fresh in each mode, after each choice, as in the examples; each with files by address too, and emptied."""
    starts: list[Values] = [{"mode": mode} for mode in spec.modes]
    chosen = [
        {**start, field.name: choice}
        for start in starts
        for field in spec.fields
        for choice in choices(field)
    ]
    for values in [{}, *starts, *chosen, *(example.inputs for example in spec.examples)]:
        yield values
        yield linked(spec.form, values)
        yield {**values, "duration": ""}
        yield autocorrect(spec, values, touched=values, facts={}).values


def costs_nothing(price: Estimate) -> bool:
    return price.low == 0 or price.high == 0 or bool(ZERO.search(price.text))


@pytest.mark.parametrize("spec", PAID, ids=lambda spec: spec.key)
def test_no_paid_model_costs_nothing_in_any_state_of_its_form(spec: Spec) -> None:
    assert [values for values in states(spec) if costs_nothing(estimate(spec, values, {}))] == []
    assert not ZERO.search(typical_price(spec))


@pytest.mark.parametrize("spec", PAID, ids=lambda spec: spec.key)
def test_a_price_without_an_upper_bound_says_what_a_unit_costs_or_that_it_is_not_known(spec: Spec) -> None:
    for values in states(spec):
        price = estimate(spec, values, {})
        if price.high is None:
            unit = price.unit.text if price.unit else "at least $"
            assert price.text.startswith(unit) or (price.text, price.low) == (UNKNOWN, None)


def test_what_runs_on_a_server_of_ones_own_still_costs_nothing() -> None:
    assert {spec.provider for spec in FREE} == {"comfyui"}
    for spec in FREE:
        assert {estimate(spec, values, {}).text for values in states(spec)} == {"about $0.00"}
        assert typical_price(spec) == "$0.00 a clip"


def test_models_billed_by_an_input_name_it_before_it_is_there() -> None:
    said = {spec.key: estimate(spec, {}, {}).text for spec in PAID}
    assert said["kling-o3-pro-edit"] == "$0.14 a second of your video ($0.42–1.40)"
    assert said["omni-human"] == "$0.14 a second of your audio"
    assert said["sync-lipsync-1.9"] == "$0.70 a minute of your video or audio"
    assert said["luma-modify-video"] == "$0.12–0.35 a second of your video (at most $10.50)"
    assert said["kling-lip-sync"] == "$0.014 a second of your video ($0.028–0.14)"
