"""Downloads: whole, capped, without the key abroad, and never to a private address."""

import gzip
import io
from collections.abc import Callable, Sequence

import httpx
import pytest

from providers.client.http import HTTPClients, NoResponse
from providers.client.provider_client import ProviderClient
from providers.client.requests import Request
from providers.client.ssrf import is_public
from providers.description.schema import ProviderDescription
from providers.outcomes import Fetched, FetchFailed, OutputFile
from tests.providers.conftest import KEY, LineTo, Names, client_context, clients_with, server_context
from tests.providers.descriptions import NUMBERS, REPLICATE
from tests.providers.stub import HANG_UP, Reply, stub

CLIP = b"\x00\x00\x00\x18ftypmp42" + bytes(100_000)
MP4 = {"content-type": "video/mp4"}
LIMIT = 1_000_000


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "fec0::1",
        "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "64:ff9b::a00:1", "fe80::1%eth0", "localhost", "",
    ],
)  # fmt: skip
def test_addresses_of_this_machine_and_its_network_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


async def fetched(
    line: ProviderClient, url: str, keyed: bool = False, limit: int = LIMIT
) -> tuple[object, bytes]:
    to = io.BytesIO()
    return await line.fetch(OutputFile(url, keyed=keyed), to, limit), to.getvalue()


async def test_a_file_at_the_lines_own_origin_comes_whole_and_without_the_key(line_to: LineTo) -> None:
    async with stub({"GET /replicate/f/a.mp4": Reply(200, CLIP, MP4)}) as server:
        line = line_to(REPLICATE, f"{server.origin}/replicate")
        assert await fetched(line, "/f/a.mp4") == (Fetched("video/mp4", len(CLIP)), CLIP)
    assert "authorization" not in server.asked[0].headers


async def test_a_file_outside_the_prefix_of_a_sandbox_is_found(line_to: LineTo) -> None:
    async with stub({"GET /_media/a.mp4": Reply(200, CLIP, MP4)}) as server:
        answer, _ = await fetched(line_to(REPLICATE, f"{server.origin}/replicate"), "/../_media/a.mp4?x=1")
    assert isinstance(answer, Fetched)
    assert server.asked[0].query == {"x": ["1"]}


@pytest.mark.parametrize(
    ("reply", "expired", "retryable"),
    [
        (Reply(404), True, False),
        (Reply(403), True, False),
        (Reply(410), True, False),
        (Reply(500), False, True),
        (Reply(206, CLIP, MP4), False, True),
        (Reply(200, b"<html>", {"content-type": "text/html; charset=utf-8"}), False, True),
        (Reply(200, b"{}", {"content-type": "application/json"}), False, True),
        (HANG_UP, False, True),
        (Reply(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\nabc"), False, True),
        (Reply(200, bytes(LIMIT + 1), MP4), False, False),
        (Reply(302, b"", {"location": "http://169.254.169.254/latest"}), False, False),
        (Reply(302, b"", {"location": "file:///etc/passwd"}), False, False),
        (Reply(302, b"", {"location": ""}), False, False),
        (Reply(302, b"", {"location": "/f/a.mp4"}), False, False),
    ],
)
async def test_what_is_no_whole_file_is_not_fetched(
    line_to: LineTo, reply: Reply, expired: bool, retryable: bool
) -> None:
    async with stub({"GET /f/a.mp4": reply}) as server:
        answer, _ = await fetched(line_to(REPLICATE, server.origin), "/f/a.mp4")
    assert isinstance(answer, FetchFailed)
    assert (answer.expired, answer.retryable) == (expired, retryable)


async def test_a_file_that_announces_too_much_is_not_even_begun(line_to: LineTo) -> None:
    async with stub({"GET /f/a.mp4": Reply(200, CLIP, MP4)}) as server:
        answer, written = await fetched(line_to(REPLICATE, server.origin), "/f/a.mp4", limit=len(CLIP) - 1)
    assert isinstance(answer, FetchFailed)
    assert written == b""


async def test_a_file_that_does_not_say_its_length_is_capped_too(line_to: LineTo) -> None:
    endless = Reply(raw=b"HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\n\r\n" + bytes(LIMIT))
    async with stub({"GET /f/a.mp4": endless}) as server:
        line = line_to(REPLICATE, server.origin)
        assert isinstance((await fetched(line, "/f/a.mp4"))[0], Fetched)
        answer, written = await fetched(line, "/f/a.mp4", limit=1000)
    assert isinstance(answer, FetchFailed)
    assert len(written) <= 1000


async def test_a_packed_file_is_unpacked_within_the_cap(line_to: LineTo) -> None:
    bomb = Reply(200, gzip.compress(bytes(LIMIT * 20)), {**MP4, "content-encoding": "gzip"})
    async with stub({"GET /f/a.mp4": bomb}) as server:
        answer, written = await fetched(line_to(REPLICATE, server.origin), "/f/a.mp4")
    assert isinstance(answer, FetchFailed)
    assert len(written) <= LIMIT


async def test_a_writer_may_be_awaited_and_its_troubles_are_raised(line_to: LineTo) -> None:
    class Slow:
        def __init__(self) -> None:
            self.bytes = 0

        async def write(self, data: bytes) -> None:
            self.bytes += len(data)

    class Full:
        def write(self, data: bytes) -> None:
            raise OSError(28, "No space left on device")

    slow = Slow()
    async with stub({"GET /f/a.mp4": Reply(200, CLIP, MP4)}) as server:
        line = line_to(REPLICATE, server.origin)
        await line.fetch(OutputFile("/f/a.mp4"), slow, LIMIT)
        with pytest.raises(OSError, match="No space"):
            await line.fetch(OutputFile("/f/a.mp4"), Full(), LIMIT)
    assert slow.bytes == len(CLIP)


async def test_a_keyed_file_takes_the_key_at_home(line_to: LineTo) -> None:
    async with stub({"GET /f/a.mp4": Reply(200, CLIP, MP4)}) as server:
        answer, _ = await fetched(line_to(NUMBERS, server.origin), "/f/a.mp4", keyed=True)
    assert isinstance(answer, Fetched)
    assert server.asked[0].query == {"key": [KEY]}


def line_with(wire: ProviderDescription, origin: str, clients: HTTPClients) -> ProviderClient:
    return ProviderClient(wire, origin, lambda: KEY, clients)


KEYED = REPLICATE


async def test_the_key_stays_home_when_a_file_is_forwarded_even_on_the_way_back() -> None:
    async with stub({}, server_context()) as cdn, stub({}) as server:
        port = cdn.origin.rpartition(":")[2]
        server.routes = {
            "GET /f/a.mp4": Reply(302, b"", {"location": f"https://cdn.example:{port}/b.mp4"}),
            "GET /c.mp4": Reply(200, CLIP, MP4),
        }
        cdn.routes = {"GET /b.mp4": Reply(307, b"", {"location": f"{server.origin}/c.mp4"})}
        async with clients_with({"cdn.example": [["127.0.0.1"]]}, allowed=lambda _: True) as clients:
            answer, body = await fetched(line_with(KEYED, server.origin, clients), "/f/a.mp4", keyed=True)
    assert (answer, body) == (Fetched("video/mp4", len(CLIP)), CLIP)
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert "authorization" not in cdn.asked[0].headers
    assert "authorization" not in server.asked[1].headers


async def test_a_public_https_file_is_fetched_by_name_with_its_address_as_it_is() -> None:
    async with stub({"GET /o%2Fa.mp4": Reply(200, CLIP, MP4)}, server_context()) as cdn:
        url = f"https://cdn.example:{cdn.origin.rpartition(':')[2]}/o%2Fa.mp4?X-Sig=a%2Bb%2F%3D"
        async with clients_with({"cdn.example": [["127.0.0.1"]]}, allowed=lambda _: True) as clients:
            answer, _ = await fetched(line_with(REPLICATE, "https://api.replicate.com", clients), url)
    assert isinstance(answer, Fetched)
    assert cdn.asked[0].query == {"X-Sig": ["a+b/="]}
    assert cdn.asked[0].headers["host"].startswith("cdn.example:")


async def attempt(
    names: dict[str, list[Sequence[str]]], url: str, allowed: Callable[[str], bool] | None = None
) -> object:
    async with clients_with(names, allowed) as clients:
        answer, _ = await fetched(line_with(REPLICATE, "https://api.replicate.com", clients), url)
    return answer


@pytest.mark.parametrize(
    "names", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::1"], ["::ffff:7f00:1"], []]
)  # fmt: skip
async def test_a_name_that_leads_inside_is_not_followed(names: list[str]) -> None:
    async with stub({"GET /a.mp4": Reply(200, CLIP, MP4)}, server_context()) as inside:
        url = f"https://cdn.example:{inside.origin.rpartition(':')[2]}/a.mp4"
        assert isinstance(await attempt({"cdn.example": [names]}, url), FetchFailed)
    assert inside.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "2130706433", "0x7f.1", "127.1"])
async def test_an_address_written_as_a_number_is_checked_as_well(host: str) -> None:
    async with HTTPClients(context=client_context()) as clients, stub({}, server_context()) as inside:
        url = f"https://{host}:{inside.origin.rpartition(':')[2]}/a.mp4"
        answer, _ = await fetched(line_with(REPLICATE, "https://api.replicate.com", clients), url)
    assert isinstance(answer, FetchFailed)
    assert inside.asked == []


@pytest.mark.parametrize("host", ["a..b.com", f"{'a' * 64}.com", "xn--a", "[::1", "x:abc", ""])
async def test_a_host_that_is_none_is_an_answer_too_and_not_tried_again(host: str) -> None:
    async with HTTPClients() as clients:
        answer, _ = await fetched(
            line_with(REPLICATE, "https://api.replicate.com", clients), f"https://{host}/a"
        )
        link = Request(method="GET", url=f"https://{host}/a", given=True)
        asked = await line_with(REPLICATE, "https://api.replicate.com", clients).caller.ask(link)
    assert isinstance(answer, FetchFailed)
    assert not answer.retryable
    assert isinstance(asked, NoResponse)


async def test_the_checked_address_is_the_one_that_is_connected_to() -> None:
    names = Names({"rebind.example": [["127.0.0.1"], ["10.0.0.1"]]})
    checked: list[str] = []

    def allowed(address: str) -> bool:
        checked.append(address)
        return address == "127.0.0.1"

    async with stub({"GET /a.mp4": Reply(200, CLIP, MP4)}, server_context()) as cdn:
        url = f"https://rebind.example:{cdn.origin.rpartition(':')[2]}/a.mp4"
        async with HTTPClients(resolve=names, allowed=allowed, context=client_context()) as clients:
            answer, _ = await fetched(line_with(REPLICATE, "https://api.replicate.com", clients), url)
    assert isinstance(answer, Fetched)
    assert names.asked == ["rebind.example"]
    assert checked == ["127.0.0.1"]


async def test_each_hop_is_checked_anew() -> None:
    def inside_is_not(address: str) -> bool:
        return address == "127.0.0.1"

    async with stub({}, server_context()) as cdn:
        port = cdn.origin.rpartition(":")[2]
        cdn.routes = {"GET /a.mp4": Reply(302, b"", {"location": f"https://other.example:{port}/a.mp4"})}
        names: dict[str, list[Sequence[str]]] = {
            "cdn.example": [["127.0.0.1"]],
            "other.example": [["127.0.0.2"]],
        }
        answer = await attempt(names, f"https://cdn.example:{port}/a.mp4", inside_is_not)
    assert isinstance(answer, FetchFailed)
    assert "public" in answer.reason
    assert len(cdn.asked) == 1


async def test_a_certificate_for_another_name_is_not_accepted() -> None:
    async with stub({"GET /a.mp4": Reply(200, CLIP, MP4)}, server_context()) as cdn:
        url = f"https://unknown.example:{cdn.origin.rpartition(':')[2]}/a.mp4"
        answer = await attempt({"unknown.example": [["127.0.0.1"]]}, url, lambda _: True)
    assert isinstance(answer, FetchFailed)
    assert cdn.asked == []


async def test_the_guarded_client_speaks_https_only() -> None:
    async with stub({"GET /a": Reply(200)}) as server, clients_with(allowed=lambda _: True) as clients:
        with pytest.raises(httpx.UnsupportedProtocol):
            await clients.guarded.get(f"{server.origin}/a")
    assert server.asked == []


async def test_plain_http_abroad_is_not_followed() -> None:
    assert isinstance(await attempt({}, "http://cdn.example/a.mp4"), FetchFailed)


def hops(number: int) -> dict[str, Reply]:
    """A file behind so many forwards at one server."""
    forwards = {f"GET /{at}": Reply(302, b"", {"location": f"/{at + 1}"}) for at in range(number)}
    return {**forwards, f"GET /{number}": Reply(200, CLIP, MP4)}


@pytest.mark.parametrize(
    ("routes", "path", "cause"),
    [
        (hops(20), "/0", "astray"),
        ({"GET /0": Reply(302, b"", {"location": "/0"})}, "/0", "astray"),
        ({"GET /0": Reply(302, b"", {"location": "file:///etc/passwd"})}, "/0", "astray"),
        ({"GET /0": Reply(302, b"", {"location": "https://x/" + "a" * 70_000})}, "/0", "astray"),
        ({}, "https://files.example/" + "a" * 1_000_000, "astray"),
        ({}, "ftp://files.example/a.mp4", "astray"),
        ({"GET /0": Reply(200, bytes(LIMIT + 1), MP4)}, "/0", "too_large"),
        ({"GET /0": Reply(410)}, "/0", "dead_link"),
        ({"GET /0": Reply(503)}, "/0", "unreachable"),
        ({"GET /0": HANG_UP}, "/0", "unreachable"),
        ({"GET /0": Reply(302, b"", {"location": "https://x/" + "a" * 1_000_000})}, "/0", "unreachable"),
        ({"GET /0": Reply(raw=b"SIP/2.0 200 OK\r\n\r\n")}, "/0", "unreachable"),
    ],
    ids=[
        "twenty hops",
        "a loop",
        "file",
        "too long a forward",
        "a megabyte",
        "ftp",
        "large",
        "gone",
        "down",
        "broken",
        "a forward of a megabyte",
        "no HTTP",
    ],
)
async def test_why_a_file_was_not_had_is_told_apart(
    line_to: LineTo, routes: dict[str, Reply], path: str, cause: str
) -> None:
    async with stub(routes) as server:
        answer, _ = await fetched(line_to(REPLICATE, server.origin), path)
    assert isinstance(answer, FetchFailed)
    assert answer.cause == cause, answer
    assert len(answer.reason) < 300
    assert answer.retryable == (cause == "unreachable")


@pytest.mark.parametrize(
    "kind", ["text/plain", "text/html; charset=utf-8", "application/json", "application/xml"]
)
async def test_a_video_that_its_server_calls_a_text_is_a_video(line_to: LineTo, kind: str) -> None:
    async with stub({"GET /f/a.mp4": Reply(200, CLIP, {"content-type": kind})}) as server:
        answer, body = await fetched(line_to(REPLICATE, server.origin), "/f/a.mp4")
    assert (answer, body) == (Fetched(kind, len(CLIP)), CLIP)


@pytest.mark.parametrize("body", [b"", b"<html>\xc3\xa4", "Störung".encode(), b'{"error": "busy"}'])
async def test_a_page_in_place_of_a_video_is_none(line_to: LineTo, body: bytes) -> None:
    async with stub({"GET /f/a.mp4": Reply(200, body, {"content-type": "text/html"})}) as server:
        answer, written = await fetched(line_to(REPLICATE, server.origin), "/f/a.mp4")
    assert isinstance(answer, FetchFailed)
    assert (answer.reason, written) == ("the server of the file answered with text/html", b"")
