"""The two append-only logs: the guide's change log and the page's analysis, read, appended to, and checked.

An entry begins with `[YYYY-MM-DD HH:mm] ` at the start of a line and goes on to the next entry or the end. What
stands before the first entry is ordinary text and may be edited; an entry never changes, moves or disappears.

`shotlist log`: append an entry to one of the two append-only logs, or check that nobody rewrote them.

Both append-only logs held against the git history of their checkout.

The two entries of one integration, made from the model's file and its provider's.
"""

import argparse
import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tasks.settings import CHECKOUT

if TYPE_CHECKING:
    from models.spec.schema import Spec


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


class History:
    """What git knows of the logs in the folder `root`, which may be a part of a larger repository."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.trouble = self._trouble()

    @property
    def reach(self) -> str:
        """How far back git can be asked, as a sentence; "" where it knows all."""
        if not any(self._commits(file, "-1") for file in LOGS):
            return "Both logs go forward; without git their past is not known."
        if self._git("rev-parse", "--is-shallow-repository") == "true\n":
            return "Both logs go forward; this clone is shallow, `git fetch --unshallow` brings the rest of their past."
        return ""

    def versions(self, file: str) -> list[tuple[str, str]]:
        """(commit, text) of every version of a file along the first parents, oldest first."""
        return self._texts(file, self._commits(file, "--first-parent"))

    def merged(self, file: str) -> list[tuple[str, str]]:
        """(commit, text) of every version on the lines that were merged in, oldest first."""
        own = self._commits("", "--first-parent")
        return self._texts(file, [each for each in self._commits(file, "--full-history") if each not in own])

    def models_at_the_start(self, file: str) -> set[str] | None:
        """The models of the commit in which a log first stood; None before there is one."""
        commits = self._commits(file, "--first-parent")
        if not commits:
            return None
        names = (self._git("ls-tree", "-r", "--name-only", commits[0], "models/") or "").splitlines()
        return {Path(name).stem for name in names if name.endswith(".toml") and name.count("/") == 1}

    def has(self, file: str) -> bool:
        """Whether a file stands in the last commit; without git nothing is known to be new."""
        known = self._git("ls-tree", "HEAD", file)
        return known is None or bool(known)

    def _trouble(self) -> str:
        """Why git cannot read a history that is there: it is damaged, or belongs to somebody else."""
        if not (self.root / ".git").exists() or self._git("rev-parse", "--git-dir") is not None:
            return ""
        return "git cannot read the history of this checkout: see what `git status` says."

    def _commits(self, file: str, *how: str) -> list[str]:
        """Oldest first; "" stands for every file."""
        listed = self._git("log", "--no-show-signature", *how, "--format=%H", *(["--", file] if file else []))
        return (listed or "").split()[::-1]

    def _texts(self, file: str, commits: Sequence[str]) -> list[tuple[str, str]]:
        found = ((commit, self._git("show", f"{commit}:./{file}")) for commit in commits)
        return [(commit[:10], text) for commit, text in found if text is not None]

    def _git(self, *words: str) -> str | None:
        """What git says, None where it refuses."""
        try:
            done = subprocess.run(  # noqa: S603
                ["git", "-C", str(self.root), *words],  # noqa: S607
                capture_output=True,
                encoding="utf-8",
                errors="replace",
            )
        except OSError:
            return None
        return done.stdout if done.returncode == 0 else None


def check_logs(root: Path) -> list[LogProblem]:
    """Everything wrong with both logs of the checkout at `root`."""
    history = History(root)
    problems = [LogProblem(".git", 1, history.trouble)] if history.trouble else []
    for file in LOGS:
        text = _read(root, file)
        problems += [text] if isinstance(text, LogProblem) else _check(root, file, entries(text), history)
    return problems


def _check(root: Path, file: str, current: Sequence[Entry], history: History) -> list[LogProblem]:
    """One log: its own order, its past, and whether every model that came later is in it."""
    now = {path.stem for path in (root / "models").glob("*.toml")}
    at_first = history.models_at_the_start(file)
    return [
        *backwards(file, current),
        *_forgotten(file, current, history),
        *unnamed(file, current, now - at_first if at_first is not None else ()),
    ]


def _forgotten(file: str, current: Sequence[Entry], history: History) -> list[LogProblem]:
    """The first entry of the past that is not there any more as it was."""
    for commit, text in history.versions(file):
        if found := rewritten(file, entries(text), current, f"commit {commit}"):
            return found
    for commit, text in history.merged(file):
        if found := lost(file, entries(text), current, commit):
            return found
    return []


def _read(root: Path, file: str) -> str | LogProblem:
    path = root / file
    if not path.is_file():
        return LogProblem(file, 1, "this log is missing.")
    raw = path.read_bytes()
    try:
        return raw.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        return LogProblem(file, raw.count(b"\n", 0, error.start) + 1, "this is not text in UTF-8.")


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    log = commands.add_parser("log", help="append to the change log or the page's analysis; check them")
    verbs = log.add_subparsers(metavar="LOG", required=True)
    guide = verbs.add_parser("guide", help="the change log at the end of the guide")
    guide.add_argument("--what", required=True, help="what changed")
    guide.add_argument("--why", required=True, help="why")
    guide.add_argument("--impact", required=True, help="what it means for the people who use or change it")
    guide.set_defaults(run=append_guide)
    page = verbs.add_parser("page", help="the analysis of the page")
    page.add_argument("--title", required=True, help="one line: what was integrated or changed")
    page.add_argument("--text", required=True, help="the summary; - reads it from standard input")
    page.set_defaults(run=append_page)
    check = verbs.add_parser("check", help="compare both logs with the git history")
    for verb in (guide, page, check):
        verb.add_argument("--root", type=Path, default=CHECKOUT, help=argparse.SUPPRESS)
    check.set_defaults(run=run_check)


def append_guide(arguments: argparse.Namespace) -> int:
    parts = (arguments.what, arguments.why, arguments.impact)
    return _append(arguments.root, "guide", " / ".join(" ".join(part.split()) for part in parts))


def append_page(arguments: argparse.Namespace) -> int:
    text = sys.stdin.read() if arguments.text == "-" else arguments.text
    lines = "\n".join(f"  {line}".rstrip() for line in text.strip().splitlines())
    return _append(arguments.root, "page", f"{' '.join(arguments.title.split())}\n{lines}")


def run_check(arguments: argparse.Namespace) -> int:

    problems = check_logs(arguments.root)
    for problem in problems:
        print(problem)
    if not problems:
        print(History(arguments.root).reach or "Both logs only grew.")
    return 1 if problems else 0


def _append(root: Path, which: str, body: str) -> int:

    path = root / (GUIDE if which == "guide" else ANALYSIS)
    if not path.is_file():
        print(f"{path} is not there: run this in a checkout of Shotlist.", file=sys.stderr)
        return 1
    print(f"{path.name}: {append_to(path, body).text.splitlines()[0]}")
    return 0


def addition(spec: "Spec", path: Path, history: "History", why: str) -> str:
    """The guide's entry: every file that the model brought, with its lines, its modes and its price."""
    from models.pricing import typical_price

    wire = f"providers/{spec.provider}.toml"
    files = [f"models/{path.name}", *([f"models/{spec.workflow}"] if spec.workflow else [])]
    files += [] if history.has(wire) or not (history.root / wire).is_file() else [wire]
    counted = ", ".join(f"{file}, {_lines(history.root / file)} lines" for file in files)
    told = f"{counted}; {', '.join(spec.modes)}; {typical_price(spec)}"
    return " ".join(f"Added the model {spec.key} / {why} / {told}".split())


def _lines(path: Path) -> int:
    return sum(1 for line in path.read_text(encoding="utf-8").splitlines() if line.strip())


def integration(spec: "Spec", providers: Path) -> str:
    """A title and six indented lines, to be appended with a time."""
    from models.describe import summary, title
    from providers.description.catalogue import normalisation
    from providers.description.loader import read_description
    from providers.description.schema import ProviderDescription

    description = read_description(providers / f"{spec.provider}.toml")
    answers = (
        normalisation(description)
        if isinstance(description, ProviderDescription)
        else f"{spec.provider}'s wire is not here"
    )
    return "\n  ".join([" ".join(title(spec).split()), *summary(spec, answers).splitlines()])
