"""Under the public name, which strangers know, only webhooks and signed inputs answer; the local page goes on."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tasks.context import AppContext, build_context
from tasks.settings import prepare_data_dir, read_settings
from web.app import create_app
from web.security import allowed_names, judge

PUBLIC = "shots.example.org"
LOCAL = "127.0.0.1:8420"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
OPEN = {
    ("POST", "/api/video/webhook/x"),
    ("POST", "/api/video/webhook/x/x"),
    ("GET", "/inputs/x"),
    ("HEAD", "/inputs/x"),
}
NEAR = (
    *("/api/video/webhook", "/api/video/webhook/", "/api/video/webhook/fal/x/y", "/api/video/webhooks/fal"),
    *(
        "/inputs",
        "/inputs/",
        "/inputs/x/y",
        "//inputs/x",
        "/inputs//x",
        "/INPUTS/x",
        "/inputs/x/",
        "/inputs/x\n",
    ),
    *(
        "/inputs/../video",
        "/api/video/webhook/../jobs/x",
        "/video/inputs/x",
        "/./video",
        "/video/",
        "/nowhere",
    ),
)


@pytest.mark.parametrize(
    "path", [*NEAR, "*", "", "inputs/x", f"http://{PUBLIC}/inputs/x", "shots.example.org:443"]
)
def test_an_address_that_only_resembles_an_open_one_does_not_answer(path: str) -> None:
    names = allowed_names("127.0.0.1", f"https://{PUBLIC}")
    for method in METHODS:
        refusal = judge(method, path, {"host": PUBLIC}, names)
        assert refusal is not None
        assert refusal.status == (404 if path.startswith("/") else 421)


async def built(tmp_path: Path, public_url: str) -> AppContext:
    places = {"SHOTLIST_DATA_DIR": str(tmp_path / "data"), "SHOTLIST_PUBLIC_URL": public_url}
    settings = read_settings(places)
    prepare_data_dir(settings)
    return await build_context(settings, queue_url="redis://127.0.0.1:1", sandbox_url=None)


@pytest.fixture
async def context(tmp_path: Path) -> AsyncIterator[AppContext]:
    made = await built(tmp_path, f"https://{PUBLIC}")
    yield made
    await made.close()


def paths(context: AppContext) -> list[str]:
    """Every address that the application has, with "x" for each part that varies."""
    found = set()
    for route in create_app(context).routes:
        pieces = route.path.split("/")
        found.add("/".join("x" if piece.startswith("{") else piece for piece in pieces))
    return sorted(found)


def client(context: AppContext, host: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(context))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url=f"http://{LOCAL}", headers={"host": host})


async def test_nothing_but_webhooks_and_inputs_answers_whatever_the_method(context: AppContext) -> None:
    here = paths(context)
    assert {"/video", "/account", "/api/video/jobs", "/schema", "/healthz", "/readyz", "/static/x"} <= {*here}
    async with client(context, PUBLIC) as http:
        for path in (*here, *NEAR):
            for method in METHODS:
                answer = await http.request(method, f"http://{LOCAL}{path}".replace("\n", "%0A"))
                if (method, path) in OPEN:
                    told = answer.text
                    assert method == "HEAD" or "could not be verified" in told or "no such file" in told, path
                    continue
                assert answer.status_code == 404, (method, path)
                assert "set-cookie" not in answer.headers
                if answer.content:
                    assert answer.json()["error"]["message"] == "There is nothing at this address."


@pytest.mark.parametrize(
    "host",
    [PUBLIC, PUBLIC.upper(), f"{PUBLIC}.", f"{PUBLIC}:443", f"{PUBLIC}:8420", f"{PUBLIC}.:80", f"{PUBLIC}:0"],
)
async def test_the_public_name_is_known_in_every_spelling(context: AppContext, host: str) -> None:
    async with client(context, host) as http:
        assert (await http.get("/video")).status_code == 404
        assert (await http.post("/api/video/webhook/luma", json={})).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-host": PUBLIC},
        {"X-Forwarded-Host": f"{PUBLIC.upper()}:443"},
        {"x-forwarded-host": f"localhost, {PUBLIC}"},
        {"x-forwarded-host": "localhost"},
        {"x-original-host": PUBLIC},
        {"forwarded": f'for=192.0.2.1;proto=https;host="{PUBLIC}:443"'},
        {"forwarded": "for=192.0.2.1"},
        {"x-forwarded-for": "192.0.2.1"},
        {"x-real-ip": "192.0.2.1"},
        {"via": "1.1 proxy"},
        {"cf-connecting-ip": "192.0.2.1"},
    ],
)
async def test_a_proxy_that_puts_a_local_name_in_its_place_opens_no_more(
    context: AppContext, headers: dict[str, str]
) -> None:
    async with client(context, LOCAL) as http:
        for path in ("/video", "/account", "/api/video/jobs", "/schema", "/healthz"):
            assert (await http.get(path, headers=headers)).status_code == 404
        order = await http.post("/api/video/jobs", headers=headers, json={"model": "x", "values": {}})
        assert order.status_code == 404
        heard = await http.post("/api/video/webhook/luma", headers=headers, json={})
        assert heard.status_code == 401


async def test_the_local_page_goes_on_beside_the_public_name(context: AppContext) -> None:
    for host in (LOCAL, "localhost:8420", "[::1]:8420"):
        async with client(context, host) as http:
            assert (await http.get("/video")).status_code == 200
            assert (await http.get("/healthz")).status_code == 200


async def test_errors_under_the_public_name_show_no_page_of_ours(context: AppContext) -> None:
    async with client(context, PUBLIC) as http:
        answer = await http.get("/inputs/up_1", headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "public_url", ["http://localhost:9000", "http://127.0.0.1:8420", "http://[::1]:9000", ""]
)
async def test_the_page_works_where_the_public_address_is_this_machine_or_none(
    tmp_path: Path, public_url: str
) -> None:
    parts = await built(tmp_path, public_url)
    try:
        async with client(parts, "localhost:9000") as http:
            assert (await http.get("/video")).status_code == 200
            through = await http.get("/video", headers={"x-forwarded-for": "127.0.0.1"})
            assert through.status_code == 200
            strange = await http.get("/video", headers={"x-forwarded-host": "evil.example"})
            assert strange.status_code == 421
    finally:
        await parts.close()
