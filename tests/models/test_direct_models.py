"""Models spoken directly to their makers: what they send is what the wire can carry, and their figures are pinned."""

from pathlib import Path
from typing import Any

import pytest

from models.form.autocorrect import autocorrect
from models.form.validate import check
from models.payload import map_body
from models.pricing import estimate
from models.spec.loader import read_spec
from models.spec.schema import Spec
from models.spec.values import MediaFacts
from providers.client.requests import build_submit, names_of_model
from providers.outcomes import Submission
from tests.models.building import told
from tests.providers.descriptions import ALL

FOLDER = Path(__file__).parents[2] / "models"
URL = "https://example.com/a.png"
MP4 = "https://example.com/a.mp4"
MAKERS = set(ALL) - {"replicate", "fal"}


def load(key: str) -> Spec:
    spec = read_spec(FOLDER / f"{key}.toml")
    assert isinstance(spec, Spec), told(spec)
    return spec


SPECS = [spec for path in sorted(FOLDER.glob("*.toml")) if (spec := load(path.stem)).provider in MAKERS]


def test_every_provider_has_two_models_or_more() -> None:
    counts = {name: sum(spec.provider == name for spec in SPECS) for name in MAKERS}
    assert {name: count for name, count in counts.items() if count < 2} == {}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.key)
def test_its_wire_has_a_path_for_every_mode_and_no_name_is_taken(spec: Spec) -> None:
    wire = ALL[spec.provider]
    for mode in spec.modes:
        names = names_of_model(Submission(spec.provider, spec.endpoint_for(mode), spec.version, mode, {}))
        request = build_submit(wire, {**names, "idem": "j"}, {})
        assert request is not None, mode
        assert "{" not in request.url, request.url
    for example in spec.examples:
        body = map_body(spec, check(spec, example.inputs, {}).values).body
        assert set(body) & set(wire.submit.merge) == set()


@pytest.mark.parametrize(
    ("key", "values", "errors"),
    [
        ("runway-gen-4.5-on-runway", {"prompt": "a", "aspect_ratio": "1:1"}, {"aspect_ratio"}),
        ("runway-gen-4.5-on-runway", {"prompt": "a", "mode": "i2v", "image": URL, "aspect_ratio": "1:1"}, set()),
        ("runway-gen-4.5-on-runway", {"prompt": "a", "duration": 11}, {"duration"}),
        ("runway-aleph-2-on-runway", {"video": MP4}, {"prompt"}),
        ("runway-aleph-2-on-runway", {"video": MP4, "keyframes": [{"image": URL, "seconds": 1}]}, set()),
        (
            "runway-aleph-2-on-runway",
            {"video": MP4, "keyframes": [{"image": URL, "seconds": 1, "from_second": 0}]},
            {"keyframes.0.to_second"},
        ),
        (
            "runway-aleph-2-on-runway",
            {
                "video": MP4,
                "keyframes": [
                    {"image": URL, "seconds": 1, "from_second": 0, "to_second": 2},
                    {"image": URL, "seconds": 3},
                ],
            },
            {"keyframes"},
        ),
        ("luma-ray-2-on-luma", {"prompt": "a", "mode": "extend"}, {"earlier"}),
        ("veo-3.1-on-veo", {"prompt": "a", "duration": 4, "resolution": "4k"}, {"duration"}),
        ("veo-3.1-on-veo", {"prompt": "a", "mode": "r2v", "images": [URL], "aspect_ratio": "9:16"}, {"aspect_ratio"}),
        ("veo-3.1-lite-on-veo", {"prompt": "a", "resolution": "4k"}, {"resolution"}),
        ("sora-2-on-openai", {"prompt": "a", "size": "1792x1024"}, {"size"}),
        ("grok-imagine-video-on-xai", {"prompt": "a", "mode": "r2v", "images": [URL], "duration": 11}, {"duration"}),
        ("grok-imagine-video-on-xai", {"prompt": "a", "mode": "edit", "video": "long"}, {"video"}),
        ("grok-imagine-video-on-xai", {"prompt": "a", "mode": "extend", "video": "long"}, set()),
        ("grok-imagine-video-1.5-on-xai", {"prompt": "a", "resolution": "1080p"}, set()),
        (
            "grok-imagine-video-1.5-on-xai",
            {"prompt": "a", "mode": "r2v", "images": [URL], "resolution": "1080p"},
            {"resolution"},
        ),
        ("seedance-2.0-on-seedance", {"prompt": "a", "mode": "r2v", "audios": [MP4]}, {"images"}),
        ("seedance-2.0-mini-on-seedance", {"prompt": "a", "resolution": "1080p"}, {"resolution"}),
        ("wan-2.5-on-wan", {"prompt": "a", "resolution": "480p", "aspect_ratio": "4:3"}, {"aspect_ratio"}),
        ("wan-2.6-on-wan", {"prompt": "a", "duration": 12}, {"duration"}),
        ("wan-2.7-on-wan", {}, {"prompt"}),
        ("hailuo-2.3-on-minimax", {"prompt": "a", "resolution": "1080P", "duration": 10}, {"duration"}),
        ("hailuo-02-on-minimax", {"prompt": "a", "resolution": "512P"}, {"resolution"}),
        ("hailuo-3", {"prompt": "a", "aspect_ratio": "adaptive"}, {"aspect_ratio"}),
        ("hailuo-3", {"prompt": "a", "duration": 4}, {"duration"}),
        ("kling-v2.6-on-kling", {"prompt": "a", "quality": "std", "generate_audio": True}, {"quality"}),
        ("kling-v2.5-turbo", {"prompt": "a", "mode": "flf2v", "image": URL, "end_image": URL}, set()),
        ("pixverse-v5.6-on-pixverse", {"prompt": "a", "duration": 10, "resolution": "1080p"}, {"duration"}),
        ("pixverse-v5-on-pixverse", {"prompt": "a", "mode": "r2v"}, {"references"}),
        ("vidu-q2-on-vidu", {"prompt": "a", "duration": 9, "bgm": True}, {"bgm"}),
        ("vidu-q3-pro-on-vidu", {"prompt": "a", "mode": "i2v", "image": URL, "aspect_ratio": "1:1"}, {"aspect_ratio"}),
        ("comfyui-title-card", {"prompt": "a", "size": "641x360"}, {"size"}),
    ],
)  # fmt: skip
def test_the_limits_of_a_model_are_those_of_its_maker(key: str, values: Any, errors: set[str]) -> None:
    facts = {"long": MediaFacts("video", 1.0, 1280, 720, seconds=12.0, format="mp4")}
    assert set(check(load(key), values, facts).errors) == errors


@pytest.mark.parametrize(
    ("key", "values", "text"),
    [
        ("runway-gen-4.5-on-runway", {"duration": 10}, "about $1.20"),
        ("runway-aleph-2-on-runway", {"video": "clip"}, "about $1.40"),
        ("luma-ray-2-on-luma", {"resolution": "540p"}, "$0.40–0.57"),
        ("luma-ray-2-edit-on-luma", {"video": "clip"}, "price unknown"),
        ("veo-3.1-on-veo", {"resolution": "4k"}, "about $4.80"),
        ("veo-3.1-fast-on-veo", {"resolution": "1080p"}, "about $0.96"),
        ("sora-2-pro-on-openai", {"duration": "12", "size": "1024x1792"}, "about $6.00"),
        ("grok-imagine-video-on-xai", {"mode": "i2v", "image": URL, "duration": 10}, "about $0.70"),
        ("grok-imagine-video-1.5-on-xai", {"mode": "r2v", "images": [URL, URL]}, "about $0.86"),
        ("seedance-2.0-on-seedance", {"resolution": "4k"}, "about $3.89"),
        ("seedance-2.0-fast-on-seedance", {}, "about $0.61"),
        ("seedance-2.0-mini-on-seedance", {"resolution": "480p"}, "about $0.18"),
        ("seedance-2.0-on-seedance", {"duration": -1}, "price unknown"),
        ("wan-2.7-on-wan", {"resolution": "720P"}, "about $0.50"),
        ("hailuo-2.3-on-minimax", {"duration": 10}, "about $0.56"),
        ("hailuo-3", {"resolution": "2K"}, "about $0.65"),
        ("hailuo-3", {"mode": "r2v", "images": [URL] * 7}, "about $0.48"),
        ("kling-v2.6-on-kling", {"quality": "pro", "generate_audio": True, "duration": "10"}, "about $1.40"),
        ("kling-v2.5-turbo", {"quality": "std"}, "about $0.21"),
        ("pixverse-v5-on-pixverse", {}, "price unknown"),
        ("vidu-q3-turbo-on-vidu", {}, "$0.21–0.30"),
        ("comfyui-picture-card", {}, "about $0.00"),
    ],
)
def test_the_price_of_a_model_is_the_list_price_of_its_maker(key: str, values: Any, text: str) -> None:
    facts = {"clip": MediaFacts("video", 1.0, 1280, 720, seconds=5.0, format="mp4")}
    assert estimate(load(key), values, facts).text == text


def test_sound_brings_the_finer_quality_of_kling_with_it() -> None:
    values: Any = {"prompt": "a", "quality": "std", "generate_audio": True}
    settled = autocorrect(
        load("kling-v2.6-on-kling"), values, touched=values, changed="generate_audio", facts={}
    )
    assert settled.values["quality"] == "pro"
    assert settled.notes
