"""Files that only their owner reads: what we make from now on, what lies there already, and new ones made whole."""

import errno
import os
import secrets
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

OTHERS = 0o077
LOOKED_AT = 2000
"""So many files are looked at where all of them are private; what was made by us since is private by its making."""
LARGEST = 64 * 1024  # bytes of a file that is read whole


def keep_private() -> None:
    """For the roots: this process and its children make files that only their owner reads."""
    os.umask(OTHERS)


def tighten(folder: Path, *, inside: bool = True) -> OSError | None:
    """Take the folder, and all that is `inside`, from everybody but its owner; the first error where that fails.

    Links are not followed, and what goes away meanwhile is no error. A large folder is walked to its end only where
    something in it was open to others.
    """
    errors: list[OSError] = []
    was_open = False
    for number, (path, mode) in enumerate(_walk(folder, errors)):
        if (number >= 1 and not inside) or (number >= LOOKED_AT and not was_open):
            break
        if mode & OTHERS:
            was_open = True
            with _noted(errors):
                os.chmod(path, stat.S_IMODE(mode) & ~OTHERS)
    return errors[0] if errors else None


def _walk(folder: Path, errors: list[OSError]) -> Iterator[tuple[str, int]]:
    """Path and mode of the folder and of what is in it, the upper levels first; no links."""
    yield str(folder), folder.stat().st_mode
    waiting = deque([str(folder)])
    while waiting:
        with _noted(errors), os.scandir(waiting.popleft()) as entries:
            for entry in entries:
                with _noted(errors):
                    mode = entry.stat(follow_symlinks=False).st_mode
                    if stat.S_ISDIR(mode):
                        waiting.append(entry.path)
                    if not stat.S_ISLNK(mode):
                        yield entry.path, mode


@contextmanager
def _noted(errors: list[OSError]) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        pass
    except OSError as error:
        errors.append(error)


def read_whole(path: Path) -> bytes | None:
    """A small file's content, None where there is none; OSError also for what is no file, which could block."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a file")
        return os.read(descriptor, LARGEST)
    finally:
        os.close(descriptor)


def write_once(path: Path, content: bytes) -> None:
    """Make a file whole and on the disk, for its owner alone; one that is there already stays as it is.

    Several processes may do this at once: the first wins. What breaks off, or finds no room, leaves nothing there.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(part, path)  # unlike a rename it replaces nothing
    finally:
        part.unlink(missing_ok=True)
    sync(path.parent)


def sync(path: Path) -> None:
    """What was written to this file, or the names in this folder, survive a power cut from now on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
