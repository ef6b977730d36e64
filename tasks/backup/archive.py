"""A backup is one tar file: what it is, the tables as JSON lines, every file, and at its end all checksums.

    shotlist.json               format, step of the tables, when it was made
    tables/<table>.jsonl        one row a line
    media/<job>/<name>          finished videos and their posters
    uploads/<upload>            what people handed in
    checksums.json              SHA-256 of all of the above, and which files were gone already

Nothing in it names an engine or a kind of storage, so it restores on any.
"""

import hashlib
import io
import re
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import msgspec

FORMAT = 1
ABOUT, CHECKSUMS = "shotlist.json", "checksums.json"
CHUNK = 1024 * 1024

_NAME = re.compile(
    r"tables/[a-z_]+\.jsonl|media/[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*|uploads/[A-Za-z0-9][\w.-]*"
)

Advance = Callable[[int], None]


class BackupHeader(msgspec.Struct, frozen=True):
    """What the file is: its format, the step of `tasks.database.migrations` its tables are at, Unix seconds."""

    format: int
    step: int
    made_at: float
    made_by: str  # Shotlist's version


class Checksums(msgspec.Struct, frozen=True):
    """Hex SHA-256 by name; `missing` are files that rows name and that were gone when the backup was made."""

    sha256: dict[str, str]
    missing: tuple[str, ...] = ()


class BadArchive(Exception):  # noqa: N818
    """The file is no backup that can be used; a sentence for people. Nothing was changed."""


class ArchiveWriter:
    """Adds files one by one; `advance` is told of every byte."""

    def __init__(self, file: IO[bytes], advance: Advance) -> None:
        self._tar = tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._advance = advance
        self._now = int(time.time())
        self._sha256: dict[str, str] = {}

    def add_text(self, name: str, content: bytes) -> None:
        self._add(name, io.BytesIO(content), len(content))

    def add_file(self, name: str, path: Path) -> None:
        with path.open("rb") as file:
            self._add(name, file, path.stat().st_size)

    def finish(self, missing: tuple[str, ...]) -> None:
        self.add_text(CHECKSUMS, msgspec.json.encode(Checksums(self._sha256, missing)))
        self._tar.close()

    def _add(self, name: str, file: IO[bytes], size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = size, 0o600, self._now
        reader = _Hashing(file, self._advance)
        self._tar.addfile(entry, reader)
        self._sha256[name] = reader.sha256.hexdigest()


class _Hashing:
    """A file that is hashed as it is read."""

    def __init__(self, file: IO[bytes], advance: Advance) -> None:
        self._file = file
        self._advance = advance
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self.sha256.update(chunk)
        self._advance(len(chunk))
        return chunk


class Archive:
    """A backup that was read to its end and is whole: `about`, `missing`, and its files again, one by one."""

    def __init__(self, path: Path, advance: Advance) -> None:
        """`BadArchive` where anything is amiss."""
        self.path = path
        self.names: tuple[str, ...] = ()
        found: dict[str, str] = {}
        about = checksums = None
        try:
            for name, file in self.files():
                reader = _Hashing(file, advance)
                if name == CHECKSUMS:
                    checksums = msgspec.json.decode(reader.read(), type=Checksums)
                elif name == ABOUT:
                    content = reader.read()
                    about = msgspec.json.decode(content, type=BackupHeader)
                    found[name] = reader.sha256.hexdigest()
                else:
                    while reader.read(CHUNK):
                        pass
                    found[name] = reader.sha256.hexdigest()
        except (tarfile.TarError, EOFError, msgspec.MsgspecError, OSError) as error:
            raise BadArchive(
                f"{path} is not a whole backup of Shotlist ({error}). Nothing was changed."
            ) from error
        if about is None or checksums is None or about.format != FORMAT:
            raise BadArchive(
                f"{path} is not a whole backup of Shotlist, or was made by a newer version. Nothing was changed."
            )
        _compare(path, found, checksums)
        self.about, self.missing = about, checksums.missing
        self.names = tuple(name for name in found if name != ABOUT)

    def files(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Every file with its name, in the order of the archive; each is to be read before the next."""
        with tarfile.open(self.path, "r:") as tar:
            for entry in tar:
                file = tar.extractfile(entry) if entry.isreg() else None
                if file is None or not (entry.name in (ABOUT, CHECKSUMS) or _NAME.fullmatch(entry.name)):
                    raise tarfile.ReadError(f"{entry.name!r} does not belong in it")
                yield entry.name, file

    def rows(self, table: str) -> Iterator[dict[str, object]]:
        for name, file in self.files():
            if name == f"tables/{table}.jsonl":
                for line in file:
                    yield msgspec.json.decode(line)

    @property
    def tables(self) -> tuple[str, ...]:
        found = (name for name in self.names if name.startswith("tables/"))
        return tuple(name.removeprefix("tables/").removesuffix(".jsonl") for name in found)


def _compare(path: Path, found: dict[str, str], checksums: Checksums) -> None:
    wrong = sorted(
        name
        for name in found.keys() | checksums.sha256.keys()
        if found.get(name) != checksums.sha256.get(name)
    )
    if wrong:
        others = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise BadArchive(f"{path} is damaged: {wrong[0]}{others} is not what was saved. Nothing was changed.")
