"""`shotlist providers [schema]`: every provider, whether its key is set, and the models on it."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from tasks.settings import Settings, SettingsError, load_secret, read_environ, read_settings
from web.cli import schema
from web.cli.printing import print_table

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add_to(commands: "_SubParsersAction[ArgumentParser]") -> None:
    providers = commands.add_parser("providers", help="list the providers, their keys and their models")
    providers.add_argument("--json", action="store_true", help="as a JSON list")
    providers.set_defaults(run=run_list)
    schema.add_command(providers.add_subparsers(title="commands", metavar="[COMMAND]"), "providers")


def run_list(arguments: "Namespace") -> int:
    settings = read_settings(read_environ())
    told = describe(settings, stored_keys(settings))
    if arguments.json:
        print(json.dumps(told, indent=2))
        return 0
    rows = [
        (each["name"], each["key_state"], _from(each), each["origin"], str(len(each["models"])))
        for each in told
    ]
    print_table(("PROVIDER", "KEY", "KEY IS READ FROM", "ORIGIN", "MODELS"), rows)
    return 0


class StoredKeys(Struct, frozen=True):
    """What the database knows of keys: those that are stored, and the providers that refused theirs when asked."""

    keys: dict[str, str] = {}
    refused: frozenset[str] = frozenset()


def stored_keys(settings: Settings) -> StoredKeys:
    """Read without a server; nothing is made where no server has run yet. A database that is away is told of."""
    scheme, _, path = settings.database_url.partition("://")
    if scheme == "sqlite" and not Path(path).exists():
        return StoredKeys()
    from tasks.errors import DatabaseAway

    try:
        return asyncio.run(_read(settings))
    except (SettingsError, DatabaseAway) as error:
        print(f"shotlist: the stored keys could not be read, and are left out. {error}", file=sys.stderr)
        return StoredKeys()


async def _read(settings: Settings) -> StoredKeys:
    from providers.client.http import HTTPClients
    from providers.description.catalogue import DescriptionCatalogue
    from providers.registry import ProviderRegistry
    from tasks.database import open_database
    from tasks.provider_keys import ProviderKeys

    database = await open_database(settings.database_url)
    try:
        keys = ProviderKeys(database, load_secret(settings))
        await keys.refresh()
        descriptions = DescriptionCatalogue(settings.providers_dirs)
        registry = ProviderRegistry(descriptions, HTTPClients(), settings.environ, None, keys.get)
        checks = {
            description.name: await keys.last_check(description.name, registry.key(description.name))
            for description in descriptions.all()
        }
    finally:
        await database.close()
    refused = {name for name, check in checks.items() if check is not None and check.state == "refused"}
    return StoredKeys({name: keys.get(name) for name in keys.names()}, frozenset(refused))


def describe(settings: Settings, stored: StoredKeys) -> list[dict[str, Any]]:
    """One entry a provider; never a key itself."""
    from models.spec.catalogue import Catalogue
    from providers.client.http import HTTPClients
    from providers.description.catalogue import DescriptionCatalogue
    from providers.registry import ProviderRegistry

    descriptions, specs = DescriptionCatalogue(settings.providers_dirs), Catalogue(settings.models_dirs).all()
    registry = ProviderRegistry(
        descriptions,
        HTTPClients(),
        settings.environ,
        settings.sandbox_url or None,
        lambda name: stored.keys.get(name, ""),
    )
    return [
        {
            "name": description.name,
            "display_name": description.display_name,
            "key_state": "refused"
            if description.name in stored.refused
            else registry.key_state(description.name),
            "key_source": registry.key_source(description.name),
            "key_name": description.auth.env if description.auth else None,
            "origin": settings.environ.get(description.base_url_name) or description.base,
            "wire_file": f"{description.name}.toml",
            "hooks": [f"{what} {name}" for what, name in description.hooks.items()],
            "models": [spec.key for spec in specs if spec.provider == description.name],
        }
        for description in descriptions.all()
    ]


def _from(told: dict[str, Any]) -> str:
    """Where the key is, or where it would be looked for."""
    return "stored" if told["key_source"] == "stored" else told["key_name"] or "-"
