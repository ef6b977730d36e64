"""The TOML that an import writes: the house style, its comments, and that it means what was drafted."""

import tomllib

import pytest

from models.importing.toml_writer import inline, write_toml
from models.linter import lint
from models.spec.schema import Spec
from tests.models.importing.documents import PROMPT, drafted, fal, replicate
from tests.models.importing.test_defects import varied


def test_a_small_model_is_a_small_file() -> None:
    properties = {
        "prompt": {**PROMPT, "maxLength": 500},
        "duration": {
            "type": "integer",
            "enum": [5, 10],
            "description": "10 s is only available for 720p.",
        },
        "resolution": {"type": "string", "enum": ["720p", "1080p"], "default": "720p"},
    }
    assert (
        write_toml(drafted(replicate(properties, ["prompt"]), "replicate"))
        == """\
# Imported from Replicate's schema document of acme/dream-2 (version 0123456789ab) on 2026-11-23.
# A sentence above a field is what the provider says of it: what it means is for you to write.
# Read it through field by field; then set status = "reviewed" and take out these comments.
# A model that is not official needs version = "0123456789abcdef".
# Warnings:
#   The document gives no order of the properties: required and usual fields come first

display_name = "Dream 2"
family = "Dream"
provider = "replicate"
endpoint = "acme/dream-2"
summary = "Clips of dreams."
status = "imported"
source = "Replicate's schema document of acme/dream-2 (version 0123456789ab)"
checked = 2026-11-23
wire = "input.*"
fields = [
  { name = "prompt", type = "textarea", required = true, max_length = 500, help = "What to show." },
  # 10 s is only available for 720p.
  { name = "duration", type = "select", options = [5, 10], unit = "s", help = "10 s is only available for 720p." },
  { name = "resolution", type = "select", options = ["720p", "1080p"], default = "720p" },
]

[capabilities]
modes = ["t2v"]

[constraints]
max_duration_sec = 10

[price]
rates = [{ unknown = true }]
source = "Replicate's schema document says no price: look it up on the model's own page"
checked = 2026-11-23

[[examples]]
inputs = { mode = "t2v", prompt = "A paper boat drifts down a rainy street at dusk" }
body = { input = { prompt = "A paper boat drifts down a rainy street at dusk", resolution = "720p" } }
"""
    )


def test_what_is_written_is_what_was_drafted() -> None:
    found = drafted(varied())
    assert tomllib.loads(write_toml(found)) == found.table


def test_long_options_are_broken_over_lines() -> None:
    options = [f"template_{number}" for number in range(60)]
    found = drafted(fal({"template": {"type": "string", "enum": options}}))
    text = write_toml(found)
    assert max(map(len, text.splitlines())) < 160
    assert tomllib.loads(text)["fields"][0]["options"] == options


@pytest.mark.parametrize(
    "text", ['a "quoted" word', "two\nlines", "tab\tand \\ slash", "夜の街 🎬", "\x00\x1f", "'''", "#"]
)
def test_any_text_survives_the_way_through_toml(text: str) -> None:
    assert tomllib.loads(f"x = {inline(text)}") == {"x": text}
    found = drafted(
        fal({"style": {"type": "string", "enum": ["a", text], "description": f"Only {text} must be read."}})
    )
    assert tomllib.loads(write_toml(found))["fields"][0]["options"] == ["a", text]


@pytest.mark.parametrize(
    "value", [0, -1, 2**63 - 1, 1.5, 1e-07, 1e30, True, [], {}, [[{"a": 1}]], {"a b": {"c.d": [1, "x"]}}]
)
def test_any_value_survives_the_way_through_toml(value: object) -> None:
    assert tomllib.loads(f"x = {inline(value)}") == {"x": value}


def test_modes_with_files_of_their_own_ask_for_them_and_have_examples() -> None:
    properties = {
        "prompt": PROMPT,
        "image": {"type": "string", "format": "uri", "description": "First frame."},
        "end_image": {"type": "string", "format": "uri", "description": "Last frame."},
    }
    found = drafted(replicate(properties, ["prompt"]), "replicate")
    assert found.table["capabilities"]["modes"] == ["t2v", "i2v", "flf2v"]
    assert found.table["rules"] == [
        {"when": {"mode": "i2v"}, "require": ["image"]},
        {"when": {"mode": "flf2v"}, "require": ["image", "end_image"]},
    ]
    assert [each["inputs"]["mode"] for each in found.table["examples"]] == ["t2v", "i2v", "flf2v"]
    assert isinstance(found.spec, Spec)
    assert lint(found.spec) == ()


@pytest.mark.parametrize(
    ("required", "endpoint", "modes"),
    [
        (["image_url"], "acme/x", ["i2v"]),
        (["video_url"], "acme/x", ["v2v"]),
        (["video_url"], "acme/x/upscale", ["upscale"]),
        (["video_url", "audio_url"], "acme/x", ["lipsync"]),
        (["image_url", "audio_url"], "acme/x", ["avatar"]),
        (["image_urls"], "acme/x", ["r2v"]),
        (["start_image_url", "end_image_url"], "acme/x", ["flf2v"]),
        ([], "acme/x/upscale", ["t2v"]),
    ],
)
def test_what_is_required_tells_the_mode(required: list[str], endpoint: str, modes: list[str]) -> None:
    kinds = {
        name: {"type": "array", "items": {"type": "string"}} if name.endswith("s") else {"type": "string"}
        for name in required
    }
    raw = fal({"prompt": PROMPT, **kinds}, required) | {"endpoint_id": endpoint, "metadata": {}}
    assert drafted(raw).table["capabilities"]["modes"] == modes


def test_what_few_people_look_for_is_advanced_in_a_long_form() -> None:
    names = (
        "prompt",
        "aspect_ratio",
        "duration",
        "guidance_scale",
        "negative_prompt",
        "num_inference_steps",
        "seed",
    )
    found = drafted(fal({name: {"type": "string"} for name in names}, ["prompt"]))
    in_front = [each["name"] for each in found.table["fields"] if not each.get("advanced")]
    assert in_front == ["prompt", "aspect_ratio", "duration"]
