"""`shotlist models drift`: fetches the documents that models were made from, and tells or writes what changed."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from models.importing.draft import Drafted, draft
from models.importing.drift import Change, Edit, apply_edits, drift, left_out_in, safe_edits
from models.importing.openapi import Document, NotADocument, parse_documents
from models.linter import lint
from models.spec.catalogue import Catalogue
from models.spec.loader import build_spec
from models.spec.schema import Problem, Spec
from providers.schema_fetch import PROVIDERS
from tasks.settings import SettingsError, read_environ, read_settings
from web.cli.fetching import fetch


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
