"""Whether a path such as `fields[].wire.as` or `media.upload.calls` exists in the grammar of specs or of wires."""

import types
from typing import Any, TypeAlias, Union, get_args, get_origin

import msgspec

from models.spec.fields import KINDS, Field
from models.spec.schema import Spec
from providers.description.schema import ProviderDescription

ROOTS: dict[str, Any] = {"Key in models/KEY.toml": Spec, "Key in providers/NAME.toml": ProviderDescription}
NOT_IN_THE_FILE = ("key", "file", "name")


def fields_at(head: str, path: str) -> list[msgspec.structs.FieldInfo]:
    """What the last part of a path can be in the grammar; empty if it is not a key there."""
    structs, found = [ROOTS[head]], []
    for number, part in enumerate(path.split(".")):
        plain, is_list = part.removesuffix("[]"), part.endswith("[]")
        infos = [
            info for struct in structs for info in msgspec.structs.fields(struct) if info.encode_name == plain
        ]
        if number == 0 and plain in NOT_IN_THE_FILE:
            return []
        if plain == "type" and any(issubclass(struct, Field) for struct in structs):
            return [msgspec.structs.fields(Field)[0]]
        found = [info for info in infos if is_list == _may_be_list(info.type) or not is_list]
        structs = [struct for info in found for struct in _structs_in(info.type)]
    return found


def _structs_in(hint: Any) -> list[Any]:
    if hint is Field:
        return list(KINDS.values())
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return [hint]
    return [struct for part in get_args(_plain(hint)) for struct in _structs_in(part)]


def _may_be_list(hint: Any) -> bool:
    parts = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    return any(get_origin(_plain(part)) in (tuple, list) for part in parts)


def _plain(hint: Any) -> Any:
    """The type behind an alias."""
    return getattr(hint, "__value__", hint) if isinstance(hint, TypeAlias.__class__) else hint
