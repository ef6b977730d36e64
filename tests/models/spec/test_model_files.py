"""Every TOML in models/ is a test case by existing; figures of the reviewed ones are pinned here."""

from pathlib import Path
from typing import Any

import pytest

from models.form.autocorrect import autocorrect
from models.form.validate import check
from models.linter import lint
from models.pricing import estimate
from models.spec.loader import read_spec
from models.spec.schema import Spec
from models.spec.values import MediaFacts
from tests.models.building import told

FOLDER = Path(__file__).parents[3] / "models"
FILES = sorted(FOLDER.glob("*.toml"))
URL = "https://example.com/a.png"


def load(key: str) -> Spec:
    spec = read_spec(FOLDER / f"{key}.toml")
    assert isinstance(spec, Spec), told(spec)
    return spec


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_model_loads_and_its_examples_map_to_their_bodies(path: Path) -> None:
    spec = load(path.stem)
    assert told(lint(spec)) == ""
    assert len(spec.examples) >= 2
    assert spec.summary
    assert spec.fields


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_model_fits_on_one_page(path: Path) -> None:
    assert sum(1 for line in path.read_text(encoding="utf-8").splitlines() if line.strip()) <= 60


@pytest.mark.parametrize(
    ("key", "values", "errors"),
    [
        ("kling-v2.1-master", {"prompt": "a"}, set()),
        ("kling-v2.1-master", {"prompt": "a", "mode": "i2v"}, {"image"}),
        (
            "kling-v2.1-master",
            {"prompt": "a", "duration": 7, "aspect_ratio": "4:3"},
            {"duration", "aspect_ratio"},
        ),
        ("kling-v2.1-master", {"prompt": "a" * 2501}, {"prompt"}),
        ("hailuo-02", {"prompt": "a", "duration": 10}, set()),
        ("hailuo-02", {"prompt": "a", "duration": 10, "resolution": "1080p"}, {"duration"}),
        ("hailuo-02", {"prompt": "a", "duration": 10, "resolution": "512p"}, {"duration"}),
        ("hailuo-02", {"prompt": "a", "mode": "flf2v", "end_image": URL}, {"image"}),
        ("seedance-1-pro", {"prompt": "a", "duration": 13}, {"duration"}),
        ("seedance-1-pro", {"prompt": "a", "mode": "i2v", "image": URL, "end_image": URL}, {"end_image"}),
        ("veo-3.1", {"prompt": "a", "aspect_ratio": "auto"}, {"aspect_ratio"}),
        ("veo-3.1", {"prompt": "a", "mode": "i2v", "image": URL, "aspect_ratio": "auto"}, set()),
        ("veo-3.1", {"prompt": "a", "duration": 8}, {"duration"}),
        ("wan-2.5", {"prompt": "a", "mode": "i2v", "image": URL, "aspect_ratio": "1:1"}, {"aspect_ratio"}),
        ("wan-2.5", {"prompt": "a", "audio": "short"}, {"audio"}),
        ("wan-2.5", {"prompt": "a", "mode": "i2v", "image": "small"}, {"image"}),
        ("ltx-2", {"prompt": "a", "fps": 24}, {"fps"}),
    ],
)
def test_the_limits_of_a_model_are_those_of_its_provider(key: str, values: Any, errors: set[str]) -> None:
    facts = {
        "small": MediaFacts("image", 0.1, 320, 320, format="png"),
        "short": MediaFacts("audio", 0.1, seconds=2.0, format="mp3"),
    }
    assert set(check(load(key), values, facts).errors) == errors


@pytest.mark.parametrize(
    ("key", "values", "text"),
    [
        ("kling-v2.1-master", {"duration": 10}, "about $2.80"),
        ("hailuo-02", {}, "about $0.48"),
        ("hailuo-02", {"duration": 10}, "about $0.45"),
        ("hailuo-02", {"resolution": "512p"}, "$0.10–0.27"),
        ("seedance-1-pro", {"duration": 2, "resolution": "480p"}, "about $0.048"),
        ("veo-3.1", {}, "about $3.20"),
        ("veo-3.1", {"duration": "4s", "generate_audio": False}, "about $0.80"),
        ("veo-3.1", {"resolution": "4k"}, "about $4.80"),
        ("wan-2.5", {"duration": "10"}, "about $1.50"),
        ("ltx-2", {"resolution": "2160p", "duration": 10}, "about $2.40"),
    ],
)
def test_the_price_of_a_model_follows_its_fields(key: str, values: Any, text: str) -> None:
    assert estimate(load(key), values, {}).text == text


def test_ten_seconds_of_hailuo_and_1080p_make_room_for_each_other() -> None:
    values: Any = {"prompt": "a", "resolution": "1080p", "duration": 10}
    spec = load("hailuo-02")
    assert (
        autocorrect(spec, values, touched=values, changed="duration", facts={}).values["resolution"] == "768p"
    )
    assert autocorrect(spec, values, touched=values, changed="resolution", facts={}).values["duration"] == 6
