"""ComfyUI beyond the tables: what a real server was seen to do."""

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from msgspec.structs import replace

from models.payload import MediaLeaf
from models.spec.values import JSON
from providers.client.http import HTTPClients
from providers.client.provider_client import ProviderClient
from providers.description.catalogue import DescriptionCatalogue
from providers.description.schema import ProviderDescription
from providers.outcomes import Accepted, Operation, PollResult, Submission, Unanswered
from providers.registry import Choice, ProviderRegistry
from tests.providers.asking import look, seen
from tests.providers.descriptions import ALL, FOLDER
from tests.providers.stub import HANG_UP, Reply, stub
from tests.support import PATIENCE

COMFY = ALL["comfyui"]

RECORDED = Path(__file__).parents[3] / "shared" / "facts" / "wire" / "comfyui-recorded.json"
EMPTY: JSON = {"queue_running": [], "queue_pending": []}


def listening(seconds: float) -> ProviderDescription:
    """ComfyUI, whose socket is listened to for so long."""
    queue = COMFY.status.queue
    assert queue
    assert queue.listen
    listen = replace(queue.listen, seconds=seconds)
    return replace(COMFY, status=replace(COMFY.status, queue=replace(queue, listen=listen)))


def line(clients: HTTPClients, origin: str) -> ProviderClient:
    return ProviderClient(COMFY, origin, str, clients)


def order(graph: JSON, *media: MediaLeaf) -> Submission:
    assert isinstance(graph, dict)
    return Submission("comfyui", "made-for-the-test", "", "t2v", graph, media)


async def test_without_an_address_the_sandbox_stands_in_and_with_one_no_key_is_needed(
    clients: HTTPClients,
) -> None:
    environ: dict[str, str] = {}
    lines = ProviderRegistry(DescriptionCatalogue([FOLDER]), clients, environ, "http://127.0.0.1:4999")
    assert lines.choose("comfyui") == Choice("", sandbox=True)
    assert lines.key_state("comfyui") == "not needed"
    environ["SHOTLIST_COMFYUI_BASE_URL"] = "http://10.0.0.9:8188"
    assert lines.choose("comfyui") == Choice("http://10.0.0.9:8188", sandbox=False)


async def test_an_order_is_a_graph_of_its_own_with_an_id_that_can_be_asked_for(clients: HTTPClients) -> None:
    graph: JSON = {"9": {"class_type": "SaveVideo", "inputs": {"filename_prefix": "video/t2v"}}}
    async with stub(
        {"POST /prompt": Reply(200, {"prompt_id": "p", "number": 0, "node_errors": {}})}
    ) as server:
        await line(clients, server.origin).submit(order(graph), {}, job_id="0123456789abcdef")
        await line(clients, server.origin).submit(order(graph), {}, job_id="0123456789abcdef")
    first, second = (asked.json for asked in server.asked)
    assert isinstance(first, dict)
    assert first == second
    assert first["prompt"]["9"]["inputs"]["filename_prefix"] == "video/t2v-0123456789abcdef"
    assert first["prompt_id"] == first["client_id"] == str(uuid.UUID(first["prompt_id"]))


async def test_nodes_that_were_left_out_are_told_while_nothing_else_is(clients: HTTPClients) -> None:
    errors = {"20": {"errors": [{"type": "value_not_in_list", "details": "codec: 'vp8' not in ['h264']"}]}}
    body: dict[str, object] = {"prompt_id": "p", "number": 17, "node_errors": errors}
    async with stub({"POST /prompt": Reply(200, body)}) as server:
        answer = await line(clients, server.origin).submit(order({}), {}, job_id="j")
    assert isinstance(answer, Accepted)
    found = seen(
        COMFY,
        answer.operation,
        (200, {"queue_running": [[1, "p", {}, {}, []]], "queue_pending": []}),
        (200, []),
    )
    assert found.log == "codec: 'vp8' not in ['h264']"


async def test_an_order_whose_answer_was_lost_is_found_again_and_not_sent_twice(clients: HTTPClients) -> None:
    sent = order({})
    async with stub({"POST /prompt": HANG_UP}) as server:
        ours = line(clients, server.origin)
        await ours.submit(sent, {}, job_id="j1")
        body = server.asked[0].json
        assert isinstance(body, dict)
        number = body["prompt_id"]
        waiting: dict[str, object] = {"queue_running": [], "queue_pending": [[4, number, {}, {}, []]]}
        server.routes = {"GET /queue": Reply(200, waiting)}
        found = await ours.find(sent, job_id="j1")
        assert isinstance(found, Accepted)
        assert found.operation.id == number
        server.routes = {
            "GET /queue": Reply(200, {**waiting, "queue_pending": []}),
            f"GET /history/{number}": Reply(200, {}),
        }
        lost = await ours.find(sent, job_id="j1")
        server.routes = {}
        unknown = await ours.find(sent, job_id="j1")
    assert isinstance(lost, Unanswered)
    assert lost.gone
    assert isinstance(unknown, Unanswered)
    assert not unknown.gone


async def test_a_company_without_such_an_id_cannot_be_asked(clients: HTTPClients) -> None:
    async with stub({}) as server:
        outcome = await ProviderClient(ALL["runway"], server.origin, str, clients).find(order({}), job_id="j")
    assert isinstance(outcome, Unanswered)
    assert not outcome.gone
    assert server.asked == []


@asynccontextmanager
async def socket_server(*messages: JSON, hangs_up: bool) -> AsyncIterator[tuple[str, list[str]]]:
    """A server with one running job, "p" of four nodes, that says these messages to whoever listens.

    Then it hangs up, or is silent for as long as somebody listens.
    """
    listeners: list[str] = []

    async def queue(_: web.Request) -> web.Response:
        nodes: dict[str, JSON] = {str(number): {} for number in range(4)}
        return web.json_response({"queue_running": [[1, "p", nodes, {}, []]], "queue_pending": []})

    async def ws(request: web.Request) -> web.WebSocketResponse:
        listeners.append(request.query["clientId"])
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for message in messages:
            await socket.send_str(message if isinstance(message, str) else json.dumps(message))
        if not hangs_up:
            await socket.receive()
        return socket

    app = web.Application()
    app.add_routes([web.get("/queue", queue), web.get("/ws", ws)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{port}", listeners
    finally:
        await runner.cleanup()


def told(value: int, prompt: str = "p") -> JSON:
    return {"type": "progress_state", "data": {"prompt_id": prompt, "nodes": {
        "2": {"value": 1, "max": 1}, "3": {"value": value, "max": 10}}}}  # fmt: skip


@pytest.mark.parametrize(
    ("messages", "hangs_up", "progress"),
    [
        ([{"type": "status"}, told(6), told(9)], False, 0.4),
        ([told(9, prompt="another"), told(6)], False, 0.4),
        (["not JSON", told(6)], False, 0.4),
        ([{"type": "status"}], True, None),
        ([], True, None),
    ],
)
async def test_progress_is_heard_on_the_jobs_own_socket(
    clients: HTTPClients, messages: list[JSON], hangs_up: bool, progress: float | None
) -> None:
    async with socket_server(*messages, hangs_up=hangs_up) as (origin, listeners):
        found = await ProviderClient(listening(PATIENCE), origin, str, clients).poll(Operation("p"))
    assert found == PollResult("processing", progress=progress)
    assert listeners == ["p"]


async def test_a_socket_that_is_silent_is_listened_to_for_a_while_only(clients: HTTPClients) -> None:
    async with socket_server({"type": "status"}, hangs_up=False) as (origin, _):
        found = await ProviderClient(listening(0.5), origin, str, clients).poll(Operation("p"))
    assert found == PollResult("processing")


async def test_a_server_without_a_socket_still_tells_that_a_job_runs(clients: HTTPClients) -> None:
    running: dict[str, object] = {"queue_running": [[1, "p", {"1": {}}, {}, []]], "queue_pending": []}
    async with stub({"GET /queue": Reply(200, running)}) as server:
        assert await line(clients, server.origin).poll(Operation("p")) == PollResult("processing")


@pytest.fixture(scope="module")
def recorded() -> dict[str, JSON]:
    if not RECORDED.is_file():
        pytest.skip("no ../shared with what a real server answered")
    steps = json.loads(RECORDED.read_text())
    return {step["label"]: step.get("body") for step in steps if step["server"] == "0.28.1"}


def number_of(document: JSON) -> str:
    assert isinstance(document, dict)
    return next(iter(document))


@pytest.mark.parametrize(
    ("label", "state", "kind"),
    [
        ("history success", "succeeded", None),
        ("exec error: not an image: history", "failed", "unknown"),
        ("exec error: out of memory: history", "failed", "provider_down"),
        ("odd size: history", "failed", "unknown"),
        ("interrupt running: history", "canceled", None),
        ("interrupt in the last node: history", "succeeded", None),
        ("cancelled running by jobs: history", "canceled", None),
        ("cache 2 identical: history", "succeeded", None),
    ],
)
def test_what_a_real_server_kept_of_its_jobs(
    recorded: dict[str, JSON], label: str, state: str, kind: str | None
) -> None:
    document = recorded[label]
    found = seen(COMFY, Operation(number_of(document)), (200, EMPTY), (200, document))
    assert (found.state, found.error and found.error.kind) == (state, kind)
    assert [file.url.startswith("/view?filename=") for file in found.outputs] == [True] * (
        state == "succeeded"
    )
    assert "/home" not in str(found)


def test_a_real_servers_queue_tells_the_place(recorded: dict[str, JSON]) -> None:
    places = {"61c1733c-fdae-4995-8f41-5687b6971699": 1, "722d5bff-ae2f-4c7c-b340-021982d5ec72": 2,
              "00e70f93-93aa-45e8-822a-b14d22bfa103": 3}  # fmt: skip
    for number, place in places.items():
        found = seen(COMFY, Operation(number), (200, recorded["queue with pending"]))
        assert (found.state, found.position) == ("queued", place)


def test_a_job_that_was_deleted_while_it_waited_is_canceled_if_that_was_us(recorded: dict[str, JSON]) -> None:
    gone = recorded["deleted while queued: history"]
    assert isinstance(look(COMFY, Operation("722d"), (200, EMPTY), (200, gone))[0], Unanswered)
    found = seen(COMFY, Operation("722d"), (200, EMPTY), (200, gone), cancel_sent=True)
    assert (found.state, found.billing) == ("canceled", "not_billed")
