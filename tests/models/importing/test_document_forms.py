"""Whatever form a document comes in, the same is read out of it."""

import json
from typing import Any

import pytest

from models.importing.openapi import Document, NotADocument, Resolver, parse_documents, read_document
from models.importing.shape import read_shape
from tests.models.importing.documents import PROMPT, drafted, fal, replicate

INPUT = {"type": "object", "properties": {"prompt": PROMPT}, "required": ["prompt"]}
OPENAPI = replicate({"prompt": PROMPT}, ["prompt"])["latest_version"]["openapi_schema"]


@pytest.mark.parametrize(
    ("provider", "raw", "endpoint", "version"),
    [
        ("replicate", replicate({"prompt": PROMPT}, ["prompt"]), "acme/dream-2", "0123456789abcdef"),
        ("replicate", {"id": "ff00", "openapi_schema": OPENAPI}, "unknown/unknown", "ff00"),
        ("replicate", OPENAPI, "unknown/unknown", ""),
        ("replicate", {"modelId": "acme/dream", "version": "ff", "inputSchema": INPUT}, "acme/dream", "ff"),
        ("fal", fal({"prompt": PROMPT}, ["prompt"]), "acme/dream/text-to-video", ""),
        ("fal", {"models": [fal({"prompt": PROMPT}, ["prompt"])]}, "acme/dream/text-to-video", ""),
        ("fal", fal({"prompt": PROMPT}, ["prompt"])["openapi"], "unknown/unknown", ""),
        ("fal", {**fal({}), "openapi": json.dumps(OPENAPI)}, "acme/dream/text-to-video", ""),
        ("fal", INPUT, "unknown/unknown", ""),
    ],
    ids=["model", "version", "openapi", "cached", "fal", "fal list", "fal openapi", "as text", "json schema"],
)
def test_a_form_is_read(provider: str, raw: Any, endpoint: str, version: str) -> None:
    (read,) = parse_documents(json.dumps(raw), provider)
    assert isinstance(read, Document)
    assert (read.endpoint, read.version) == (endpoint, version)
    shape = read_shape(Resolver(read.root), read.schema, "")
    assert [(member.name, member.required) for member in shape.members] == [("prompt", True)]


def test_the_endpoint_can_be_given_where_the_document_does_not_say_it() -> None:
    (read,) = parse_documents(json.dumps(OPENAPI), "replicate", "acme/dream")
    assert isinstance(read, Document)
    assert read.endpoint == "acme/dream"
    assert read.notices == ()


def test_a_list_of_models_gives_each_of_them() -> None:
    listed = {"models": [fal({"prompt": PROMPT}), {**fal({"prompt": PROMPT}), "endpoint_id": "acme/other"}]}
    read = parse_documents(json.dumps(listed), "fal")
    assert [each.endpoint for each in read if isinstance(each, Document)] == [
        "acme/dream/text-to-video",
        "acme/other",
    ]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "7", '"x"', "{}", '{"detail": "Not found."}', '{"models": []}']
)
def test_what_is_no_document_is_told_in_a_sentence(text: str) -> None:
    (read,) = parse_documents(text, "fal")
    assert isinstance(read, NotADocument)
    assert read.sentence.startswith("This is no")


def test_no_schema_at_all_is_a_warning_and_the_fields_are_called_guesses() -> None:
    raw = fal({}) | {
        "openapi": {"error": {"code": "expansion_failed", "message": "OpenAPI schema not available"}}
    }
    found = drafted(raw)
    told = [str(notice) for notice in found.notices]
    assert "OpenAPI schema not available" in told[0]
    assert "only guessed from its category" in told[1]
    assert [each["name"] for each in found.table["fields"]] == ["prompt"]


def test_the_operation_of_the_endpoint_is_read_where_there_are_several() -> None:
    raw = fal(
        {"prompt": PROMPT}, OtherInput={"type": "object", "properties": {"image_url": {"type": "string"}}}
    )
    other = {
        "post": {
            "requestBody": {
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OtherInput"}}}
            }
        }
    }
    raw["openapi"]["paths"] = {"/acme/dream/image": other, **raw["openapi"]["paths"]}
    assert [each["name"] for each in drafted(raw).table["fields"]] == ["prompt"]


def test_a_model_that_is_not_official_is_ordered_by_its_version() -> None:
    raw = replicate({"prompt": PROMPT})
    assert "version" not in drafted(raw, "replicate").table
    assert drafted(raw | {"is_official": False}, "replicate").table["version"] == "0123456789abcdef"


def test_a_provider_that_has_withdrawn_an_endpoint_is_believed() -> None:
    raw = fal({"prompt": PROMPT})
    raw["metadata"]["status"] = "deprecated"
    read = read_document(raw, "fal")
    assert isinstance(read, Document)
    assert [str(notice) for notice in read.notices] == ["The provider calls this endpoint deprecated"]
