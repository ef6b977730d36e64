"""The secret behind cookies, signed addresses and stored keys: whole or refused, and the same for all who start."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.settings import CHECKOUT, Settings, SettingsError, load_secret, prepare_data_dir, read_settings
from tests.support import PATIENCE

GOOD = "0123456789abcdef0123456789abcdef"


def settings_of(data_dir: Path, **more: str) -> Settings:
    settings = read_settings({"SHOTLIST_DATA_DIR": str(data_dir), **more})
    prepare_data_dir(settings)
    return settings


def loop(path: Path) -> None:
    path.symlink_to(path)


def dangling(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "blank": (lambda path: path.write_bytes(b" " * 40 + b"\n"), "is empty"),
    "short": (lambda path: path.write_bytes(b"x" * 31), "shorter than 32 bytes"),
    "short, and blank": (lambda path: path.write_bytes(b"x" * 31 + b" " * 40), "shorter than 32 bytes"),
    "not UTF-8": (lambda path: path.write_bytes(b"\xff" * 40), "is not text"),
    "a folder": (lambda path: path.mkdir(), "is not a file"),
    "a pipe": (lambda path: os.mkfifo(path), "is not a file"),
    "a loop": (loop, "cannot be read"),
    "a link to nothing": (dangling, "leads nowhere"),
}


@pytest.mark.parametrize(("make", "said"), BROKEN.values(), ids=BROKEN)
def test_a_stored_secret_that_is_none_refuses_the_start_and_says_what_to_do(
    tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    settings = settings_of(tmp_path / "data")
    path = tmp_path / "data" / "secret"
    make(path)
    for _ in range(2):
        with pytest.raises(SettingsError) as caught:
            load_secret(settings)
        sentence = str(caught.value)
        assert said in sentence
        assert str(path) in sentence
        assert "remove it" in sentence
        assert "provider keys" in sentence
        assert "\n" not in sentence
    if not path.is_dir():
        path.unlink()
        assert load_secret(settings) == load_secret(settings) != ""


@pytest.mark.parametrize("stored", [GOOD, f"{GOOD}\n", "é" * 16, f"  {GOOD}  "])
def test_a_secret_of_32_bytes_is_taken_as_it_stands(tmp_path: Path, stored: str) -> None:
    settings = settings_of(tmp_path / "data")
    (tmp_path / "data" / "secret").write_text(stored)
    assert load_secret(settings) == stored.strip()


def test_a_secret_may_be_a_link_to_where_an_operator_keeps_it(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "data")
    (tmp_path / "kept").write_text(GOOD)
    (tmp_path / "data" / "secret").symlink_to(tmp_path / "kept")
    assert load_secret(settings) == GOOD


@pytest.mark.parametrize("given", ["short", "x" * 31, " " * 40, "\udcff" * 40, f"{'x' * 31}{' ' * 10}"])
def test_a_secret_of_the_settings_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match=r"SHOTLIST_SECRET.*32 random characters.*must be entered again"):
        read_settings({"SHOTLIST_SECRET": given})


@pytest.mark.parametrize("given", [GOOD, f" {GOOD} ", "é" * 16])
def test_a_secret_of_the_settings_is_used_and_nothing_is_kept(tmp_path: Path, given: str) -> None:
    settings = settings_of(tmp_path / "data", SHOTLIST_SECRET=given)
    assert load_secret(settings) == given.strip()
    assert not (tmp_path / "data" / "secret").exists()


def run(script: str, *arguments: str, limit: int | None = None) -> subprocess.Popen[str]:
    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, preexec_fn=limited)


FIRST = """
import sys
from tasks.settings import SettingsError, load_secret, read_settings
try:
    print(load_secret(read_settings({"SHOTLIST_DATA_DIR": sys.argv[1]})))
except SettingsError as error:
    print("refused:", error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("room", [0, 20])
def test_a_disk_without_room_for_it_is_told_and_leaves_nothing_behind(tmp_path: Path, room: int) -> None:
    settings = settings_of(tmp_path / "data")
    for _ in range(2):
        with run(FIRST, str(settings.data_dir), limit=room) as process:
            told, _ = process.communicate(timeout=PATIENCE)
        assert told.startswith("refused: ")
        assert "File too large" in told
        assert list(settings.data_dir.iterdir()) == []
    assert len(load_secret(settings)) >= 32


TOGETHER = """
import sys, time
from pathlib import Path
from tasks.settings import load_secret, read_settings
from tests.support import PATIENCE
root = Path(sys.argv[1])
made = [read_settings({"SHOTLIST_DATA_DIR": str(folder)}) for folder in sorted(root.glob("data*"))]
print("ready", flush=True)
while not (root / "go").exists():
    pass
for settings in made:
    print(load_secret(settings))
"""


@pytest.mark.slow
def test_processes_that_start_together_have_one_secret(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"data{number}").mkdir()
    processes = [run(TOGETHER, str(tmp_path)) for _ in range(4)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    (tmp_path / "go").touch()
    told = []
    for process in processes:
        with process:
            told.append(process.communicate(timeout=PATIENCE)[0].split())
    assert len(told[0]) == len(set(told[0])) == 40
    assert all(each == told[0] for each in told)
    for folder in tmp_path.glob("data*"):
        assert [path.name for path in folder.iterdir()] == ["secret"]
        assert (folder / "secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_secret_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "data")
    load_secret(settings)
    (tmp_path / "data" / "secret").chmod(0)
    with pytest.raises(SettingsError, match="Permission denied"):
        load_secret(settings)
