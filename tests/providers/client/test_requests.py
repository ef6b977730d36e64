"""Requests on the pure interpreter: paths, bodies, merged members, links, headers."""

import pytest
from msgspec import UNSET

from models.spec.values import JSON
from providers.client.interpret import interpret_cancel
from providers.client.requests import build, build_submit, names_of
from providers.client.responses import HTTPResponse
from providers.client.urls import absolute, forwarded, relative
from providers.description.pointers import find, first, first_number, first_text
from providers.description.templates import fill, fill_path, fill_text, fill_value
from providers.outcomes import CancelAsked, Canceled, CannotCancel, Operation, Unanswered
from tests.providers.descriptions import FAL, NUMBERS, REPLICATE

BODY: dict[str, JSON] = {"input": {"prompt": "{id} {webhook} {nothing}", "duration": 5}}


def test_replicate_takes_the_body_whole_and_a_webhook_only_when_there_is_one() -> None:
    plain = build_submit(REPLICATE, {"endpoint": "kwaivgi/kling-v2.1-master"}, BODY)
    assert plain
    assert (plain.method, plain.url, plain.body) == (
        "POST",
        "/v1/models/kwaivgi/kling-v2.1-master/predictions",
        BODY,
    )
    hooked = build_submit(REPLICATE, {"endpoint": "a/b", "webhook": "https://me.example/h?x=1"}, BODY)
    assert hooked
    assert hooked.body == {
        **BODY,
        "webhook": "https://me.example/h?x=1",
        "webhook_events_filter": ["completed"],
    }


def test_a_pinned_version_goes_to_the_path_of_versions() -> None:
    request = build_submit(REPLICATE, {"endpoint": "a/b", "version": "f" * 64}, BODY)
    assert request
    assert request.url == "/v1/predictions"
    assert request.body == {**BODY, "version": "f" * 64}


def test_fal_takes_the_webhook_in_the_query() -> None:
    request = build_submit(
        FAL, {"endpoint": "fal-ai/veo3.1", "webhook": "https://me.example/h"}, {"prompt": "x"}
    )
    assert request
    assert (request.url, request.query, request.body) == (
        "/fal-ai/veo3.1",
        {"fal_webhook": "https://me.example/h"},
        {"prompt": "x"},
    )
    without = build_submit(FAL, {"endpoint": "fal-ai/veo3.1"}, {})
    assert without
    assert (without.query, without.body) == ({}, {})


def test_a_body_may_be_wrapped_and_paths_go_by_mode() -> None:
    request = build_submit(NUMBERS, {"endpoint": "m1", "mode": "i2v", "idem": "job-1"}, {"a": None, "b": ""})
    assert request
    assert request.url == "/v1/any/i2v"
    assert request.body == {"model": "m1", "task": {"a": None, "b": ""}, "own": "job-1"}
    assert len(request.headers["X-Trace"]) == 36
    text = build_submit(NUMBERS, {"mode": "t2v"}, {})
    assert text
    assert text.url == "/v1/text"


def test_each_request_has_a_fresh_trace() -> None:
    one, two = (build(NUMBERS, NUMBERS.status, {"id": "t"}) for _ in range(2))
    assert one
    assert two
    assert one.headers["X-Trace"] != two.headers["X-Trace"]


def test_a_status_request_has_no_body() -> None:
    request = build(FAL, FAL.status, names_of(Operation("r", {"status": "/s"})))
    assert request
    assert request.body is UNSET
    assert request.given


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, b'{"status": "canceled"}', Canceled()),
        (200, b'{"status": "processing"}', CancelAsked()),
        (200, b"", CancelAsked()),
        (404, b'{"detail": "no such"}', CannotCancel("Replicate would not stop this job: no such.")),
        (500, b"", Unanswered("Replicate answered 500 to the cancel")),
        (401, b"", Unanswered("Replicate answered 401 to the cancel")),
        (302, b"", Unanswered("Replicate answered 302 to the cancel")),
    ],
)
def test_only_the_providers_word_makes_a_job_canceled(status: int, body: bytes, outcome: object) -> None:
    assert interpret_cancel(REPLICATE, HTTPResponse.read(status, {}, body)) == outcome


@pytest.mark.parametrize("status", [202, 200, 400, 404, 409])
def test_fals_cancel_is_a_request_and_its_refusals_mean_look_again(status: int) -> None:
    assert (
        interpret_cancel(FAL, HTTPResponse.read(status, {}, b'{"status": "ALREADY_COMPLETED"}'))
        == CancelAsked()
    )


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://queue.fal.run/a/b?c=d", "/a/b?c=d"),
        ("https://queue.fal.run:443/a", "/a"),
        ("https://QUEUE.fal.run", "/"),
        ("/a/b", "/a/b"),
        ("https://v3.fal.media/x.mp4?sig=1%2B2", "https://v3.fal.media/x.mp4?sig=1%2B2"),
        ("http://queue.fal.run/a", None),
        ("//queue.fal.run/a", None),
        ("http://169.254.169.254/latest", None),
        ("ftp://x/y", None),
        ("", None),
        ("https://[::1", None),
        ("https://queue.fal.run:x/", None),
    ],
)
def test_links_are_relative_to_the_origin_or_https_or_dropped(url: str, link: str | None) -> None:
    assert relative(url, ["https://queue.fal.run"]) == link


def test_a_link_with_a_user_in_it_is_not_the_origins() -> None:
    assert relative("https://me@queue.fal.run/a", ["https://queue.fal.run"]) == "https://me@queue.fal.run/a"


def test_a_relative_link_finds_its_way_back_when_the_origin_has_moved() -> None:
    before, after = "http://127.0.0.1:4000/fal", "http://127.0.0.1:5000/fal"
    for path in ("/fal/a/b?c=d", "/fal/a:b/c", "/_media/x.mp4", "/fal", "/"):
        link = relative(f"http://127.0.0.1:4000{path}", [before])
        assert link
        assert absolute(link, after) == f"http://127.0.0.1:5000{path}"


def test_a_redirect_is_followed_to_the_origin_or_https_only() -> None:
    origin = "http://127.0.0.1:4000/fal"
    assert forwarded(f"{origin}/a/b", "c", origin) == "/a/c"
    assert forwarded("https://cdn.example/a/b", "/c", origin) == "https://cdn.example/c"
    assert forwarded("https://cdn.example/a", "http://cdn.example/a", origin) is None
    assert forwarded(f"{origin}/a", "http://127.0.0.1:4001/fal/a", origin) is None
    assert forwarded(f"{origin}/a", "", origin) is None
    assert forwarded(f"{origin}/a", "//[", origin) is None


def test_templates_keep_types_and_drop_what_is_absent() -> None:
    names: dict[str, JSON] = {"a": 5, "b": [1], "c": "", "no": None, "yes": True}
    assert fill("{a}", names) == 5
    assert fill("{b}", names) == [1]
    assert fill("{c}", names) == ""
    assert fill_text("{a}{yes}", names) == "5true"
    assert fill_text("{a}{no}", names) is None
    assert fill_value({"x": "{no}", "y": ["{a}", "{none}"], "z": {"w": "{no}"}}, names) == {"y": [5], "z": {}}
    assert fill_value({"$if": "no", "then": 1, "else": "{a}"}, names) == 5
    assert fill_value([{"$if": "no", "then": 1}], names) == []


def test_values_are_quoted_in_paths_but_links_are_taken_as_they_are() -> None:
    names: dict[str, JSON] = {
        "id": "a b/c?d#e",
        "link_get": "/x?y=1",
        "e": "fal-ai/veo3.1/i2v",
        "w": "workflows/me/mine/x",
    }
    assert fill_path("/v1/{id}", names) == "/v1/a%20b/c%3Fd%23e"
    assert fill_path("/v1?id={id}", names) == "/v1?id=a%20b%2Fc%3Fd%23e"
    assert fill_path("{link_get}", names) == "/x?y=1"
    assert fill_path("/{e|app}/r", names) == "/fal-ai/veo3.1/r"
    assert fill_path("/{w|app}/r", names) == "/workflows/me/mine/r"
    assert fill_path("/v1/{id}", {"id": ".."}) is None
    assert fill_path("/v1/{id}", {}) is None


def test_pointers_find_members_items_and_all_of_them() -> None:
    document: JSON = {"a": [{"b": 1}, {"b": None}, {"b": "2"}], "c/d": {"~": 0}, "t": True}
    assert list(find(document, "/a/*/b")) == [1, "2"]
    assert list(find(document, "/a/2/b")) == ["2"]
    assert list(find(document, "/a/9/b")) == []
    assert list(find(document, "/a/b")) == []
    assert first(document, "/c~1d/~0") == 0
    assert first(document, ["/x", ""]) == document
    assert first_text(document, ["/t", "/a", "/a/2/b"]) == "2"
    assert first_number(document, "/a/2/b") == 2.0
    assert first_number({"x": "inf"}, "/x") is None
