"""Starts a program that ends with its parent: run as a script, `child_process.py PARENT_PID program arguments…`.

A script too, because what must happen between fork and exec is not safe in a process with threads. On Linux the
kernel ends the program when the parent dies, however it dies; elsewhere it looks for itself, or the next start looks
for an orphan. Ctrl-C in a terminal reaches the whole process group: the program must not see it, its parent ends it
in good order. As a script it has Python's own library only, and little of it, so that it takes a few milliseconds.
"""

import ctypes
import os
import signal
import sys

TYPE_CHECKING = False  # to import typing takes longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Sequence
    from subprocess import Popen
    from typing import Any

PR_SET_PDEATHSIG = 1


def start_child(command: "Sequence[str]", **options: "Any") -> "Popen[bytes]":
    """`subprocess.Popen` of a program that ends with this process and that Ctrl-C does not reach.

    Linux ends it with the thread that called this: it is to be one that lives as long as the process.
    """
    from subprocess import Popen

    launcher = (sys.executable, "-I", "-S", __file__, str(os.getpid()))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # a child inherits what is blocked
    try:
        return Popen([*launcher, *command], **options)  # noqa: S603
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_parent(parent: int | None = None) -> None:
    """On Linux the kernel sends SIGTERM when the parent is gone; this process too ends if it is gone already.

    A parent that says its own process id as it starts us cannot be missed, even if it dies before we run.
    """
    parent = parent or os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    end_with_parent(int(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606


if __name__ == "__main__":
    main()
