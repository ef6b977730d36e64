"""The door: hosts, origins, headers and CSRF tokens."""

from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap
from litestar.utils.scope.state import ScopeState

from web.errors import on_bug, on_http_exception
from web.security import CONTENT_SECURITY_POLICY, allowed_names, csrf_config, guarded, judge

NAMES = allowed_names("127.0.0.1", "https://video.example.org")
HANDLERS: ExceptionHandlersMap = {HTTPException: on_http_exception, Exception: on_bug}
SECRET = "s" * 40


def verdict(method: str = "GET", path: str = "/video", **headers: str) -> int | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    refusal = judge(method, path, named, NAMES)
    return refusal.status if refusal else None


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8420",
        "localhost:8420",
        "[::1]:8420",
        "LOCALHOST:9000",
        "127.0.0.1",
        "[::1]",
        "localhost.:8420",
        "localhost:65535",
    ],
)
def test_our_own_names_come_in(host: str) -> None:
    assert verdict(host=host) is None


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8420", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "10.0.0.7:8420",
     "::1", "[::2]:8420", "127.0.0.1@evil.example", "evil.example/127.0.0.1",
     "127.0.0.1:evil.example", "[::1].evil.example", "[::1]evil.example:80", "[::1]:evil.example",
     "localhost:8420@evil.example", "localhost:", "localhost:80:80", "localhost:99999", "localhost:+80",
     "localhost:-1", "localhost:8o", "localhost:\u0663", "user@localhost", "user:word@127.0.0.1", "localhost ",
     " localhost", "local host", "localhost\t", "localhost\n", "localhost\x00", "localhost..", ".localhost", "..", ".",
     "127.0.0.1, 127.0.0.1", "localhost, evil.example", "localhost,localhost", "127.1", "2130706433", "0x7f000001",
     "0177.0.0.1", "[::ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]", "[::1%25lo]", "[::1", "::1]", "[127.0.0.1]", "0.0.0.0",
     "http://localhost", "localhost/", "localhost?", "localhost#", "*", "\uff4c\uff4fcalhost", "loc\xe4lhost"],
)  # fmt: skip
def test_any_other_name_is_turned_away(host: str) -> None:
    assert verdict(host=host) == 421


def test_a_request_without_a_host_is_turned_away() -> None:
    assert verdict() == 421


HERE = "127.0.0.1:8420"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://127.0.0.1:8420"},
        {"origin": "https://127.0.0.1:8420"},
        {"origin": "http://127.0.0.1:8420", "sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
    ],
)
def test_our_own_page_and_programs_may_change_things(headers: dict[str, str]) -> None:
    assert verdict("POST", host=HERE, **headers) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://localhost:8420"},
        {"origin": ""},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "http://127.0.0.1:8420", "sec_fetch_site": "same-site"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
def test_another_site_may_not_change_things(method: str, headers: dict[str, str]) -> None:
    assert verdict(method, host=HERE, **headers) == 403


def test_another_site_may_link_to_a_page() -> None:
    assert verdict("GET", host=HERE, origin="http://evil.example", sec_fetch_site="cross-site") is None


@pytest.mark.parametrize(
    "origin",
    [
        "http://127.0.0.1:8420@evil.example",
        "http://127.0.0.1:8420/",
        "127.0.0.1:8420",
        "file://127.0.0.1:8420",
        "http://127.0.0.1:8420, http://127.0.0.1:8420",
        "http://",
    ],
)
def test_an_origin_that_only_looks_like_ours_is_another_site(origin: str) -> None:
    assert verdict("POST", host=HERE, origin=origin) == 403


@pytest.mark.parametrize(
    ("host", "public_url", "local", "public"),
    [
        ("::1", "", "[::1]", ""),
        ("127.0.0.2", "", "127.0.0.2", ""),
        ("127.0.0.1", "http://[2001:DB8::1]:80", "127.0.0.1", "[2001:db8::1]"),
        ("127.0.0.1", "https://Video.Example.ORG.:8443/below", "127.0.0.1", "video.example.org"),
        ("127.0.0.1", "https://münchen.example", "127.0.0.1", "xn--mnchen-3ya.example"),
        ("127.0.0.1", "https://xn--mnchen-3ya.example", "127.0.0.1", "xn--mnchen-3ya.example"),
        ("127.0.0.1", "http://localhost:9000", "localhost", ""),
        ("127.0.0.1", "http://127.0.0.1", "127.0.0.1", ""),
        ("127.0.0.3", "http://127.0.0.3:9000", "127.0.0.3", ""),
    ],
)
def test_the_names_come_from_the_settings_as_they_stand_in_a_request(
    host: str, public_url: str, local: str, public: str
) -> None:
    names = allowed_names(host, public_url)
    assert local in names.local
    assert names.public == public


@get("/page")
async def page() -> str:
    return "a page"


@get("/token")
async def token(request: Request[Any, Any, Any]) -> str:
    """What a template gets as `csrf_input`."""
    return str(ScopeState.from_scope(request.scope).csrf_token)


@post("/order", status_code=200)
async def order(request: Request[Any, Any, Any]) -> str:
    form = await request.form()
    file = form.get("image")
    size = len(await file.read()) if isinstance(file, UploadFile) else 0
    return f"{form.get('prompt')} {size}"


@get("/broken")
async def broken() -> None:
    raise HTTPException("secret detail", status_code=500)


def client(secret: str = SECRET, cookies: dict[str, str] | None = None) -> httpx.AsyncClient:
    app = Litestar(
        [page, token, order, broken],
        csrf_config=csrf_config(secret),
        exception_handlers=HANDLERS,
        logging_config=None,
    )
    app.asgi_handler = guarded(app.asgi_handler, NAMES)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url=f"http://{HERE}", cookies=cookies)


@pytest.mark.parametrize("path", ["/page", "/nothing-here", "/broken"])
async def test_every_answer_carries_the_headers(path: str) -> None:
    async with client() as web:
        answer = await web.get(path)
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]


async def test_head_is_get_without_its_content() -> None:
    async with client() as web:
        full, head = await web.get("/page"), await web.head("/page")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == full.headers["content-length"] == str(len(full.content))


async def test_a_refusal_at_the_door_is_a_sentence_with_the_headers() -> None:
    async with client() as web:
        answer = await web.get("/page", headers={"host": "evil.example"})
    assert answer.status_code == 421
    assert answer.json()["error"]["class"] == "wrong_host"
    assert "evil.example" in answer.json()["error"]["message"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_bug_tells_nothing_of_itself() -> None:
    async with client() as web:
        answer = await web.get("/broken")
    assert answer.status_code == 500
    assert answer.json()["error"]["class"] == "internal"
    assert "secret detail" not in answer.text


async def test_a_form_without_a_token_is_refused_with_a_sentence() -> None:
    async with client() as web:
        answer = await web.post("/order", data={"prompt": "x"})
    assert answer.status_code == 403
    assert "load it again" in answer.json()["error"]["message"]


async def test_a_plain_form_with_its_token_is_taken() -> None:
    async with client() as web:
        value = (await web.get("/token")).text
        answer = await web.post("/order", data={"prompt": "a boat", "_csrf_token": value})
    assert (answer.status_code, answer.text) == (200, "a boat 0")


async def test_a_form_with_a_file_and_its_token_is_taken_without_javascript() -> None:
    async with client() as web:
        value = (await web.get("/token")).text
        form = {"prompt": "a boat", "_csrf_token": value}
        answer = await web.post("/order", data=form, files={"image": ("a.png", b"12345", "image/png")})
    assert (answer.status_code, answer.text) == (200, "a boat 5")


async def test_a_script_may_send_the_token_as_a_header() -> None:
    async with client() as web:
        value = (await web.get("/token")).text
        form = {"prompt": "a boat"}
        answer = await web.post("/order", data=form, headers={"x-csrftoken": value})
    assert answer.status_code == 200


async def test_the_token_of_another_secret_does_not_lock_a_person_out() -> None:
    async with client(secret="t" * 40) as web:
        await web.get("/token")
        old = dict(web.cookies)
    async with client(cookies={**old, "csrftoken": "of another program on localhost"}) as web:
        value = (await web.get("/token")).text
        answer = await web.post("/order", data={"prompt": "x", "_csrf_token": value})
    assert answer.status_code == 200


@pytest.mark.parametrize("value", ["", "x", "0" * 128])
async def test_a_wrong_token_is_refused(value: str) -> None:
    async with client() as web:
        await web.get("/token")
        answer = await web.post("/order", data={"prompt": "x", "_csrf_token": value})
    assert answer.status_code == 403


async def test_the_cookie_is_out_of_reach_of_scripts() -> None:
    async with client() as web:
        answer = await web.get("/token")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=lax" in answer.headers["set-cookie"]
