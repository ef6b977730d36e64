"""A line against a server of the test's own: what is sent, what silence means, where the key goes."""

import asyncio
import socket

import pytest

from models.payload import MediaLeaf
from providers.client.http import HTTPClients
from providers.client.provider_client import ProviderClient
from providers.outcomes import (
    Accepted,
    CancelAsked,
    Canceled,
    CannotCancel,
    Limited,
    NotSent,
    Operation,
    PollResult,
    Refused,
    Submission,
    Unanswered,
    Unclear,
)
from tests.providers.conftest import KEY, LineTo, clients_with, server_context
from tests.providers.descriptions import FAL, NUMBERS, REPLICATE
from tests.providers.stub import HANG_UP, Asked, Reply, stub

ORDER = Submission("replicate", "minimax/hailuo-02", "", "t2v", {"input": {"prompt": "a boat"}})
SUBMIT = "POST /v1/models/minimax/hailuo-02/predictions"
JSON = {"content-type": "application/json"}


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_an_order_is_one_request_with_the_key_and_its_links_come_back_relative(line_to: LineTo) -> None:
    def accept(asked: Asked) -> Reply:
        get = f"http://{asked.headers['host']}/v1/predictions/p1"
        return Reply(
            201, {"id": "p1", "status": "starting", "urls": {"get": get, "cancel": f"{get}/cancel"}}, JSON
        )

    async with stub({SUBMIT: accept}) as server:
        answer = await line_to(REPLICATE, server.origin).submit(
            ORDER, {}, job_id="j", webhook="https://me.example/h"
        )
    links = {"get": "/v1/predictions/p1", "cancel": "/v1/predictions/p1/cancel"}
    assert answer == Accepted(Operation("p1", links, "minimax/hailuo-02", "", "t2v"))
    [asked] = server.asked
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["content-type"] == "application/json"
    assert asked.json == {
        "input": {"prompt": "a boat"},
        "webhook": "https://me.example/h",
        "webhook_events_filter": ["completed"],
    }


async def test_delivered_media_stand_where_they_belong(line_to: LineTo) -> None:
    leaf = MediaLeaf(at="/input/start_image", kind="image", ref="u1")
    order = Submission("replicate", "minimax/hailuo-02", "", "i2v", {"input": {"start_image": "u1"}}, (leaf,))
    async with stub({SUBMIT: Reply(201, {"id": "p1"})}) as server:
        line = line_to(REPLICATE, server.origin)
        with pytest.raises(ValueError, match="not delivered"):
            await line.submit(order, {}, job_id="j")
        assert server.asked == []
        await line.submit(order, {"/input/start_image": "data:image/png;base64,AAAA"}, job_id="j")
    assert server.asked[0].json == {"input": {"start_image": "data:image/png;base64,AAAA"}}


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(402, {"title": "Insufficient credit"}), Refused),
        (Reply(403, {"detail": "no"}), Refused),
        (Reply(422, {"detail": "no"}), Refused),
        (Reply(429, {"detail": "slow"}, {"retry-after": "3"}), Limited),
        (Reply(302, b"", {"location": "/elsewhere"}), Unclear),
        (Reply(500, {"detail": "oops"}), Unclear),
        (Reply(200, b"<html>hello</html>", {"content-type": "text/html"}), Unclear),
        (Reply(201, b'{"id": "p1', JSON), Unclear),
        (Reply(201, {"status": "starting"}), Unclear),
        (HANG_UP, Unclear),
        (Reply(raw=b"HTTP/1.1 201 Created\r\ncontent-length: 500\r\n\r\n{"), Unclear),
        (Reply(raw=b"SSH-2.0-OpenSSH\r\n"), Unclear),
        (Reply(201, b"not gzip", {"content-encoding": "gzip"}), Unclear),
    ],
)
async def test_each_answer_to_an_order_is_a_value_and_nothing_is_sent_twice(
    line_to: LineTo, reply: Reply, kind: type
) -> None:
    async with stub({SUBMIT: reply, "GET /elsewhere": Reply(201, {"id": "p1"})}) as server:
        answer = await line_to(REPLICATE, server.origin).submit(ORDER, {}, job_id="j")
    assert isinstance(answer, kind)
    assert len(server.asked) == 1
    if isinstance(answer, Limited):
        assert answer.retry_after == 3.0


async def test_a_refused_connection_was_not_sent(line_to: LineTo) -> None:
    answer = await line_to(REPLICATE, f"http://127.0.0.1:{closed_port()}").submit(ORDER, {}, job_id="j")
    assert isinstance(answer, NotSent)


async def test_a_name_without_address_was_not_sent(line_to: LineTo) -> None:
    answer = await line_to(REPLICATE, "http://nowhere.invalid").submit(ORDER, {}, job_id="j")
    assert isinstance(answer, NotSent)


async def test_a_failed_tls_handshake_was_not_sent() -> None:
    async with (
        stub({SUBMIT: Reply(201, {"id": "p1"})}, server_context()) as server,
        HTTPClients() as distrustful,
    ):
        line = ProviderClient(REPLICATE, server.origin, lambda: KEY, distrustful)
        answer = await line.submit(ORDER, {}, job_id="j")
    assert isinstance(answer, NotSent)
    assert server.asked == []


async def test_a_server_that_reads_the_order_and_says_nothing_is_unclear(
    line_to: LineTo,
) -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.1)
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    async with server:
        origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        line = line_to(REPLICATE, origin)
        answer = await line.submit(ORDER, {}, job_id="j")
    assert isinstance(answer, Unclear)


async def test_a_mode_without_an_address_is_refused_and_nothing_is_asked(line_to: LineTo) -> None:
    async with stub({}) as server:
        answer = await line_to(NUMBERS, server.origin).submit(
            Submission("acme", "m", "", "", {}), {}, job_id="j"
        )
    assert isinstance(answer, Refused)
    assert server.asked == []


async def test_a_key_in_the_query_goes_along_and_never_comes_back_in_a_message(line_to: LineTo) -> None:
    reply = Reply(400, {"code": 9, "message": f"the key {KEY} may not do this"})
    async with stub({"POST /v1/text": reply}) as server:
        answer = await line_to(NUMBERS, server.origin).submit(
            Submission("acme", "m", "", "t2v", {}), {}, job_id="j"
        )
    assert server.asked[0].query == {"key": [KEY]}
    assert isinstance(answer, Refused)
    assert answer.error.message == "the key [key] may not do this"


async def test_a_look_asks_the_stored_link_and_the_result(line_to: LineTo) -> None:
    status = Reply(200, {"status": "COMPLETED", "logs": []})
    result = Reply(200, {"video": {"url": "https://v3.fal.media/o.mp4"}})
    async with stub(
        {"GET /fal/a/b/requests/r1/status": status, "GET /fal/a/b/requests/r1": result}
    ) as server:
        line = line_to(FAL, f"{server.origin}/fal")
        links = {"status": "/a/b/requests/r1/status", "result": "/a/b/requests/r1"}
        look = await line.poll(Operation("r1", links, endpoint="a/b/c"))
    assert isinstance(look, PollResult)
    assert look.state == "succeeded"
    assert [asked.headers["authorization"] for asked in server.asked] == [f"Key {KEY}"] * 2
    assert server.asked[0].query == {"logs": ["1"]}


async def test_links_that_name_the_companys_own_origin_go_to_the_operators(line_to: LineTo) -> None:
    reply = Reply(200, {"request_id": "r1", "status_url": "https://queue.fal.run/a/b/requests/r1/status"})
    async with stub({"POST /a/b": reply}) as server:
        answer = await line_to(FAL, server.origin).submit(
            Submission("fal", "a/b", "", "t2v", {}), {}, job_id="j"
        )
    assert isinstance(answer, Accepted)
    assert answer.operation.links == {"status": "/a/b/requests/r1/status"}


async def test_a_link_to_a_private_address_is_never_asked_nor_given_the_key(line_to: LineTo) -> None:
    async with stub({}) as inside, stub({}) as server:
        line = line_to(FAL, server.origin)
        for link in (inside.origin, inside.origin.replace("http:", "https:"), "https://localhost/x"):
            assert isinstance(await line.poll(Operation("r1", {"status": link})), Unanswered)
    assert inside.asked == []
    assert server.asked == []


async def test_a_public_link_elsewhere_is_asked_without_the_key() -> None:
    routes = {"GET /s": Reply(202, {"status": "IN_QUEUE"})}
    async with stub(routes, server_context()) as abroad, stub({}) as server:
        link = f"https://cdn.example:{abroad.origin.rpartition(':')[2]}/s"
        async with clients_with({"cdn.example": [["127.0.0.1"]]}, allowed=lambda _: True) as clients:
            look = await ProviderClient(FAL, server.origin, lambda: KEY, clients).poll(
                Operation("r1", {"status": link})
            )
    assert look == PollResult("queued")
    assert "authorization" not in abroad.asked[0].headers
    assert KEY not in str(abroad.asked)


@pytest.mark.parametrize(
    "reply", [HANG_UP, Reply(500), Reply(302, b"", {"location": "/x"}), Reply(200, b"<html>")]
)
async def test_a_look_without_answer_is_unanswered(line_to: LineTo, reply: Reply) -> None:
    async with stub({"GET /v1/predictions/p1": reply}) as server:
        line = line_to(REPLICATE, server.origin)
        assert isinstance(await line.poll(Operation("p1")), Unanswered)
    assert isinstance(await line.poll(Operation("p1")), Unanswered)  # now nobody listens


async def test_two_looks_share_a_client_and_many_go_at_once(line_to: LineTo) -> None:
    async with stub({"GET /v1/predictions/p1": Reply(200, {"status": "processing"})}) as server:
        line = line_to(REPLICATE, server.origin)
        looks = await asyncio.gather(*(line.poll(Operation("p1")) for _ in range(50)))
    assert looks == [PollResult("processing")] * 50


async def test_cancels(line_to: LineTo) -> None:
    routes = {
        "POST /v1/predictions/p1/cancel": Reply(200, {"status": "canceled"}),
        "PUT /a/b/requests/r1/cancel": Reply(202, {"status": "CANCELLATION_REQUESTED"}),
    }
    async with stub(routes) as server:
        assert await line_to(REPLICATE, server.origin).cancel(Operation("p1")) == Canceled()
        assert await line_to(FAL, server.origin).cancel(Operation("r1", endpoint="a/b/c")) == CancelAsked()
        assert isinstance(await line_to(REPLICATE, server.origin).cancel(Operation("p2")), CannotCancel)
