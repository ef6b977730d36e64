"""The catalogue of wires: folders, overriding, and changes while it runs."""

import os
from pathlib import Path

import pytest

from providers.description.catalogue import DescriptionCatalogue
from tests.providers.descriptions import FOLDER, NAMES

GOOD = (FOLDER / "replicate.toml").read_text()


def write(path: Path, text: str, age: int) -> None:
    """Each write at a time of its own, so that a change shows however coarse the clock is."""
    path.write_text(text)
    os.utime(path, ns=(age * 10**9, age * 10**9))


def test_a_wire_dropped_into_a_folder_is_there_after_a_refresh(tmp_path: Path) -> None:
    wires = DescriptionCatalogue([FOLDER, tmp_path])
    shipped = [wire.name for wire in wires.all()]
    assert shipped == sorted(NAMES)
    assert not wires.refresh()
    write(tmp_path / "acme.toml", GOOD, 1)
    assert wires.get("acme") is None
    assert wires.refresh()
    assert [wire.name for wire in wires.all()] == ["acme", *shipped]
    (tmp_path / "acme.toml").unlink()
    assert wires.refresh()
    assert wires.get("acme") is None
    write(tmp_path / "acme.toml", "nonsense", 2)
    assert wires.refresh()
    assert wires.get("acme") is None  # what was taken away does not come back by a broken file


def test_a_later_folder_overrides_and_what_it_hid_comes_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    write(tmp_path / "fal.toml", GOOD, 1)
    wires = DescriptionCatalogue([FOLDER, tmp_path])
    fal = wires.get("fal")
    assert fal
    assert fal.display_name == "Replicate"
    assert f"{tmp_path / 'fal.toml'} overrides {FOLDER / 'fal.toml'}" in caplog.text
    (tmp_path / "fal.toml").unlink()
    wires.refresh()
    fal = wires.get("fal")
    assert fal
    assert fal.display_name == "fal"


def test_a_file_that_breaks_keeps_serving_as_it_was_and_is_told_of(tmp_path: Path) -> None:
    write(tmp_path / "acme.toml", GOOD, 1)
    wires = DescriptionCatalogue([tmp_path])
    assert not wires.problems
    write(tmp_path / "acme.toml", GOOD.replace("state    =", "stat ="), 2)
    assert wires.refresh()
    assert wires.get("acme")
    assert [problem.key for problem in wires.problems] == ["stat"]
    write(tmp_path / "acme.toml", GOOD.replace('"Replicate"', '"Acme"'), 3)
    assert wires.refresh()
    acme = wires.get("acme")
    assert acme
    assert acme.display_name == "Acme"
    assert not wires.problems


def test_a_file_that_never_was_right_serves_nothing(tmp_path: Path) -> None:
    write(tmp_path / "acme.toml", "nonsense", 1)
    wires = DescriptionCatalogue([tmp_path, tmp_path / "not there"])
    assert wires.all() == ()
    assert len(wires.problems) == 1
