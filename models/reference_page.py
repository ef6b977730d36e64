"""The made parts of the reference pages: tables of keys, kinds, modes, tests and functions, in Markdown.

A page is written by hand around them. What stands between `<!-- keys: price -->` and `<!-- end -->` is made anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin

import msgspec
from msgspec import Struct

from models.spec.conditions import TESTS, Condition
from models.spec.expressions import FUNCTIONS, Expression
from models.spec.fields import KINDS, Field, Limit, MediaField, MediaListField
from models.spec.grammar import (
    Key,
    first_paragraph,
    is_table,
    is_union,
    keys_of,
    own_keys,
    plain,
    tables,
    texts_of,
)
from models.spec.schema import Spec
from models.spec.values import FACTS, MODE_LABELS

Made: TypeAlias = Mapping[str, Callable[[], str]]
"""What is made, by the words of its mark."""

_MARK = re.compile(r"^<!-- ([a-z]+(?:: \S+)?) -->\n.*?^<!-- end -->$", re.MULTILINE | re.DOTALL)

_WORDS: dict[Any, str] = {
    str: "text",
    int: "whole number",
    int | float: "number",
    float: "number",
    bool: "true or false",
    date: "date",
    Decimal: "amount, as text",
    Any: "any value",
    Condition: "condition",
    Expression: "expression",
    Field: "field",
}
_PLURALS = {"any value": "values", "pointers": "pointers"}
_MANY_KINDS: dict[type, str] = {MediaField: "files and lists of files", MediaListField: "lists of files"}


def refreshed(page: str, made: Made) -> str:
    """The page with every made part as it is now; `ValueError` where a mark names nothing that is made."""

    def again(found: re.Match[str]) -> str:
        if found[1] not in made:
            raise ValueError(f"<!-- {found[1]} --> names nothing; expected one of {', '.join(made)}")
        return f"<!-- {found[1]} -->\n\n{made[found[1]]()}\n\n<!-- end -->"

    return _MARK.sub(again, page)


def marks(page: str) -> tuple[str, ...]:
    """The words of every mark, in order."""
    return tuple(found[1] for found in _MARK.finditer(page))


def key_tables(root: type[Struct], words: Mapping[Any, str]) -> dict[str, Callable[[], str]]:
    """A table of keys for each table of a file; `words` are for types that it gives names of its own."""
    return {
        f"keys: {place or 'top'}": partial(_fields, words)
        if struct is Field
        else partial(keys, struct, words)
        for place, struct in tables(root).items()
    }


def keys(struct: type[Struct], words: Mapping[Any, str]) -> str:
    """The keys that a table does not share with the one it extends."""
    rows = [
        (f"`{key.name}`", type_words(key, words), default_words(key), key.text) for key in own_keys(struct)
    ]
    return markdown(("Key", "Type", "Default", "What it is"), rows)


def _fields(words: Mapping[Any, str]) -> str:
    """Keys of form fields, with the kinds that have them: those of all kinds first."""
    rows = [
        (f"`{key.name}`", _kinds_with(struct), type_words(key, words), default_words(key), key.text)
        for struct in _lines_of_descent()
        for key in own_keys(struct)
    ]
    return markdown(("Key", "Of", "Type", "Default", "What it is"), rows)


def _lines_of_descent() -> list[type[Struct]]:
    """`Field`, then everything between it and the kinds, each before what extends it."""
    found = {each: None for kind in KINDS.values() for each in reversed(kind.__mro__) if is_table(each)}
    return list(found)


def _kinds_with(struct: type[Struct]) -> str:
    kinds = [name for name, kind in KINDS.items() if issubclass(kind, struct)]
    return _MANY_KINDS.get(struct) or ("all" if len(kinds) == len(KINDS) else ", ".join(kinds))


def type_words(key: Key, words: Mapping[Any, str]) -> str:
    """A key's type for people."""
    if key.choices:
        return f"list of {_choices(key.choices)}"
    return _type_words(key.type, words)


def _type_words(hint: Any, words: Mapping[Any, str]) -> str:
    hint = plain(hint)
    if hint in (known := {**_WORDS, **words}):
        return known[hint]
    if is_table(hint):
        shorthand = getattr(hint, "shorthand", None)
        short = [key for key in keys_of(hint) if key.name == shorthand]
        return f"{_type_words(short[0].type, words)} or table" if short else "table"
    if is_union(hint):
        parts = [part for part in get_args(hint) if part is not int or float not in get_args(hint)]
        said = [_type_words(part, words) for part in parts]
        return (", " if all(each.startswith("`") for each in said) else " or ").join(said)
    match get_origin(hint), get_args(hint):
        case origin, (base, meta) if origin is Annotated:
            return f"{_type_words(base, words)}, at least {meta.ge}"
        case origin, choices if origin is Literal:
            return _choices(choices)
        case origin, (item, _) if origin is tuple:
            return f"list of {_several(_type_words(item, words))}"
        case origin, (_, value) if origin is dict:
            return f"table of {_several(_type_words(value, words))}"
    raise TypeError(f"no words are known for {hint}")


def _choices(choices: Sequence[str]) -> str:
    return ", ".join(f"`{choice}`" for choice in choices)


def _several(words: str) -> str:
    """Of "text or table", "texts or tables"; of a choice, the choice itself."""
    if words.startswith("`"):
        return words
    plurals = (
        part.replace("list of", "lists of") if part.startswith("list of") else _PLURALS.get(part, f"{part}s")
        for part in words.split(" or ")
    )
    return " or ".join(plurals)


def default_words(key: Key) -> str:
    """A key's default as TOML has it."""
    if key.required:
        return "required"
    if key.default in (None, "", (), {}) and not isinstance(key.default, bool):
        return "–"
    return f"`{msgspec.json.encode(key.default).decode()}`"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in client)} |" for client in lines
    )


def _tests() -> str:
    facts = {fact: f"A fact of its files. {texts_of(Limit)[fact]}" for fact in FACTS}
    return markdown(
        ("Test", "What it asks"), [(f"`{name}`", text) for name, text in {**TESTS, **facts}.items()]
    )


def _kinds() -> str:
    rows = [(f"`{name}`", first_paragraph(kind.__doc__)) for name, kind in KINDS.items()]
    return markdown(("Kind", "What it is"), rows)


def model_parts() -> Made:
    """All that is made for docs/model-reference.md."""
    return {
        **key_tables(Spec, {}),
        "kinds": _kinds,
        "tests": _tests,
        "functions": lambda: markdown(
            ("Function", "Gives"), [(f"`{name}`", text) for name, text in FUNCTIONS.items()]
        ),
        "modes": lambda: markdown(
            ("Mode", "On the page"), [(f"`{name}`", text) for name, text in MODE_LABELS.items()]
        ),
    }
