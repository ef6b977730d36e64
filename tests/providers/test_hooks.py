"""The hooks: Kling's token, ComfyUI's graph, and the verifiers, each by the vectors of its company's facts."""

from dataclasses import dataclass, field

import pytest

from models.spec.values import JSON
from providers.hooks import comfyui_graph, kling_jwt
from providers.webhook_signatures import VERIFIERS, Forged, Genuine, Notice

TOKEN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJha190ZXN0IiwiZXhwIjoxNzAwMDAxODAwLCJuYmYiOjE2OTk5OTk5OTV9."
    "eDa_F6Qhv7yHoYstKBIL6uubYWDLHLekl_49ClsUCf4"
)


def test_klings_token_is_made_of_a_key_of_two_parts() -> None:
    assert kling_jwt("ak_test:sk_test", 1700000000.4) == TOKEN


def test_a_key_of_one_part_is_sent_as_it_is() -> None:
    assert kling_jwt("a-plain-key", 1700000000) == "a-plain-key"


def test_a_graphs_files_are_the_jobs_own_and_nothing_else_changes() -> None:
    video: JSON = {"class_type": "SaveVideo", "inputs": {"video": ["8", 0], "filename_prefix": "video/t2v"}}
    linked: JSON = {"class_type": "SaveImage", "inputs": {"filename_prefix": ["1", 0]}}
    text: JSON = {"class_type": "Text", "inputs": {"value": "filename_prefix"}}
    graph: dict[str, JSON] = {"9": video, "10": linked, "1": text, "odd": 5}
    own: JSON = {
        "class_type": "SaveVideo",
        "inputs": {"video": ["8", 0], "filename_prefix": "video/t2v-job-1"},
    }
    assert comfyui_graph(graph, "job-1") == {**graph, "9": own}
    assert video == {"class_type": "SaveVideo", "inputs": {"video": ["8", 0], "filename_prefix": "video/t2v"}}


@dataclass
class Vector:
    """A message that was signed, with its key and the time it was sent."""

    verifier: str
    key: str
    now: float
    body: bytes
    headers: dict[str, str]
    signature: str  # the name of its header
    stamp: str
    covers_body: bool = True
    url: str = "https://me.example/hooks/vidu"
    bad_stamps: list[str] = field(default_factory=lambda: ["", "soon", "-5", "1e9", "²"])


VECTORS = [
    Vector(
        "standard-webhooks",
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        1614265330,
        b'{"id":"gm3qorzdhgbfurvjtvhg6dckhu","status":"succeeded"}',
        {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,U+fGVdNoPFV9LvbcZdCpmwJ5f8oSowjq+ZJXAnM+XGo=",
        },
        "webhook-signature",
        "webhook-timestamp",
    ),
    Vector(
        "fal-ed25519",
        "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg",
        1700000000,
        b'{"request_id":"764cabcf-b745-4b3e-ae38-1200304cf45b","status":"OK"}',
        {
            "x-fal-webhook-request-id": "764cabcf-b745-4b3e-ae38-1200304cf45b",
            "x-fal-webhook-user-id": "google-oauth2|123",
            "x-fal-webhook-timestamp": "1700000000",
            "x-fal-webhook-signature": "459471718570aeacd5cea4103a9317c67b430c9f86e93d6c7e69175c1e9a0dae"
            "67207f59f4d549fcf1dcef6fe9c90aea59883cbda6eb61a6d529ce9cdc3c7e06",
        },
        "x-fal-webhook-signature",
        "x-fal-webhook-timestamp",
    ),
    Vector(
        "vidu-hmac",
        "vda_test_key",
        1700000000,
        b'{"id":"v1","state":"success"}',
        {
            "date": "Tue, 14 Nov 2023 22:13:20 GMT",
            "x-request-nonce": "n-1",
            "x-hmac-signature": "6hb8EgUN+wVY4upZ2cmk1QVJfcg5STIbaDmJ5Fk6HK8=",
        },
        "x-hmac-signature",
        "date",
        covers_body=False,
    ),
]
each = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.verifier)


def verdict(
    vector: Vector,
    *,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    keys: tuple[str, ...] = (),
    later: float = 0,
    url: str = "",
) -> Genuine | Forged:
    notice = Notice(
        url or vector.url,
        {**vector.headers, **(headers or {})},
        vector.body if body is None else body,
    )
    return VERIFIERS[vector.verifier](notice, keys or (vector.key,), vector.now + later)


@each
def test_the_companys_own_message_is_genuine_and_has_a_mark(vector: Vector) -> None:
    found = verdict(vector)
    assert isinstance(found, Genuine)
    assert found.mark


@each
def test_any_of_several_keys_will_do(vector: Vector) -> None:
    assert isinstance(verdict(vector, keys=("nonsense", "", vector.key)), Genuine)
    assert isinstance(verdict(vector, keys=("nonsense", "")), Forged)
    assert VERIFIERS[vector.verifier](
        Notice(vector.url, vector.headers, vector.body), (), vector.now
    ) == Forged("its signature is not the provider's")


@each
def test_a_changed_message_is_forged(vector: Vector) -> None:
    assert isinstance(verdict(vector, body=vector.body + b" "), Forged) == vector.covers_body
    for name, value in vector.headers.items():
        assert isinstance(verdict(vector, headers={name: value + "0"}), Forged), name
        assert isinstance(verdict(vector, headers={name: ""}), Forged), name


@each
def test_a_message_is_good_for_five_minutes_each_way(vector: Vector) -> None:
    for later, good in [(299, True), (-299, True), (301, False), (-301, False), (10**9, False)]:
        assert isinstance(verdict(vector, later=later), Genuine) == good


@each
def test_a_time_or_a_signature_that_is_none_is_forged(vector: Vector) -> None:
    endless = [
        "9" * 400,
        "9" * 5000,
        "Thu, 01 Jan 99999999999 00:00:00 GMT",
        f"Thu, 01 Jan 2026 00:00:00 +{9**30}",
    ]
    for bad in vector.bad_stamps + endless:
        assert isinstance(verdict(vector, headers={vector.stamp: bad}), Forged), bad
    for bad in ("", "v1,", "é", "zz", "00", "v1,é"):
        assert isinstance(verdict(vector, headers={vector.signature: bad}), Forged), bad


def test_standard_webhooks_lists_signatures_of_several_versions_and_keys() -> None:
    vector = VECTORS[0]
    own = vector.headers["webhook-signature"]
    listed = f"v1a,xxxx v1,AAAA {own}"
    assert isinstance(verdict(vector, headers={"webhook-signature": listed}), Genuine)
    unversioned = own.removeprefix("v1,")
    assert isinstance(verdict(vector, headers={"webhook-signature": unversioned}), Forged)


def test_a_secret_that_is_no_base64_is_taken_as_it_is() -> None:
    for secret in ("not base64!", "whsec_ké"):
        assert isinstance(verdict(VECTORS[0], keys=(secret,)), Forged)


def test_vidu_signs_the_address() -> None:
    assert isinstance(verdict(VECTORS[2], url="https://me.example/hooks/other"), Forged)
    assert isinstance(verdict(VECTORS[2], url="https://me.example/hooks/vidu?a=1"), Forged)
    assert isinstance(verdict(VECTORS[2], url="https://another.example/hooks/vidu"), Genuine)
