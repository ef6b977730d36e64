"""Messages from providers: the address they are told, who is believed, and that a replay is heard once."""

import base64
import hmac

import pytest
from msgspec import json

from providers.client.http import HTTPClients
from providers.client.provider_client import ProviderClient
from providers.webhook_signatures import Challenged, Heard, Unheard, Webhooks
from tests.providers.conftest import KEY
from tests.providers.descriptions import ALL, NAMES
from tests.providers.stub import Reply, stub
from tests.providers.test_hooks import VECTORS

PUBLIC = "https://me.example/shotlist/"
NOW = 1700000000.0


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def webhooks(clock: Clock) -> Webhooks:
    return Webhooks("the server's own secret", PUBLIC, clock)


def line(
    name: str, clients: HTTPClients, origin: str = "http://127.0.0.1:9", secret: str = ""
) -> ProviderClient:
    return ProviderClient(ALL[name], origin, lambda: KEY, clients, lambda: secret)


def test_an_address_is_told_only_where_it_can_be_reached_and_used(webhooks: Webhooks) -> None:
    assert (
        webhooks.address(ALL["replicate"], "j1")
        == "https://me.example/shotlist/api/video/webhook/replicate/j1"
    )
    luma = webhooks.address(ALL["luma"], "j1")
    assert luma
    assert luma.startswith("https://me.example/shotlist/api/video/webhook/luma/j1?token=")
    assert Webhooks("s", "").address(ALL["luma"], "j1") is None
    for name in NAMES:
        assert (webhooks.address(ALL[name], "j1") is None) == (ALL[name].webhook is None)


def test_a_jobs_token_is_its_own(webhooks: Webhooks) -> None:
    tokens = {webhooks.token(provider, job) for provider in ("luma", "kling") for job in ("j1", "j2")}
    assert len(tokens) == 4
    assert Webhooks("another", PUBLIC).token("luma", "j1") not in tokens


UNSIGNED = sorted(name for name in NAMES if (hook := ALL[name].webhook) and hook.verify == "none")


def test_those_who_sign_nothing_are_known() -> None:
    assert UNSIGNED == ["kling", "luma", "minimax", "seedance"]


@pytest.mark.parametrize("name", UNSIGNED)
async def test_without_a_signature_the_token_of_the_job_decides(
    clients: HTTPClients, webhooks: Webhooks, name: str
) -> None:
    ours = line(name, clients)
    good = webhooks.token(name, "j1")
    for token in ("", "x", webhooks.token(name, "j2"), good.lower(), good + "A", "é"):
        heard = await webhooks.hear(ours, "j1", token=token, headers={}, body=b"{}")
        assert isinstance(heard, Unheard), token
    assert isinstance(await webhooks.hear(ours, None, token=good, headers={}, body=b"{}"), Unheard)
    for body in (b"{}", b"<html>", b"", b"[1]", b"[" * 200_000 + b"]" * 200_000):
        assert await webhooks.hear(ours, "j1", token=good, headers={}, body=body) == Heard()


@pytest.mark.parametrize(
    ("name", "body", "operation"),
    [
        ("luma", {"id": "lg1", "state": "completed"}, "lg1"),
        ("kling", {"task_id": "867", "task_status": "succeed"}, "867"),
        ("seedance", {"id": "cgt-1", "status": "running"}, "cgt-1"),
        ("minimax", {"task_id": "mm1", "status": "Success"}, "mm1"),
    ],
)
async def test_a_message_may_bring_the_operations_id(
    clients: HTTPClients, webhooks: Webhooks, name: str, body: object, operation: str
) -> None:
    token = webhooks.token(name, "j1")
    heard = await webhooks.hear(line(name, clients), "j1", token=token, headers={}, body=json.encode(body))
    assert heard == Heard(operation)


async def test_minimax_is_told_its_challenge_once_the_token_fits(
    clients: HTTPClients, webhooks: Webhooks
) -> None:
    body, ours = b'{"challenge": "abc"}', line("minimax", clients)
    token = webhooks.token("minimax", "j1")
    heard = await webhooks.hear(ours, "j1", token=token, headers={}, body=body)
    assert heard == Challenged({"challenge": "abc"})
    assert isinstance(await webhooks.hear(ours, "j1", token="x", headers={}, body=body), Unheard)


async def test_replicates_key_is_asked_for_once_and_its_message_heard_once(
    clients: HTTPClients, clock: Clock
) -> None:
    vector = VECTORS[0]
    clock.now = vector.now
    webhooks = Webhooks("s", PUBLIC, clock)
    async with stub({"GET /v1/webhooks/default/secret": Reply(200, {"key": vector.key})}) as server:
        ours = line("replicate", clients, server.origin)
        first = await webhooks.hear(ours, "j1", token="", headers=vector.headers, body=vector.body)
        again = await webhooks.hear(ours, "j1", token="", headers=vector.headers, body=vector.body)
        forged = await webhooks.hear(ours, "j1", token="", headers=vector.headers, body=b"{}")
    assert first == Heard("gm3qorzdhgbfurvjtvhg6dckhu")
    assert again == Unheard("it was heard before")
    assert isinstance(forged, Unheard)
    assert len(server.asked) == 1
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"


async def test_fals_keys_are_asked_for_again_when_they_no_longer_fit_but_not_for_every_forgery(
    clients: HTTPClients, clock: Clock
) -> None:
    vector, known = VECTORS[1], ["A" * 43]

    def jwks(_: object) -> Reply:
        return Reply(200, {"keys": [{"kty": "OKP", "x": key} for key in known]})

    webhooks = Webhooks("s", PUBLIC, clock)
    async with stub({"GET /.well-known/jwks.json": jwks}) as server:
        ours = line("fal", clients, server.origin)
        for _ in range(3):
            heard = await webhooks.hear(ours, "j1", token="", headers=vector.headers, body=vector.body)
            assert isinstance(heard, Unheard)
        assert len(server.asked) == 1
        known.append(vector.key)
        clock.now += 60
        heard = await webhooks.hear(ours, "j1", token="", headers=vector.headers, body=vector.body)
    assert heard == Heard("764cabcf-b745-4b3e-ae38-1200304cf45b")
    assert len(server.asked) == 2


async def test_where_keys_cannot_be_had_nothing_is_heard(clients: HTTPClients, webhooks: Webhooks) -> None:
    vector = VECTORS[1]
    for reply in (Reply(500), Reply(200, b"<html>"), Reply(200, {"keys": []})):
        async with stub({"GET /.well-known/jwks.json": reply}) as server:
            ours = line("fal", clients, server.origin)
            heard = await webhooks.hear(ours, "j1", token="", headers=vector.headers, body=vector.body)
            assert isinstance(heard, Unheard)


def signed_by_vidu(path: str, nonce: str) -> dict[str, str]:
    date = "Tue, 14 Nov 2023 22:13:20 GMT"
    content = f"POST\n{path}\n\nvidu\n{date}\nDate:{date}\nx-request-nonce:{nonce}\n"
    made = base64.b64encode(hmac.digest(KEY.encode(), content.encode(), "sha256")).decode()
    return {"date": date, "x-request-nonce": nonce, "x-hmac-signature": made}


async def test_vidu_signs_with_the_api_key_the_very_address_that_was_registered(
    clients: HTTPClients, webhooks: Webhooks
) -> None:
    ours, body = line("vidu", clients), b'{"id": "v1", "state": "success"}'
    good = signed_by_vidu("/shotlist/api/video/webhook/vidu/j1", "n1")
    assert await webhooks.hear(ours, "j1", token="", headers=good, body=body) == Heard("v1")
    assert isinstance(await webhooks.hear(ours, "j1", token="", headers=good, body=body), Unheard)
    elsewhere = signed_by_vidu("/shotlist/api/video/webhook/vidu/j1", "n2")
    assert isinstance(await webhooks.hear(ours, "j2", token="", headers=elsewhere, body=body), Unheard)


async def test_openais_message_is_for_the_account_and_signed_with_the_operators_secret(
    clients: HTTPClients, clock: Clock
) -> None:
    vector = VECTORS[0]
    clock.now = vector.now
    content = f"msg_1.{int(vector.now)}.".encode() + b'{"type":"video.completed","data":{"id":"video_1"}}'
    made = base64.b64encode(hmac.digest(b"raw secret", content, "sha256")).decode()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(vector.now)),
        "webhook-signature": f"v1,{made}",
    }
    webhooks, body = Webhooks("s", PUBLIC, clock), content.partition(b".")[2].partition(b".")[2]
    ours = line("openai", clients, secret="raw secret")
    assert await webhooks.hear(ours, None, token="", headers=headers, body=body) == Heard("video_1")
    without = line("openai", clients)
    assert isinstance(await webhooks.hear(without, None, token="", headers=headers, body=body), Unheard)


async def test_who_sends_nothing_is_not_heard(clients: HTTPClients, webhooks: Webhooks) -> None:
    for name in NAMES:
        if ALL[name].webhook is None:
            heard = await webhooks.hear(line(name, clients), "j1", token="", headers={}, body=b"{}")
            assert isinstance(heard, Unheard)


async def test_a_mark_is_forgotten_when_its_time_is_long_over(clients: HTTPClients, clock: Clock) -> None:
    webhooks, ours = Webhooks("s", PUBLIC, clock), line("vidu", clients)
    path, body = "/shotlist/api/video/webhook/vidu/j1", b"{}"
    assert await webhooks.hear(ours, "j1", token="", headers=signed_by_vidu(path, "n1"), body=body) == Heard()
    clock.now += 299
    assert isinstance(
        await webhooks.hear(ours, "j1", token="", headers=signed_by_vidu(path, "n1"), body=body), Unheard
    )
