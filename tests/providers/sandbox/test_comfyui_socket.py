"""The websocket of ComfyUI, spoken to by an independent client."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.providers.sandbox.graphs import text_graph
from tests.providers.sandbox.running import RunningSandbox, in_order
from tests.support import PATIENCE

SILENCE = 0.5  # seconds


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def heard(socket: aiohttp.ClientWebSocketResponse, last: str = "") -> list[dict[str, Any]]:
    """The messages up to the one that says the run is over, or up to the first of the kind `last`."""
    told: list[dict[str, Any]] = []
    while True:
        told.append(json.loads((await socket.receive(timeout=PATIENCE)).data))
        over = told[-1]["type"] == "executing" and told[-1]["data"]["node"] is None
        if over or told[-1]["type"] == last:
            return told


async def left_over(socket: aiohttp.ClientWebSocketResponse) -> list[str]:
    """The kinds of the messages that still come, up to a moment of silence."""
    kinds: list[str] = []
    while True:
        try:
            kinds.append(json.loads((await socket.receive(timeout=SILENCE)).data)["type"])
        except TimeoutError:
            return kinds


def submit(sandbox: RunningSandbox, prompt: str, **more: str) -> str:
    body = {"prompt": text_graph(prompt), **more}
    return str(sandbox.ask("POST", "/comfyui/prompt", json=body).json()["prompt_id"])


async def test_a_client_hears_its_run_from_start_to_end(
    sandbox: RunningSandbox, session: aiohttp.ClientSession
) -> None:
    async with session.ws_connect(f"{sandbox.url}/comfyui/ws?clientId=a") as socket:
        greeting = (await heard(socket, "status"))[0]
        assert greeting["data"]["sid"] == "a"
        prompt_id = submit(sandbox, "Heard", client_id="a")
        told = await heard(socket)
    own = [each for each in told if each["type"] != "status"]
    assert {each["data"]["prompt_id"] for each in own} == {prompt_id}
    kinds = [each["type"] for each in own]
    assert kinds[:4] == ["execution_start", "execution_cached", "progress_state", "executing"]
    assert kinds[-3:] == ["executed", "execution_success", "executing"]
    values = [each["data"]["value"] for each in own if each["type"] == "progress"]
    assert values == sorted(values)
    assert values[-1] == 20
    order = [each["data"]["node"] for each in own if each["type"] == "executing"]
    assert in_order(order) == ["1", "2", "3", "6", "7", "8", "9", None] or order[-2:] == ["9", None]
    assert {"status"} <= {each["type"] for each in told}


async def test_progress_of_a_run_without_a_client_goes_to_everybody(
    sandbox: RunningSandbox, session: aiohttp.ClientSession
) -> None:
    async with session.ws_connect(f"{sandbox.url}/comfyui/ws") as socket:
        submit(sandbox, "Nobody's")
        told = await heard(socket, "progress")
    assert {each["type"] for each in told} == {"status", "progress_state", "progress"}


async def test_a_failure_and_an_interrupt_are_told(
    sandbox: RunningSandbox, session: aiohttp.ClientSession
) -> None:
    async with session.ws_connect(f"{sandbox.url}/comfyui/ws?clientId=b") as socket:
        submit(sandbox, "[fault: fail] Told", client_id="b")
        assert "execution_error" in [each["type"] for each in await heard(socket)]
        submit(sandbox, "[fault: endless] Told", client_id="b")
        await heard(socket, "executing")
        sandbox.ask("POST", "/comfyui/interrupt")
        assert "execution_interrupted" in [each["type"] for each in await heard(socket)]


async def test_a_later_connection_takes_over_and_hears_what_is_at_work(
    sandbox: RunningSandbox, session: aiohttp.ClientSession
) -> None:
    address = f"{sandbox.url}/comfyui/api/ws?clientId=c"
    async with session.ws_connect(address) as first:
        job_id = submit(sandbox, "[fault: endless] Taken over", client_id="c")
        await heard(first, "executing")
        async with session.ws_connect(address) as second:
            status, at_work = (await heard(second, "executing"))[:2]
            assert (status["type"], set(at_work["data"])) == ("status", {"node"})
            sandbox.ask("POST", "/comfyui/interrupt", json={"prompt_id": job_id})
            assert (await heard(second))[-1]["data"]["prompt_id"] == job_id
        assert "execution_interrupted" not in await left_over(first)


async def test_features_are_exchanged_and_a_ping_is_answered(
    sandbox: RunningSandbox, session: aiohttp.ClientSession
) -> None:
    async with session.ws_connect(f"{sandbox.url}/comfyui/ws", autoping=False) as socket:
        await socket.send_str(json.dumps({"type": "feature_flags", "data": {}}))
        assert (await heard(socket, "feature_flags"))[-1]["data"]["max_upload_size"]
        await socket.send_str("x" * 70_000)
        await socket.ping(b"are you there")
        while (message := await socket.receive(timeout=PATIENCE)).type == aiohttp.WSMsgType.TEXT:
            pass
        assert (message.type, message.data) == (aiohttp.WSMsgType.PONG, b"are you there")


@pytest.mark.parametrize("path", ["/comfyui/other", "/luma/ws", "/nobody/ws"])
async def test_there_is_no_websocket_elsewhere(
    sandbox: RunningSandbox, session: aiohttp.ClientSession, path: str
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await session.ws_connect(f"{sandbox.url}{path}")
    assert refused.value.status == 403
