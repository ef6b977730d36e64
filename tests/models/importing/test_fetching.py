"""Asking a provider for its schema document: what is asked, and an honest sentence where there is no answer."""

from typing import Any

import pytest

from models.importing.openapi import Document, parse_documents
from providers.client.http import HTTPClients
from providers.schema_fetch import MAX_BYTES, NoSchema, fetch_schema
from tests.models.importing.documents import PROMPT, fal, replicate
from tests.providers.stub import HANG_UP, Reply, Routes, Stub, stub

MODEL = "/v1/models/acme/dream-2"


async def fetched(
    routes: Routes, provider: str, endpoint: str, **environ: str
) -> tuple[bytes | NoSchema, Stub]:
    async with stub(routes) as server, HTTPClients() as clients:
        environ[f"SHOTLIST_{provider.upper()}_BASE_URL"] = server.origin
        return await fetch_schema(clients.direct, provider, endpoint, environ), server


async def test_replicate_is_asked_for_the_model_with_the_key() -> None:
    routes = {f"GET {MODEL}": Reply(body=replicate({"prompt": PROMPT}))}
    answer, server = await fetched(routes, "replicate", "acme/dream-2", REPLICATE_API_TOKEN="r8_x")
    assert isinstance(answer, bytes)
    assert [asked.headers["authorization"] for asked in server.asked] == ["Bearer r8_x"]
    (document,) = parse_documents(answer, "replicate")
    assert isinstance(document, Document)
    assert document.endpoint == "acme/dream-2"


@pytest.mark.parametrize(("environ", "key"), [({}, None), ({"FAL_KEY": "k"}, "Key k")])
async def test_fal_is_asked_for_one_endpoint_with_its_schema(
    environ: dict[str, Any], key: str | None
) -> None:
    routes = {"GET /v1/models": Reply(body={"models": [fal({"prompt": PROMPT})]})}
    answer, server = await fetched(routes, "fal", "acme/dream/text-to-video", **environ)
    assert isinstance(answer, bytes)
    (asked,) = server.asked
    assert asked.query == {"endpoint_id": ["acme/dream/text-to-video"], "expand": ["openapi-3.0"]}
    assert asked.headers.get("authorization") == key


async def test_without_its_key_replicate_is_not_asked() -> None:
    answer, server = await fetched({}, "replicate", "acme/dream-2")
    assert isinstance(answer, NoSchema)
    assert "set REPLICATE_API_TOKEN" in answer.sentence
    assert server.asked == []


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(401), "refused the key"),
        (Reply(404), "knows no acme/dream-2 (404)"),
        (Reply(429), "fewer requests"),
        (Reply(503), "answered 503"),
        (Reply(302, headers={"location": "https://example.com"}), "answered 302"),
        (HANG_UP, "could not be reached"),
        (Reply(body=b"x" * (MAX_BYTES + 1)), "no schema document"),
    ],
)
async def test_no_answer_is_one_sentence(reply: Reply, words: str) -> None:
    answer, _ = await fetched(
        {f"GET {MODEL}": reply}, "replicate", "acme/dream-2", REPLICATE_API_TOKEN="r8_secret"
    )
    assert isinstance(answer, NoSchema)
    assert words in answer.sentence
    assert "r8_secret" not in answer.sentence
    assert "\n" not in answer.sentence


async def test_a_company_without_documents_is_told() -> None:
    async with HTTPClients() as clients:
        answer = await fetch_schema(clients.direct, "kling", "x/y", {})
    assert isinstance(answer, NoSchema)
    assert "replicate and fal" in answer.sentence


async def test_a_network_that_is_not_there_is_told_with_what_to_do() -> None:
    async with HTTPClients() as clients:
        environ = {"SHOTLIST_FAL_BASE_URL": "http://127.0.0.1:9"}
        answer = await fetch_schema(clients.direct, "fal", "acme/dream", environ)
    assert isinstance(answer, NoSchema)
    assert "check the network, or give a file" in answer.sentence
