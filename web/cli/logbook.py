"""The two append-only logs: the guide's change log and the page's analysis, read, appended to, and checked.

An entry begins with `[YYYY-MM-DD HH:mm] ` at the start of a line and goes on to the next entry or the end. What
stands before the first entry is ordinary text and may be edited; an entry never changes, moves or disappears.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

GUIDE = "video_model_add_guide.md"
ANALYSIS = "video_page_analysis.txt"
LOGS = (GUIDE, ANALYSIS)

_START = re.compile(r"^\[(\d{4}-\d{2}-\d{2} \d{2}:\d{2})\] ", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


class Entry(Struct, frozen=True):
    """One entry: the line it begins on (from 1), its time, and all of its text without the blank lines after it."""

    line: int
    time: str
    text: str

    @property
    def body(self) -> str:
        """Without its time."""
        return self.text.partition("] ")[2]

    @property
    def title(self) -> str:
        """What changed: the first line up to the first " / "."""
        return self.body.partition("\n")[0].partition(" / ")[0]


class LogProblem(Struct, frozen=True):
    """What is wrong with a log, and where."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.sentence}"


def entries(text: str) -> list[Entry]:
    """All entries in the order they stand; examples inside code fences are none."""
    plain = _CODE.sub(lambda fence: re.sub(r"[^\n]", " ", fence[0]), text)
    starts = list(_START.finditer(plain))
    ends = [each.start() for each in starts[1:]] + [len(text)] * bool(starts)
    return [
        Entry(text.count("\n", 0, start.start()) + 1, start[1], text[start.start() : end].rstrip())
        for start, end in zip(starts, ends, strict=True)
    ]


def appended(text: str, now: datetime, body: str) -> str:
    """The log with one more entry, never earlier than the last one."""
    before = entries(text)
    time = max(now.strftime("%Y-%m-%d %H:%M"), before[-1].time if before else "")
    return f"{text.rstrip()}\n\n[{time}] {body.strip()}\n"


def append_to(log: Path, body: str) -> Entry:
    """One more entry, now: of two commands at once both are kept, and a kill leaves no half of one."""
    with _alone_in(log.parent):
        text = appended(log.read_text(encoding="utf-8"), datetime.now(UTC), body)
        part = log.with_name(f".{log.name}.part")
        part.write_text(text, encoding="utf-8")
        shutil.copymode(log, part)
        part.replace(log)
    return entries(text)[-1]


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Waits for whoever else appends in this folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def backwards(file: str, found: Sequence[Entry]) -> list[LogProblem]:
    """Entries that are older than the one before them, or whose time is no time."""
    problems = []
    for before, entry in zip(("", *(each.time for each in found)), found, strict=False):
        if not _is_time(entry.time):
            problems.append(LogProblem(file, entry.line, f"{entry.time} is not a date and time."))
        elif entry.time < before:
            sentence = (
                f"{entry.time} is earlier than the entry before it ({before}): entries only go forward."
            )
            problems.append(LogProblem(file, entry.line, sentence))
    return problems


def rewritten(file: str, old: Sequence[Entry], new: Sequence[Entry], where: str) -> list[LogProblem]:
    """The first entry of `old` (as it stood at `where`) that `new` has changed, moved or lost, if any."""
    for number, was in enumerate(old):
        if number >= len(new):
            last = new[-1].line if new else 1
            sentence = f"the entry of {was.time} that stands here at {where} is gone: put it back."
            return [LogProblem(file, last, sentence)]
        if new[number].text != was.text:
            sentence = (
                f"this is not the entry of {was.time} that stands here at {where}: an entry is never changed, "
                "moved or removed. Put it back and add a new one at the end."
            )
            return [LogProblem(file, new[number].line, sentence)]
    return []


def lost(file: str, old: Sequence[Entry], new: Sequence[Entry], where: str) -> list[LogProblem]:
    """The first entry of `old`, on a line that was merged in at `where`, that is not in `new` in the same order.

    Its time may be a new one: what two lines wrote side by side cannot keep both orders.
    """
    left = iter(new)
    for was in old:
        if not any(each.body == was.body for each in left):
            sentence = (
                f"the entry of {was.time} that a merge brought in (commit {where}) is gone, changed or moved: "
                "put it back; it may stand at the end with a new time."
            )
            return [LogProblem(file, new[-1].line if new else 1, sentence)]
    return []


def unnamed(file: str, found: Sequence[Entry], keys: Iterable[str]) -> list[LogProblem]:
    """Models that entered after the logs began and that no entry's title names."""
    told = "\n".join(entry.title for entry in found)
    return [
        LogProblem(file, 1, f"no entry names the model {key}: add one with `shotlist log`.")
        for key in sorted(keys)
        if not re.search(rf"(?<![\w.-]){re.escape(key)}(?![\w-]|\.\w)", told)
    ]


def _is_time(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y-%m-%d %H:%M")
    except ValueError:
        return False
    return True
