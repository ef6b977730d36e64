"""Both append-only logs held against the git history of their checkout."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from web.cli.logbook import LOGS, Entry, LogProblem, backwards, entries, lost, rewritten, unnamed


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
