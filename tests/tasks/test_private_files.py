"""The data folder is for its owner alone, also one that was there before and stood open."""

import logging
import os
from pathlib import Path

import pytest

from tasks.private_files import LOOKED_AT, tighten
from tasks.settings import CHECKOUT, SettingsError, is_shared, prepare_data_dir, read_settings


def modes(folder: Path) -> dict[str, int]:
    found = {str(path.relative_to(folder)): path.lstat().st_mode & 0o7777 for path in folder.rglob("*")}
    return {".": folder.stat().st_mode & 0o7777, **found}


def test_a_folder_that_stood_open_is_closed_with_all_that_lies_in_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    deep = data / "media" / "job"
    deep.mkdir(parents=True)
    (deep / "video.mp4").write_bytes(b"x")
    (data / "shotlist.db-wal").write_bytes(b"x")
    (data / "run.sh").write_bytes(b"x")
    os.mkfifo(data / "pipe")
    given = {"data": 0o755, "data/media": 0o2777, "data/media/job": 0o755, "data/media/job/video.mp4": 0o644}
    given |= {"data/shotlist.db-wal": 0o666, "data/run.sh": 0o4755, "data/pipe": 0o622}
    for name, mode in given.items():
        (tmp_path / name).chmod(mode)
    prepare_data_dir(read_settings({"SHOTLIST_DATA_DIR": str(data)}))
    assert modes(data) == {
        ".": 0o700,
        "media": 0o2700,
        "media/job": 0o700,
        "media/job/video.mp4": 0o600,
        "shotlist.db-wal": 0o600,
        "run.sh": 0o4700,
        "pipe": 0o600,
    }


def test_what_a_link_leads_to_stays_as_it_is(tmp_path: Path) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    data.mkdir(mode=0o755)
    elsewhere.mkdir(mode=0o755)
    (elsewhere / "file").write_bytes(b"x")
    (elsewhere / "file").chmod(0o644)
    (data / "file").symlink_to(elsewhere / "file")
    (data / "folder").symlink_to(elsewhere)
    (data / "loop").symlink_to(data)
    assert tighten(data) is None
    assert modes(elsewhere) == {".": 0o755, "file": 0o644}


def test_a_data_folder_that_is_a_link_is_closed_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o755)
    (tmp_path / "data").symlink_to(tmp_path / "real")
    prepare_data_dir(read_settings({"SHOTLIST_DATA_DIR": str(tmp_path / "data")}))
    assert modes(tmp_path / "real") == {".": 0o700}


@pytest.mark.parametrize(("first", "last"), [(0o644, 0o600), (0o600, 0o644)])
def test_a_large_folder_is_walked_to_its_end_only_where_something_in_it_was_open(
    tmp_path: Path, first: int, last: int
) -> None:
    data = tmp_path / "data"
    (data / "b").mkdir(parents=True, mode=0o700)
    data.chmod(0o700)
    for number in range(LOOKED_AT):
        (data / f"a{number}").touch(mode=0o600)
    (data / "a0").chmod(first)
    (data / "b" / "last").touch()
    (data / "b" / "last").chmod(0o644)
    tighten(data)
    assert (data / "a0").stat().st_mode & 0o777 == 0o600
    assert (data / "b" / "last").stat().st_mode & 0o777 == last


def test_a_folder_that_others_need_is_refused_and_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybodys, home = tmp_path / "everybodys", tmp_path / "homes" / "ann"
    everybodys.mkdir()
    everybodys.chmod(0o1777)
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    for folder in (everybodys, home.parent):
        before = folder.stat().st_mode
        with pytest.raises(SettingsError, match="a folder of its own") as caught:
            prepare_data_dir(read_settings({"SHOTLIST_DATA_DIR": str(folder)}))
        assert "SHOTLIST_DATA_DIR" in str(caught.value)
        assert folder.stat().st_mode == before
        assert {path.name for path in folder.iterdir()} <= {"ann"}


@pytest.mark.parametrize(
    ("folder", "mode", "shared"),
    [
        (Path("/"), 0o755, True),
        (CHECKOUT, 0o755, True),
        (CHECKOUT.parent, 0o755, True),
        (Path("/anywhere/tmp"), 0o1777, True),
        (CHECKOUT / "data", 0o755, False),
        (Path("/anywhere/data"), 0o777, False),
    ],
)
def test_a_folder_is_shared_where_others_could_not_do_without_it(
    folder: Path, mode: int, shared: bool
) -> None:
    assert is_shared(folder, mode) == shared


def test_in_a_home_the_files_of_other_programs_stay_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "page.html").touch()
    (tmp_path / "page.html").chmod(0o644)
    monkeypatch.setenv("HOME", str(tmp_path))
    prepare_data_dir(read_settings({"SHOTLIST_DATA_DIR": "~"}))
    assert modes(tmp_path) == {".": 0o700, "page.html": 0o644}


@pytest.mark.parametrize("place", ["loop", "~nobody-has-this-name/data", "a" * 300, "a\x00b"])
@pytest.mark.parametrize("name", ["SHOTLIST_DATA_DIR", "SHOTLIST_MODELS_DIR", "SHOTLIST_PROVIDERS_DIR"])
def test_a_folder_that_cannot_be_is_one_sentence(tmp_path: Path, name: str, place: str) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    given = place if place.startswith("~") else str(tmp_path / place)
    with pytest.raises(SettingsError, match=name):
        prepare_data_dir(read_settings({"SHOTLIST_DATA_DIR": str(tmp_path / "data"), name: given}))


def test_a_disk_that_is_full_leaves_no_trace_of_the_test(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    settings = read_settings({"SHOTLIST_DATA_DIR": str(tmp_path / "data")})
    probe = tmp_path / "data" / f".write-test-{os.getpid()}"
    probe.symlink_to("/dev/full")
    with pytest.raises(SettingsError, match="No space left on device"):
        prepare_data_dir(settings)
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_folder_of_another_user_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    os.chown(data, 65534, 65534)
    with caplog.at_level(logging.WARNING):
        prepare_data_dir(read_settings({"SHOTLIST_DATA_DIR": str(data)}))
    assert f"{data} belongs to another user (65534)" in caplog.text
    assert "SHOTLIST_DATA_DIR" in caplog.text
    assert data.stat().st_mode & 0o777 == 0o700
