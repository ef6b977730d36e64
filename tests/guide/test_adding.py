"""`models add` and `models missing` without a browser: where they stop, what they say, what they leave behind."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.guide.checkout import Checkout
from web.cli.changelog import ANALYSIS, GUIDE

GOOD = """\
display_name = "Nova Film 2"
family = "Nova"
provider = "replicate"
endpoint = "nova/video-2"
source = "made up"
checked = 2026-11-23
wire = "input.*"
capabilities = { modes = ["i2v"] }
constraints = { max_duration_sec = 5 }
fields = [
  { name = "prompt", type = "textarea", required = true },
  { name = "image", type = "image", required = true, accept = ["jpeg"], min_width = 300 },
]
price = { rates = [{ unknown = true }], source = "nobody says", checked = 2026-11-23 }

[[examples]]
inputs = { prompt = "a", image = "https://example.com/a.jpg" }
body = { input = { prompt = "a", image = "https://example.com/a.jpg" } }
"""


@pytest.mark.parametrize(
    ("key", "draft", "said"),
    [
        ("nova-a", 'family = "Nova"\n', "What do people call this model?"),
        ("nova-b", GOOD.replace("replicate", "replicat"), "did you mean replicate?"),
        ("nova-c", GOOD.replace('prompt = "a", image', 'promt = "a", image'), "promt"),
        ("nova-d", "Good morning.", "No model is described here"),
        ("Nova!", GOOD, "is no key"),
    ],
)
def test_what_is_not_right_stops_it_with_a_sentence_and_leaves_both_logs(
    checkout: Checkout, key: str, draft: str, said: str
) -> None:
    before = checkout.log(GUIDE), checkout.log(ANALYSIS)
    checkout.write("given.txt", draft)
    ended = checkout.sh(f".venv/bin/shotlist models add '{key}' --from given.txt")
    assert ended.returncode == 1
    assert said in ended.stdout
    assert "Traceback" not in ended.stdout
    assert (checkout.log(GUIDE), checkout.log(ANALYSIS)) == before


def test_it_goes_on_from_where_it_stopped_and_tells_of_a_model_once(checkout: Checkout) -> None:
    checkout.write("part.toml", GOOD.replace('source = "made up"\n', ""))
    ended = checkout.sh(".venv/bin/shotlist models add nova-e --from part.toml")
    assert ended.returncode == 1
    assert not (checkout.root / "models" / "nova-e.toml").exists()
    draft = checkout.root / "models" / "nova-e.toml.draft"
    draft.write_text('source = "made up"\n' + draft.read_text())
    assert checkout.sh(".venv/bin/shotlist models add nova-e").returncode == 0
    assert not draft.exists()
    assert checkout.log(GUIDE).count("Added the model nova-e /") == 1
    once = checkout.log(GUIDE), checkout.log(ANALYSIS)
    again = checkout.sh(".venv/bin/shotlist models add nova-e")
    assert again.returncode == 0
    assert "names nova-e already" in again.stdout
    assert (checkout.log(GUIDE), checkout.log(ANALYSIS)) == once


def test_a_source_for_what_is_there_already_is_refused_and_answers_stay(checkout: Checkout) -> None:
    before = checkout.log(GUIDE)
    checkout.write("given.txt", GOOD)
    draft = checkout.write("models/nova-i.toml.draft", "answers")
    for key, there in (("nova-i", "nova-i.toml.draft"), ("veo-3", "veo-3.toml")):
        ended = checkout.sh(f".venv/bin/shotlist models add {key} --from given.txt")
        assert ended.returncode == 1
        assert f"{there} is there already: run this without --from" in ended.stdout
    assert draft.read_text() == "answers"
    assert checkout.log(GUIDE) == before


def test_a_model_older_than_the_logs_is_not_told_of_as_new(checkout: Checkout) -> None:
    before = checkout.log(GUIDE), checkout.log(ANALYSIS)
    ended = checkout.sh(".venv/bin/shotlist models add hailuo-02")
    assert ended.returncode == 0, ended.stdout
    assert "names hailuo-02 already" in ended.stdout
    assert (checkout.log(GUIDE), checkout.log(ANALYSIS)) == before


def test_a_reason_of_several_lines_forges_no_entry(checkout: Checkout) -> None:
    checkout.write("models/nova-j.toml", GOOD)
    ended = checkout.sh(
        ".venv/bin/shotlist models add nova-j --why 'asked\n[2020-01-01 00:00] forged / a / b'"
    )
    assert ended.returncode == 0, ended.stdout
    assert checkout.sh(".venv/bin/shotlist log check").returncode == 0


def test_the_path_of_a_draft_is_taken_for_its_key(checkout: Checkout) -> None:
    checkout.write("drafts/nova-g.toml", 'family = "Nova"\n')
    ended = checkout.sh(".venv/bin/shotlist models add drafts/nova-g.toml")
    assert ended.returncode == 1
    assert (checkout.root / "models" / "nova-g.toml.draft").read_text() == 'family = "Nova"\n'


def test_outside_a_checkout_nothing_is_begun(checkout: Checkout) -> None:
    ended = checkout.sh(".venv/bin/shotlist models add nova-h --root drafts")
    assert ended.returncode == 1
    assert "run this in a checkout of Shotlist" in ended.stdout


def test_a_model_that_the_sandbox_refuses_is_not_logged(checkout: Checkout) -> None:
    before = checkout.log(GUIDE)
    checkout.write("models/nova-f.toml", GOOD.replace('prompt = "a"', 'prompt = "a [fault: refuse]"'))
    ended = checkout.sh(".venv/bin/shotlist models add nova-f")
    assert ended.returncode == 1
    assert "It was not billed." in ended.stdout
    assert "did not end with a video" in ended.stdout
    assert checkout.log(GUIDE) == before


def test_missing_reads_a_curl_command_from_standard_input_for_programs(checkout: Checkout) -> None:
    curl = """curl https://queue.fal.run/acme/dream -d '{"prompt": "a", "duration": 5}'"""
    checkout.write("curl.txt", curl)
    ended = checkout.sh(".venv/bin/shotlist models missing - --json < curl.txt")
    assert ended.returncode == 1
    asked = json.loads(ended.stdout)["missing"]
    assert [each["field"] for each in asked] == [
        "source",
        "fields[1].options",
        "price",
        "price.source",
        "price.checked",
    ]
    assert all(set(each) == {"field", "question", "example", "goes_to"} for each in asked)


class Documents(BaseHTTPRequestHandler):
    """Answers as fal's list of models does, for one endpoint."""

    def do_GET(self) -> None:
        known = "acme/dream" in self.path
        properties = {"prompt": {"type": "string"}, "seconds": {"type": "integer", "enum": [5, 10]}}
        schema = {"type": "object", "properties": properties, "required": ["prompt"]}
        model = {"endpoint_id": "acme/dream", "openapi": {"components": {"schemas": {"DreamInput": schema}}}}
        body = json.dumps({"models": [model]}).encode() if known else b"<html>"
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def documents() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Documents) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_endpoint_is_fetched_as_the_provider_describes_it_now(checkout: Checkout, documents: str) -> None:
    fetch = f"SHOTLIST_FAL_BASE_URL={documents} .venv/bin/shotlist models missing fal:acme"
    ended = checkout.sh(f"{fetch}/dream --json")
    assert ended.returncode == 1, ended.stdout
    asked = [each["field"] for each in json.loads(ended.stdout)["missing"]]
    assert asked == ["price", "price.source", "price.checked"]
    strange = checkout.sh(f"{fetch}/other")
    assert strange.returncode == 1
    assert "Traceback" not in strange.stdout
    assert strange.stdout.startswith("shotlist: fal:acme/other: ")
