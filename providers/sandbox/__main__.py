"""`python -m providers.sandbox --folder DIR`: the sandbox alone, for the command line and as a child of `serve`."""

import argparse
import sqlite3
import sys
from pathlib import Path

from providers.sandbox.server.process import PortInUseError, run


def main() -> int:
    """Runs until it is told to stop; 1 with a sentence when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m providers.sandbox", description=__doc__)
    parser.add_argument(
        "--folder", "--data-dir", type=Path, required=True, help="where jobs and clips are kept"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--name", action="append", default=[], help="another host name by which it is called; may be repeated"
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--speed", type=float, default=1.0, help="10 makes jobs ten times faster")
    parser.add_argument(
        "--die-with-parent", action="store_true", help="end when the process that started this ends"
    )
    given = parser.parse_args()
    if given.speed <= 0:
        parser.error("--speed is a positive number")
    try:
        run(
            given.folder,
            given.host,
            given.port,
            speed=given.speed,
            names=given.name,
            die_with_parent=given.die_with_parent,
        )
    except PortInUseError as busy:
        return _told(str(busy), given.die_with_parent)
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        return _told(f"The sandbox cannot use {given.folder} ({why}).", given.die_with_parent)
    return 0


def _told(why: str, to_parent: bool) -> int:
    """A parent hears on standard output whether it listens, and if not, why."""
    print(why, file=sys.stdout if to_parent else sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
