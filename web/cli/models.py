"""`shotlist models list | check | payload | schema`: the catalogue from the command line; nothing is sent anywhere."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tasks.settings import Settings, SettingsError, read_environ, read_settings
from web.cli import models_add as add
from web.cli import models_import as importing
from web.cli import schema
from web.cli.printing import check_files, is_wire, print_table

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from models.spec.schema import Spec


def add_to(commands: "_SubParsersAction[ArgumentParser]") -> None:
    models = commands.add_parser("models", help="list and check the model files")
    verbs = models.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listing = verbs.add_parser("list", help="every model: key, provider, modes, price")
    listing.set_defaults(run=run_list)
    check = verbs.add_parser("check", help="tell everything that is wrong with model and provider files")
    check.add_argument(
        "paths", nargs="*", type=Path, help="files or folders; without, all that the server reads"
    )
    check.set_defaults(run=run_check)
    payload = verbs.add_parser("payload", help="show the exact request for some values; nothing is sent")
    payload.add_argument("key", help="the model's key")
    payload.add_argument(
        "--values", required=True, metavar="FILE", help="a file of JSON, or - for standard input"
    )
    payload.set_defaults(run=run_payload)
    schema.add_command(verbs, "models")
    importing.add_commands(verbs)
    add.add_commands(verbs)


def run_list(_: "Namespace") -> int:
    from models.pricing import typical_price
    from models.spec.catalogue import Catalogue

    catalogue = Catalogue(read_settings(read_environ()).models_dirs)
    rows = [(spec.key, spec.provider, ",".join(spec.modes), typical_price(spec)) for spec in catalogue.all()]
    print_table(("KEY", "PROVIDER", "MODES", "PRICE"), rows)
    for problem in catalogue.problems:
        print(problem, file=sys.stderr)
    return 0


def run_check(arguments: "Namespace") -> int:
    settings = read_settings(read_environ())
    asked = arguments.paths or (*settings.models_dirs, *settings.providers_dirs)
    files = list(_files(asked))
    if not files:
        raise SettingsError(f"There is no .toml file in {', '.join(map(str, asked))}.")
    problems = check_files(files, _known_wires(settings, files))
    for problem in problems:
        print(problem)
    if problems:
        print(
            f"{_count(len(problems), 'problem')} in {_count(len({each.file for each in problems}), 'file')}."
        )
        return 1
    print(f"{_count(len(files), 'file')} checked: nothing is wrong.")
    return 0


def run_payload(arguments: "Namespace") -> int:
    from models.form.validate import check
    from models.payload import finish, map_body
    from models.spec.catalogue import Catalogue

    spec = Catalogue(read_settings(read_environ()).models_dirs).get(arguments.key)
    if spec is None:
        raise SettingsError(f"There is no model {arguments.key}: shotlist models list names them.")
    checked = check(spec, _read_values(arguments.values), {})
    for field, sentence in checked.errors.items():
        print(f"{field or spec.key}: {sentence}", file=sys.stderr)
    if checked.errors:
        return 1
    body = finish(map_body(spec, checked.values, {}), {})
    print(json.dumps(_request(spec, str(checked.values["mode"]), body), indent=2, ensure_ascii=False))
    return 0


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(path.glob("*.toml"))
        else:
            yield path


def _known_wires(settings: Settings, files: Iterable[Path]) -> list[str]:
    served = {path.stem for path in _files(settings.providers_dirs)}
    return sorted(served | {file.stem for file in files if is_wire(file)})


def _read_values(source: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
        values = msgspec.json.decode(text)
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"The values in {source} cannot be read: {error}.") from error
    if not isinstance(values, dict):
        raise SettingsError(
            f'The values in {source} must be an object, such as {{"prompt": "A paper boat"}}.'
        )
    return values


def _request(spec: "Spec", mode: str, body: dict[str, Any]) -> dict[str, Any]:
    """What would be sent: address and body as the provider's wire makes them; the body alone where it has no wire."""
    from providers.client.requests import build_submit, names_of_model
    from providers.description.loader import read_description
    from providers.description.schema import ProviderDescription
    from providers.outcomes import Operation

    asked = Operation("", endpoint=spec.endpoint_for(mode), version=spec.version, mode=mode)
    settings = read_settings(read_environ())
    paths = [folder / f"{spec.provider}.toml" for folder in reversed(settings.providers_dirs)]
    description = next((read_description(path) for path in paths if path.is_file()), None)
    request = (
        build_submit(description, names_of_model(asked), body)
        if isinstance(description, ProviderDescription)
        else None
    )
    if request is None or not isinstance(description, ProviderDescription):
        return {"body": body}
    url = request.url if "://" in request.url else description.base + request.url
    return {"method": request.method, "url": url, "headers": request.headers, "body": request.body}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
