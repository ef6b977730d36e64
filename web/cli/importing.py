"""`shotlist models import | drift | missing`: specs out of the documents of providers, and the two compared."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.settings import SettingsError, read_environ
from web.cli.fetching import fetch

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from models.importing.openapi import Document
    from models.importing.verify import Verdict

# What --verify expects of a folder of documents.
EXPECTED_VALID = 1.0
EXPECTED_REFUSED = 0.99


def add_commands(verbs: "_SubParsersAction[ArgumentParser]") -> None:
    """Hooks the commands of this module into `shotlist models`."""
    _add_import(verbs)
    _add_drift(verbs)
    _add_missing(verbs)


def _add_import(verbs: "_SubParsersAction[ArgumentParser]") -> None:
    importing = verbs.add_parser("import", help="make a model file out of a provider's schema document")
    importing.add_argument("provider", choices=("fal", "replicate"))
    importing.add_argument(
        "source",
        nargs="?",
        help="a file, - for standard input, or the endpoint's name (owner/name), which is fetched",
    )
    importing.add_argument("--to", type=Path, metavar="FILE", help="where to write; without, standard output")
    importing.add_argument(
        "--endpoint", default="", help="what the document describes, where it does not say so"
    )
    importing.add_argument(
        "--verify",
        type=Path,
        metavar="FOLDER",
        help="try every document of a folder with random inputs; write nothing",
    )
    importing.add_argument(
        "--inputs", type=int, default=200, metavar="N", help="random inputs a document (200)"
    )
    importing.add_argument("--json", action="store_true", help="with --verify: end with one line of JSON")
    importing.set_defaults(run=run_import)


def _add_drift(verbs: "_SubParsersAction[ArgumentParser]") -> None:
    drift = verbs.add_parser("drift", help="compare models with their providers' documents as they are now")
    drift.add_argument("keys", nargs="*", metavar="KEY", help="models; without, all of fal and Replicate")
    drift.add_argument(
        "--document", type=Path, metavar="FILE", help="a saved document instead of a fetched one"
    )
    drift.add_argument(
        "--write", action="store_true", help="write new options and wider limits into the file"
    )
    drift.set_defaults(run=run_drift)


def _add_missing(verbs: "_SubParsersAction[ArgumentParser]") -> None:
    missing = verbs.add_parser("missing", help="ask for what a draft of a model file still lacks")
    missing.add_argument(
        "draft",
        metavar="DRAFT",
        help="TOML, a provider's schema, a curl command or a page saved as text; - reads it",
    )
    missing.add_argument("--json", action="store_true", help="print it as JSON")
    missing.set_defaults(run=run_missing)


def run_import(arguments: "Namespace") -> int:
    if arguments.verify:
        return run_verify(arguments)
    if not arguments.source:
        raise SettingsError("Say what to import: a file, an endpoint's name, or --verify FOLDER.")
    from models.importing.draft import draft
    from models.importing.toml_writer import write_toml
    from models.linter import lint
    from models.spec.schema import Spec

    document = _one_document(_read_source(arguments.provider, arguments.source), arguments)
    drafted = draft(document, date.today())
    for notice in drafted.notices:
        print(f"warning: {notice}", file=sys.stderr)
    _write(write_toml(drafted), arguments.to, drafted.key)
    problems = lint(drafted.spec) if isinstance(drafted.spec, Spec) else drafted.spec
    for problem in problems:
        print(problem, file=sys.stderr)
    rules = sum(each.rule is not None for each in drafted.suggestions)
    print(
        f"fields: {len(drafted.table['fields'])}, warnings: {len(drafted.notices)}, "
        f"rules suggested from prose: {rules}, other sentences to read: {len(drafted.suggestions) - rules}",
        file=sys.stderr,
    )
    return 1 if problems else 0


def _read_source(provider: str, source: str) -> bytes:
    """The document's bytes from standard input, a file, or the provider."""
    if source == "-":
        return sys.stdin.buffer.read()
    if Path(source).is_file():
        return Path(source).read_bytes()
    if "/" not in source or source.endswith(".json"):
        raise SettingsError(f"There is no file {source}; an endpoint's name is written owner/name.")
    return fetch(provider, source, read_environ())


def _one_document(text: bytes, arguments: "Namespace") -> "Document":
    from models.importing.openapi import NotADocument, parse_documents

    documents = parse_documents(text, arguments.provider, arguments.endpoint)
    if len(documents) > 1:
        raise SettingsError(f"There are {len(documents)} documents in it: give one of them.")
    if isinstance(documents[0], NotADocument):
        raise SettingsError(documents[0].sentence)
    return documents[0]


def _write(toml: str, to: Path | None, key: str) -> None:
    if to is None:
        print(toml, end="")
        return
    path = to / f"{key}.toml" if to.is_dir() else to
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(toml)
    except FileExistsError:
        raise SettingsError(f"{path} is there already: choose another name, or take it away first.") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}.") from error
    print(f"Written: {path}", file=sys.stderr)


def run_verify(arguments: "Namespace") -> int:
    """Every document below a folder, in two processes where there are two cores."""
    files = sorted(path for path in arguments.verify.rglob("*.json") if path.is_file())
    if not files:
        raise SettingsError(f"There is no .json file in {arguments.verify}.")
    verdicts = sorted(_verify(files, arguments), key=lambda verdict: verdict.name)
    _print_verdicts(verdicts)
    totals = _totals(verdicts)
    if arguments.json:
        print(json.dumps(totals))
    valid, refused = totals["valid"], totals["invalid_refused"]
    is_well = totals["documents"] == totals["imported"] and (valid is None or valid >= EXPECTED_VALID)
    return 0 if is_well and (refused is None or refused >= EXPECTED_REFUSED) else 1


def _verify(files: Sequence[Path], arguments: "Namespace") -> Iterator["Verdict"]:
    import os
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    from tqdm import tqdm

    processes = min(len(files), os.cpu_count() or 1, 8)
    folder, provider, inputs = arguments.verify, arguments.provider, arguments.inputs
    with (
        ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool,
        tqdm(total=len(files), unit="document", file=sys.stderr) as bar,
    ):
        tasks = [pool.submit(verify_file, folder, path, provider, inputs) for path in files]
        for task in as_completed(tasks):
            yield from task.result()
            bar.update()


def verify_file(folder: Path, path: Path, provider: str, inputs: int) -> list["Verdict"]:
    """One file, in whatever process; a bug that it meets costs its own row and no other."""
    from models.importing.verify import Verdict, verify_text

    name = str(path.relative_to(folder).with_suffix(""))
    try:
        return verify_text(path.read_bytes(), provider, name, inputs=inputs, today=date.today())
    except Exception as error:
        return [Verdict(name=name, told=(f"the trial broke off: {type(error).__name__}: {error}",))]


def _print_verdicts(verdicts: Iterable["Verdict"]) -> None:
    from web.cli.printing import print_table

    rows = []
    for each in verdicts:
        done = "yes" if each.imported else "no"
        valid, refused = f"{each.valid}/{each.tried}", f"{each.refused}/{each.forbidden}"
        rows.append((each.name, done, str(each.fields), str(each.warnings), valid, refused))
        rows += [(f"  {sentence}", "", "", "", "", "") for sentence in each.told]
    print_table(("DOCUMENT", "IMPORTED", "FIELDS", "WARNINGS", "VALID", "REFUSED"), rows)


def _totals(verdicts: Sequence["Verdict"]) -> dict[str, int | float | None]:
    """Shares are of all inputs tried; None where there were none."""
    tried, forbidden = sum(each.tried for each in verdicts), sum(each.forbidden for each in verdicts)
    return {
        "documents": len(verdicts),
        "imported": sum(each.imported for each in verdicts),
        "valid": round(sum(each.valid for each in verdicts) / tried, 6) if tried else None,
        "invalid_refused": round(sum(each.refused for each in verdicts) / forbidden, 6)
        if forbidden
        else None,
        "warnings": sum(each.warnings for each in verdicts),
    }


def run_drift(arguments: "Namespace") -> int:
    from web.cli.drift import compare_models

    return compare_models(arguments.keys, arguments.document, write=arguments.write)


def run_missing(arguments: "Namespace") -> int:
    from msgspec import structs

    from models.importing.questions import missing
    from tasks.settings import read_settings
    from web.cli.drafts import printed, read_draft

    read = read_draft(arguments.draft, read_settings(read_environ()))
    questions = missing(read.toml)
    for note in read.notes:
        print(note, file=sys.stderr)
    if arguments.json:
        print(json.dumps({"missing": [structs.asdict(each) for each in questions]}, ensure_ascii=False))
    elif not questions:
        print(f"{arguments.draft}: nothing is missing.")
    else:
        print(*printed(questions), sep="\n")
    return 1 if questions else 0
