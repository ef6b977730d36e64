"""The sandbox's webhooks, signed as its authors read the facts, heard as we read them."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from providers.answers import Accepted
from providers.clients import Clients
from providers.lines import Lines
from providers.webhooks import Challenged, Heard, Hearing, Unheard, Webhooks
from providers.wires import Wires
from tests.providers.stub import Asked, Reply, stub
from tests.providers.test_on_the_sandbox import bodies, line_of, order_of
from tests.providers.wires import ALL, FOLDER
from tests.sandbox.running import RunningSandbox
from tests.support import PATIENCE

REGISTERED = ["replicate", "fal", "luma", "seedance", "minimax", "kling", "vidu"]


@pytest.fixture(scope="module")
def sandbox(starts_processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with RunningSandbox(tmp_path_factory.mktemp("sandbox"), speed=100) as running:
        yield running.url


@pytest.fixture
async def lines(sandbox: str) -> AsyncIterator[Lines]:
    async with Clients() as clients:
        yield Lines(Wires([FOLDER]), clients, {}, sandbox)


def test_these_are_told_an_address_with_the_order() -> None:
    hooked = {name for name, wire in ALL.items() if wire.webhook}
    assert hooked - set(REGISTERED) == {"openai"}  # that one is set up for a whole account


@pytest.mark.parametrize("name", REGISTERED)
async def test_a_message_is_heard_and_a_stranger_is_not(lines: Lines, name: str) -> None:
    came: asyncio.Queue[Asked] = asyncio.Queue()
    line, asked = line_of(lines, name), bodies("a red kite")[name][0]

    def receive(notice: Asked) -> Reply:
        came.put_nowait(notice)
        challenged = b"challenge" in notice.body
        return Reply(200, notice.body if challenged else b"", {"content-type": "application/json"})

    async with stub({}, default=receive) as server:
        webhooks = Webhooks("a secret of the server", server.origin)
        address = webhooks.address(ALL[name], f"{name}-1")
        answer = await line.submit(order_of(name, asked), {}, job_id=f"{name}-1", webhook=address)
        assert isinstance(answer, Accepted), answer
        heard: Hearing = Challenged({})
        async with asyncio.timeout(PATIENCE):
            while isinstance(heard, Challenged):
                notice = await came.get()
                token = notice.query.get("token", [""])[0]
                heard = await webhooks.hear(
                    line, f"{name}-1", token=token, headers=notice.headers, body=notice.body
                )
    assert heard in (Heard(answer.operation.id), Heard())
    stranger = await webhooks.hear(line, f"{name}-1", token="", headers={}, body=notice.body)
    assert isinstance(stranger, Unheard)
