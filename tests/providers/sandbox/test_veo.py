"""What only Veo's wire has: images in base64, files that need the key, samples, and filtered media that are "done"."""

import base64
from typing import Any

import pytest

from tests.providers.sandbox.pictures import clip_size, picture
from tests.providers.sandbox.running import RunningSandbox
from tests.providers.sandbox.services import VEO, at

MODEL = "/veo/v1beta/models/veo-3.1-generate-preview"
SAMPLES = "response.generateVideoResponse.generatedSamples"


def submit(sandbox: RunningSandbox, instance: dict[str, Any], **parameters: Any) -> Any:
    body = {"instances": [instance], "parameters": {"durationSeconds": 4, **parameters}}
    return sandbox.ask("POST", f"{MODEL}:predictLongRunning", json=body)


def test_the_first_frame_comes_in_base64_and_the_last_one_is_not_taken_for_it(
    sandbox: RunningSandbox,
) -> None:
    def inline(width: int, height: int) -> dict[str, str]:
        data = base64.b64encode(picture(width, height)).decode()
        return {"bytesBase64Encoded": data, "mimeType": "image/png"}

    instance = {"prompt": "Frames", "lastFrame": inline(100, 100), "image": inline(320, 240)}
    name = submit(sandbox, instance).json()["name"]
    link = at(VEO.watched(sandbox, name)[-1], f"{SAMPLES}.0.video.uri")
    assert clip_size(sandbox.ask("GET", link).content) == (320, 240)


def test_an_operation_is_done_only_when_it_says_so(calm_sandbox: RunningSandbox) -> None:
    name = VEO.started(calm_sandbox, "Patience")
    first = VEO.looked(calm_sandbox, name).json()
    assert first == {"name": name, "metadata": {}}
    assert VEO.watched(calm_sandbox, name)[-1]["done"] is True


def test_samples_are_as_many_as_asked_for_and_the_key_may_stand_in_the_address(
    sandbox: RunningSandbox,
) -> None:
    name = submit(sandbox, {"prompt": "Twice"}, sampleCount=2).json()["name"]
    samples = at(VEO.watched(sandbox, name)[-1], SAMPLES)
    links = [each["video"]["uri"] for each in samples]
    assert len(set(links)) == 2
    assert sandbox.ask("GET", f"{links[1]}&key=any", key=False).headers["content-type"] == "video/mp4"
    assert sandbox.ask("GET", links[1], key=False).status_code == 403
    assert sandbox.ask("GET", "/veo/v1beta/files/nothing:download").status_code == 404


def test_filtered_media_are_done_without_samples_and_with_a_reason(sandbox: RunningSandbox) -> None:
    name = VEO.started(sandbox, "[fault: moderation] Filtered")
    made = at(VEO.watched(sandbox, name)[-1], "response.generateVideoResponse")
    assert "generatedSamples" not in made
    assert len(made["raiMediaFilteredReasons"]) == made["raiMediaFilteredCount"] == 1


@pytest.mark.parametrize(
    ("instance", "parameters"),
    [
        ({}, {}),
        ({"prompt": 5}, {}),
        ({"prompt": "x", "image": {"uri": "https://e.example/a.png"}}, {}),
        ({"prompt": "x", "picture": {}}, {}),
        ({"prompt": "x"}, {"durationSeconds": 9}),
        ({"prompt": "x"}, {"durationSeconds": "8"}),
        ({"prompt": "x"}, {"aspectRatio": "4:3"}),
        ({"prompt": "x"}, {"generateAudio": True}),
    ],
)
def test_a_wrong_request_is_an_invalid_argument(
    sandbox: RunningSandbox, instance: dict[str, Any], parameters: dict[str, Any]
) -> None:
    answer = submit(sandbox, instance, **parameters)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_an_unknown_model_is_not_found(sandbox: RunningSandbox) -> None:
    answer = sandbox.ask("POST", "/veo/v1beta/models/imagen:predictLongRunning", json={"instances": []})
    assert answer.status_code == 404
    assert sandbox.ask("GET", "/veo/v1beta/models").json()["models"]
