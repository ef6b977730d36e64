"""The door of the sandbox: programs of this machine come in, pages of other sites and other names do not."""

import socket
from pathlib import Path

import httpx
import pytest

from providers.sandbox.server.access import names_of, refusal
from tests.providers.sandbox.inbox import Inbox
from tests.providers.sandbox.running import KEYS, RunningSandbox
from tests.support import PATIENCE

HERE = "127.0.0.1:8421"
CROSS = "Another site sent this, so nothing was done."


def verdict(host: str, names: frozenset[str] = names_of("127.0.0.1"), **headers: str) -> int | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    found = refusal({"host": host, **named}, names)
    return found.status if found else None


@pytest.mark.parametrize("host", [HERE, "localhost:8421", "[::1]:8421", "LOCALHOST", "127.0.0.1"])
def test_this_machines_own_names_come_in(host: str) -> None:
    assert verdict(host) is None


@pytest.mark.parametrize(
    "host",
    ["evil.sec.test:8421", "127.0.0.1:evil.com", "[::1].evil.com", "127.0.0.1.evil.com", "localhost:8421@evil",
     "localhost:", "", "10.0.0.7:8421", "127.0.0.1, evil.test", "user@localhost", "0.0.0.0:8421"],
)  # fmt: skip
def test_any_other_name_is_turned_away(host: str) -> None:
    assert verdict(host) == 421
    assert verdict(host, origin=f"http://{host}") == 421


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, None),
        ({"origin": f"http://{HERE}"}, None),
        ({"sec_fetch_site": "none"}, None),
        ({"sec_fetch_site": "same-origin"}, None),
        ({"origin": "http://evil.com"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"origin": "http://127.0.0.1:8420"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"}, 403),
    ],
)
def test_a_page_of_another_site_is_turned_away_whatever_it_asks(
    headers: dict[str, str], status: int | None
) -> None:
    assert verdict(HERE, names_of("127.0.0.1"), **headers) == status


def test_a_sandbox_elsewhere_is_called_by_its_addresses_and_the_names_it_was_given() -> None:
    names = names_of("0.0.0.0", ["sandbox.lan"])
    for host in ("10.0.0.7:8421", "[fd00::7]:8421", "sandbox.lan:8421", "localhost"):
        assert verdict(host, names) is None
    assert verdict("evil.lan:8421", names) == 421
    assert verdict("10.0.0.7:8421", names_of("10.0.0.7")) is None
    assert verdict("10.0.0.8:8421", names_of("10.0.0.7")) == 421


PATHS = (
    *("/_sandbox", "/_sandbox/health", "/_sandbox/submissions", "/_sandbox/inputs/x", "/", "/nothing"),
    *(
        "/replicate/v1/predictions",
        "/replicate/v1/webhooks/default/secret",
        "/comfyui/view",
        "/openai/v1/videos",
    ),
)


def test_a_name_that_was_rebound_to_this_machine_reads_and_does_nothing(sandbox: RunningSandbox) -> None:
    for path in PATHS:
        for method in ("GET", "HEAD", "POST", "OPTIONS", "DELETE"):
            answer = sandbox.ask(method, path, headers={"host": "evil.sec.test:8561"})
            assert answer.status_code == 421, (method, path)
            assert "access-control-allow-origin" not in answer.headers


def test_another_origin_orders_nothing_and_sends_no_webhooks_elsewhere(
    sandbox: RunningSandbox, inbox: Inbox
) -> None:
    evil = {"origin": "http://evil.com"}
    before = sandbox.submissions()["total"]
    hook = {"url": inbox.url}
    registered = sandbox.ask(
        "POST", "/_sandbox/webhooks/openai", headers={**KEYS["openai"], **evil}, json=hook
    )
    assert (registered.status_code, registered.json()["error"]["message"]) == (403, CROSS)
    body = {"input": {"prompt": "From elsewhere"}, "webhook": inbox.url}
    ordered = sandbox.ask("POST", "/replicate/v1/models/a/b/predictions", headers=evil, json=body)
    assert ordered.status_code == 403
    read = sandbox.ask("GET", "/_sandbox/submissions", headers={"sec-fetch-site": "cross-site"})
    assert (read.status_code, "by_prompt" in read.text) == (403, False)
    assert sandbox.submissions()["total"] == before


@pytest.mark.parametrize(
    ("more", "status"),
    [("Host: evil.test", 403), (f"Host: {HERE}\r\nOrigin: http://evil.com", 403), (f"Host: {HERE}", 101)],
)
def test_a_websocket_is_opened_for_programs_only(sandbox: RunningSandbox, more: str, status: int) -> None:
    where = httpx.URL(sandbox.url)
    upgrade = (
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: a2V5"
    )
    with socket.create_connection((where.host, where.port or 0), timeout=PATIENCE) as line:
        line.sendall(f"GET /comfyui/ws?clientId=1 HTTP/1.1\r\n{more}\r\n{upgrade}\r\n\r\n".encode())
        assert int(line.recv(1024).split(b" ")[1]) == status


@pytest.mark.parametrize("path", ["/_sandbox", "/_sandbox/submissions", "/nothing"])
def test_no_other_site_can_show_an_answer(sandbox: RunningSandbox, path: str) -> None:
    answer = sandbox.ask("GET", path)
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_reports_and_registering_tell_no_secret_to_who_has_no_key(sandbox: RunningSandbox) -> None:
    hook = {"url": "http://127.0.0.1:9/"}
    asked = sandbox.ask("POST", "/_sandbox/webhooks/replicate", json=hook)
    assert (asked.status_code, "whsec_" in asked.text) == (401, False)
    for path in ("/_sandbox", "/_sandbox/submissions", "/_sandbox/health"):
        assert "whsec_" not in sandbox.ask("GET", path).text


def test_who_orders_with_a_key_of_its_own_is_the_only_one_to_know_what_signs_its_webhooks(
    sandbox: RunningSandbox, inbox: Inbox
) -> None:
    secrets: dict[str, str] = {}
    for key in ("any", "any", "one-that-nobody-guesses"):
        answer = sandbox.ask(
            "GET", "/replicate/v1/webhooks/default/secret", headers={"authorization": f"Bearer {key}"}
        )
        assert secrets.setdefault(key, answer.json()["key"]) == answer.json()["key"]
    body = {"input": {"prompt": "Mine"}, "webhook": inbox.url, "webhook_events_filter": ["completed"]}
    mine = {"authorization": "Bearer one-that-nobody-guesses"}
    made = sandbox.ask("POST", "/replicate/v1/models/a/b/predictions", headers=mine, json=body)
    assert made.status_code == 201
    letter = inbox.next()
    assert letter.is_signed_by(secrets["one-that-nobody-guesses"])
    assert not letter.is_signed_by(secrets["any"])


@pytest.mark.slow
def test_the_key_of_an_order_is_not_written_down(tmp_path: Path) -> None:
    with RunningSandbox(tmp_path / "sandbox") as sandbox:
        headers = {"authorization": "Bearer a-key-that-is-looked-for"}
        body = {"input": {"prompt": "Mine"}}
        made = sandbox.ask("POST", "/replicate/v1/models/a/b/predictions", headers=headers, json=body)
        assert made.status_code == 201
    files = [path for path in (tmp_path / "sandbox").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"a-key-that-is-looked-for" in path.read_bytes()]
