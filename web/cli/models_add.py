"""`shotlist models add KEY`: the whole way of a new model, from whatever there is of it to both log entries."""

import re
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from tasks.settings import CHECKOUT, Settings, SettingsError, read_environ, read_settings

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from models.spec.schema import Spec


def add_commands(verbs: "_SubParsersAction[ArgumentParser]") -> None:
    import argparse

    add = verbs.add_parser(
        "add", help="the whole way: draft, what is missing, check, a trial run, both log entries"
    )
    add.add_argument("key", help="the model's key: its file is models/KEY.toml")
    add.add_argument(
        "--from",
        dest="source",
        metavar="SOURCE",
        help="a draft, a provider's schema, a curl command or a page saved as text; - is standard input",
    )
    add.add_argument("--why", default="", help="why it is added, for the change log")
    add.add_argument("--root", type=Path, default=CHECKOUT, help=argparse.SUPPRESS)
    add.set_defaults(run=run_add)


def run_add(arguments: "Namespace") -> int:
    """Each step ends with 1 and a sentence where it cannot go on; run again, it goes on from there."""
    key, source, root = str(arguments.key), arguments.source, Path(arguments.root)
    if key.endswith(".toml"):  # a draft's own path will do: its name is the key
        key, source = Path(key).stem, source or key
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", key):
        raise SettingsError(
            f"{key!r} is no key: use small letters, digits, dots and hyphens, such as kling-v3."
        )
    _need_logs(root)
    settings = _at(root)
    path = root / "models" / f"{key}.toml"
    _refuse_to_begin_anew(source, path)
    if not path.is_file() and not _draft(source, path, settings):
        return 1
    spec = _checked(path, settings)
    if spec is None or not _tried(settings, spec):
        return 1
    _log(root, spec, path, str(arguments.why))
    return 0


def _refuse_to_begin_anew(source: str | None, path: Path) -> None:
    """A source for what is there already would be passed over, or would wipe out answers."""
    for there in (path, _draft_of(path)):
        if source is not None and there.is_file():
            raise SettingsError(
                f"{there} is there already: run this without --from, or take that file away to begin anew."
            )


def _draft_of(path: Path) -> Path:
    return path.with_suffix(".toml.draft")


def _need_logs(root: Path) -> None:
    from web.cli.changelog import LOGS

    for name in LOGS:
        if not (root / name).is_file():
            raise SettingsError(f"{root / name} is not there: run this in a checkout of Shotlist.")


def _at(root: Path) -> Settings:
    """The settings with the models and providers of `root` in place of this checkout's."""
    settings = read_settings(read_environ())
    own = {CHECKOUT / name: root / name for name in ("models", "providers")}
    return structs.replace(
        settings,
        models_dirs=tuple(own.get(each, each) for each in settings.models_dirs),
        providers_dirs=tuple(own.get(each, each) for each in settings.providers_dirs),
    )


def _draft(source: str | None, path: Path, settings: Settings) -> bool:
    """Makes the file out of its draft, which lies beside it, unseen by a server, until nothing is missing."""
    from models.importing.questions import missing
    from web.cli.sources import ask_missing, printed, read_draft

    draft = _draft_of(path)
    text = draft.read_text(encoding="utf-8") if draft.is_file() and source is None else ""
    if source is not None:
        read = read_draft(source, settings)
        text = read.toml
        print(f"1. A draft from a {read.kind}: {source}", *read.notes, sep="\n   ")
    else:
        print(f"1. {'The draft ' + draft.name if text else 'An empty draft'}")
    if sys.stdin.isatty() and missing(text):
        text = ask_missing(text, _ask, print, date.today())
    questions = missing(text)
    if not questions:
        print("2. Nothing is missing.")
        draft.unlink(missing_ok=True)
        path.write_text(text, encoding="utf-8")
        return True
    draft.write_text(text, encoding="utf-8")
    print("2. Still missing:", *printed(questions), sep="\n")
    print(f"Answer in {draft}, then run this again without --from.")
    return False


def _ask(prompt: str) -> str:
    try:
        return input(prompt)
    except EOFError:
        return ""


def _checked(path: Path, settings: Settings) -> "Spec | None":
    from models.spec.loader import read_spec
    from models.spec.schema import Spec
    from web.cli.printing import check_files

    wires = [wire.stem for folder in settings.providers_dirs for wire in folder.glob("*.toml")]
    problems = check_files([path], wires)
    spec = read_spec(path)
    if problems or not isinstance(spec, Spec):
        print("3. Not right yet:", *problems, sep="\n   ")
        print(f"Correct {path}, then run this again.")
        return None
    print(f"3. Checked: {path.name} is right.")
    return spec


def _tried(settings: Settings, spec: "Spec") -> bool:
    from web.cli.trial import try_model

    print("4. A trial run in a folder of its own; nothing is billed:")
    outcome = try_model(settings, spec, _tell)
    print(f"   {outcome.sentence}")
    if not outcome.succeeded:
        print("The trial did not end with a video. The file stays; correct it, then run this again.")
    return outcome.succeeded


def _tell(line: str) -> None:
    print(f"   {line}", flush=True)


def _log(root: Path, spec: "Spec", path: Path, why: str) -> None:
    """Both entries, the analysis last: a model that it names has been told of, or is older than this command."""
    from web.cli.changelog import ANALYSIS, GUIDE, History, addition, integration

    reason = why or f"{spec.display_name} on {spec.provider} could not be chosen on the page"
    if _names(root / ANALYSIS, spec.key):
        return
    if not _names(root / GUIDE, spec.key):
        _append(root / GUIDE, addition(spec, path, History(root), reason))
    _append(root / ANALYSIS, integration(spec, root / "providers"))


def _names(log: Path, key: str) -> bool:
    from web.cli.changelog import entries, unnamed

    named = not unnamed(log.name, entries(log.read_text(encoding="utf-8")), [key])
    if named:
        print(f"5. {log.name} names {key} already.")
    return named


def _append(log: Path, body: str) -> None:
    from web.cli.changelog import append_to

    print(f"5. {log.name}: {append_to(log, body).text.splitlines()[0]}")
