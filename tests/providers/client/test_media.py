"""Media on their way to a provider: by address, inside the request, or uploaded first."""

import base64
from pathlib import Path

import pytest
from msgspec import structs

from models.payload import MediaLeaf
from providers.client.media import refer
from providers.description.schema import DeliveryWay, MediaDelivery, ProviderDescription
from providers.outcomes import Handle, LocalFile, NotUploaded
from tests.providers.conftest import KEY, LineTo
from tests.providers.descriptions import ALL, FAL, REPLICATE
from tests.providers.stub import HANG_UP, Asked, Reply, Routes, stub

BARE = structs.replace(
    REPLICATE,
    media=MediaDelivery(
        any=DeliveryWay(url="{url}"),
        image=DeliveryWay(inline={"bytes": "{base64}", "mime": "{mime}"}, inline_max_bytes=10),
    ),
)


def a_file(folder: Path, size: int, name: str = "first frame.png") -> LocalFile:
    path = folder / "upload"
    path.write_bytes(bytes(range(256)) * (size // 256) + bytes(size % 256))
    return LocalFile(path, name, "image/png", size)


def leaf(ref: str = "u1", kind: str = "image") -> MediaLeaf:
    return MediaLeaf(at="/input/image", kind=kind, ref=ref)


async def test_an_https_reference_goes_as_it_is(line_to: LineTo) -> None:
    handle = await line_to(REPLICATE, "http://unused.invalid").upload_media(
        leaf("https://me.example/a.png?x=1"), None
    )
    assert handle == Handle("https://me.example/a.png?x=1")


async def test_a_small_file_goes_into_the_request(line_to: LineTo, tmp_path: Path) -> None:
    file = a_file(tmp_path, 1000)
    handle = await line_to(REPLICATE, "http://unused.invalid").upload_media(leaf(), file)
    data = base64.b64encode(file.path.read_bytes()).decode()
    assert handle == Handle(f"data:image/png;base64,{data}")


@pytest.mark.parametrize(("wire", "most"), [(REPLICATE, 190_000), (FAL, 1_000_000)])
async def test_only_what_exceeds_the_wires_limit_is_uploaded(
    line_to: LineTo, tmp_path: Path, wire: ProviderDescription, most: int
) -> None:
    async with stub({}) as server:
        line = line_to(wire, server.origin)
        assert isinstance(await line.upload_media(leaf(), a_file(tmp_path, most)), Handle)
        assert server.asked == []
        assert isinstance(await line.upload_media(leaf(), a_file(tmp_path, most + 1)), NotUploaded)
        assert len(server.asked) == 1


async def test_bare_base64_is_shaped_as_the_wire_wants(line_to: LineTo, tmp_path: Path) -> None:
    handle = await line_to(BARE, "http://unused.invalid").upload_media(leaf(), a_file(tmp_path, 3))
    assert handle == Handle({"bytes": "AAAA", "mime": "image/png"})


async def test_what_is_neither_a_file_nor_an_address_is_not_handed_over(line_to: LineTo) -> None:
    line = line_to(BARE, "http://unused.invalid")
    for bad in ("data:image/png;base64,AAAA", "http://me.example/a.png", "u1"):
        outcome = await line.upload_media(leaf(bad), None)
        assert isinstance(outcome, NotUploaded)
        assert "Nothing was ordered." in outcome.sentence
        assert not outcome.retryable


async def test_a_file_that_is_gone_or_too_large_for_a_wire_without_uploads_is_told(
    line_to: LineTo, tmp_path: Path
) -> None:
    way = DeliveryWay(inline="{data_uri}", inline_max_bytes=1_500_000)
    line = line_to(structs.replace(REPLICATE, media=MediaDelivery(any=way)), "http://unused.invalid")
    large = await line.upload_media(leaf(), a_file(tmp_path, 3_000_000))
    assert large == NotUploaded(
        "Replicate takes files of at most 1.5 MB, and first frame.png has 3 MB: choose a smaller file. "
        "Nothing was ordered.",
        retryable=False,
    )
    gone = structs.replace(a_file(tmp_path, 5), path=tmp_path / "gone")
    outcome = await line.upload_media(leaf(), gone)
    assert isinstance(outcome, NotUploaded)
    assert not outcome.retryable


def test_a_wire_that_takes_no_addresses_says_so() -> None:
    wire = structs.replace(REPLICATE, media=MediaDelivery(any=DeliveryWay(url={"$if": "nothing", "then": 1})))
    outcome = refer(wire, "image", "https://me.example/a.png")
    assert isinstance(outcome, NotUploaded)
    assert "choose a file instead" in outcome.sentence


async def test_replicate_takes_a_large_file_at_its_files_route(line_to: LineTo, tmp_path: Path) -> None:
    file = a_file(tmp_path, 400_000)
    reply = Reply(
        201,
        {
            "id": "f1",
            "urls": {"get": "https://api.replicate.com/v1/files/f1"},
            "expires_at": "2026-11-23T00:00:00Z",
        },
    )
    async with stub({"POST /v1/files": reply}) as server:
        handle = await line_to(REPLICATE, server.origin).upload_media(leaf(), file)
    assert handle == Handle("https://api.replicate.com/v1/files/f1", expires_at=1795392000.0)
    [asked] = server.asked
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["content-type"].startswith("multipart/form-data")
    assert b'name="content"; filename="first frame.png"' in asked.body
    assert file.path.read_bytes() in asked.body


async def test_a_handle_without_a_told_end_lasts_as_the_wire_says(line_to: LineTo, tmp_path: Path) -> None:
    async with stub({"POST /v1/files": Reply(201, {"urls": {"get": "https://x.example/f1"}})}) as server:
        handle = await line_to(REPLICATE, server.origin).upload_media(leaf(), a_file(tmp_path, 400_000))
    assert isinstance(handle, Handle)
    assert handle.expires_at


def fal_storage(origin_for: str) -> Routes:
    def token(asked: Asked) -> Reply:
        base = f"http://{asked.headers['host']}{origin_for}"
        return Reply(200, {"token": "t0", "token_type": "Bearer", "base_url": base})

    return {
        f"POST {origin_for}/storage/auth/token": token,
        f"POST {origin_for}/files/upload": Reply(200, {"access_url": "https://v3.fal.media/files/a.png"}),
    }


async def test_fal_takes_a_large_file_in_two_steps_and_the_second_has_a_token_of_its_own(
    line_to: LineTo, tmp_path: Path
) -> None:
    file = a_file(tmp_path, 2_000_000, name="Bild für später\r\n.png")
    async with stub(fal_storage("/fal")) as server:
        handle = await line_to(FAL, f"{server.origin}/fal").upload_media(leaf(), file)
    assert handle == Handle("https://v3.fal.media/files/a.png")
    token, upload = server.asked
    assert token.headers["authorization"] == f"Key {KEY}"
    assert (token.query, token.json) == ({"storage_type": ["fal-cdn-v3"]}, {})
    assert upload.headers["authorization"] == "Bearer t0"
    assert upload.headers["content-type"] == "image/png"
    assert upload.headers["content-length"] == "2000000"
    assert upload.headers["x-fal-file-name"] == "Bild f%C3%BCr sp%C3%A4ter%0D%0A.png"
    assert upload.body == file.path.read_bytes()


async def test_an_upload_is_not_led_to_a_private_address(line_to: LineTo, tmp_path: Path) -> None:
    async with stub({}) as inside, stub({}) as server:
        for address in (inside.origin, inside.origin.replace("http:", "https:"), "https://169.254.169.254"):
            server.routes = {
                "POST /storage/auth/token": Reply(
                    200, {"token": "t0", "token_type": "B", "base_url": address}
                )
            }
            outcome = await line_to(FAL, server.origin).upload_media(leaf(), a_file(tmp_path, 2_000_000))
            assert isinstance(outcome, NotUploaded)
    assert inside.asked == []


@pytest.mark.parametrize(
    ("reply", "retryable"),
    [
        (Reply(401, {"detail": "no"}), False),
        (Reply(402, {"detail": "no"}), False),
        (Reply(413, {"detail": "too large"}), False),
        (Reply(429, {"detail": "slow down"}), True),
        (Reply(503, b""), True),
        (Reply(302, b"", {"location": "/x"}), True),
        (Reply(200, {"nothing": "useful"}), True),
        (HANG_UP, True),
    ],
)
async def test_a_failed_upload_orders_nothing_and_says_so(
    line_to: LineTo, tmp_path: Path, reply: Reply, retryable: bool
) -> None:
    async with stub({"POST /v1/files": reply}) as server:
        outcome = await line_to(REPLICATE, server.origin).upload_media(leaf(), a_file(tmp_path, 400_000))
    assert isinstance(outcome, NotUploaded)
    assert outcome.retryable == retryable
    assert "Nothing was ordered" in outcome.sentence


@pytest.mark.parametrize("address", ["https://xn--a/a.png", "https://[::1", "https://me@/a.png"])
async def test_a_file_at_an_address_that_is_none_is_refused_in_words(line_to: LineTo, address: str) -> None:
    outcome = await line_to(ALL["veo"], "http://127.0.0.1:9").upload_media(leaf(address), None)
    assert isinstance(outcome, NotUploaded)
    assert not outcome.retryable
    assert "could not be fetched" in outcome.sentence
