"""A copy of this checkout in a folder of its own, with a `.venv/bin/shotlist` that runs the copy."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support import CHECKOUT, PATIENCE, environ

FOLDERS = ("models", "providers", "tasks", "web", "tests")
FILES = (
    "video_model_add_guide.md",
    "video_page_analysis.txt",
    "pyproject.toml",
    "Makefile",
    ".gitignore",
    ".env.example",
)


class Checkout:
    """Where a new developer stands: the code, both logs, and a command line; no keys, no settings."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in FOLDERS:
            shutil.copytree(
                CHECKOUT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", "*.draft")
            )
        for file in FILES:
            shutil.copy(CHECKOUT / file, root / file)
        bin_ = root / ".venv" / "bin"
        bin_.mkdir(parents=True)
        for name, words in (("shotlist", "-m web.cli"), ("python", "")):
            script = bin_ / name
            script.write_text(f'#!/bin/sh\nPYTHONPATH="{root}" exec "{sys.executable}" {words} "$@"\n')
            script.chmod(0o755)
        self.env = {**environ(root / "data", 8420), "CI": "", "GIT_CONFIG_GLOBAL": "/dev/null"}

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def sh(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run some lines of a shell, stopping at the first that fails; never on a terminal."""
        return subprocess.run(
            ["/bin/sh", "-e", "-c", script],
            cwd=self.root,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=3 * PATIENCE,
            check=False,
        )

    def log(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")
