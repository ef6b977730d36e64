"""The examples of our own specs, held against the providers' real schema documents where some are at hand."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from models.importing.openapi import Document, Resolver, parse_documents
from models.importing.shape import Shape, read_shape
from models.importing.verify import standard_schema
from models.spec.catalogue import Catalogue
from models.spec.fields import NumberField
from models.spec.schema import Example, Spec
from models.spec.values import JSON

CHECKOUT = Path(__file__).parents[3]
FOLDER = CHECKOUT.parent / "shared" / "provider-schemas"
FILES = sorted(FOLDER.glob("*/*.json"))


def documents() -> dict[tuple[str, str], Document]:
    """By provider and endpoint, those that hold a schema."""
    read = (each for path in FILES for each in parse_documents(path.read_bytes(), path.parent.name, ""))
    return {(one.provider, one.endpoint): one for one in read if isinstance(one, Document) and one.schema}


def inputs_of(spec: Spec, example: Example) -> JSON:
    return example.body["input"] if spec.wire.startswith("input.") else example.body


@pytest.mark.skipif(not FILES, reason="no folder of real schema documents beside the checkout")
def test_every_example_is_what_its_provider_takes() -> None:
    known = documents()
    checked, wrong = 0, []
    for spec in Catalogue([CHECKOUT / "models"]).all():
        for number, example in enumerate(spec.examples):
            mode = str(example.inputs.get("mode", spec.modes[0]))
            document = known.get((spec.provider, spec.endpoint_for(mode)))
            if document is None:
                continue
            checked += 1
            found = Draft202012Validator(standard_schema(document)).iter_errors(inputs_of(spec, example))
            wrong += [f"{spec.key} example {number + 1}: {error.message[:200]}" for error in found]
    assert wrong == []
    assert checked >= 100


@pytest.mark.skipif(not FILES, reason="no folder of real schema documents beside the checkout")
def test_a_number_goes_in_steps_only_where_its_provider_says_so() -> None:
    known = documents()
    invented = []
    for spec in Catalogue([CHECKOUT / "models"]).all():
        stepped = [field for field in spec.form.fields if isinstance(field, NumberField) and field.limit.step]
        for document in (known.get((spec.provider, spec.endpoint_for(mode))) for mode in spec.modes):
            shape = read_shape(Resolver(document.root), document.schema, "") if document else Shape()
            steps = {member.name: member.shape.step for member in shape.members}
            invented += [f"{spec.key}: {each.name}" for each in stepped if steps.get(each.name, 1) is None]
    assert invented == []
