"""The official `fal-client` package speaks to the sandbox as to the real service."""

import io
import time
from collections.abc import Iterator
from typing import Literal

import fal_client
import httpx
import pytest
from fal_client import client as fal_module
from fal_client.client import FalClientHTTPError, SyncClient
from PIL import Image

from tests.providers.sandbox.running import RunningSandbox, in_order
from tests.support import PATIENCE

SMALL = {"resolution": "240p", "duration": 1}


@pytest.fixture
def client(calm_sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[SyncClient]:
    """The package has no setting for plain http and its upload hosts are constants, so those are moved."""
    base = f"{calm_sandbox.url}/fal"
    for name in ("QUEUE_URL_FORMAT", "RUN_URL_FORMAT"):
        monkeypatch.setattr(fal_module, name, f"{base}/")
    for name in ("REST_URL", "CDN_URL"):
        monkeypatch.setattr(fal_module, name, base)
    made: list[httpx.Client] = []
    fresh = SyncClient._get_cdn_client

    def kept(client: SyncClient) -> httpx.Client:
        made.append(fresh(client))
        return made[-1]

    monkeypatch.setattr(SyncClient, "_get_cdn_client", kept)  # the package leaves these open
    client = SyncClient(key="kid:ksec", default_timeout=PATIENCE)
    yield client
    for each in (client._client, *made):
        each.close()


def test_subscribe_runs_to_the_result(client: SyncClient, calm_sandbox: RunningSandbox) -> None:
    seen: list[str] = []

    def note(update: fal_client.Status) -> None:
        seen.append(type(update).__name__)
        calm_sandbox.tick()

    with calm_sandbox.held():
        result = client.subscribe(
            "fal-ai/veo3.1/image-to-video",
            {"prompt": "A cat surfing", **SMALL},
            with_logs=True,
            on_queue_update=note,
        )
    assert in_order(seen) == ["Queued", "InProgress", "Completed"]
    assert (result["video"]["width"], result["video"]["height"]) == (426, 240)
    assert calm_sandbox.ask("GET", result["video"]["url"], key=False).headers["content-type"] == "video/mp4"


def test_a_request_is_submitted_looked_at_and_fetched(
    client: SyncClient, calm_sandbox: RunningSandbox
) -> None:
    with calm_sandbox.held():
        handle = client.submit("fal-ai/veo3.1", {"prompt": "A cat", **SMALL}, priority="low")
        status = handle.status(with_logs=True)
    assert isinstance(status, fal_client.Queued)
    assert status.position >= 0
    assert handle.get()["prompt"] == "A cat"
    done = client.status("fal-ai/veo3.1", handle.request_id, with_logs=True)
    assert isinstance(done, fal_client.Completed)
    assert done.logs
    assert client.result("fal-ai/veo3.1", handle.request_id)["video"]["content_type"] == "video/mp4"


def test_a_failure_is_an_error_with_its_kind(client: SyncClient) -> None:
    with pytest.raises(FalClientHTTPError) as failed:
        client.subscribe("a/b", {"prompt": "[fault: fail]", **SMALL})
    assert (failed.value.status_code, failed.value.error_type) == (500, "internal_server_error")
    with pytest.raises(FalClientHTTPError, match="content checker") as refused:
        client.subscribe("a/b", {"prompt": "[fault: moderation]", **SMALL})
    assert refused.value.status_code == 422


def test_an_empty_balance_is_a_403(client: SyncClient) -> None:
    with pytest.raises(FalClientHTTPError, match="Exhausted balance") as refused:
        client.submit("a/b", {"prompt": "[fault: no_credit]"})
    assert refused.value.status_code == 403


def test_a_rate_limit_is_retried_by_the_package_until_it_passes(
    client: SyncClient, calm_sandbox: RunningSandbox
) -> None:
    client.submit("a/b", {"prompt": "[fault: rate_limit x2] Patience", **SMALL})
    told = calm_sandbox.submissions()
    assert told["attempts"]["[fault: rate_limit x2] Patience"] == 3
    assert told["by_prompt"]["[fault: rate_limit x2] Patience"] == 1


def test_a_cancel_ends_a_request(client: SyncClient) -> None:
    handle = client.submit("a/b", {"prompt": "[fault: endless]"})
    while not isinstance(handle.status(), fal_client.InProgress):
        time.sleep(0.02)
    handle.cancel()
    assert isinstance(handle.status(), fal_client.Completed)
    with pytest.raises(FalClientHTTPError) as canceled:
        handle.get()
    assert canceled.value.status_code == 499


@pytest.mark.parametrize("repository", ["fal_v3", "fal"])
def test_a_file_is_uploaded_and_used(
    client: SyncClient, calm_sandbox: RunningSandbox, repository: Literal["fal_v3", "fal"]
) -> None:
    image = io.BytesIO()
    Image.new("RGB", (320, 240), "teal").save(image, "PNG")
    address = client.upload(image.getvalue(), "image/png", "frame.png", repository=repository)
    assert calm_sandbox.ask("GET", address, key=False).content == image.getvalue()
    result = client.subscribe(
        "fal-ai/wan-25-preview/image-to-video", {"prompt": "A", "image_url": address, **SMALL}
    )
    assert (result["video"]["width"], result["video"]["height"]) == (320, 240)
