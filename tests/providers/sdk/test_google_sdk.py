"""The official `google-genai` package, of the last release that makes videos, speaks to the sandbox."""

import time
from collections.abc import Iterator

import pytest
from google import genai
from google.genai import errors, types

from tests.providers.sandbox.pictures import picture
from tests.providers.sandbox.running import RunningSandbox
from tests.support import PATIENCE

MODEL = "veo-3.1-generate-preview"
SHORT = types.GenerateVideosConfig(duration_seconds=4, aspect_ratio="16:9", resolution="720p")


@pytest.fixture
def client(calm_sandbox: RunningSandbox) -> Iterator[genai.Client]:
    """The package downloads from https addresses only, so it says that it came through a proxy with TLS."""
    options = types.HttpOptions(
        base_url=f"{calm_sandbox.url}/veo",
        headers={"x-forwarded-proto": "https"},
        timeout=int(1000 * PATIENCE),
    )
    with genai.Client(api_key="any", http_options=options) as client:
        yield client


def asked(prompt: str, image: types.Image | None = None) -> types.GenerateVideosSource:
    return types.GenerateVideosSource(prompt=prompt, image=image)


def finished(client: genai.Client, operation: types.GenerateVideosOperation) -> types.GenerateVideosOperation:
    while not operation.done:
        time.sleep(0.05)
        operation = client.operations.get(operation)
    return operation


def test_a_video_is_made_polled_and_downloaded(client: genai.Client, calm_sandbox: RunningSandbox) -> None:
    image = types.Image(image_bytes=picture(320, 240), mime_type="image/png")
    with calm_sandbox.held():
        operation = client.models.generate_videos(model=MODEL, source=asked("A cat", image), config=SHORT)
        assert not operation.done
    made = finished(client, operation).response
    assert made
    assert made.generated_videos
    video = made.generated_videos[0].video
    assert video
    assert client.files.download(file=video)[4:8] == b"ftyp"


def test_filtered_media_have_a_count_and_a_reason(client: genai.Client) -> None:
    made = finished(
        client, client.models.generate_videos(model=MODEL, source=asked("[fault: moderation]"))
    ).response
    assert made
    assert (made.generated_videos, made.rai_media_filtered_count) == (None, 1)


def test_a_failure_is_an_error_in_the_operation(client: genai.Client) -> None:
    done = finished(client, client.models.generate_videos(model=MODEL, source=asked("[fault: fail]")))
    assert done.error
    assert done.error["code"] == 13


def test_a_refusal_is_an_error_with_its_status(client: genai.Client) -> None:
    with pytest.raises(errors.ClientError) as refused:
        client.models.generate_videos(model=MODEL, source=asked("[fault: no_credit]"))
    assert (refused.value.code, refused.value.status) == (429, "RESOURCE_EXHAUSTED")
