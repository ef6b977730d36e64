"""`shotlist providers`: every provider, whether its key is set, and the models on it."""

import json
from typing import TYPE_CHECKING, Any

from tasks.settings import Settings, read_environ, read_settings
from web.cli_models import print_table

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add_to(commands: "_SubParsersAction[ArgumentParser]") -> None:
    providers = commands.add_parser("providers", help="list the providers, their keys and their models")
    providers.add_argument("--json", action="store_true", help="as a JSON list")
    providers.set_defaults(run=run_list)


def run_list(arguments: "Namespace") -> int:
    told = describe(read_settings(read_environ()))
    if arguments.json:
        print(json.dumps(told, indent=2))
        return 0
    rows = [
        (each["name"], each["key_state"], each["key_name"] or "-", each["origin"], str(len(each["models"])))
        for each in told
    ]
    print_table(("PROVIDER", "KEY", "KEY IS READ FROM", "ORIGIN", "MODELS"), rows)
    return 0


def describe(settings: Settings) -> list[dict[str, Any]]:
    """One entry a provider; never a key itself."""
    from models.catalogue import Catalogue
    from providers.clients import Clients
    from providers.lines import Lines
    from providers.wires import Wires

    wires, specs = Wires(settings.providers_dirs), Catalogue(settings.models_dirs).all()
    lines = Lines(wires, Clients(), settings.environ, settings.sandbox_url or None)
    return [
        {
            "name": wire.name,
            "display_name": wire.display_name,
            "key_state": lines.key_state(wire.name),
            "key_name": wire.auth.env if wire.auth else None,
            "origin": settings.environ.get(wire.base_url_name) or wire.base,
            "wire_file": f"{wire.name}.toml",
            "hooks": [f"{what} {name}" for what, name in wire.hooks.items()],
            "models": [spec.key for spec in specs if spec.provider == wire.name],
        }
        for wire in wires.all()
    ]
