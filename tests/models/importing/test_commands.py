"""`shotlist models import | drift | missing`, from the arguments to what is printed and the exit code."""

import argparse
import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from models.linter import lint
from models.spec.loader import read_spec
from models.spec.schema import Spec
from tasks.settings import SettingsError
from tests.models.importing.documents import PROMPT, fal, replicate
from tests.models.importing.test_drift import SPEC, properties
from web.cli.models_import import add_commands


def run(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers(required=True))
    parsed = parser.parse_args([str(argument) for argument in arguments])
    return int(parsed.run(parsed))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "dream.json"
    path.write_text(json.dumps(replicate({"prompt": PROMPT, "loop": {"type": "bool"}}, ["prompt"])))
    return path


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An operator's own folder with one model."""
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "dream.toml").write_text(SPEC)
    monkeypatch.setenv("SHOTLIST_MODELS_DIR", str(folder))
    monkeypatch.setenv("SHOTLIST_DATA_DIR", str(tmp_path / "data"))
    return folder


def test_an_import_goes_to_standard_output_and_its_warnings_do_not(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("import", "replicate", source) == 0
    printed = capsys.readouterr()
    assert tomllib.loads(printed.out)["endpoint"] == "acme/dream-2"
    assert "warning: loop: has the type 'bool'" in printed.err


def test_an_import_goes_to_a_file_or_folder_and_passes_the_check(source: Path, tmp_path: Path) -> None:
    assert run("import", "replicate", source, "--to", tmp_path / "a.toml") == 0
    assert run("import", "replicate", source, "--to", tmp_path) == 0
    for name in ("a", "dream-2"):
        spec = read_spec(tmp_path / f"{name}.toml")
        assert isinstance(spec, Spec)
        assert lint(spec) == ()


def test_a_file_that_is_there_is_not_overwritten(source: Path, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("mine")
    with pytest.raises(SettingsError, match="is there already"):
        run("import", "replicate", source, "--to", tmp_path / "a.toml")
    assert (tmp_path / "a.toml").read_text() == "mine"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not JSON"),
        ("[]", "no schema document"),
        (json.dumps({"models": [fal({}), fal({})]}), "2 documents"),
    ],
)
def test_what_cannot_be_imported_is_one_sentence(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(SettingsError, match=why):
        run("import", "fal", tmp_path / "x.json")


def test_a_name_is_fetched_and_a_missing_file_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOTLIST_FAL_BASE_URL", "http://127.0.0.1:9")
    with pytest.raises(SettingsError, match="could not be reached"):
        run("import", "fal", "acme/dream")
    with pytest.raises(SettingsError, match=r"no file dream\.json"):
        run("import", "fal", "dream.json")
    with pytest.raises(SettingsError, match="Say what to import"):
        run("import", "fal")


def verified(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str], dict[str, Any], str]:
    code = run("import", "fal", "--verify", folder, "--inputs", 12, "--json")
    printed = capsys.readouterr()
    *table, last = printed.out.splitlines()
    return code, table, json.loads(last), printed.err


def test_a_folder_is_verified_with_a_bar_a_table_and_one_line_of_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.json").write_text(
        json.dumps(fal({"prompt": PROMPT, "old": {"type": "string", "deprecated": True}}, ["prompt"]))
    )
    (tmp_path / "deep" / "b.json").write_text(json.dumps(fal({"prompt": PROMPT}, ["prompt"])))
    code, table, totals, bar = verified(tmp_path, capsys)
    assert code == 0
    assert totals == {"documents": 2, "imported": 2, "valid": 1.0, "invalid_refused": 1.0, "warnings": 1}
    assert [line.split()[0] for line in table] == ["DOCUMENT", "a", "deep/b"]
    assert "12/12" in table[1]
    assert "2/2" in bar


def test_a_document_that_does_not_import_is_counted_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.json").write_text("{")
    code, table, totals, _ = verified(tmp_path, capsys)
    assert code == 1
    assert totals == {"documents": 1, "imported": 0, "valid": None, "invalid_refused": None, "warnings": 0}
    assert any("This is not JSON" in line for line in table)


def test_a_document_that_breaks_the_importer_costs_its_own_row_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(400):
        deep = {"allOf": [deep]}
    (tmp_path / "deep.json").write_text(json.dumps(fal({"prompt": deep})))
    (tmp_path / "good.json").write_text(json.dumps(fal({"prompt": PROMPT}, ["prompt"])))
    code, table, totals, _ = verified(tmp_path, capsys)
    assert code == 1
    assert (totals["documents"], totals["imported"]) == (2, 1)
    assert any("the trial broke off: RecursionError" in line for line in table)


def saved(folder: Path, change: dict[str, Any]) -> Path:
    now = properties()
    for name, keys in change.items():
        now[name].update(keys)
    path = folder / "now.json"
    path.write_text(json.dumps(fal(now, ["prompt"])))
    return path


def test_drift_is_0_when_nothing_changed(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("drift", "dream", "--document", saved(tmp_path, {})) == 0
    assert capsys.readouterr().out == "dream (acme/dream/text-to-video): nothing changed.\n"


def test_drift_is_1_when_something_changed_and_writes_only_when_told(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = saved(tmp_path, {"duration": {"enum": [5, 10, 15]}, "steps": {"maximum": 40}})
    assert run("drift", "dream", "--document", document) == 1
    out = capsys.readouterr().out
    assert "added    duration  15 can be chosen too." in out
    assert "changed  steps     max is 40 (here 50): more is refused. Narrow it." in out
    assert (models / "dream.toml").read_text() == SPEC
    assert run("drift", "dream", "--document", document, "--write") == 1
    assert "1 written into" in capsys.readouterr().out
    assert "options = [5, 10, 15]" in (models / "dream.toml").read_text()
    assert "max = 50" in (models / "dream.toml").read_text()


def test_a_document_that_cannot_be_had_is_1_and_a_sentence(
    models: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOTLIST_FAL_BASE_URL", "http://127.0.0.1:9")
    assert run("drift", "dream") == 1
    assert "dream (acme/dream/text-to-video): fal could not be reached" in capsys.readouterr().err


def test_drift_of_a_model_that_is_not_there_is_one_sentence(models: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="There is no model dreem"):
        run("drift", "dreem")
    with pytest.raises(SettingsError, match="name just its KEY"):
        run("drift", "--document", saved(tmp_path, {}))
    shutil.copy(models / "dream.toml", models / "other.toml")
    text = (
        (models / "other.toml")
        .read_text()
        .replace('"acme/dream/text-to-video"', '{ t2v = "a/t", i2v = "a/i" }')
    )
    (models / "other.toml").write_text(text)
    with pytest.raises(SettingsError, match=r"none of a/t, a/i"):
        run("drift", "other", "--document", saved(tmp_path, {}))


def test_missing_asks_and_is_0_only_when_nothing_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draft = tmp_path / "draft.toml"
    draft.write_text(SPEC)
    assert run("missing", draft) == 0
    assert capsys.readouterr().out == f"{draft}: nothing is missing.\n"
    draft.write_text(SPEC.replace('family = "Acme"\n', ""))
    assert run("missing", draft) == 1
    assert capsys.readouterr().out.startswith("1. To which family of models does it belong?")
    assert run("missing", draft, "--json") == 1
    (asked,) = json.loads(capsys.readouterr().out)["missing"]
    assert asked.keys() == {"field", "question", "example", "goes_to"}
    assert asked["field"] == "family"


def test_a_draft_that_is_no_toml_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "draft.toml").write_text("x = ")
    with pytest.raises(SettingsError, match="not valid TOML"):
        run("missing", tmp_path / "draft.toml")
    with pytest.raises(SettingsError, match="cannot be read"):
        run("missing", tmp_path / "nothing.toml")
