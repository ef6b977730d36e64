"""`shotlist backup FILE` and `shotlist restore FILE`: everything in one file, and back on any database and storage."""

import asyncio
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tasks.private_files import keep_private
from tasks.settings import Settings, SettingsError, prepare_data_dir, read_environ, read_settings

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from tqdm import tqdm

Result = TypeVar("Result")


def add_to(commands: "_SubParsersAction[ArgumentParser]") -> None:
    backup = commands.add_parser(
        "backup", help="save database, videos and uploads into one file; Shotlist may run"
    )
    backup.add_argument("file", type=Path, help="a new file, such as shotlist.tar")
    backup.set_defaults(run=run_backup)
    restore = commands.add_parser("restore", help="bring a backup back, where there is nothing yet")
    restore.add_argument("file", type=Path, help="a file that shotlist backup made")
    restore.set_defaults(run=run_restore)


def run_backup(arguments: "Namespace") -> int:
    from tasks.backup.snapshot import back_up

    settings = read_settings(read_environ())
    target: Path = arguments.file.expanduser().absolute()
    with metered("Saving") as meter:
        saved = in_a_sentence(back_up(settings, target, meter))
    print(f"{target} holds {_count(saved.rows.get('job', 0), 'job')} and {_count(saved.files, 'file')}.")
    if saved.missing:
        print(f"{_count(len(saved.missing), 'file')} were gone already: {', '.join(saved.missing[:5])}")
    if saved.rows.get("provider_key"):
        print("Provider keys are in it, encrypted with the secret, which is not: keep SHOTLIST_SECRET apart.")
    return 0


def run_restore(arguments: "Namespace") -> int:
    from tasks.backup.restore import restore

    settings = read_settings(read_environ())
    source: Path = arguments.file.expanduser().absolute()
    if not source.is_file():
        raise SettingsError(f"There is no file {source}.")
    keep_private()
    prepare_data_dir(settings)
    with unused(settings), metered("Restoring") as meter:
        back = in_a_sentence(restore(settings, source, meter))
    print(f"{_count(back.rows.get('job', 0), 'job')} and {_count(back.files, 'file')} are back.")
    if back.missing:
        print(f"The backup lacked {_count(len(back.missing), 'file')}: {', '.join(back.missing[:5])}")
    if back.held:
        print(
            f"{_count(back.held, 'job')} waited to be sent when the backup was made, and may have been sent since: "
            "they are unconfirmed now and are not sent again."
        )
    if back.rows.get("provider_key"):
        print("Provider keys can be read with the old SHOTLIST_SECRET only; else set them again on the page.")
    return 0


def in_a_sentence(work: Coroutine[Any, Any, Result]) -> Result:
    """Run it; what goes wrong by nature is told in a sentence."""
    from tasks.backup.archive import BadArchive
    from tasks.backup.snapshot import BackupError
    from tasks.errors import DatabaseAway

    try:
        return asyncio.run(work)
    except (BackupError, BadArchive) as error:
        raise SettingsError(str(error)) from error
    except DatabaseAway as error:
        raise SettingsError(f"The database cannot be used ({error}): check SHOTLIST_DATABASE_URL.") from error
    except OSError as error:
        raise SettingsError(f"It broke off ({error}); nothing is left behind.") from error


@contextmanager
def unused(settings: Settings) -> Iterator[None]:
    """No server may have this data folder meanwhile."""
    from tasks.embedded import FolderLock

    lock = FolderLock(settings.data_dir)
    try:
        yield
    finally:
        lock.release()


class Bar:
    """A progress bar on standard error, where that is a terminal."""

    def __init__(self, bar: "tqdm[Any]") -> None:
        self._bar = bar

    def total(self, amount: int) -> None:
        self._bar.total = amount
        self._bar.refresh()

    def advance(self, amount: int) -> None:
        self._bar.update(amount)


@contextmanager
def metered(what: str) -> Iterator[Bar]:
    from tqdm import tqdm

    with tqdm(desc=what, unit="B", unit_scale=True, disable=not sys.stderr.isatty()) as bar:
        yield Bar(bar)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
