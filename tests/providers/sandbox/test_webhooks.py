"""Webhooks come signed as the services sign them, and again when nobody took them."""

import base64
import hashlib
import signal
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from providers.sandbox.webhook_sender import fal_public_key, fal_signature, standard_signature
from tests.providers.sandbox.inbox import Inbox
from tests.providers.sandbox.running import RunningSandbox


def order(sandbox: RunningSandbox, hook: str, prompt: str = "Hooked", **more: Any) -> dict[str, Any]:
    given = {"prompt": prompt, "resolution": "240p", "duration": 1}
    body = {"version": "a/b", "input": given, "webhook": hook, **more}
    return dict(sandbox.ask("POST", "/replicate/v1/predictions", json=body).json())


def test_the_standard_signature_is_that_of_the_golden_vector() -> None:
    body = b'{"id":"gm3qorzdhgbfurvjtvhg6dckhu","status":"succeeded"}'
    made = standard_signature(
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body
    )
    assert made == "v1,U+fGVdNoPFV9LvbcZdCpmwJ5f8oSowjq+ZJXAnM+XGo="


def test_the_ed25519_signature_is_that_of_the_golden_vector() -> None:
    seed = bytes(range(32))
    request_id = "764cabcf-b745-4b3e-ae38-1200304cf45b"
    body = b'{"request_id":"764cabcf-b745-4b3e-ae38-1200304cf45b","status":"OK"}'
    assert fal_public_key(seed) == "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"
    assert fal_signature(seed, request_id, "google-oauth2|123", "1700000000", body) == (
        "459471718570aeacd5cea4103a9317c67b430c9f86e93d6c7e69175c1e9a0dae"
        "67207f59f4d549fcf1dcef6fe9c90aea59883cbda6eb61a6d529ce9cdc3c7e06"
    )


def test_a_prediction_tells_its_start_and_its_end_signed(calm_sandbox: RunningSandbox, inbox: Inbox) -> None:
    prediction = order(calm_sandbox, inbox.url)
    key = calm_sandbox.ask("GET", "/replicate/v1/webhooks/default/secret").json()["key"]
    told = []
    for status in ("processing", "succeeded"):
        calm_sandbox.watch(prediction["urls"]["get"], (status,))
        letter = inbox.next()
        assert letter.is_signed_by(key)
        told.append(letter.document)
    assert [each["id"] for each in told] == [prediction["id"]] * 2
    assert [each["status"] for each in told] == ["processing", "succeeded"]


def test_only_the_events_asked_for_are_told_and_a_cancel_is_an_end(
    sandbox: RunningSandbox, inbox: Inbox
) -> None:
    prediction = order(sandbox, inbox.url, "[fault: endless] Hooked", webhook_events_filter=["completed"])
    sandbox.watch(prediction["urls"]["get"], ("processing",))
    sandbox.ask("POST", prediction["urls"]["cancel"])
    assert inbox.next().document["status"] == "canceled"


def test_a_letter_that_nobody_takes_comes_again(sandbox: RunningSandbox, inbox: Inbox) -> None:
    inbox.statuses = [500, 302]
    order(sandbox, inbox.url, webhook_events_filter=["completed"])
    assert len({inbox.next().headers["webhook-id"] for _ in range(3)}) == 1


@pytest.mark.parametrize(
    ("prompt", "status"), [("Hooked", "OK"), ("[fault: moderation]", "ERROR"), ("[fault: fail]", "ERROR")]
)
def test_fal_tells_the_result_in_an_envelope_that_its_keys_verify(
    sandbox: RunningSandbox, inbox: Inbox, prompt: str, status: str
) -> None:
    given = {"prompt": prompt, "resolution": "240p", "duration": 1}
    request = sandbox.ask("POST", "/fal/a/b", params={"fal_webhook": inbox.url}, json=given).json()
    letter = inbox.next()
    headers, body, told = letter.headers, letter.body, letter.document
    assert (told["request_id"], told["status"]) == (request["request_id"], status)
    assert ("video" if status == "OK" else "detail") in told["payload"]
    assert headers["x-fal-webhook-request-id"] == request["request_id"]
    (key,) = sandbox.ask("GET", "/fal/.well-known/jwks.json", key=False).json()["keys"]
    lines = (
        headers["x-fal-webhook-request-id"],
        headers["x-fal-webhook-user-id"],
        headers["x-fal-webhook-timestamp"],
        hashlib.sha256(body).hexdigest(),
    )
    signature = bytes.fromhex(headers["x-fal-webhook-signature"])
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "="))
    public.verify(signature, "\n".join(lines).encode())
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"something else")


@pytest.mark.slow
def test_what_was_not_told_before_a_sigkill_is_told_after_it(tmp_path: Path, inbox: Inbox) -> None:
    with RunningSandbox(tmp_path, speed=4) as sandbox:
        prediction = order(sandbox, inbox.url, webhook_events_filter=["completed"])
        sandbox.end(signal.SIGKILL)
        sandbox.start()
        assert inbox.next().document["id"] == prediction["id"]


def test_an_address_elsewhere_is_never_written_to(sandbox: RunningSandbox) -> None:
    prediction = order(sandbox, "http://192.0.2.1:9/hook")
    assert sandbox.predicted(prediction)[-1]["status"] == "succeeded"
