"""The command line: `shotlist COMMAND`. A module for each noun has its commands, and imports what they need late."""

import argparse
import os
import sys
from collections.abc import Sequence

from tasks.settings import SettingsError
from web.cli import backup, models, providers, serve
from web.cli import changelog as log


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. 0 is well, 1 is a problem that was told in a sentence, 2 is a command that is not one."""
    arguments = parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except SettingsError as error:
        print(f"shotlist: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `shotlist models list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def parser() -> argparse.ArgumentParser:
    """Every command with its help; `run` is the function that carries it out and gives the exit code."""
    top = argparse.ArgumentParser(prog="shotlist", description="A page for every AI video model.")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for noun in (serve, providers, models, log, backup):
        noun.add_to(commands)
    return top
