"""Uploads on both wires, and the clip by Range."""

import pytest

from tests.providers.sandbox.running import RunningSandbox


@pytest.fixture(scope="module")
def clip(sandbox: RunningSandbox) -> tuple[str, bytes]:
    address = sandbox.predicted(sandbox.predict("Seekable"))[-1]["output"]
    return address, sandbox.ask("GET", address).content


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("bytes=0-", 200, 0, None),
        ("bytes=10-19", 206, 10, 19),
        ("bytes=100-", 206, 100, None),
        ("bytes=-50", 206, -50, None),
        ("bytes=0-99999999", 200, 0, None),
        ("bytes=0-1,5-6", 200, 0, None),
        ("bytes=5-3", 200, 0, None),
        ("nonsense", 200, 0, None),
    ],
)
def test_a_range_gets_those_bytes(
    sandbox: RunningSandbox, clip: tuple[str, bytes], asked: str, status: int, first: int, last: int | None
) -> None:
    address, whole = clip
    answer = sandbox.ask("GET", address, headers={"range": asked})
    assert answer.status_code == status
    assert answer.content == whole[first:] if last is None else whole[first : last + 1]
    if status == 206:
        start = first % len(whole)
        end = len(whole) - 1 if last is None else last
        assert answer.headers["content-range"] == f"bytes {start}-{end}/{len(whole)}"


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0"])
def test_a_range_beyond_the_end_is_416(sandbox: RunningSandbox, clip: tuple[str, bytes], asked: str) -> None:
    answer = sandbox.ask("GET", clip[0], headers={"range": asked})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(clip[1])}")


def test_a_range_of_another_version_gets_the_whole_file(
    sandbox: RunningSandbox, clip: tuple[str, bytes]
) -> None:
    etag = sandbox.ask("HEAD", clip[0]).headers["etag"]
    for given, status in [(etag, 206), ('"old"', 200)]:
        answer = sandbox.ask("GET", clip[0], headers={"range": "bytes=0-9", "if-range": given})
        assert answer.status_code == status


def test_head_tells_the_length_without_the_bytes(sandbox: RunningSandbox, clip: tuple[str, bytes]) -> None:
    answer = sandbox.ask("HEAD", clip[0])
    assert (answer.content, int(answer.headers["content-length"])) == (b"", len(clip[1]))


def test_a_file_on_replicate_is_made_shown_listed_and_removed(sandbox: RunningSandbox) -> None:
    data = bytes(range(256)) * 50 + b"\r\n--x\r\n"
    form = {"content": ("../a b.bin", data, "application/x-odd"), "metadata": (None, "{}")}
    made = sandbox.ask("POST", "/replicate/v1/files", files=form)
    file = made.json()
    assert (made.status_code, file["name"], file["size"]) == (201, "a b.bin", len(data))
    own = file["urls"]["get"]
    assert sandbox.ask("GET", own).json() == file
    assert file in sandbox.ask("GET", "/replicate/v1/files").json()["results"]
    assert sandbox.ask("GET", f"{own}/download").content == data
    assert sandbox.ask("DELETE", own).status_code == 204
    assert sandbox.ask("GET", own).status_code == 404


def test_a_form_without_content_is_refused(sandbox: RunningSandbox) -> None:
    assert sandbox.ask("POST", "/replicate/v1/files", files={"other": ("a", b"a")}).status_code == 400


def test_a_file_on_fal_goes_up_with_a_token(sandbox: RunningSandbox) -> None:
    token = sandbox.ask("POST", "/fal/storage/auth/token?storage_type=fal-cdn-v3", json={}).json()
    assert token["base_url"] == f"{sandbox.url}/fal"
    headers = {
        "authorization": f"{token['token_type']} {token['token']}",
        "content-type": "image/png",
        "x-fal-file-name": "frame.png",
    }
    up = sandbox.ask("POST", f"{token['base_url']}/files/upload", content=b"bytes", headers=headers).json()
    down = sandbox.ask("GET", up["access_url"], key=False)
    assert (down.content, down.headers["content-type"]) == (b"bytes", "image/png")
    assert sandbox.ask("POST", "/fal/files/upload", key=False, content=b"bytes").status_code == 401


def test_a_file_on_fal_goes_up_by_a_signed_address(sandbox: RunningSandbox) -> None:
    wanted = {"file_name": "frame.jpg", "content_type": "image/jpeg"}
    places = sandbox.ask("POST", "/fal/storage/upload/initiate?storage_type=gcs", json=wanted).json()
    put = sandbox.ask(
        "PUT", places["upload_url"], key=False, content=b"jpeg", headers={"content-type": "image/jpeg"}
    )
    assert put.status_code == 200
    assert sandbox.ask("GET", places["file_url"], key=False).content == b"jpeg"
