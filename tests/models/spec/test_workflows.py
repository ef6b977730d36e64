"""A ComfyUI graph beside a spec: it becomes the body, the fields name its inputs, and both files are kept fresh."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from models.form.validate import check
from models.linter import lint
from models.payload import finish, map_body
from models.spec.catalogue import Catalogue
from models.spec.loader import read_spec
from models.spec.schema import Spec
from tests.models.building import told

GRAPH: dict[str, Any] = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
    "2": {"class_type": "TextOverlay", "inputs": {"images": ["1", 0], "text": ["4", 0], "size.x": 3}},
    "3": {"class_type": "SaveVideo", "inputs": {"video": ["2", 0], "filename_prefix": "v"}},
    "4": {"class_type": "PrimitiveString", "inputs": {"value": "hello"}},
}
NO_INPUT = "is not an input of a node of workflows/graph.json"
SPEC = """
display_name = "Test"
family = "Test"
provider = "comfyui"
endpoint = "graph"
workflow = "workflows/graph.json"
source = "made up"
checked = 2026-11-22
fields = [
  { name = "prompt", type = "text", required = true, wire = "2.inputs.text" },
  { name = "image", type = "image", required = true, wire = "1.inputs.image" },
  { name = "size", type = "integer", default = 5, wire = '2.inputs."size.x"' },
]

[capabilities]
modes = ["i2v"]

[price]
rates = [{ usd = "0" }]
source = "made up"
checked = 2026-11-22

[[examples]]
inputs = { prompt = "a", image = "https://example.com/a.png" }
body = { "2" = { inputs = { text = "a", images = ["1", 0] } } }
"""


def write(path: Path, content: object) -> Path:
    """Another time of change each time, also where the clock of the disk is coarse."""
    path.parent.mkdir(exist_ok=True)
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    os.utime(path, ns=(before + 1_000_000, before + 1_000_000))
    return path


def beside(folder: Path, spec: str = SPEC, graph: object = GRAPH) -> Path:
    write(folder / "workflows" / "graph.json", graph)
    return write(folder / "test.toml", spec)


def read(folder: Path, spec: str = SPEC, graph: object = GRAPH) -> Spec:
    found = read_spec(beside(folder, spec, graph))
    assert isinstance(found, Spec), told(found)
    return found


def problems(folder: Path, spec: str = SPEC, graph: object = GRAPH) -> str:
    found = read_spec(beside(folder, spec, graph))
    assert not isinstance(found, Spec)
    return told(found).replace(f"{folder}/", "")


def test_the_graph_is_the_body_with_the_values_at_their_inputs(tmp_path: Path) -> None:
    spec = read(tmp_path)
    checked = check(spec, {"prompt": "b", "image": "https://example.com/a.png"}, {})
    assert checked.errors == {}
    mapped = map_body(spec, checked.values)
    assert [(leaf.at, leaf.kind) for leaf in mapped.media] == [("/1/inputs/image", "image")]
    body = finish(mapped, {"/1/inputs/image": "shotlist/a.png"})
    assert body == {
        **GRAPH,
        "1": {"class_type": "LoadImage", "inputs": {"image": "shotlist/a.png"}},
        "2": {"class_type": "TextOverlay", "inputs": {"images": ["1", 0], "text": "b", "size.x": 5}},
    }
    assert spec.request == GRAPH


def test_an_example_is_compared_only_where_it_says_something(tmp_path: Path) -> None:
    assert told(lint(read(tmp_path))) == ""
    wrong = read(tmp_path, SPEC.replace('text = "a", images', 'text = "z", images'))
    assert 'body.2.inputs.text: is "z", but "a" is sent' in told(lint(wrong))
    lacking = read(tmp_path, SPEC.replace('{ "2" = {', '{ "9" = {}, "2" = {'))
    assert "body.9: is not sent" in told(lint(lacking))


def test_a_workflow_may_lie_beside_the_spec_itself(tmp_path: Path) -> None:
    write(tmp_path / "graph.json", GRAPH)
    path = write(tmp_path / "test.toml", SPEC.replace("workflows/graph.json", "graph.json"))
    assert isinstance(read_spec(path), Spec)


@pytest.mark.parametrize(
    ("graph", "sentence"),
    [
        (
            {"nodes": [], "links": []},
            "workflows/graph.json is a workflow as the editor saves it, not in API format: export it again with",
        ),
        ([GRAPH], "workflows/graph.json is not a workflow in API format: export it again with"),
        ({}, "workflows/graph.json is not a workflow in API format"),
        ('{"1": ', "workflows/graph.json is not valid JSON: "),
        (
            {**GRAPH, "9": {"inputs": {}}},
            "workflows/graph.json has no class_type and inputs at '9', so it is not",
        ),
        ({**GRAPH, "9": {"class_type": "A"}}, "workflows/graph.json has no class_type and inputs at '9'"),
    ],
)
def test_what_is_no_graph_is_refused_with_what_to_do(tmp_path: Path, graph: object, sentence: str) -> None:
    assert f"test.toml: workflow: {sentence}" in problems(tmp_path, graph=graph)


def test_a_workflow_that_is_not_there_is_named(tmp_path: Path) -> None:
    found = problems(tmp_path, SPEC.replace("graph.json", "grahp.json"))
    assert found == "test.toml: workflow: workflows/grahp.json cannot be read: No such file or directory"


@pytest.mark.parametrize("name", ["../graph.json", "/etc/graph.json", "other/graph.json", "graph.yaml"])
def test_a_workflow_elsewhere_is_not_read(tmp_path: Path, name: str) -> None:
    found = problems(tmp_path, SPEC.replace("workflows/graph.json", name))
    assert found == (
        f'test.toml: workflow: {name!r} is not beside the spec; expected a name such as "workflows/test.json"'
    )


def test_constants_belong_into_the_workflow(tmp_path: Path) -> None:
    found = problems(tmp_path, SPEC.replace("[capabilities]", "[request]\na = 1\n\n[capabilities]"))
    assert found == "test.toml: request: is here beside workflow: put these values into the workflow"


@pytest.mark.parametrize(
    ("wire", "sentence"),
    [
        ('"2.inputs.txet"', f"2.inputs.txet {NO_INPUT}; did you mean 2.inputs.text?"),
        ('"7.inputs.text"', f"7.inputs.text {NO_INPUT}; did you mean 2.inputs.text?"),
        ('"2.text"', f"2.text {NO_INPUT}"),
        ('"2.inputs.text[]"', f"2.inputs.text[] {NO_INPUT}"),
    ],
)
def test_a_field_that_names_no_input_is_refused_with_the_nearest(
    tmp_path: Path, wire: str, sentence: str
) -> None:
    assert f"test.toml: fields[0].wire: {sentence}" in problems(
        tmp_path, SPEC.replace('"2.inputs.text"', wire)
    )


def test_a_derived_value_must_name_an_input_too_and_its_fields_need_none(tmp_path: Path) -> None:
    table = '\n[[derive]]\nat = "{at}"\nfrom = ["large"]\ntable = [[true, 9], [false, 3]]\n'
    spec = SPEC.replace(
        """{ name = "size", type = "integer", default = 5, wire = '2.inputs."size.x"' }""",
        '{ name = "large", type = "switch", default = true }',
    )
    assert "derive[0].at: 2.inputs.size is not an input" in problems(
        tmp_path, spec + table.replace("{at}", "2.inputs.size")
    )
    good = read(tmp_path, spec + table.replace("{at}", r"2.inputs.\"size.x\""))
    body = map_body(good, {"prompt": "b", "image": "https://example.com/a.png"}).body
    assert body["2"] == {
        "class_type": "TextOverlay",
        "inputs": {"images": ["1", 0], "text": "b", "size.x": 9},
    }


def test_a_changed_workflow_is_taken_in_and_a_broken_one_keeps_the_last_good(tmp_path: Path) -> None:
    beside(tmp_path)
    catalogue = Catalogue([tmp_path])
    first = catalogue.get("test")
    assert first is not None
    assert catalogue.refresh() is False
    graph = tmp_path / "workflows" / "graph.json"
    write(graph, {**GRAPH, "4": {"class_type": "PrimitiveString", "inputs": {"value": "bye"}}})
    assert catalogue.refresh()
    changed = catalogue.get("test")
    assert changed is not None
    assert changed.request["4"] == {"class_type": "PrimitiveString", "inputs": {"value": "bye"}}
    write(graph, {"nodes": [], "links": []})
    assert catalogue.refresh()
    assert catalogue.get("test") is changed
    assert "Export (API)" in "".join(map(str, catalogue.problems))
    write(graph, GRAPH)
    assert catalogue.refresh()
    assert catalogue.problems == ()
    assert catalogue.refresh() is False


def test_a_workflow_that_comes_after_its_spec_mends_it(tmp_path: Path) -> None:
    write(tmp_path / "test.toml", SPEC)
    catalogue = Catalogue([tmp_path])
    assert catalogue.get("test") is None
    write(tmp_path / "workflows" / "graph.json", GRAPH)
    assert catalogue.refresh()
    assert catalogue.get("test") is not None


def test_a_workflow_of_nobody_disturbs_no_spec(tmp_path: Path) -> None:
    beside(tmp_path, SPEC.replace('workflow = "workflows/graph.json"\n', "").replace("wire =", "help ="))
    catalogue = Catalogue([tmp_path])
    before = catalogue.get("test")
    assert before is not None
    write(tmp_path / "other.json", GRAPH)
    assert catalogue.refresh() is False
    assert catalogue.get("test") is before
