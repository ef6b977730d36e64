"""What a provider states only in words stands as a comment above its field, and nothing of it is in force."""

import tomllib
from typing import Any

import pytest

from models.importing.toml_writer import write_toml
from models.spec.schema import Spec
from tests.models.importing.documents import PROMPT, drafted, fal

PROPERTIES: dict[str, Any] = {
    "prompt": PROMPT,
    "reference_image_urls": {"type": "array", "items": {"type": "string"}},
    "duration": {"type": "integer", "enum": [5, 8, 10]},
    "resolution": {"type": "string", "enum": ["540p", "720p", "1080p"]},
    "aspect_ratio": {"type": "string", "enum": ["16:9", "9:16"]},
}

CASES = [
    ("prompt", "Max 2500 characters."),
    ("prompt", "Cannot be combined with reference images."),
    ("aspect_ratio", "Only used for text-to-video."),
    ("duration", "10 second videos are only available for 540p and 720p."),
    ("duration", "8s videos cost double."),
    ("resolution", "1080p isn't available when hdr is true."),
    ("reference_image_urls", "Up to 4 images."),
]


def described(name: str, sentence: str) -> dict[str, Any]:
    return fal({**PROPERTIES, name: {**PROPERTIES[name], "description": f"What it is. {sentence}"}})


@pytest.mark.parametrize(("name", "sentence"), CASES)
def test_a_sentence_that_may_state_a_limit_is_a_comment_above_its_field(name: str, sentence: str) -> None:
    lines = write_toml(drafted(described(name, sentence))).splitlines()
    at = lines.index(f"  # {sentence}")
    assert lines[at + 1].startswith(f'  {{ name = "{name}", ')


@pytest.mark.parametrize(("name", "sentence"), CASES)
def test_nothing_of_it_is_in_force(name: str, sentence: str) -> None:
    found, without = drafted(described(name, sentence)), drafted(described(name, ""))
    assert isinstance(found.spec, Spec)
    assert isinstance(without.spec, Spec)
    assert found.spec.rules == without.spec.rules
    assert tomllib.loads(write_toml(found)) == found.table
    assert [each.limit for each in found.spec.fields] == [each.limit for each in without.spec.fields]


@pytest.mark.parametrize("sentence", ["What the clip shows.", "A link to the picture."])
def test_a_sentence_that_states_nothing_is_not_repeated(sentence: str) -> None:
    assert drafted(described("prompt", sentence)).sentences == {}


def test_a_long_sentence_is_broken_over_comments_and_a_control_character_breaks_nothing() -> None:
    long = " ".join(["It must not be longer than 10 s\x07"] * 20) + "."
    text = write_toml(drafted(described("duration", long)))
    comments = [line for line in text.splitlines() if line.startswith("  # ")]
    assert len(comments) > 1
    assert max(map(len, comments)) < 120
    assert tomllib.loads(text) == drafted(described("duration", long)).table
