"""An imported form keeps what is emptied empty, and never orders a prompt that is only the document's example."""

import tomllib
from typing import Any

import pytest

from models.form.validate import check
from models.importing.draft import Drafted
from models.importing.toml_writer import write_toml
from models.payload import finish, map_body
from models.spec.loader import build_spec
from models.spec.schema import Spec
from tests.models.importing.documents import PROMPT, drafted, fal, replicate, trial

CAT = "A cat walks on the grass, realistic style"
AVOID = "blur, distort, and low quality"


def spec_of(found: Drafted) -> Spec:
    """The spec that the written file holds."""
    spec = build_spec(tomllib.loads(write_toml(found)), key="dream", file="dream.toml")
    assert isinstance(spec, Spec), spec
    return spec


def sent(found: Drafted, given: dict[str, Any]) -> Any:
    """The request for an input in the document's own terms."""
    spec = spec_of(found)
    checked = check(spec, found.values(given), {})
    assert checked.errors == {}
    return finish(map_body(spec, checked.values), {})


def test_an_empty_text_is_sent_where_the_document_has_a_default_for_it() -> None:
    negative = {"type": "string", "default": AVOID, "maxLength": 2500}
    found = drafted(fal({"prompt": PROMPT, "negative_prompt": negative}, ["prompt"]))
    assert sent(found, {"prompt": "a heron", "negative_prompt": ""}) == {
        "prompt": "a heron",
        "negative_prompt": "",
    }
    assert sent(found, {"prompt": "a heron"}) == {"prompt": "a heron", "negative_prompt": AVOID}


def test_a_prompts_default_becomes_its_placeholder_and_a_prompt_is_asked_for() -> None:
    found = drafted(replicate({"prompt": {"type": "string", "default": CAT}}), "replicate")
    (field,) = found.table["fields"]
    assert (field["placeholder"], field["required"]) == (CAT, True)
    assert "default" not in field
    spec = spec_of(found)
    for prompt in ("", " ", "\u200b"):
        assert check(spec, {"prompt": prompt}, {}).errors == {"prompt": "Prompt is needed."}
    assert set(check(spec, {}, {}).errors) == {"prompt"}


def test_beside_a_picture_that_is_needed_a_prompts_default_stays_a_value_of_the_form() -> None:
    properties = {
        "image": {"type": "string", "format": "uri"},
        "prompt": {"type": "string", "default": "She turns"},
    }
    found = drafted(replicate(properties, ["image"]), "replicate")
    assert found.table["capabilities"]["modes"] == ["i2v"]
    picture = {"image": "https://example.com/a.png"}
    assert sent(found, picture)["input"]["prompt"] == "She turns"
    assert sent(found, {**picture, "prompt": ""})["input"]["prompt"] == ""


@pytest.mark.parametrize("required", [True, False], ids=["required", "optional"])
def test_such_a_document_is_imported_without_fault(required: bool) -> None:
    properties = {
        "prompt": {"type": "string", "default": CAT},
        "negative_prompt": {"type": "string", "default": AVOID},
        "style": {"type": "string"},
    }
    verdict = trial(fal(properties, ["prompt"] if required else []), inputs=200)
    assert verdict.told == ()
    assert (verdict.tried, verdict.valid) == (200, 200)
