"""Rules in words become suggestions; what cannot be read for sure stays a sentence."""

from typing import Any

import pytest

from models.importing.draft import readable
from models.importing.prose import Suggestion
from tests.models.importing.documents import PROMPT, drafted, fal

PROPERTIES: dict[str, Any] = {
    "prompt": PROMPT,
    "multi_prompt": {
        "type": "array",
        "items": {"type": "object", "properties": {"duration": {"type": "integer"}, "text": PROMPT}},
    },
    "start_image_url": {"type": "string", "description": "URL of the first frame"},
    "end_image_url": {"type": "string", "description": "URL of the last frame"},
    "reference_image_urls": {"type": "array", "items": {"type": "string"}},
    "reference_videos": {"type": "array", "items": {"type": "string", "format": "uri"}},
    "duration": {"type": "integer", "enum": [5, 8, 10]},
    "resolution": {"type": "string", "enum": ["540p", "720p", "1080p"]},
    "aspect_ratio": {"type": "string", "enum": ["16:9", "9:16"]},
    "loop": {"type": "boolean"},
    "num_frames": {"type": "integer", "minimum": 10},
    "audio_url": {"type": "string", "description": "URL of the music"},
}


def suggested(name: str, sentence: str) -> list[Suggestion]:
    described = {
        **PROPERTIES[name],
        "description": f"{PROPERTIES[name].get('description', 'What it is')}. {sentence}",
    }
    found = drafted(fal({**PROPERTIES, name: described}))
    return [each for each in found.suggestions if each.field == name]


@pytest.mark.parametrize(
    ("name", "sentence", "rules"),
    [
        ("prompt", "Max 2500 characters.", [{"limit": {"prompt": {"max_length": 2500}}}]),
        ("prompt", "Must be less than 5,000 characters", [{"limit": {"prompt": {"max_length": 5000}}}]),
        (
            "prompt",
            "Either prompt or multi_prompt must be provided, but not both.",
            [{"exactly_one_of": ["prompt", "multi_prompt"]}],
        ),
        (
            "prompt",
            "Required unless multi_prompt is provided.",
            [{"when": {"multi_prompt": {"set": False}}, "require": ["prompt"]}],
        ),
        (
            "end_image_url",
            "Only works if a first frame image is also provided.",
            [{"when": {"end_image_url": {"set": True}}, "require": ["start_image_url"]}],
        ),
        (
            "start_image_url",
            "Cannot be combined with reference images.",
            [{"when": {"start_image_url": {"set": True}}, "forbid": ["reference_image_urls"]}],
        ),
        (
            "aspect_ratio",
            "Ignored if start_image_url is provided.",
            [{"when": {"start_image_url": {"set": True}}, "drop": ["aspect_ratio"]}],
        ),
        ("num_frames", "Only used when loop is False.", [{"when": {"loop": True}, "drop": ["num_frames"]}]),
        (
            "num_frames",
            "Only used when audio_url is provided.",
            [{"when": {"audio_url": {"set": False}}, "drop": ["num_frames"]}],
        ),
        (
            "duration",
            "10 second videos are only available for 540p and 720p.",
            [{"when": {"resolution": "1080p"}, "only": {"duration": [5, 8]}}],
        ),
        (
            "duration",
            "1080p videos are limited to 5 or 8 seconds",
            [{"when": {"resolution": "1080p"}, "only": {"duration": [5, 8]}}],
        ),
        (
            "duration",
            "10 seconds videos are not supported for 1080p.",
            [{"when": {"resolution": "1080p"}, "only": {"duration": [5, 8]}}],
        ),
        (
            "duration",
            "Durations longer than 5 seconds are only available with 720p.",
            [{"when": {"resolution": ["540p", "1080p"]}, "only": {"duration": [5]}}],
        ),
        (
            "duration",
            "10s is not supported with start_image_url or loop.",
            [
                {"when": {"duration": 10}, "forbid": ["start_image_url"]},
                {"when": {"duration": 10}, "forbid": {"loop": True}},
            ],
        ),
        (
            "reference_image_urls",
            "Reference images only work with 16:9 aspect ratio and 8-second duration.",
            [
                {"when": {"reference_image_urls": {"set": True}}, "only": {"duration": [8]}},
                {"when": {"reference_image_urls": {"set": True}}, "only": {"aspect_ratio": ["16:9"]}},
            ],
        ),
        (
            "reference_image_urls",
            "Up to 4 images.",
            [{"limit": {"reference_image_urls": {"count": {"max": 4}}}}],
        ),
        (
            "reference_videos",
            "Total duration must not exceed 15 seconds.",
            [{"total": "sum(reference_videos.seconds)", "max": 15}],
        ),
        (
            "multi_prompt",
            "Total duration of all shots must not exceed 25 seconds.",
            [{"total": "sum(multi_prompt.duration)", "max": 25}],
        ),
        (
            "num_frames",
            "Must be a multiple of 12 plus 6, for example 6, 18.",
            [{"limit": {"num_frames": {"min": 18, "step": 12}}}],
        ),
        ("num_frames", "Must be 4k+1.", [{"limit": {"num_frames": {"min": 13, "step": 4}}}]),
        (
            "start_image_url",
            "Supports .jpg/.png, max 10MB, min 300px, aspect ratio 1:2.5 to 2.5:1.",
            [
                {
                    "limit": {
                        "start_image_url": {
                            "megabytes": {"max": 10},
                            "width": {"min": 300},
                            "height": {"min": 300},
                            "ratio": {"min": 0.4, "max": 2.5},
                        }
                    }
                }
            ],
        ),
        (
            "audio_url",
            "Audio file (wav/mp3, 3-30s, ≤15MB).",
            [{"limit": {"audio_url": {"megabytes": {"max": 15}, "seconds": {"min": 3, "max": 30}}}}],
        ),
    ],
)
def test_a_sentence_suggests_a_rule(name: str, sentence: str, rules: list[Any]) -> None:
    found = suggested(name, sentence)
    assert [each.rule for each in found] == rules
    assert all(each.sentence in sentence for each in found)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("duration", "8s videos cost double."),
        ("aspect_ratio", "Only used for text-to-video."),
        ("reference_image_urls", "Max 7 without video, 4 with video."),
        ("resolution", "540p is not available when hdr is true."),
        ("prompt", "Required when not using start frame or video editing."),
    ],
)
def test_a_sentence_that_is_not_understood_is_quoted(name: str, sentence: str) -> None:
    assert suggested(name, sentence) == [Suggestion(name, sentence)]


@pytest.mark.parametrize(
    "sentence",
    ["What the clip shows.", "If not provided, a random seed will be used.", "Must be publicly accessible."],
)
def test_a_harmless_sentence_is_not_repeated(sentence: str) -> None:
    assert suggested("prompt", sentence) == []


def test_a_limit_that_the_schema_states_is_not_suggested_again() -> None:
    schema = {"type": "string", "maxLength": 500, "description": "Max 500 characters."}
    assert drafted(fal({"prompt": schema})).suggestions == ()


def test_a_rule_that_the_grammar_would_not_take_is_left_as_its_sentence() -> None:
    table = drafted(fal(PROPERTIES)).table
    good = Suggestion("duration", "Only 5.", {"only": {"duration": [5]}})
    assert readable(good, table) == good
    bad = Suggestion("duration", "Only 7.", {"only": {"duration": [7]}})
    assert readable(bad, table) == Suggestion("duration", "Only 7.")
