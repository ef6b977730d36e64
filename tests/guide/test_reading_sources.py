"""A draft is made of whatever a person has, and only what the source does not say is asked for."""

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from models.importing.questions import missing
from models.importing.source import NotRead, Read, read_text
from models.spec.loader import build_spec, read_spec
from models.spec.schema import Spec
from tasks.settings import read_settings
from tests.support import CHECKOUT
from web.cli.changelog import integration
from web.cli.sources import known_providers

TODAY = date(2026, 11, 23)
KNOWN = known_providers(read_settings({}))
SCHEMAS = CHECKOUT.parent / "shared" / "provider-schemas"

REPLICATE_CURL = """\
Some words before.
curl -s -X POST -H "Authorization: Bearer $REPLICATE_API_TOKEN" -H 'Content-Type: application/json' \\
  -d $'{
    "input": {
      "prompt": "it\\'s raining",
      "duration": 5,
      "start_image": "https://example.com/a.png",
      "seed": 3
    }
  }' \\
  https://api.replicate.com/v1/models/acme/dream-2/predictions
"""
FAL_CURL = (
    'curl --request POST --url https://queue.fal.run/acme/dream/text-to-video --header "Authorization: Key abc123"'
    ' --data \'{"prompt": "a cat", "duration": "8s", "loop": true}\'\n'
)
OPENAI_CURL = (
    'curl https://api.openai.com/v1/videos -H "Authorization: sk-1" -F model="sora-9" -F prompt="a cat"'
)
LUMA_CURL = (
    "curl -X POST https://api.lumalabs.ai/dream-machine/v1/generations/video -H 'authorization: Bearer luma-1' "
    '-d \'{"prompt": "a cat", "model": "ray-9", "aspect_ratio": "16:9", "loop": false}\''
)
STRANGE_CURL = 'curl https://api.nova.example/v2/videos -d \'{"text": "a cat", "prompt": "b"}\''
TABLE = """\
Nova video

| Parameter | Type | Required | Default | Description |
|---|---|---|---|---|
| `prompt` | string | Yes | - | What to show, up to 1500 characters |
| `length` | integer | No | 5 | Seconds. One of 5, 10 |
| `loudness` | float | No | 0.5 | Range: 0 to 1 |
| `draft` | boolean | No | false | Faster |
| `frame_image` | string | No | | URL of the first frame |

Pricing: $0.05 per second at 720p, $0.10 per second at 1080p
### Response
| Name | Type | Description |
|---|---|---|
| `video_url` | string | where it is |
"""
LLMS = """\
https://fal.ai/models/acme/dream/text-to-video/llms.txt
Your request will cost $0.08 per second of video.
- **`prompt`** (`string`, _required_):
  The text. Maximum 2000 characters.
- **`duration`** (`DurationEnum`, _optional_):
  How long. Default value: `"5"`
  - Default: `"5"`
  - Options: `"5"`, `"10"`
- **`cfg_scale`** (`float`, _optional_):
  - Default: `0.5`
  - Range: `0` to `1`
### Output
- **`video`** (`File`, _required_): the video
"""


MESSY = """\
Foo Docs | Home  Pricing
ADD-VIDEO-MODEL: add Foo Video 2 from the page below

curl -X POST "https://api.foo.example/v2/videos" -H "Authorization: Bearer sk-foo-1" \\
  -d '{
    "model": "foo-video-2",
    "prompt": "a corgi",
    "duration": 6,
    "resolution": "720p"
  }'

Name\tType\tRequired\tDescription
model\tstring\tyes\tThe model
prompt\tstring\tyes\tText prompt, up to 1500 characters
start_image\tstring (url)\tno\tFirst frame. jpg/png
duration\tinteger\tno\t4, 6 or 8. Default 4
resolution\tenum\tno\t"720p" | "1080p" (default "720p")
aspect_ratio\tenum\tno\t16:9, 9:16, or 1:1. Ignored when start_image is given
quality\tstring\tno\tHow good it gets
seed\tinteger\tno\t0-4294967295
"""


def read(text: str, name: str = "") -> Read:
    found = read_text(text, KNOWN, TODAY, name=name)
    assert isinstance(found, Read), found
    return found


def table(text: str) -> dict[str, Any]:
    return tomllib.loads(read(text).toml)


def fields(text: str) -> dict[str, dict[str, Any]]:
    return {field["name"]: field for field in table(text)["fields"]}


def asked(text: str) -> list[str]:
    return [question.field for question in missing(read(text).toml)]


PRICE = ["price", "price.source", "price.checked"]
OF_A_REQUEST = ["source", "fields[1].options", *PRICE]


@pytest.mark.parametrize(
    ("text", "provider", "endpoint", "names", "wanted"),
    [
        (
            REPLICATE_CURL,
            "replicate",
            "acme/dream-2",
            ["prompt", "duration", "start_image", "seed"],
            OF_A_REQUEST,
        ),
        (FAL_CURL, "fal", "acme/dream/text-to-video", ["prompt", "duration", "loop"], OF_A_REQUEST),
        (LUMA_CURL, "luma", "ray-9", ["prompt", "aspect_ratio", "loop"], OF_A_REQUEST),
        (OPENAI_CURL, "openai", "sora-9", ["prompt"], ["source", "constraints", *PRICE]),
        (LLMS, "fal", "acme/dream/text-to-video", ["prompt", "duration", "cfg_scale"], []),
    ],
    ids=["replicate", "fal", "luma", "openai form", "a page of fal"],
)  # fmt: skip
def test_provider_endpoint_and_fields_are_found_and_the_rest_is_asked(
    text: str, provider: str, endpoint: str, names: list[str], wanted: list[str]
) -> None:
    draft = table(text)
    assert (draft["provider"], draft["endpoint"]) == (provider, endpoint)
    assert list(fields(text)) == names
    assert [each for each in asked(text) if each != "constraints" or "constraints" in wanted] == wanted


def test_a_request_is_its_own_example_and_no_key_of_it_is_kept() -> None:
    example = table(REPLICATE_CURL)["examples"][-1]
    sent = {"prompt": "it's raining", "duration": 5, "start_image": "https://example.com/a.png", "seed": 3}
    assert example == {"inputs": {"mode": "i2v", **sent}, "body": {"input": sent}}
    for text, key in ((FAL_CURL, "abc123"), (LUMA_CURL, "luma-1"), (OPENAI_CURL, "sk-1")):
        assert key not in read(text).toml


def test_a_page_gives_types_limits_options_defaults_and_what_is_required() -> None:
    found = fields(TABLE)
    assert list(found) == ["prompt", "length", "loudness", "draft", "frame_image"]
    assert found["prompt"]["required"] is True
    assert found["prompt"]["max_length"] == 1500
    assert (found["length"]["options"], found["length"]["default"]) == ([5, 10], 5)
    assert (found["loudness"]["min"], found["loudness"]["max"], found["loudness"]["default"]) == (0, 1, 0.5)
    assert (found["draft"]["type"], found["draft"]["default"]) == ("switch", False)
    assert found["frame_image"]["type"] == "image"
    page = fields(LLMS)
    assert (page["duration"]["options"], page["duration"]["default"]) == (["5", "10"], "5")
    assert (page["cfg_scale"]["min"], page["cfg_scale"]["max"]) == (0, 1)


def test_one_price_is_taken_with_its_source_and_several_are_asked() -> None:
    price = table(LLMS)["price"]
    assert (price["per"], price["rates"], price["checked"]) == ("second", [{"usd": "0.08"}], TODAY)
    assert price["source"].startswith("fal.ai/models/acme/dream")
    assert "price" not in table(TABLE)
    assert "$0.10 a second" in read(TABLE).notes[0]


def test_a_provider_that_nobody_knows_is_asked_for_and_named() -> None:
    found = read(STRANGE_CURL)
    assert [question.field for question in missing(found.toml)][:4] == [
        "display_name",
        "family",
        "provider",
        "endpoint",
    ]
    assert "api.nova.example" in found.notes[0]


def test_a_draft_in_toml_stays_as_it_is_and_a_broken_one_is_no_page() -> None:
    assert read('# mine\nfamily = "Nova"\n') == Read('# mine\nfamily = "Nova"\n', "draft")
    with pytest.raises(tomllib.TOMLDecodeError):
        read_text("family = \n", KNOWN, TODAY, name="draft.toml")


def test_a_schema_says_everything_but_the_price() -> None:
    schema = {
        "endpoint_id": "acme/dream",
        "properties": {
            "prompt": {"type": "string"},
            "duration": {"type": "integer", "enum": [5, 10], "default": 5},
        },
        "required": ["prompt"],
    }
    found = read(json.dumps(schema))
    assert found.kind == "schema"
    assert asked(json.dumps(schema)) == PRICE


def test_a_body_alone_gives_its_fields() -> None:
    assert list(fields(json.dumps({"input": {"prompt": "a", "seed": 1}}))) == ["prompt", "seed"]


@pytest.mark.parametrize(
    "text", ["Hello, how are you?", "{}", "[1, 2]", "curl https://example.com", "prompt: what you like"]
)
def test_what_describes_no_model_is_refused_with_a_sentence(text: str) -> None:
    found = read_text(text, KNOWN, TODAY)
    assert isinstance(found, NotRead)
    assert found.sentence.endswith(".")


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the providers' documents are not beside this checkout")
def test_real_documents_of_both_providers_are_recognised_and_only_their_price_is_asked() -> None:
    files = [
        *sorted((SCHEMAS / "fal").glob("*.json"))[::12],
        *sorted((SCHEMAS / "replicate").glob("*.json"))[::5],
    ]
    for file in files:
        found = read_text(file.read_text(encoding="utf-8"), KNOWN, TODAY)
        if isinstance(found, Read):
            assert tomllib.loads(found.toml)["provider"] == file.parent.name, file
            assert {"price", "price.source", "price.checked"} <= {each.field for each in missing(found.toml)}


@pytest.mark.parametrize("path", sorted((CHECKOUT / "models").glob("*.toml")), ids=lambda path: path.stem)
def test_every_model_has_a_summary_that_names_its_fields_in_few_lines(path: Path) -> None:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    spec = read_spec(path)
    assert isinstance(spec, Spec)
    told = integration(spec, CHECKOUT / "providers")
    assert len(told.splitlines()) <= 8
    assert told.startswith(f"{path.stem}: ")
    assert all(field["name"] in told for field in raw["fields"])
    assert "\n  sent: " in told
    assert "wire is not here" not in told


def test_a_draft_that_was_read_is_a_spec_once_its_price_is_known() -> None:
    draft = table(LLMS)
    assert isinstance(build_spec(draft, key="dream", file="dream.toml"), Spec)


def test_a_messy_page_of_an_unknown_company_is_asked_only_for_what_it_does_not_say() -> None:
    draft, found = table(MESSY), fields(MESSY)
    assert (draft["display_name"], draft["endpoint"]) == ("Foo Video 2", "foo-video-2")
    assert "model" not in draft["examples"][-1]["body"]
    assert found["start_image"]["type"] == "image"
    assert found["duration"]["options"] == [4, 6, 8]
    assert found["resolution"]["options"] == ["720p", "1080p"]
    assert found["aspect_ratio"]["options"] == ["16:9", "9:16", "1:1"]
    quality = f"fields[{list(found).index('quality')}].options"
    assert asked(MESSY) == ["provider", "source", quality, *PRICE]
    assert "sk-foo" not in read(MESSY).toml


def test_a_list_of_parameters_in_a_form_of_its_own_is_not_taken_for_a_request() -> None:
    own = {"endpoint": "acme/dream", "fields": [{"name": "prompt", "type": "string", "required": True}]}
    assert isinstance(read_text(json.dumps(own), KNOWN, TODAY), NotRead)
