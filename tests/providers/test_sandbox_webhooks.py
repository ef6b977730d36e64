"""The sandbox's webhooks, signed as its authors read the facts, heard as we read them."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Iterator
from email.utils import formatdate

import httpx
import pytest

from providers.client.http import HTTPClients
from providers.description.catalogue import DescriptionCatalogue
from providers.outcomes import Accepted
from providers.registry import ProviderRegistry
from providers.sandbox.webhook_sender import standard_signature, vidu_signature
from providers.webhook_signatures import Challenged, Heard, Hearing, Unheard, Webhooks
from tasks.context import sandbox_key
from tests.providers.descriptions import ALL, FOLDER
from tests.providers.sandbox.running import RunningSandbox
from tests.providers.stub import Asked, Reply, stub
from tests.providers.test_on_the_sandbox import bodies, line_of, order_of
from tests.support import PATIENCE

REGISTERED = ["replicate", "fal", "luma", "seedance", "minimax", "kling", "vidu"]


@pytest.fixture(scope="module")
def sandbox(starts_processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with RunningSandbox(tmp_path_factory.mktemp("sandbox"), speed=100) as running:
        yield running.url


@pytest.fixture
async def lines(sandbox: str) -> AsyncIterator[ProviderRegistry]:
    async with HTTPClients() as clients:
        yield ProviderRegistry(DescriptionCatalogue([FOLDER]), clients, {}, sandbox)


def test_these_are_told_an_address_with_the_order() -> None:
    hooked = {name for name, wire in ALL.items() if wire.webhook}
    assert hooked - set(REGISTERED) == {"openai"}  # that one is set up for a whole account


@pytest.mark.parametrize("name", REGISTERED)
async def test_a_message_is_heard_and_a_stranger_is_not(lines: ProviderRegistry, name: str) -> None:
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


FORGERS = ("sandbox", "any", "another")
"""Keys that somebody else on this machine may have: every key is taken, and the first was ours in the past."""


def forged(name: str, key: str, secret: str, body: bytes, path: str) -> dict[str, str]:
    """The headers of a message that somebody signs with what a key of their own gives them."""
    stamp = str(int(time.time()))
    if name == "vidu":
        date = formatdate(usegmt=True)
        made = vidu_signature(key, path, "", date, "n1")
        return {"date": date, "x-request-nonce": "n1", "x-hmac-signature": made}
    signing = secret if name == "replicate" else base64.b64encode(key.encode()).decode()
    made = standard_signature(signing, "msg_1", stamp, body)
    return {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": made}


@pytest.mark.parametrize("key", FORGERS)
@pytest.mark.parametrize("name", ["replicate", "vidu", "openai"])
async def test_nobody_signs_for_our_jobs_with_what_the_sandbox_gives_to_another_key(
    sandbox: str, name: str, key: str
) -> None:
    headers = {"authorization": f"Bearer {key}"}
    async with HTTPClients() as clients, httpx.AsyncClient(base_url=sandbox, trust_env=False) as http:
        told = await http.get("/replicate/v1/webhooks/default/secret", headers=headers)
        ours = ProviderRegistry(
            DescriptionCatalogue([FOLDER]), clients, {}, sandbox, sandbox_key=sandbox_key("s" * 32)
        )
        webhooks = Webhooks("s" * 32, "https://me.example")
        line, body, path = line_of(ours, name), b'{"id": "op-1"}', f"/api/video/webhook/{name}/j1"
        headers = forged(name, key, str(told.json()["key"]), body, path)
        heard = await webhooks.hear(line, "j1", token="", headers=headers, body=body)
    assert isinstance(heard, Unheard)


def test_a_servers_key_at_the_sandbox_is_the_same_in_all_its_processes_and_nobody_elses() -> None:
    assert sandbox_key("s" * 32) == sandbox_key("s" * 32)
    assert len({sandbox_key("s" * 32), sandbox_key("t" * 32), *FORGERS}) == 5
