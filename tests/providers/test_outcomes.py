"""The sentences: each class says what happened, the input if known, the money, and what to do."""

from typing import get_args

import msgspec
import pytest

from models.payload import MediaLeaf
from providers.client.http import Secrets
from providers.outcomes import (
    CLASSES,
    MONEY,
    Accepted,
    Billing,
    ErrorKind,
    Operation,
    Submission,
    kind_of_status,
    make_error,
)


def test_every_class_and_every_state_of_money_has_its_words() -> None:
    assert set(CLASSES) == set(get_args(ErrorKind))
    assert set(MONEY) == set(get_args(Billing))


@pytest.mark.parametrize("kind", get_args(ErrorKind))
@pytest.mark.parametrize("billing", get_args(Billing))
def test_a_sentence_tells_what_happened_the_money_and_what_to_do(kind: ErrorKind, billing: Billing) -> None:
    error = make_error(kind, "fal", "their words.", billing=billing, field="image_url")
    assert "{" not in error.sentence
    assert "their words. " in error.sentence
    assert MONEY[billing] in error.sentence
    assert error.sentence.endswith(CLASSES[kind].next.format(company="fal", id=""))
    assert ("(image_url)" in error.sentence) == ("{field}" in CLASSES[kind].what)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_input"), (401, "auth"), (402, "no_credit"), (403, "auth"), (404, "invalid_input"),
     (408, "provider_down"), (422, "invalid_input"), (429, "rate_limited"), (500, "provider_down"), (302, "unknown")],
)  # fmt: skip
def test_a_bare_status_has_a_class(status: int, kind: str) -> None:
    assert kind_of_status(status) == kind


def test_orders_and_operations_survive_the_database() -> None:
    order = Submission(
        "fal", "a/b", "", "i2v", {"x": [1, "2", None]}, (MediaLeaf("/x", "image", "u1"),), ("/y",)
    )
    operation = Operation("1", {"get": "/v1/1"}, "a/b", "", "t2v", {"group": 5})
    for value in (order, operation):
        assert msgspec.json.decode(msgspec.json.encode(value), type=type(value)) == value
    assert Accepted(operation).operation.links == {"get": "/v1/1"}


def test_a_key_and_the_halves_of_a_key_are_taken_out_of_words() -> None:
    secrets = Secrets("key_id_123:key_secret_456")
    assert secrets.scrub("bad key_id_123:key_secret_456, key_secret_456") == "bad [key], [key]"
    assert secrets.scrub_bytes(b"key_id_123 is off") == b"[key] is off"
    assert Secrets("").scrub("nothing to hide") == "nothing to hide"
