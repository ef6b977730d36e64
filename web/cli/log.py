"""`shotlist log`: append an entry to one of the two append-only logs, or check that nobody rewrote them."""

import argparse
import sys
from pathlib import Path

from tasks.settings import CHECKOUT


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
    from web.cli.log_history import History, check_logs

    problems = check_logs(arguments.root)
    for problem in problems:
        print(problem)
    if not problems:
        print(History(arguments.root).reach or "Both logs only grew.")
    return 1 if problems else 0


def _append(root: Path, which: str, body: str) -> int:
    from web.cli.logbook import ANALYSIS, GUIDE, append_to

    path = root / (GUIDE if which == "guide" else ANALYSIS)
    if not path.is_file():
        print(f"{path} is not there: run this in a checkout of Shotlist.", file=sys.stderr)
        return 1
    print(f"{path.name}: {append_to(path, body).text.splitlines()[0]}")
    return 0
