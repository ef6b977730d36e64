"""Who may speak to a running server: the bytes that a library would not send, at both of its ports."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support import PATIENCE, Server

PUBLIC = "video.example.com"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("doors")
    with ExitStack() as stack:
        yield stack.enter_context(Server(folder / "data", PUBLIC_URL=f"https://{PUBLIC}"))


def say(url: str, head: str) -> tuple[int, str]:
    """Send a request as it stands; the status and all that was answered. 0: closed without a word."""
    where = urlsplit(url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=PATIENCE) as line:
        line.sendall(head.replace("\n", "\r\n").encode("latin-1"))
        answer = b""
        while chunk := line.recv(65536):
            answer += chunk
    text = answer.decode("latin-1")
    return int(text.split(" ", 2)[1]) if text else 0, text


def request(*lines: str, target: str = "/video", method: str = "GET", version: str = "1.1") -> str:
    return "\n".join((f"{method} {target} HTTP/{version}", *lines, "Connection: close", "", ""))


CLOSED: dict[str, str] = {
    "the name": request(f"Host: {PUBLIC}"),
    "upper case, dot and port": request(f"HOST:{PUBLIC.upper()}.:443"),
    "a page of keys": request(f"Host: {PUBLIC}", target="/account"),
    "the API": request(f"Host: {PUBLIC}", target="/api/video/jobs"),
    "health": request(f"Host: {PUBLIC}", target="/healthz"),
    "an encoded path": request(f"Host: {PUBLIC}", target="/%76ideo"),
    "a detour": request(f"Host: {PUBLIC}", target="/inputs/..%2fvideo"),
    "another detour": request(f"Host: {PUBLIC}", target="/inputs/%2e%2e/%2e%2e/video"),
    "a whole address": request(f"Host: {PUBLIC}", target=f"http://{PUBLIC}/video"),
    "a whole address under a local name": request("Host: 127.0.0.1", target=f"http://{PUBLIC}/video"),
    "a local address under the public name": request(f"Host: {PUBLIC}", target="http://127.0.0.1/video"),
    "HTTP/1.0": request(f"Host: {PUBLIC}", version="1.0"),
    "HTTP/1.0 without a name": request(version="1.0"),
    "no name": request(),
    "an empty name": request("Host:"),
    "two names": request("Host: 127.0.0.1", f"Host: {PUBLIC}"),
    "the same two": request("Host: 127.0.0.1", "Host: 127.0.0.1"),
    "two names in one": request(f"Host: 127.0.0.1, {PUBLIC}"),
    "a forwarded name": request("Host: 127.0.0.1", f"X-Forwarded-Host: {PUBLIC}"),
    "two forwarded names": request(
        "Host: localhost", "X-Forwarded-Host: localhost", f"X-Forwarded-Host: {PUBLIC}"
    ),
    "a folded name": request("Host: 127.0.0.1", f" {PUBLIC}"),
    "a name for a port": request("Host: 127.0.0.1:evil.com"),
    "a name behind a bracket": request("Host: [::1].evil.com"),
    "a longer name": request("Host: 127.0.0.1.evil.com"),
    "a user": request("Host: localhost:8420@evil"),
    "no port": request("Host: localhost:"),
    "a space": request("Host: local host"),
    "the server": request(f"Host: {PUBLIC}", target="*", method="OPTIONS"),
    "a tunnel": request(f"Host: {PUBLIC}", target=f"{PUBLIC}:443", method="CONNECT"),
}


@pytest.mark.parametrize("said", CLOSED.values(), ids=CLOSED)
def test_no_way_of_asking_opens_the_page_under_the_public_name(server: Server, said: str) -> None:
    status, answer = say(server.url, said)
    assert status in (400, 404, 421)
    assert "<html" not in answer
    assert "set-cookie" not in answer.lower()


def test_an_order_and_a_key_are_not_taken_under_the_public_name(server: Server) -> None:
    body = '{"model": "hailuo-02", "values": {"prompt": "A heron"}}'
    lines = (f"Host: {PUBLIC}", "Content-Type: application/json", f"Content-Length: {len(body)}")
    status, _ = say(server.url, request(*lines, target="/api/video/jobs", method="POST") + body)
    assert status == 404
    assert server.http.get("/api/video/jobs").json()["jobs"] == []
    form = "key=r8_0123456789"
    lines = (
        f"Host: {PUBLIC}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(form)}",
    )
    status, _ = say(server.url, request(*lines, target="/account/keys/replicate", method="POST") + form)
    assert status == 404


def test_the_local_page_webhooks_and_inputs_answer(server: Server) -> None:
    assert say(server.url, request("Host: localhost:8420"))[0] == 200
    assert say(server.url, request("host: LOCALHOST", version="1.0"))[0] == 200
    webhook = request(f"Host: {PUBLIC}", "Content-Length: 0", target="/api/video/webhook/luma", method="POST")
    assert say(server.url, webhook)[0] == 401
    status, answer = say(server.url, request(f"Host: {PUBLIC}", "Accept: text/html", target="/inputs/up_1"))
    assert (status, "no such file" in answer) == (404, True)


def test_the_start_says_what_the_public_name_is_for(server: Server) -> None:
    assert (
        f"Providers reach it at https://{PUBLIC}: webhooks and files of orders, nothing else" in server.said()
    )
