"""Starts a program that ends with its parent: run as a script, `spawn.py PARENT_PID program arguments…`.

A script of its own, because what must happen between fork and exec is not safe in a process with threads. On Linux
the kernel ends the program when the parent dies, however it dies; elsewhere the next start looks for an orphan.
Ctrl-C in a terminal reaches the whole process group: the program must not see it, its parent ends it in good order.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent = int(sys.argv[1])
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the line above
        sys.exit(1)
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606


if __name__ == "__main__":
    main()
