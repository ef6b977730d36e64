"""A provider played from its own description: what the description reads, the stand-in says."""

import pytest
from msgspec import json

from models.spec.values import JSON
from providers.client.polling import poll_steps
from providers.client.requests import Request
from providers.client.responses import HTTPResponse
from providers.description.schema import ProviderDescription
from providers.generic_mock import ID, GenericMock, put
from providers.outcomes import Operation, PollResult
from tests.providers.descriptions import ALL

# ComfyUI answers with nothing while a job runs, and a list of all jobs tells of it: that is not played.
PLAIN = [name for name in ALL if name != "comfyui"]


def ask(company: GenericMock, request: Request) -> HTTPResponse:
    url = request.url
    path = url.removeprefix(company.base) if url.startswith(company.base) else url.split("//", 1)[-1]
    path = path if path.startswith("/") else "/" + path.partition("/")[2]
    answered = company.answer(request.method, path.partition("?")[0])
    return HTTPResponse.read(answered.status, {}, json.encode(answered.document))


def look(company: GenericMock, wire: ProviderDescription) -> PollResult:
    links = {name: f"{company.base}/_link/{name}" for name in wire.submit.links}
    kept: dict[str, JSON] = {name: f"{company.base}/_kept/{name}" for name in wire.submit.keep}
    operation = Operation(ID, links, endpoint="acme/dream", version="", mode="t2v", kept=kept)
    steps = poll_steps(wire, operation, [wire.base, company.base.rsplit("/", 1)[0]], cancel_sent=False)
    try:
        request = next(steps)
        while True:
            request = steps.send(ask(company, request))
    except StopIteration as end:
        outcome = end.value
    assert isinstance(outcome, PollResult), outcome
    return outcome


@pytest.mark.parametrize("name", PLAIN)
def test_every_provider_we_have_could_be_played_from_its_file(name: str) -> None:
    wire = ALL[name]
    company = GenericMock(wire, f"{wire.base}/{name}")
    states = []
    for _ in range(5):
        seen = look(company, wire)
        states.append(seen.state)
        if seen.state == "succeeded":
            break
    assert states[-1] == "succeeded", states
    assert seen.outputs


def test_a_call_that_the_file_does_not_describe_is_not_found() -> None:
    answer = GenericMock(ALL["luma"], "http://127.0.0.1:1/luma").answer("PUT", "/nowhere")
    assert answer.status == 404


@pytest.mark.parametrize(
    ("document", "pointer", "value", "expected"),
    [
        ({}, "/a/b", 1, {"a": {"b": 1}}),
        ({"a": {"c": 2}}, "/a/b", 1, {"a": {"c": 2, "b": 1}}),
        ({}, "/videos/*/url", "u", {"videos": [{"url": "u"}]}),
        ({}, "/detail/1/msg", "m", {"detail": [{}, {"msg": "m"}]}),
        ({}, "", "all", "all"),
        ({}, "/a~1b", 1, {"a/b": 1}),
    ],
)
def test_a_value_is_put_where_a_pointer_finds_it(
    document: JSON, pointer: str, value: JSON, expected: JSON
) -> None:
    assert put(document, pointer, value) == expected
