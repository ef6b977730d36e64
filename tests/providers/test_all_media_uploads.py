"""Media on their way to every company: how each takes a picture, and the uploads that need several steps."""

from pathlib import Path

import pytest
from msgspec import structs

from models.payload import MediaLeaf
from models.spec.values import JSON
from providers.client.provider_client import ProviderClient
from providers.outcomes import Accepted, Handle, LocalFile, NotUploaded, Refused, Submission
from tests.providers.conftest import KEY, LineTo, clients_with, server_context
from tests.providers.descriptions import ALL, NAMES
from tests.providers.stub import Asked, Reply, stub

URL = "https://me.example/i.png"
OURS = "https://shotlist.example/inputs/up_1?signature=x"
PNG = b"\x89PNG"
BASE64 = "iVBORw=="
DATA_URI = f"data:image/png;base64,{BASE64}"
BYTES_ONLY = {"veo", "openai", "pixverse", "comfyui"}  # these fetch nothing themselves


def leaf(ref: str = "up_1", kind: str = "image") -> MediaLeaf:
    return MediaLeaf(at="/image", kind=kind, ref=ref)


def picture(folder: Path, content: bytes = PNG, url: str = "") -> LocalFile:
    (folder / "up_1").write_bytes(content)
    return LocalFile(folder / "up_1", "first frame.png", "image/png", len(content), url)


@pytest.mark.parametrize("name", sorted(set(NAMES) - BYTES_ONLY))
async def test_an_address_goes_as_it_is_where_the_company_fetches_itself(line_to: LineTo, name: str) -> None:
    assert await line_to(ALL[name], "http://unused.invalid").upload_media(leaf(URL), None) == Handle(URL)


INLINE: dict[str, JSON] = {
    "replicate": DATA_URI,
    "fal": DATA_URI,
    "runway": DATA_URI,
    "veo": {"bytesBase64Encoded": BASE64, "mimeType": "image/png"},
    "openai": DATA_URI,
    "xai": DATA_URI,
    "seedance": DATA_URI,
    "wan": DATA_URI,
    "minimax": DATA_URI,
    "kling": BASE64,
    "vidu": DATA_URI,
}


@pytest.mark.parametrize("name", sorted(INLINE))
async def test_a_small_picture_goes_inside_the_request(line_to: LineTo, tmp_path: Path, name: str) -> None:
    line = line_to(ALL[name], "http://unused.invalid")
    assert await line.upload_media(leaf(), picture(tmp_path)) == Handle(INLINE[name])


def test_the_others_are_known() -> None:
    assert set(NAMES) - set(INLINE) == {"luma", "pixverse", "comfyui"}


async def test_luma_takes_addresses_only_and_ours_where_there_is_one(line_to: LineTo, tmp_path: Path) -> None:
    line = line_to(ALL["luma"], "http://unused.invalid")
    assert await line.upload_media(leaf(), picture(tmp_path, url=OURS)) == Handle(OURS)
    without = await line.upload_media(leaf(), picture(tmp_path))
    assert without == NotUploaded(
        "Luma fetches files itself and cannot reach this server: give the https address of first frame.png, or set "
        "SHOTLIST_PUBLIC_URL. Nothing was ordered.",
        retryable=False,
    )


@pytest.mark.parametrize(("kind", "size"), [("image", 10_000_001), ("image", 30_000_000)])
async def test_what_is_too_large_for_the_request_goes_by_our_address_or_not_at_all(
    line_to: LineTo, tmp_path: Path, kind: str, size: int
) -> None:
    line = line_to(ALL["seedance"], "http://unused.invalid")
    large = structs.replace(picture(tmp_path, url=OURS), bytes=size)
    assert await line.upload_media(leaf(kind=kind), large) == Handle(OURS)
    refused = await line.upload_media(leaf(kind=kind), structs.replace(large, url=""))
    assert isinstance(refused, NotUploaded)
    assert "takes files of at most 10 MB" in refused.sentence


@pytest.mark.parametrize("name", ["veo", "openai"])
async def test_an_address_is_fetched_here_for_those_who_take_bytes_only(name: str) -> None:
    routes = {"GET /i.png": Reply(200, PNG, {"content-type": "image/png"})}
    async with stub(routes, server_context()) as abroad:
        url = f"https://cdn.example:{abroad.origin.rpartition(':')[2]}/i.png"
        async with clients_with(
            {"cdn.example": [["127.0.0.1"]]}, allowed=lambda address: address == "127.0.0.1"
        ) as clients:
            handle = await ProviderClient(
                ALL[name], "http://unused.invalid", lambda: KEY, clients
            ).upload_media(leaf(url), None)
    assert handle == Handle(INLINE[name])
    assert KEY not in str(abroad.asked)


async def test_a_private_address_is_not_fetched_for_anyone(line_to: LineTo) -> None:
    async with stub({"GET /i.png": Reply(200, PNG)}) as inside:
        for url in (inside.origin.replace("http:", "https:") + "/i.png", "https://169.254.169.254/x"):
            outcome = await line_to(ALL["veo"], "http://unused.invalid").upload_media(leaf(url), None)
            assert isinstance(outcome, NotUploaded)
            assert "could not be fetched" in outcome.sentence
    assert inside.asked == []


async def test_a_file_that_is_fetched_here_may_not_be_larger_than_the_company_takes() -> None:
    routes = {"GET /i.png": Reply(200, bytes(14_000_001), {"content-type": "image/png"})}
    async with stub(routes, server_context()) as abroad:
        url = f"https://cdn.example:{abroad.origin.rpartition(':')[2]}/i.png"
        async with clients_with({"cdn.example": [["127.0.0.1"]]}, allowed=lambda _: True) as clients:
            outcome = await ProviderClient(
                ALL["veo"], "http://unused.invalid", lambda: KEY, clients
            ).upload_media(leaf(url), None)
    assert isinstance(outcome, NotUploaded)
    assert "larger than 14 MB" in outcome.sentence


async def test_runway_names_the_place_and_the_form_for_a_large_file(line_to: LineTo, tmp_path: Path) -> None:
    def place(asked: Asked) -> Reply:
        address = f"http://{asked.headers['host']}/store"
        return Reply(
            200, {"uploadUrl": address, "fields": {"key": "k", "policy": "p"}, "runwayUri": "runway://1"}
        )

    async with stub({"POST /v1/uploads": place, "POST /store": Reply(204)}) as server:
        handle = await line_to(ALL["runway"], server.origin).upload_media(
            leaf(), picture(tmp_path, bytes(4_000_000))
        )
    assert isinstance(handle, Handle)
    assert handle.value == "runway://1"
    assert handle.expires_at
    first, second = server.asked
    assert first.json == {"filename": "first frame.png", "type": "ephemeral"}
    body = second.body
    assert body.rindex(b"form-data; ") == body.index(b'form-data; name="file"')  # what follows is not read
    assert body.count(b"form-data; ") == 3


async def test_runways_store_elsewhere_never_sees_the_key(tmp_path: Path) -> None:
    async with stub({"POST /store": Reply(204)}, server_context()) as store:
        address = f"https://cdn.example:{store.origin.rpartition(':')[2]}/store"
        reply = Reply(200, {"uploadUrl": address, "fields": {"key": "k"}, "runwayUri": "runway://1"})
        async with (
            stub({"POST /v1/uploads": reply}) as server,
            clients_with({"cdn.example": [["127.0.0.1"]]}, allowed=lambda _: True) as clients,
        ):
            line = ProviderClient(ALL["runway"], server.origin, lambda: KEY, clients)
            handle = await line.upload_media(leaf(), picture(tmp_path, bytes(4_000_000)))
    assert isinstance(handle, Handle)
    assert "authorization" not in store.asked[0].headers
    assert KEY not in str(store.asked)


async def test_wan_wants_to_know_the_model_that_a_file_is_for(line_to: LineTo, tmp_path: Path) -> None:
    def policy(asked: Asked) -> Reply:
        return Reply(200, {"request_id": "r", "data": {
            "policy": "p", "signature": "s", "upload_dir": "dashscope/1", "oss_access_key_id": "a",
            "upload_host": f"http://{asked.headers['host']}/oss", "x_oss_object_acl": "private",
            "x_oss_forbid_overwrite": "true"}})  # fmt: skip

    order = Submission("wan", "wan2.6-i2v", "", "i2v", {})
    async with stub({"GET /api/v1/uploads": policy, "POST /oss": Reply(200)}) as server:
        handle = await line_to(ALL["wan"], server.origin).upload_media(
            leaf(), picture(tmp_path, bytes(8_000_000)), order
        )
    assert isinstance(handle, Handle)
    assert handle.value == "oss://dashscope/1/first frame.png"
    assert server.asked[0].query == {"action": ["getPolicy"], "model": ["wan2.6-i2v"]}
    for part in (b'name="OSSAccessKeyId"\r\n\r\na\r\n', b'name="key"\r\n\r\ndashscope/1/first frame.png\r\n'):
        assert part in server.asked[1].body


async def test_pixverse_takes_pictures_and_videos_at_different_doors(line_to: LineTo, tmp_path: Path) -> None:
    routes = {
        "POST /openapi/v2/image/upload": Reply(200, {"ErrCode": 0, "Resp": {"img_id": 123, "img_url": "u"}}),
        "POST /openapi/v2/media/upload": Reply(200, {"ErrCode": 0, "Resp": {"media_id": 456}}),
    }
    async with stub(routes) as server:
        line = line_to(ALL["pixverse"], server.origin)
        assert await line.upload_media(leaf(), picture(tmp_path)) == Handle(123)
        assert await line.upload_media(leaf(kind="video"), picture(tmp_path)) == Handle(456)
    assert server.asked[0].headers["api-key"] == KEY
    assert b'name="image"; filename="first frame.png"' in server.asked[0].body
    traces = {asked.headers["ai-trace-id"] for asked in server.asked}
    assert len(traces) == 2


async def test_pixverse_may_refuse_a_picture_with_http_200(line_to: LineTo, tmp_path: Path) -> None:
    reply = Reply(200, {"ErrCode": 400017, "ErrMsg": "invalid param", "Resp": None})
    async with stub({"POST /openapi/v2/image/upload": reply}) as server:
        outcome = await line_to(ALL["pixverse"], server.origin).upload_media(leaf(), picture(tmp_path))
    assert isinstance(outcome, NotUploaded)
    assert "invalid param" in outcome.sentence
    assert not outcome.retryable


async def test_comfyui_gives_an_upload_its_name(line_to: LineTo, tmp_path: Path) -> None:
    reply = Reply(200, {"name": "first frame (1).png", "subfolder": "shotlist", "type": "input"})
    async with stub({"POST /upload/image": reply}) as server:
        handle = await line_to(ALL["comfyui"], server.origin).upload_media(leaf(), picture(tmp_path))
    assert handle == Handle("shotlist/first frame (1).png")
    assert b'name="subfolder"\r\n\r\nshotlist\r\n' in server.asked[0].body


async def test_openais_picture_is_a_file_of_the_form(line_to: LineTo) -> None:
    at = MediaLeaf("/input_reference", "image", "up_1")
    order = Submission(
        "openai", "sora-2", "", "i2v", {"prompt": "x", "seconds": "4", "input_reference": "up_1"}, (at,)
    )
    async with stub({"POST /v1/videos": Reply(200, {"id": "video_1"})}) as server:
        answer = await line_to(ALL["openai"], server.origin).submit(
            order, {"/input_reference": DATA_URI}, job_id="j"
        )
    assert isinstance(answer, Accepted)
    [asked] = server.asked
    assert asked.headers["content-type"].startswith("multipart/form-data")
    assert (
        b'name="input_reference"; filename="input.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n'
        in asked.body
    )
    assert b'name="model"\r\n\r\nsora-2\r\n' in asked.body


async def test_an_order_that_is_too_large_as_a_whole_is_not_sent(line_to: LineTo) -> None:
    order = Submission("minimax", "MiniMax-H3", "", "r2v", {"content": ["x" * 64_000_001]})
    async with stub({"POST /v2/video_generation": Reply(200, {"task_id": "t"})}) as server:
        answer = await line_to(ALL["minimax"], server.origin).submit(order, {}, job_id="j")
    assert isinstance(answer, Refused)
    assert "at most 64 MB are taken. It was not billed." in answer.error.sentence
    assert server.asked == []
