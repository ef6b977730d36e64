"""Real or sandbox: which line a job gets, and that a sandbox costs nothing."""

from collections.abc import AsyncIterator, Mapping

import pytest

from providers.client.http import HTTPClients
from providers.description.catalogue import DescriptionCatalogue
from providers.outcomes import Operation, PollResult, Refused, Submission
from providers.registry import Choice, ProviderRegistry
from tests.providers.conftest import clients_with
from tests.providers.descriptions import FOLDER
from tests.providers.stub import Reply, stub

SANDBOX = "http://127.0.0.1:4999"


@pytest.fixture
async def shared() -> AsyncIterator[HTTPClients]:
    async with clients_with() as made:
        yield made


def lines_with(
    environ: Mapping[str, str], shared: HTTPClients, sandbox_url: str | None = SANDBOX
) -> ProviderRegistry:
    return ProviderRegistry(DescriptionCatalogue([FOLDER]), shared, environ, sandbox_url)


@pytest.mark.parametrize(
    ("environ", "choice", "key"),
    [
        ({}, Choice("", sandbox=True), "missing"),
        ({"FAL_KEY": "  "}, Choice("", sandbox=True), "missing"),
        ({"FAL_KEY": "schlüssel"}, Choice("", sandbox=True), "missing"),
        ({"FAL_KEY": "a:b"}, Choice("https://queue.fal.run", sandbox=False), "set"),
        (
            {"FAL_KEY": "a:b", "SHOTLIST_FAL_BASE_URL": "http://10.0.0.5:8080/fal/"},
            Choice("http://10.0.0.5:8080/fal", sandbox=False),
            "set",
        ),
        ({"SHOTLIST_FAL_BASE_URL": "http://10.0.0.5"}, Choice("", sandbox=True), "missing"),
        ({"FAL_KEY": "a:b", "SHOTLIST_FAL_BASE_URL": "queue.fal.run"}, None, "set"),
        ({"FAL_KEY": "a:b", "SHOTLIST_FAL_BASE_URL": "http://x:y"}, None, "set"),
    ],
)
async def test_a_key_decides_between_real_and_sandbox(
    shared: HTTPClients, environ: dict[str, str], choice: Choice | None, key: str
) -> None:
    lines = lines_with(environ, shared)
    assert lines.choose("fal") == choice
    assert lines.key_state("fal") == key


@pytest.mark.parametrize(
    ("name", "given", "origin"),
    [
        ("OPENAI", "http://127.0.0.1:8000/v1", "http://127.0.0.1:8000"),
        ("OPENAI", "http://127.0.0.1:8000/proxy/v1/", "http://127.0.0.1:8000/proxy"),
        ("OPENAI", "http://127.0.0.1:8000/v1/proxy", "http://127.0.0.1:8000/v1/proxy"),
        ("LUMA", "https://me.example/dream-machine/v1", "https://me.example"),
        ("WAN", "https://dashscope.aliyuncs.com/api/v1", "https://dashscope.aliyuncs.com"),
        ("XAI", "https://me.example", "https://me.example"),
    ],
)
async def test_an_address_may_hold_what_the_calls_begin_with(
    shared: HTTPClients, name: str, given: str, origin: str
) -> None:
    key = {
        "OPENAI": "OPENAI_API_KEY",
        "LUMA": "LUMAAI_API_KEY",
        "WAN": "DASHSCOPE_API_KEY",
        "XAI": "XAI_API_KEY",
    }[name]
    lines = lines_with({key: "k", f"SHOTLIST_{name}_BASE_URL": given}, shared)
    assert lines.choose(name.lower()) == Choice(origin, sandbox=False)


async def test_without_key_and_sandbox_or_without_wire_there_is_no_choice(shared: HTTPClients) -> None:
    assert lines_with({}, shared, None).choose("fal") is None
    assert lines_with({}, shared).choose("nobody") is None
    assert lines_with({}, shared).client("nobody", "", True) is None
    assert lines_with({}, shared, None).client("fal", "", True) is None


async def test_a_key_may_come_and_go_while_it_runs(shared: HTTPClients) -> None:
    environ: dict[str, str] = {}
    lines = lines_with(environ, shared)
    assert lines.choose("replicate") == Choice("", sandbox=True)
    environ["REPLICATE_API_TOKEN"] = "r8_first"
    async with stub({"GET /v1/predictions/p": Reply(200, {"status": "starting"})}) as server:
        line = lines.client("replicate", server.origin, False)
        assert line
        await line.poll(Operation("p"))
        environ["REPLICATE_API_TOKEN"] = "r8_second"
        await line.poll(Operation("p"))
    assert [asked.headers["authorization"] for asked in server.asked] == [
        "Bearer r8_first",
        "Bearer r8_second",
    ]


async def test_a_sandbox_job_never_carries_the_real_key_and_follows_a_moved_sandbox(
    shared: HTTPClients,
) -> None:
    lines = lines_with({"FAL_KEY": "the_real_key:of_fal"}, shared)
    async with stub({"GET /fal/a/b/requests/r/status": Reply(202, {"status": "IN_QUEUE"})}) as server:
        lines.sandbox_url = server.origin
        line = lines.client("fal", "", True)
        assert line
        look = await line.poll(Operation("r", {"status": "/a/b/requests/r/status"}))
    assert isinstance(look, PollResult)
    assert look.state == "queued"
    assert server.asked[0].headers["authorization"] == "Key sandbox"


async def test_what_a_sandbox_says_of_costs_is_not_repeated(shared: HTTPClients) -> None:
    task: dict[str, object] = {
        "status": "SUCCEEDED",
        "output": ["https://x.example/a.mp4"],
        "cost": {"credits": 60},
    }
    async with stub({"GET /runway/v1/tasks/t": Reply(200, task)}) as server:
        line = lines_with({}, shared, server.origin).client("runway", "", True)
        assert line
        look = await line.poll(Operation("t"))
    assert isinstance(look, PollResult)
    assert (look.state, look.cost, look.billing) == ("succeeded", None, "not_billed")


async def test_nothing_of_a_sandbox_is_billed_and_it_is_named(shared: HTTPClients) -> None:
    routes = {
        "GET /replicate/v1/predictions/ok": Reply(
            200, {"status": "succeeded", "output": "https://x.example/a.mp4"}
        ),
        "GET /replicate/v1/predictions/bad": Reply(200, {"status": "failed", "error": "no luck"}),
        "GET /replicate/v1/predictions/off": Reply(200, {"status": "canceled"}),
        "POST /replicate/v1/models/a/b/predictions": Reply(402, {"detail": "broke"}),
    }
    async with stub(routes) as server:
        line = lines_with({}, shared, server.origin).client("replicate", "", True)
        assert line
        looks = [await line.poll(Operation(name)) for name in ("ok", "bad", "off")]
        refused = await line.submit(Submission("replicate", "a/b", "", "t2v", {}), {}, job_id="j")
    assert [look.billing for look in looks if isinstance(look, PollResult)] == ["not_billed"] * 3
    assert isinstance(looks[1], PollResult)
    assert looks[1].error
    assert looks[1].error.sentence == (
        "Replicate's sandbox could not do this: no luck. It was not billed. Run it again, or change the input."
    )
    assert isinstance(refused, Refused)
    assert refused.error.kind == "no_credit"
