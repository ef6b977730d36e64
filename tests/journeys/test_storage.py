"""Finished videos over HTTP, from a folder and from a bucket."""

import pytest

from tests.cluster import Cluster
from tests.support import Server, png

MODEL = "seedance-1-pro"
SMALL = {"resolution": "480p", "duration": 2}


@pytest.fixture(scope="module")
def videos() -> dict[str, dict[str, str]]:
    """The finished job of each server, made once."""
    return {}


@pytest.fixture
def video(server: Server, videos: dict[str, dict[str, str]]) -> dict[str, str]:
    if server.url not in videos:
        videos[server.url] = server.wait(server.order(MODEL, prompt="To be watched", **SMALL))["output"]
    return videos[server.url]


def test_a_video_is_sent_whole_and_in_parts(server: Server, video: dict[str, str]) -> None:
    whole = server.http.get(video["url"])
    assert (whole.status_code, whole.headers["content-type"]) == (200, "video/mp4")
    assert len(whole.content) == int(video["bytes"])
    part = server.http.get(
        video["url"], headers={"range": "bytes=100-199", "if-range": whole.headers["etag"]}
    )
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    tail = server.http.get(video["url"], headers={"range": "bytes=-50"})
    assert (tail.status_code, tail.content) == (206, whole.content[-50:])
    assert server.http.get(video["url"], headers={"range": "bytes=999999999-"}).status_code == 416
    unchanged = server.http.get(video["url"], headers={"if-none-match": whole.headers["etag"]})
    assert unchanged.status_code == 304
    head = server.http.head(video["url"])
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(whole.content)))
    poster = server.http.get(video["poster_url"])
    assert (poster.status_code, poster.headers["content-type"]) == (200, "image/jpeg")


def test_a_file_that_was_handed_in_comes_back(server: Server) -> None:
    sent = png((320, 200))
    upload = server.http.post("/api/video/uploads", files={"file": ("a.png", sent, "image/png")}).json()
    assert server.http.get(f"/video/uploads/{upload['id']}").content == sent


def test_with_a_bucket_no_video_stays_on_this_machine(cluster: Cluster) -> None:
    job = cluster.wait(cluster.order(MODEL, prompt="Only in the bucket", **SMALL))
    assert cluster.http.get(job["output"]["url"]).status_code == 200
    here = [path for path in cluster.data_dir.rglob("*") if path.is_file() and "sandbox" not in path.parts]
    assert [path.name for path in here] == ["secret"]
    assert cluster.http.delete(f"/api/video/jobs/{job['id']}").status_code == 204
    assert cluster.http.get(job["output"]["url"]).status_code == 404
