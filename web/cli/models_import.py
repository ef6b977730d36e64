"""`shotlist models import | drift | missing`: specs out of the documents of providers, and the two compared.

`shotlist models drift`: fetches the documents that models were made from, and tells or writes what changed.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from models.importing.draft import Drafted, draft
from models.importing.drift import Change, Edit, apply_edits, drift, left_out_in, safe_edits
from models.importing.openapi import Document, NotADocument, parse_documents
from models.linter import lint
from models.spec.catalogue import Catalogue
from models.spec.loader import build_spec
from models.spec.schema import Problem, Spec
from providers.schema_fetch import PROVIDERS
from tasks.settings import SettingsError, read_environ, read_settings
from web.cli.sources import fetch

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from models.importing.verify import Verdict


def compare_models(keys: Sequence[str], document: Path | None, *, write: bool) -> int:
    """0 when nothing changed anywhere; 1 when something did, or a document could not be had."""
    environ = read_environ()
    specs = _chosen(Catalogue(read_settings(environ).models_dirs), keys)
    if document and len(specs) != 1:
        raise SettingsError("A saved document belongs to one model: name just its KEY.")
    found = [_compare(spec, _documents(spec, document, environ), write=write) for spec in specs]
    return 1 if any(found) else 0


def _chosen(catalogue: Catalogue, keys: Sequence[str]) -> list[Spec]:
    if not keys:
        return [spec for spec in catalogue.all() if spec.provider in PROVIDERS]
    specs = [(key, catalogue.get(key)) for key in keys]
    for key, spec in specs:
        if spec is None:
            raise SettingsError(f"There is no model {key}: shotlist models list names them.")
    return [spec for _, spec in specs if spec is not None]


def _documents(spec: Spec, saved: Path | None, environ: Mapping[str, str]) -> dict[str, Drafted | str]:
    """By endpoint: its document as a spec that was just imported, or why there is none."""
    endpoints = list(dict.fromkeys(spec.endpoint_for(mode) for mode in spec.modes))
    if saved is None:
        return {endpoint: _fetched(spec, endpoint, environ) for endpoint in endpoints}
    try:
        read = _read(saved.read_bytes(), spec, "")
    except OSError as error:
        raise SettingsError(f"{saved} cannot be read: {error.strerror}.") from error
    if isinstance(read, str):
        raise SettingsError(read)
    if read.document.endpoint in endpoints:
        return {read.document.endpoint: read}
    if len(endpoints) == 1:
        return {endpoints[0]: read}
    raise SettingsError(
        f"{saved} describes {read.document.endpoint}, which is none of {', '.join(endpoints)}."
    )


def _fetched(spec: Spec, endpoint: str, environ: Mapping[str, str]) -> Drafted | str:
    try:
        return _read(fetch(spec.provider, endpoint, environ), spec, endpoint)
    except SettingsError as error:
        return str(error)


def _read(text: bytes, spec: Spec, endpoint: str) -> Drafted | str:
    documents: list[Document | NotADocument] = parse_documents(text, spec.provider, endpoint)
    return (
        documents[0].sentence if isinstance(documents[0], NotADocument) else draft(documents[0], date.today())
    )


def _compare(spec: Spec, documents: Mapping[str, Drafted | str], *, write: bool) -> bool:
    """Tells about one model; True if something changed or could not be compared."""
    text = Path(spec.file).read_text(encoding="utf-8")
    left_out = left_out_in(text)
    changes: dict[str, tuple[Change, ...]] = {}
    for endpoint, document in documents.items():
        if isinstance(document, str):
            print(f"{spec.key} ({endpoint}): {document}", file=sys.stderr)
        else:
            changes[endpoint] = drift(spec, document, endpoint, left_out)
    for line in _lines(spec, changes):
        print(line)
    if write and any(changes.values()):
        _write_safe(spec, text, safe_edits(spec, changes))
    return len(changes) < len(documents) or any(changes.values())


def _lines(spec: Spec, changes: Mapping[str, tuple[Change, ...]]) -> Iterator[str]:
    for endpoint, found in changes.items():
        if not found:
            yield f"{spec.key} ({endpoint}): nothing changed."
            continue
        yield f"{spec.key} ({endpoint}):"
        width = max(len(change.place) for change in found)
        yield from (f"  {change.what:<7}  {change.place:<{width}}  {change.sentence}" for change in found)


def _write_safe(spec: Spec, text: str, edits: Sequence[Edit]) -> None:
    """Writes the edits after which the file still passes its check, and says how many there were."""
    kept = 0
    for edit in edits:
        tried = apply_edits(text, [edit])
        if not _problems(tried, spec):
            text, kept = tried, kept + 1
    if kept:
        Path(spec.file).write_text(text, encoding="utf-8")
    print(f"{spec.key}: {kept} written into {spec.file}; read the rest and decide.")


def _problems(text: str, spec: Spec) -> Sequence[Problem]:
    import tomllib

    built = build_spec(tomllib.loads(text), key=spec.key, file=spec.file)
    return lint(built) if isinstance(built, Spec) else built


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
    told = sum(map(len, drafted.sentences.values()))
    print(
        f"fields: {len(drafted.table['fields'])}, warnings: {len(drafted.notices)}, "
        f"sentences of the provider to read: {told}",
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

    return compare_models(arguments.keys, arguments.document, write=arguments.write)


def run_missing(arguments: "Namespace") -> int:
    from msgspec import structs

    from models.importing.questions import missing
    from tasks.settings import read_settings
    from web.cli.sources import printed, read_draft

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
