"""A command on a real terminal (a pty), answered as a person would: one answer to each question that it asks."""

import os
import pty
import select
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.guide.checkout import Checkout
from tests.support import PATIENCE

PROMPT = "> "


@dataclass(frozen=True)
class Session:
    """What was asked, in order, all that stood on the screen, and how the command ended."""

    asked: tuple[str, ...]
    screen: str
    code: int


def on_terminal(checkout: Checkout, words: Sequence[str], answers: Mapping[str, str]) -> Session:
    """Run `shotlist words…`; `answers` are by how a question begins. A question without an answer fails."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [str(checkout.root / ".venv" / "bin" / "shotlist"), *words],
        cwd=checkout.root,
        env={**checkout.env, "TERM": "dumb", "COLUMNS": "400"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        asked, screen = _converse(ours, answers)
        return Session(asked, screen, process.wait(PATIENCE))
    finally:
        process.kill()
        os.close(ours)


def _converse(terminal: int, answers: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
    screen, seen, asked = "", 0, []
    while (more := _read(terminal)) is not None:
        screen += more
        if not screen.endswith(PROMPT):
            continue
        new, seen = screen[seen:], len(screen)
        question = next((begin for begin in answers if begin in new), None)
        assert question is not None, f"it asks what nobody expected: {new}"
        asked.append(question)
        os.write(terminal, f"{answers[question]}\n".encode())
        seen += len(answers[question]) + 2
    return tuple(asked), screen


def _read(terminal: int) -> str | None:
    """What comes next on the screen; None at its end."""
    ready, _, _ = select.select([terminal], [], [], PATIENCE)
    assert ready, "the command says nothing more and does not end"
    try:
        return os.read(terminal, 65536).decode(errors="replace").replace("\r\n", "\n") or None
    except OSError:  # Linux's way to say that the other end is closed
        return None
