"""Sending a file of ours, over HTTP without a network."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import HttpMethod, Litestar, Request, Response, route

from tasks.storage.store import CHUNK, FolderStorage
from web.errors import RequestRefused, on_refused
from web.files import send_file

CONTENT = bytes(range(256)) * (CHUNK // 100)  # some chunks and a bit


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "video.mp4"
    path.write_bytes(CONTENT)
    return path


def client(file: Path) -> httpx.AsyncClient:
    store = FolderStorage(file.parent)

    @route("/f", http_method=[HttpMethod.GET, HttpMethod.HEAD])
    async def serve(request: Request[Any, Any, Any]) -> Response[Any]:
        save_as = "kling-1234.mp4" if "download" in request.query_params else ""
        stored = await store.find(file.name)
        assert stored is not None
        return send_file(request, store, stored, "video/mp4", save_as)

    app = Litestar([serve], exception_handlers={RequestRefused: on_refused}, logging_config=None)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")  # type: ignore[arg-type]


async def ask(file: Path, method: str = "GET", path: str = "/f", **headers: str) -> httpx.Response:
    async with client(file) as web:
        return await web.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})


async def test_a_whole_file_says_that_it_is_seekable(file: Path) -> None:
    answer = await ask(file)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "video/mp4"
    assert "content-disposition" not in answer.headers


@pytest.mark.parametrize(("header", "first", "last"), [("bytes=10-19", 10, 19), ("bytes=-7", -7, None)])
async def test_a_part_is_exactly_those_bytes(file: Path, header: str, first: int, last: int | None) -> None:
    answer = await ask(file, range=header)
    expected = CONTENT[first : last + 1 if last is not None else None]
    assert (answer.status_code, answer.content) == (206, expected)
    assert answer.headers["content-length"] == str(len(expected))
    start = first % len(CONTENT)
    assert answer.headers["content-range"] == f"bytes {start}-{start + len(expected) - 1}/{len(CONTENT)}"


async def test_a_part_may_be_longer_than_one_piece_of_reading(file: Path) -> None:
    answer = await ask(file, range="bytes=1-")
    assert (answer.status_code, answer.content) == (206, CONTENT[1:])


async def test_a_range_outside_the_file_is_416_with_its_size(file: Path) -> None:
    answer = await ask(file, range=f"bytes={len(CONTENT)}-")
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"
    assert answer.json()["error"]["class"] == "range_not_satisfiable"


async def test_head_tells_the_size_without_the_file(file: Path) -> None:
    answer = await ask(file, "HEAD", range="bytes=0-4")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["accept-ranges"] == "bytes"


async def test_a_copy_that_is_still_right_is_kept(file: Path) -> None:
    etag = (await ask(file)).headers["etag"]
    again = await ask(file, if_none_match=etag)
    assert (again.status_code, again.content) == (304, b"")
    part = await ask(file, if_range=etag, range="bytes=0-4")
    assert (part.status_code, part.content) == (206, CONTENT[:5])


async def test_a_file_that_changed_is_sent_whole(file: Path) -> None:
    etag = (await ask(file)).headers["etag"]
    file.write_bytes(b"another video")
    answer = await ask(file, if_range=etag, range="bytes=0-4")
    assert (answer.status_code, answer.content) == (200, b"another video")


async def test_a_download_has_a_name(file: Path) -> None:
    answer = await ask(file, path="/f?download=1")
    assert answer.headers["content-disposition"] == 'attachment; filename="kling-1234.mp4"'


async def test_an_empty_file_is_no_error(file: Path) -> None:
    file.write_bytes(b"")
    answer = await ask(file)
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")
