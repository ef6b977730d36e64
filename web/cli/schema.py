"""`shotlist models schema` and `shotlist providers schema`: what a TOML editor needs to complete and to underline.

Printed is the JSON Schema of the files. `--write` puts it beside them in the checkout, as models/schema.json and
providers/schema.json, and makes the tables of the reference pages in docs/ anew.
"""

import functools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import models
from tasks.settings import SettingsError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from models.reference_page import Made


Noun: TypeAlias = Literal["models", "providers"]

CHECKOUT = Path(models.__file__).resolve().parent.parent
PAGES: dict[Noun, str] = {"models": "docs/model-reference.md", "providers": "docs/provider-reference.md"}


def add_command(verbs: "_SubParsersAction[ArgumentParser]", noun: Noun) -> None:
    schema = verbs.add_parser("schema", help=f"print a JSON Schema of {noun}/*.toml, for editors")
    told = f"write it to {noun}/schema.json, and the tables of {PAGES[noun]} anew"
    schema.add_argument("--write", action="store_true", help=told)
    schema.set_defaults(run=functools.partial(run_schema, noun))


def run_schema(noun: Noun, arguments: "Namespace") -> int:
    if not arguments.write:
        sys.stdout.write(schema_text(noun))
        return 0
    for path, text in written(noun).items():
        changed = not path.exists() or path.read_text(encoding="utf-8") != text
        if changed:
            path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(CHECKOUT)}: {'written' if changed else 'as it was'}")
    return 0


def schema_text(noun: Noun) -> str:
    """The schema as it stands in its file."""
    from models.editor_schema import editor_schema

    if noun == "models":
        from models.spec.schema import Spec

        schema = editor_schema(Spec, "A model of Shotlist")
    else:
        from providers.description.schema import ProviderDescription

        schema = editor_schema(ProviderDescription, "A provider of Shotlist")
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def written(noun: Noun) -> dict[Path, str]:
    """The files that are made of the grammar, with what is to be in them."""
    from models.reference_page import refreshed

    page = CHECKOUT / PAGES[noun]
    if not page.exists():
        raise SettingsError(f"There is no {PAGES[noun]} here: --write is for a checkout of Shotlist.")
    return {
        CHECKOUT / noun / "schema.json": schema_text(noun),
        page: refreshed(page.read_text(encoding="utf-8"), made(noun)),
    }


def made(noun: Noun) -> "Made":
    """The made parts of a reference page."""
    if noun == "models":
        from models.reference_page import model_parts

        return model_parts()
    from providers.reference_page import provider_parts

    return provider_parts()
