"""The application as a whole: health, OpenAPI, errors, static files, owners."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from models.spec.values import Values
from tasks.context import AppContext
from tasks.create_job import JobCreated, JobRequest, create_job
from tasks.storage.uploads import Upload
from tests.support import png
from web.api.jobs import MAX_JSON_REQUEST
from web.layout import our_assets

KLING = "kling-v2.1-master"


async def test_a_queue_that_is_away_is_told(web: httpx.AsyncClient) -> None:
    answer = await web.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "database": "ok", "queue": "unreachable"}
    assert (await web.get("/healthz")).status_code == 200


async def test_the_front_leads_to_the_page(web: httpx.AsyncClient) -> None:
    answer = await web.get("/")
    assert (answer.status_code, answer.headers["location"]) == (302, "/video")


async def schema(web: httpx.AsyncClient) -> dict[str, Any]:
    answer = await web.get("/schema")
    assert answer.headers["content-type"] == "application/json"
    return dict(answer.json())


async def test_openapi_tells_every_route_for_programs_and_its_answers(web: httpx.AsyncClient) -> None:
    told = {
        f"{method.upper()} {path}": sorted(operation["responses"])
        for path, item in (await schema(web))["paths"].items()
        for method, operation in item.items()
    }
    assert told == {
        "GET /api/video/models": ["200"],
        "GET /api/video/models/{key}": ["200", "400", "404"],
        "GET /api/video/jobs": ["200", "400"],
        "POST /api/video/jobs": ["201", "400", "404", "409", "413", "415", "422"],
        "GET /api/video/jobs/{job_id}": ["200", "400", "404"],
        "DELETE /api/video/jobs/{job_id}": ["204", "400", "404", "409"],
        "POST /api/video/jobs/{job_id}/cancel": ["200", "400", "404"],
        "POST /api/video/jobs/{job_id}/found": ["200", "400", "404", "409", "415"],
        "POST /api/video/uploads": ["201", "400", "413", "422"],
        "GET /healthz": ["200"],
        "GET /readyz": ["200", "503"],
    }


async def test_openapi_gives_every_error_our_shape(web: httpx.AsyncClient) -> None:
    for item in (await schema(web))["paths"].values():
        for operation in item.values():
            for status, response in operation["responses"].items():
                if status >= "400" and status != "503":
                    shape = response["content"]["application/json"]["schema"]["$ref"]
                    assert shape.rpartition("/")[2] in ("ErrorAnswer", "FieldErrors"), (operation, status)


async def test_a_job_is_as_openapi_says(web: httpx.AsyncClient) -> None:
    document = await schema(web)
    answer = await web.post("/api/video/jobs", json={"model": KLING, "values": {"prompt": "x"}})
    shape = {"$ref": "#/components/schemas/JobAnswer", "components": document["components"]}
    Draft202012Validator(shape).validate(answer.json())
    required = document["components"]["schemas"]["JobAnswer"]["required"]
    assert set(required) == set(answer.json())


async def test_openapi_comes_as_yaml_too_and_without_foreign_scripts(web: httpx.AsyncClient) -> None:
    assert "openapi: 3.1" in (await web.get("/schema/openapi.yaml")).text
    for path in ("/schema/swagger", "/schema/redoc", "/schema/elements"):
        answer = await web.get(path)
        assert answer.status_code == 404
        assert "<script" not in answer.text


async def test_a_person_gets_a_page_where_a_program_gets_json(web: httpx.AsyncClient) -> None:
    person = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    shown = await web.get("/nothing", headers=person)
    assert shown.status_code == 404
    assert shown.headers["content-type"].startswith("text/html")
    assert "There is nothing at this address." in shown.text
    assert (await web.get("/nothing")).json()["error"]["class"] == "not_found"
    assert (await web.get("/nothing", headers={**person, "hx-request": "true"})).json()["error"]
    assert (await web.get("/api/video/jobs/x", headers=person)).json()["error"]["class"] == "not_found"


async def test_the_wrong_method_says_which_is_right(web: httpx.AsyncClient) -> None:
    answer = await web.put("/healthz")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert answer.json()["error"]["class"] == "method_not_allowed"


async def test_a_static_file_is_kept_for_ever_under_its_hash_only(web: httpx.AsyncClient) -> None:
    url = our_assets().url("htmx.min.js")
    answer = await web.get(url, headers={"accept-encoding": "gzip"})
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == (our_assets().folder / "htmx.min.js").read_bytes()
    plain = await web.get("/static/htmx.min.js?v=old", headers={"accept-encoding": "identity"})
    assert plain.headers["cache-control"] == "no-cache"
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content
    again = await web.get("/static/htmx.min.js", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd"]
)
async def test_static_files_do_not_leave_their_folder(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.get(httpx.URL("http://127.0.0.1:8420").copy_with(raw_path=path.encode()))
    assert answer.status_code == 404


async def test_a_page_is_compressed_and_not_kept_by_others(web: httpx.AsyncClient) -> None:
    answer = await web.get("/video", headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "private, no-cache"


async def test_everything_that_the_page_loads_is_ours(web: httpx.AsyncClient) -> None:
    text = (await web.get("/video")).text
    loaded = re.findall(r'<(?:script|link|img|source|video)[^>]*?(?:src|href)="([^"]*)"', text)
    assert loaded
    assert [url for url in loaded if not url.startswith(("/", "data:"))] == []
    assert re.findall(r"<script(?![^>]*src=)|\sstyle=|\son[a-z]+=", text) == [], "the policy forbids it"


async def test_what_belongs_to_another_is_not_there(web: httpx.AsyncClient, context: AppContext) -> None:
    async def content() -> AsyncIterator[bytes]:
        yield png((640, 480))

    upload = await context.uploads.accept("somebody", "theirs.png", content())
    assert isinstance(upload, Upload)
    values: Values = {"mode": "i2v", "prompt": "x", "image": upload.id}
    placed = await create_job(
        context, JobRequest(owner="somebody", model=KLING, values=values, from_form=False)
    )
    assert isinstance(placed, JobCreated)
    job = placed.job.id
    file = context.settings.data_dir / "media" / job / "video.mp4"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"theirs")

    for method, path in [
        ("GET", f"/api/video/jobs/{job}"),
        ("POST", f"/api/video/jobs/{job}/cancel"),
        ("DELETE", f"/api/video/jobs/{job}"),
        ("GET", f"/media/{job}/video.mp4"),
        ("HEAD", f"/media/{job}/video.mp4"),
        ("GET", f"/video/uploads/{upload.id}"),
        ("GET", f"/video/jobs/{job}"),
    ]:
        assert (await web.request(method, path)).status_code == 404, (method, path)
    assert (await web.get("/api/video/jobs")).json() == {"jobs": [], "next": None}
    taken = await web.post("/api/video/jobs", json={"model": KLING, "values": values})
    assert set(taken.json()["errors"]) == {"image"}
    assert file.exists()
    assert (await context.jobs.get("somebody", job)) == placed.job


async def test_an_upload_can_be_fetched_by_its_owner(web: httpx.AsyncClient) -> None:
    picture = png((320, 240))
    upload = (await web.post("/api/video/uploads", files={"file": ("a.png", picture, "text/html")})).json()
    fetched = await web.get(f"/video/uploads/{upload['id']}")
    assert (fetched.status_code, fetched.content) == (200, picture)
    assert fetched.headers["content-type"] == "image/png", "what it is, not what was claimed"
    part = await web.get(f"/video/uploads/{upload['id']}", headers={"range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, picture[:4])


@pytest.mark.parametrize(
    "files",
    [
        {"file": ("a.png", b"not a picture", "image/png")},
        {"file": ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")},
        {"file": ("a.png", b"", "image/png")},
        {"other": ("a.png", b"x", "image/png")},
    ],
)
async def test_a_file_that_is_no_good_is_told_in_a_sentence(
    web: httpx.AsyncClient, context: AppContext, files: dict[str, tuple[str, bytes, str]]
) -> None:
    answer = await web.post("/api/video/uploads", files=files)
    assert answer.status_code == 422
    assert len(answer.json()["error"]["message"]) > 20
    assert await context.uploads.store.is_empty()
    assert not list(context.settings.data_dir.rglob("*.part"))


@pytest.mark.parametrize(
    "sent",
    [
        {"data": {"file": "text"}},
        {"json": {}},
        {"content": b""},
        {"files": {"file": ("", png((320, 240)), "image/png")}},
    ],
)
async def test_a_form_without_a_file_is_told_in_a_sentence(
    web: httpx.AsyncClient, sent: dict[str, Any]
) -> None:
    answer = await web.post("/api/video/uploads", **sent)
    assert answer.status_code == 422
    assert "form field `file`" in answer.json()["error"]["message"]


async def test_the_page_uploads_with_its_token_only(web: httpx.AsyncClient) -> None:
    files = {"file": ("a.png", png((320, 240)), "image/png")}
    refused = await web.post("/video/uploads", files=files, headers={"x-csrftoken": "made up"})
    assert refused.status_code == 403
    found = re.search(r'name="_csrf_token"[^>]*value="([^"]+)"', (await web.get("/video")).text)
    assert found
    answer = await web.post("/video/uploads", files=files, headers={"x-csrftoken": found[1]})
    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "kind", "width", "height", "seconds", "bytes"}


async def test_a_page_after_a_job_that_is_gone_is_not_the_first_page_again(web: httpx.AsyncClient) -> None:
    answer = await web.get("/api/video/jobs", params={"before": "gone"})
    assert answer.status_code == 400
    assert "begin again without `before`" in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/api/video/jobs", "/video/form", "/video/jobs"])
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
async def test_bytes_that_are_no_text_are_told_in_a_sentence(
    web: httpx.AsyncClient, path: str, kind: str
) -> None:
    part = b'--x\r\ncontent-disposition: form-data; name="prompt"\r\n\r\n\xff\r\n--x--\r\n'
    body = b'{"model": "\xff"}' if kind == "application/json" else part
    answer = await web.post(path, content=body, headers={"content-type": kind})
    assert answer.status_code in (400, 403, 415)
    assert answer.json()["error"]["class"] != "internal"


async def test_a_request_that_is_too_large_is_413(web: httpx.AsyncClient) -> None:
    answer = await web.post(
        "/api/video/jobs", content=b" " * (MAX_JSON_REQUEST + 1), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 413
    assert answer.json()["error"]["class"] == "too_large"
