"""Every code block of the guide is run: what it says works, or the guide fails its test."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from models.form.validate import check
from models.linter import lint
from models.payload import finish, map_body
from models.spec.loader import read_spec
from models.spec.schema import Spec
from providers.description.loader import read_description
from providers.description.schema import ProviderDescription
from providers.outcomes import Operation, PollResult
from tests.guide.blocks import Block, blocks, of_kind
from tests.guide.checkout import Checkout
from tests.providers.asking import seen
from tests.support import CHECKOUT, PATIENCE

RUN = {
    "text": ("text page.txt",),
    "sh": ("sh",),
    "toml": ("toml model", "toml wire"),
    "python": ("python", "python test"),
    "json": ("json models/", "json payload", "json answer", "json look"),
}


@pytest.fixture(scope="module")
def written(checkout: Checkout) -> Checkout:
    """The copy with every file of the guide in its place, as somebody who copied all of them has it."""
    for block in blocks():
        if block.path:
            checkout.write(block.path, block.text)
    return checkout


def test_every_block_is_of_a_kind_that_is_run() -> None:
    assert len(blocks()) >= 15
    for block in blocks():
        assert any(block.info.startswith(start) for start in RUN.get(block.kind, ())), f"nobody runs {block}"


@pytest.mark.parametrize("block", of_kind("toml model"), ids=str)
def test_a_model_of_the_guide_loads_and_has_nothing_wrong(block: Block, written: Checkout) -> None:
    spec = read_spec(written.root / block.path)
    assert isinstance(spec, Spec), [str(problem) for problem in spec]
    assert lint(spec) == ()


@pytest.mark.parametrize("block", of_kind("toml wire"), ids=str)
def test_a_wire_of_the_guide_loads_and_has_nothing_wrong(block: Block, written: Checkout) -> None:
    wire = read_description(written.root / block.path)
    assert isinstance(wire, ProviderDescription), [str(problem) for problem in wire]


@pytest.mark.parametrize("block", of_kind("sh"), ids=str)
def test_the_commands_of_the_guide_run(block: Block, written: Checkout) -> None:
    ended = written.sh(block.text)
    assert ended.returncode == 0, ended.stdout
    for key in re.findall(r"models add (\S+)", block.text):
        assert "succeeded" in ended.stdout
        for log in ("video_model_add_guide.md", "video_page_analysis.txt"):
            assert re.search(rf"^\[.*{re.escape(key)}", written.log(log), re.MULTILINE), log


@pytest.mark.parametrize("block", of_kind("python"), ids=str)
def test_the_python_of_the_guide_runs(block: Block, written: Checkout) -> None:
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", block.path] if block.path else ["-c", block.text]
    ended = subprocess.run(
        [sys.executable, *words],
        cwd=written.root,
        env=written.env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert not block.path or "1 passed" in ended.stdout


@pytest.mark.parametrize("block", of_kind("json payload"), ids=str)
def test_a_payload_of_the_guide_is_what_the_model_sends(block: Block) -> None:
    _, _, key, number = block.info.split()
    spec = read_spec(CHECKOUT / "models" / f"{key}.toml")
    assert isinstance(spec, Spec)
    checked = check(spec, spec.examples[int(number)].inputs, {})
    assert not checked.errors
    assert json.loads(block.text) == finish(map_body(spec, checked.values), {})


def test_the_answer_of_the_guide_becomes_what_it_says() -> None:
    (answer,), (expected,) = of_kind("json answer"), of_kind("json look")
    wire = read_description(CHECKOUT / "providers" / f"{answer.info.split()[-1]}.toml")
    assert isinstance(wire, ProviderDescription)
    document = json.loads(answer.text)
    found = msgspec.to_builtins(
        seen(wire, Operation(document["id"], endpoint="a/b", mode="t2v"), (200, document))
    )
    wanted = json.loads(expected.text)
    assert isinstance(found, dict)
    assert {name: found[name] for name in wanted if name != "outputs"} == {
        k: v for k, v in wanted.items() if k != "outputs"
    }
    assert [
        {name: each[name] for name in want}
        for each, want in zip(found["outputs"], wanted["outputs"], strict=True)
    ] == wanted["outputs"]
    assert PollResult.__struct_fields__[0] == "state"


def test_fields_and_payload_of_the_complete_example_are_the_models_own() -> None:
    text = Path(CHECKOUT / "video_model_add_guide.md").read_text(encoding="utf-8")
    told = re.search(r"^Field names used: (.*)$", text, re.MULTILINE)
    assert told
    raw = tomllib.loads((CHECKOUT / "models" / "kling-v3-omni.toml").read_text(encoding="utf-8"))
    names = {field["name"] for field in raw["fields"]}
    assert names <= set(re.findall(r"`(\w+)`", told[1]))
