"""A data folder written by an earlier version opens and goes on: nothing stored under an old name is lost.

`data-2fe6146.tar.xz` was written by that commit's own server, which was killed while two jobs were under way: one
job of each ending, an upload, and a provider key. Its secret opens nothing but itself.
"""

import tarfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.support import Server, until

WRITTEN = Path(__file__).parent / "data-2fe6146.tar.xz"
ENDED = {
    "6df9d9e44f48c680": "succeeded",
    "c15545852b6d0b5a": "failed",
    "66dc3441edf3c00c": "unconfirmed",
    "12e95e7f47bf987c": "canceled",
}
UNDER_WAY = ("929c2ca5aec98099", "8c9e1131598a7766")
UPLOAD = "up_3zR4lzqYtOJuT5AidK32CA"


def test_a_data_folder_of_an_earlier_version_opens_and_its_jobs_go_on(
    tmp_path: Path, start: Callable[..., Server]
) -> None:
    with tarfile.open(WRITTEN) as packed:
        packed.extractall(tmp_path, filter="data")
    server = start()
    for job, state in ENDED.items():
        assert server.http.get(f"/api/video/jobs/{job}").json()["status"] == state
    video = server.http.get("/api/video/jobs/6df9d9e44f48c680").json()["output"]
    assert len(server.http.get(video["url"]).content) == video["bytes"] == 59534
    for job in UNDER_WAY:
        until(partial(_has_succeeded, server, job), f"{job} has succeeded")
    asked = server.submissions()["by_prompt"]
    assert asked["This one is under way when the server dies"] == 1
    assert asked["With a file"] == 1


def test_the_key_and_the_file_that_were_stored_are_still_there(
    tmp_path: Path, start: Callable[..., Server]
) -> None:
    with tarfile.open(WRITTEN) as packed:
        packed.extractall(tmp_path, filter="data")
    server = start()
    assert server.http.get(f"/video/uploads/{UPLOAD}").headers["content-type"] == "image/png"
    again = server.http.get("/video", params={"again": "8c9e1131598a7766"}).text
    assert UPLOAD in again
    assert "With a file" in again
    assert 'action="/account/keys/luma/remove"' in server.http.get("/account").text


def _has_succeeded(server: Server, job: str) -> bool | None:
    return True if _status(server, job) == "succeeded" else None


def _status(server: Server, job: str) -> str:
    found: str = server.http.get(f"/api/video/jobs/{job}").json()["status"]
    return found
