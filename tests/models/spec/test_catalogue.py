"""The catalogue: folders over folders, and files that come, change, break and go while it is in use."""

import logging
import os
from pathlib import Path

import pytest

from models.spec.catalogue import Catalogue

OURS = Path(__file__).parents[3] / "models"
GOOD = (OURS / "ltx-2.toml").read_text(encoding="utf-8")
BROKEN = GOOD.replace("display_name", "dispaly_name", 1)


def write(path: Path, text: str) -> None:
    """Another time of change each time, also where the clock of the disk is coarse."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before + 1_000_000, before + 1_000_000))


def test_models_are_found_by_key_in_order_of_family_and_name(tmp_path: Path) -> None:
    write(tmp_path / "b.toml", GOOD)
    write(tmp_path / "a.toml", GOOD.replace('"LTX"', '"Alpha"'))
    catalogue = Catalogue([tmp_path])
    assert [spec.key for spec in catalogue.all()] == ["a", "b"]
    found = catalogue.get("b")
    assert found is not None
    assert found.display_name == "LTX-2 Pro"
    assert catalogue.get("c") is None


def test_nothing_changed_is_nothing_done(tmp_path: Path) -> None:
    write(tmp_path / "a.toml", GOOD)
    catalogue = Catalogue([tmp_path])
    before = catalogue.get("a")
    assert catalogue.refresh() is False
    assert catalogue.get("a") is before


def test_a_file_that_comes_changes_or_goes_is_taken_in(tmp_path: Path) -> None:
    catalogue = Catalogue([tmp_path])
    path = tmp_path / "a.toml"
    write(path, GOOD)
    assert catalogue.refresh()
    write(path, GOOD.replace("LTX-2 Pro", "Another"))
    assert catalogue.refresh()
    changed = catalogue.get("a")
    assert changed is not None
    assert changed.display_name == "Another"
    path.unlink()
    assert catalogue.refresh()
    assert catalogue.get("a") is None


def test_a_broken_file_is_named_while_its_last_good_version_serves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.toml"
    write(path, GOOD)
    catalogue = Catalogue([tmp_path])
    write(path, BROKEN)
    with caplog.at_level(logging.ERROR):
        assert catalogue.refresh()
    assert catalogue.get("a") is not None
    assert f"{path}: dispaly_name: is not a known key; did you mean display_name?" in map(
        str, catalogue.problems
    )
    assert "did you mean display_name?" in caplog.text
    write(path, BROKEN + "# still broken")
    assert catalogue.refresh()
    assert catalogue.get("a") is not None
    write(path, GOOD)
    assert catalogue.refresh()
    assert catalogue.problems == ()


@pytest.mark.parametrize(
    "broken",
    [
        GOOD + "\nx = " + "[" * 5000 + "]" * 5000,
        GOOD + "\nx = " + "9" * 6000,
        GOOD.replace("rates", "rates_", 1),
    ],
)
def test_nothing_in_a_file_takes_the_others_down(tmp_path: Path, broken: str) -> None:
    write(tmp_path / "a.toml", broken)
    write(tmp_path / "b.toml", GOOD)
    catalogue = Catalogue([tmp_path])
    assert [spec.key for spec in catalogue.all()] == ["b"]
    assert str(catalogue.problems[0]).startswith(str(tmp_path / "a.toml"))


def test_a_file_broken_from_the_start_leaves_the_others_alone(tmp_path: Path) -> None:
    write(tmp_path / "a.toml", BROKEN)
    write(tmp_path / "b.toml", GOOD)
    catalogue = Catalogue([tmp_path])
    assert [spec.key for spec in catalogue.all()] == ["b"]
    assert len(catalogue.problems) == 2


def test_an_operators_file_overrides_ours_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    write(ours / "a.toml", GOOD)
    write(theirs / "a.toml", GOOD.replace("LTX-2 Pro", "Theirs"))
    with caplog.at_level(logging.WARNING):
        catalogue = Catalogue([ours, theirs])
    found = catalogue.get("a")
    assert found is not None
    assert found.display_name == "Theirs"
    assert f"{theirs / 'a.toml'} overrides {ours / 'a.toml'}" in caplog.text
    (theirs / "a.toml").unlink()
    catalogue.refresh()
    again = catalogue.get("a")
    assert again is not None
    assert again.display_name == "LTX-2 Pro"


def test_a_folder_that_is_not_there_is_empty_until_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    catalogue = Catalogue([folder])
    assert catalogue.all() == ()
    folder.mkdir()
    write(folder / "a.toml", GOOD)
    assert catalogue.refresh()
    assert catalogue.get("a") is not None
