"""The two append-only logs: the guide's change log and the page's analysis, read, appended to, and held against git.

An entry begins with `[YYYY-MM-DD HH:mm] ` at the start of a line and goes on to the next entry or the end. What
stands before the first entry is ordinary text and may be edited; an entry never changes, moves or disappears.
"""

import re
import subprocess
from collections.abc import Iterable, Sequence
from datetime import datetime
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


def unnamed(file: str, found: Sequence[Entry], keys: Iterable[str]) -> list[LogProblem]:
    """Models that entered after the logs began and that no entry names."""
    told = "\n".join(entry.text for entry in found)
    return [
        LogProblem(file, 1, f"no entry names the model {key}: add one with `shotlist log`.")
        for key in sorted(keys)
        if not re.search(rf"(?<![\w.-]){re.escape(key)}(?![\w-]|\.\w)", told)
    ]


class History:
    """What git knows of this checkout; outside a checkout it knows nothing, and says so by `known`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.known = self._git("rev-parse", "--verify", "--quiet", "HEAD") is not None

    def versions(self, file: str) -> list[tuple[str, str]]:
        """(commit, text) of every version of a file along the first parents, oldest first."""
        listed = self._git("log", "--first-parent", "--format=%H", "--", file) or ""
        found = ((commit, self._git("show", f"{commit}:{file}")) for commit in reversed(listed.split()))
        return [(commit[:10], text) for commit, text in found if text is not None]

    def models_at_the_start(self, file: str) -> set[str] | None:
        """The models of the commit in which a log first stood; None before there is one."""
        listed = self._git("log", "--first-parent", "--format=%H", "--", file) or ""
        if not listed:
            return None
        first = listed.split()[-1]
        names = (self._git("ls-tree", "-r", "--name-only", first, "models/") or "").splitlines()
        return {Path(name).stem for name in names if name.endswith(".toml") and name.count("/") == 1}

    def _git(self, *words: str) -> str | None:
        try:
            done = subprocess.run(["git", "-C", str(self.root), *words], capture_output=True, text=True)  # noqa: S603, S607
        except OSError:
            return None
        return done.stdout if done.returncode == 0 else None


def check_logs(root: Path) -> list[LogProblem]:
    """Everything wrong with both logs of the checkout at `root`."""
    history = History(root)
    now = {path.stem for path in (root / "models").glob("*.toml")}
    problems: list[LogProblem] = []
    for file in LOGS:
        path = root / file
        if not path.is_file():
            problems.append(LogProblem(file, 1, "this log is missing."))
            continue
        current = entries(path.read_text())
        problems += backwards(file, current)
        versions = [(commit, entries(text)) for commit, text in history.versions(file)]
        for commit, old in versions:
            if found := rewritten(file, old, current, f"commit {commit}"):
                problems += found
                break
        at_first = history.models_at_the_start(file)
        problems += unnamed(file, current, now - at_first if at_first is not None else ())
    return problems


def _is_time(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y-%m-%d %H:%M")
    except ValueError:
        return False
    return True
