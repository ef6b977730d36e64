"""The official `openai` package speaks to the sandbox as to the real service."""

import base64
import time
from collections.abc import Iterator

import openai
import pytest
from openai import OpenAI

from tests.providers.sandbox.pictures import picture
from tests.providers.sandbox.running import RunningSandbox


@pytest.fixture
def client(calm_sandbox: RunningSandbox) -> Iterator[OpenAI]:
    with OpenAI(api_key="any", base_url=f"{calm_sandbox.url}/openai/v1", max_retries=0) as client:
        yield client


def test_a_video_is_made_polled_read_and_deleted(client: OpenAI) -> None:
    video = client.videos.create_and_poll(prompt="A cat", model="sora-2", seconds="4", size="1280x720")
    assert (video.status, video.progress, video.size) == ("completed", 100, "1280x720")
    content = client.videos.download_content(video.id)
    assert content.read()[4:8] == b"ftyp"
    assert client.videos.list(limit=1).data[0].id == video.id
    assert client.videos.delete(video.id).deleted


def test_a_reference_is_uploaded_and_json_is_taken_too(client: OpenAI) -> None:
    made = client.videos.create(prompt="A", input_reference=("a.png", picture(64, 64), "image/png"))
    assert made.status == "queued"
    as_json = client.videos.create(prompt="B", extra_headers={"Content-Type": "application/json"})
    assert as_json.prompt == "B"
    remixed = client.videos.remix(made.id, prompt="C")
    assert remixed.remixed_from_video_id == made.id


def test_a_failure_carries_its_code(client: OpenAI) -> None:
    video = client.videos.create_and_poll(prompt="[fault: moderation]")
    assert video.status == "failed"
    assert video.error
    assert video.error.code == "moderation_blocked"


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ("no_credit", openai.RateLimitError, "insufficient_quota"),
        ("rate_limit", openai.RateLimitError, "rate_limit_exceeded"),
        ("blocked", openai.BadRequestError, "moderation_blocked"),
        ("bad_key", openai.AuthenticationError, "invalid_api_key"),
    ],
)
def test_a_refusal_is_an_error_with_its_code(
    client: OpenAI, fault: str, kind: type[openai.APIStatusError], code: str
) -> None:
    with pytest.raises(kind) as refused:
        client.videos.create(prompt=f"[fault: {fault}]")
    assert refused.value.code == code
    assert refused.value.request_id


def test_the_packages_own_check_accepts_a_webhook_of_ours(client: OpenAI) -> None:
    from providers.sandbox.webhook_sender import standard_signature

    secret = "whsec_" + base64.b64encode(b"a secret of ours").decode()
    body, stamp = b'{"type":"video.completed"}', str(int(time.time()))
    headers = {"webhook-id": "msg_1", "webhook-timestamp": stamp}
    headers["webhook-signature"] = standard_signature(secret, "msg_1", stamp, body)
    client.webhooks.verify_signature(body, headers, secret=secret)
    with pytest.raises(openai.InvalidWebhookSignatureError):
        client.webhooks.verify_signature(body + b" ", headers, secret=secret)
