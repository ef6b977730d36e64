"""What the JSON API answers to good and bad orders, over HTTP with real processes."""

import base64
from typing import Any

import pytest

from tests.support import RESTING, Server, png

KLING = "kling-v2.1-master"
JOB_KEYS = {
    "id", "model", "provider", "sandbox", "status", "created_at", "updated_at", "cancel_requested_at", "values",
    "progress", "queue_position", "log", "estimate", "cost", "billing", "provider_job_id", "error", "outputs",
    "output",
}  # fmt: skip


def test_a_new_job_has_every_key_and_null_for_what_is_not_known_yet(server: Server) -> None:
    answer = server.place(KLING, {"prompt": "A paper boat", "duration": 10})
    assert answer.status_code == 201
    job = answer.json()
    assert set(job) == JOB_KEYS
    assert (job["status"], job["provider"], job["sandbox"]) == ("queued", "replicate", True)
    assert job["values"] == {"mode": "t2v", "prompt": "A paper boat", "duration": 10, "aspect_ratio": "16:9"}
    assert job["estimate"] == {"low": "2.80", "high": "2.80", "currency": "USD"}
    assert job["created_at"].endswith("Z")
    unknown = JOB_KEYS - {"id", "model", "provider", "sandbox", "status", "created_at", "updated_at", "values",
                          "estimate", "outputs"}  # fmt: skip
    assert {key: job[key] for key in unknown} == dict.fromkeys(unknown)
    done = server.wait(job["id"])
    assert set(done) == JOB_KEYS
    assert set(done["output"]) == {
        "kind", "url", "poster_url", "width", "height", "duration", "format", "bytes"
    }  # fmt: skip
    assert done["outputs"] == [done["output"]]


def test_each_wrong_field_gets_its_own_sentence_and_nothing_is_ordered(server: Server) -> None:
    before = server.submissions()["total"]
    answer = server.place(KLING, {"duration": "5", "aspect_ratio": "3:2", "image": "up_x", "sed": 1})
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert set(errors) == {"prompt", "duration", "aspect_ratio", "image", "sed"}
    assert all(sentence.endswith((".", "?", ")")) and len(sentence) > 10 for sentence in errors.values())
    assert server.submissions()["total"] == before


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"prompt": 5}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": ["a"]}, "prompt"),
        ({"prompt": {"a": 1}}, "prompt"),
        ({"prompt": "x" * 100_000}, "prompt"),
        ({"prompt": "x", "duration": True}, "duration"),
        ({"prompt": "x", "duration": [5]}, "duration"),
        ({"prompt": "x", "duration": 10**30}, "duration"),
        ({"prompt": "x", "mode": 7}, "mode"),
        ({"prompt": "x", "mode": "v2v"}, "mode"),
        ({"prompt": "x", "mode": "i2v"}, "image"),
        ({"prompt": "x", "mode": "i2v", "image": 5}, "image"),
        ({"prompt": "x", "mode": "i2v", "image": "http://example.com/a.png"}, "image"),
        ({"prompt": "x", "mode": "i2v", "image": "file:///etc/passwd"}, "image"),
        ({"prompt": "x", "mode": "i2v", "image": "up_of_somebody_else"}, "image"),
        ({"prompt": "x", "mode": "i2v", "image": "data:image/png;base64,AAAA"}, "image"),
        ({"prompt": "x", "mode": "i2v", "image": "data:image/png;base64,%%%"}, "image"),
        ({"prompt": "x", "mode": "i2v", "image": "data:"}, "image"),
        ({"prompt": "x", "mode": "i2v", "image": ["https://example.com/a.png"]}, "image"),
    ],
)
def test_a_value_of_the_wrong_kind_is_a_sentence_at_its_field(
    server: Server, values: dict[str, Any], field: str
) -> None:
    answer = server.place(KLING, values)
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["errors"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 50_000, 400),
        (b'{"model": "x", "values": {"prompt": NaN}}', 400),
        (b"", 422),
        (b"null", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b'{"model": 5}', 422),
        (b'{"values": {}}', 422),
        (b'{"model": "kling-v2.1-master", "values": []}', 422),
        (b'{"model": "kling-v2.1-master", "prompt": "x"}', 422),
        (b'{"model": ""}', 404),
    ],
)
def test_a_body_that_is_no_order_is_told_in_a_sentence(server: Server, body: bytes, status: int) -> None:
    answer = server.http.post("/api/video/jobs", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    told = answer.json()
    sentences = list(told["errors"].values()) if status == 422 else [told["error"]["message"]]
    assert sentences
    assert all(len(sentence) > 20 for sentence in sentences)


def test_fields_beside_values_are_shown_their_place(server: Server) -> None:
    answer = server.http.post("/api/video/jobs", json={"model": KLING, "prompt": "x"})
    assert "inside" in answer.json()["errors"]["prompt"]


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_an_order_that_is_not_json_is_415(server: Server, content_type: str) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = server.http.post("/api/video/jobs", content=b'{"model": "x"}', headers=headers)
    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]["message"]


def test_an_unknown_model_is_404_with_the_nearest_one(server: Server) -> None:
    answer = server.place("kling-v2.1-mastre", {"prompt": "x"})
    assert answer.status_code == 404
    assert answer.json()["error"]["class"] == "unknown_model"
    assert KLING in answer.json()["error"]["message"]
    shown = server.http.get("/api/video/models/kling-v2.1-mastre")
    assert shown.status_code == 404
    assert KLING in shown.json()["error"]["message"]


def test_the_same_key_and_body_replay_the_first_answer_and_another_body_is_409(server: Server) -> None:
    values = {"prompt": "Once only, please"}
    first = server.place(KLING, values, idempotency_key="order-1")
    again = server.place(KLING, values, idempotency_key="order-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    other = server.place(KLING, {"prompt": "Something else"}, idempotency_key="order-1")
    assert other.status_code == 409
    assert other.json()["error"]["class"] == "idempotency_key_reused"
    server.wait(first.json()["id"])
    assert server.submissions()["by_prompt"]["Once only, please"] == 1


def test_a_data_uri_is_taken_as_a_file_and_a_repeated_order_with_it_is_replayed(server: Server) -> None:
    uri = "data:image/png;base64," + base64.b64encode(png((320, 480))).decode()
    values = {"mode": "i2v", "prompt": "From a data URI", "image": uri}
    first = server.place(KLING, values, idempotency_key="order-2")
    again = server.place(KLING, values, idempotency_key="order-2")
    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert first.json()["id"] == again.json()["id"]
    assert first.json()["values"]["image"].startswith("up_")
    job = server.wait(first.json()["id"])
    assert job["status"] == "succeeded", job
    assert job["output"]["height"] > job["output"]["width"]


def test_a_text_that_begins_like_a_data_uri_stays_a_text(server: Server) -> None:
    job = server.place(KLING, {"prompt": "data: a video about data"}).json()
    assert job["values"]["prompt"] == "data: a video about data"


def test_jobs_are_listed_newest_first_a_page_at_a_time(server: Server) -> None:
    placed = [server.order(KLING, prompt=f"Number {number}") for number in range(3)]
    first = server.http.get("/api/video/jobs", params={"limit": 2}).json()
    assert [job["id"] for job in first["jobs"]] == [placed[2], placed[1]]
    second = server.http.get("/api/video/jobs", params={"limit": 2, "before": first["next"]}).json()
    assert second["jobs"][0]["id"] == placed[0]
    every = server.http.get("/api/video/jobs", params={"limit": 200}).json()
    assert every["next"] is None
    assert server.http.get("/api/video/jobs", params={"limit": 0}).status_code == 400
    assert server.http.get("/api/video/jobs", params={"limit": "x"}).status_code == 400


def test_a_finished_job_can_be_removed_with_its_files(server: Server) -> None:
    job = server.wait(server.order("seedance-1-pro", prompt="To be removed", resolution="480p", duration=2))
    url = job["output"]["url"]
    assert server.http.get(url).status_code == 200
    assert server.http.delete(f"/api/video/jobs/{job['id']}").status_code == 204
    assert server.http.get(f"/api/video/jobs/{job['id']}").status_code == 404
    assert server.http.get(url).status_code == 404
    assert not (server.data_dir / "media" / job["id"]).exists()
    assert server.http.delete(f"/api/video/jobs/{job['id']}").status_code == 404


def test_a_running_job_cannot_be_removed_but_stopped(server: Server) -> None:
    job_id = server.order(KLING, prompt="A long one [fault: endless]")
    refused = server.http.delete(f"/api/video/jobs/{job_id}")
    assert refused.status_code == 409
    assert "cancel it first" in refused.json()["error"]["message"]
    server.wait(job_id, "processing")
    asked = server.http.post(f"/api/video/jobs/{job_id}/cancel")
    assert asked.status_code == 200
    assert asked.json()["cancel_requested_at"] is not None
    assert server.wait(job_id)["status"] == "canceled"


def test_what_is_not_there_is_404(server: Server) -> None:
    for method, path in [
        ("GET", "/api/video/jobs/nothing"),
        ("DELETE", "/api/video/jobs/nothing"),
        ("POST", "/api/video/jobs/nothing/cancel"),
        ("GET", "/media/nothing/video.mp4"),
        ("GET", "/video/uploads/up_nothing"),
        ("GET", "/static/nothing.css"),
        ("GET", "/metrics"),
        ("GET", "/nothing"),
    ]:
        answer = server.http.request(method, path)
        assert answer.status_code == 404, path
        assert answer.json()["error"]["class"] == "not_found", path


def test_a_job_that_the_provider_refuses_says_why_and_that_nothing_was_spent(server: Server) -> None:
    job = server.wait(server.order(KLING, prompt="A refused one [fault: refuse]"))
    assert (job["status"], job["billing"], job["output"]) == ("failed", "not_billed", None)
    assert set(job["error"]) == {"class", "message", "sentence", "field"}
    assert job["error"]["sentence"] == job["error"]["message"]
    assert len(job["error"]["message"]) > 20
    assert job["status"] in RESTING
