"""The keys of a TOML file as its structs state them: name, type, default, and the text that stands under each.

The texts are attribute docstrings: a string on the line after a key. They are read out of the source by what prints
the JSON Schema for editors and the reference; nothing else needs them.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import UNSET, Struct

from models.spec.conditions import Condition
from models.spec.expressions import Expression
from models.spec.fields import KINDS, Field


class Key(Struct, frozen=True):
    """One key of a table. `type` is without None and UNSET; `default` is None where it is not given.

    `choices` are the values that its texts can have, where the type alone does not say it.
    """

    name: str
    type: Any
    required: bool
    default: Any
    text: str
    choices: tuple[str, ...] = ()


@cache
def keys_of(struct: type[Struct]) -> tuple[Key, ...]:
    """Every key of a table, in the order of its struct; of a form field `type` is the first."""
    texts, left_out = texts_of(struct), getattr(struct, "not_in_file", ())
    choices = getattr(struct, "choices", {})
    kind = [_kind_key()] if issubclass(struct, Field) else []
    infos = [info for info in msgspec.structs.fields(struct) if info.name not in left_out]
    return (*kind, *(_key(info, texts.get(info.name, ""), choices.get(info.name, ())) for info in infos))


def own_keys(struct: type[Struct]) -> tuple[Key, ...]:
    """Those that it does not share with the table it extends."""
    shared = keys_of(struct.__base__) if is_table(struct.__base__) else ()
    return tuple(key for key in keys_of(struct) if key not in shared)


def is_table(hint: Any) -> bool:
    """Whether this type is a table of its own: a struct that is not read from a notation."""
    is_struct = isinstance(hint, type) and issubclass(hint, Struct) and hint is not Struct
    return is_struct and not issubclass(hint, Condition | Expression)


def tables(root: type[Struct]) -> dict[str, type[Struct]]:
    """Every table of a file by its place, each struct once: "", "price", "price.rates[]", "rules[].limit.NAME"."""
    found: dict[str, type[Struct]] = {}
    todo: list[tuple[str, type[Struct]]] = [("", root)]
    while todo:
        place, struct = todo.pop(0)
        if struct in found.values():
            continue
        found[place] = struct
        for key in keys_with_kinds(struct):
            here = f"{place}.{key.name}" if place else key.name
            todo += [(here + at, inner) for at, inner in inner_tables(key.type)]
    return found


def keys_with_kinds(struct: type[Struct]) -> Iterator[Key]:
    """The keys of a table; of a form field those of all its kinds."""
    for each in KINDS.values() if struct is Field else (struct,):
        yield from keys_of(each)


def inner_tables(hint: Any) -> Iterator[tuple[str, type[Struct]]]:
    """The structs that a value of this type may hold, and where: "" itself, "[]" in a list, ".NAME" in a table."""
    if is_table(hint):
        yield "", hint
        return
    step = {tuple: "[]", dict: ".NAME"}.get(get_origin(hint), "")
    for part in get_args(hint) if get_origin(hint) is not Literal else ():
        yield from ((step + at, inner) for at, inner in inner_tables(part))


def plain(hint: Any) -> Any:
    """A type without None and UNSET."""
    if not is_union(hint):
        return hint
    kept = tuple(part for part in get_args(hint) if part not in (type(None), msgspec.UnsetType))
    return kept[0] if len(kept) == 1 else Union[kept]  # noqa: UP007


def is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType)


def first_paragraph(docstring: str | None) -> str:
    """A docstring's beginning on one line."""
    return " ".join(inspect.cleandoc(docstring or "").split("\n\n")[0].split())


@cache
def texts_of(struct: type[Struct]) -> dict[str, str]:
    """The text under each member, that of the nearest class in the line of descent."""
    texts: dict[str, str] = {}
    for each in reversed(struct.__mro__):
        if is_table(each):
            texts |= dict(_written(each))
    return texts


def _written(struct: type) -> Iterator[tuple[str, str]]:
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(struct))).body
    assert isinstance(body, ast.ClassDef)
    for member, after in zip(body.body, body.body[1:], strict=False):
        match member, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, " ".join(text.split())


def _key(info: msgspec.structs.FieldInfo, text: str, choices: tuple[str, ...]) -> Key:
    hint = plain(info.type)
    default = info.default if info.default_factory is msgspec.NODEFAULT else info.default_factory()
    given = default not in (msgspec.NODEFAULT, UNSET) and not isinstance(default, Struct)
    about = text or (first_paragraph(hint.__doc__) if is_table(hint) else "")
    return Key(info.encode_name, hint, info.required, default if given else None, about, choices)


def _kind_key() -> Key:
    kinds = Literal[tuple(KINDS)]  # type: ignore[valid-type]
    return Key("type", kinds, True, None, first_paragraph(Field.kind.__doc__))
