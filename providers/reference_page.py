"""The made parts of docs/provider-reference.md: tables of keys, names, filters, hooks and classes of error."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from models.reference_page import Made, key_tables, markdown
from models.spec.grammar import first_paragraph
from providers.description.schema import Call, Path, Pointers, ProviderDescription
from providers.description.templates import FILTERS, PLACES
from providers.hooks import BUILDERS, SIGNERS
from providers.outcomes import CLASSES
from providers.webhook_signatures import VERIFIERS

WORDS: Mapping[Any, str] = {
    Pointers: "pointers",
    Path: "paths",
    Call: "call",
}
HOOKS: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    "auth.sign": SIGNERS,
    "submit.build": BUILDERS,
    "webhook.verify": VERIFIERS,
}


def provider_parts() -> Made:
    """All that is made for the page."""
    return {
        **key_tables(ProviderDescription, WORDS),
        "names": _names,
        "filters": lambda: _functions("Filter", FILTERS),
        "hooks": _hooks,
        "classes": _classes,
    }


def _names() -> str:
    """Each name once, with the places that know it."""
    known: dict[tuple[str, str], list[str]] = {}
    for place, names in PLACES.items():
        for name, text in names.items():
            known.setdefault((name, text), []).append(place)
    rows = [(f"`{{{name}}}`", text, ", ".join(places)) for (name, text), places in known.items()]
    return markdown(("Name", "What it is", "Known in"), rows)


def _functions(head: str, functions: Mapping[str, Callable[..., Any]]) -> str:
    rows = [(f"`{name}`", first_paragraph(function.__doc__)) for name, function in functions.items()]
    return markdown((head, "What it does"), rows)


def _hooks() -> str:
    rows = [
        (f"`{key}`", f"`{name}`", first_paragraph(inspect.getdoc(function)))
        for key, hooks in HOOKS.items()
        for name, function in hooks.items()
    ]
    return markdown(("Key", "Hook", "What it does"), rows)


def _classes() -> str:
    rows = [
        (
            f"`{name}`",
            found.what.format(company="Acme", field=""),
            found.next,
            "yes" if found.retryable else "no",
        )
        for name, found in CLASSES.items()
    ]
    return markdown(("Class", "What a person reads", "And what to do", "May work later"), rows)
