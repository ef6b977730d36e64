"""A request's body while it is built: where values go, what shape they take, and where media lie in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from models.fields import Wire
from models.values import JSON, as_number, as_text


class MediaLeaf(Struct, frozen=True):
    """One file in the body: where (JSON pointer), what kind, and which (an upload's id or an https address).

    Kinds are image, video, audio and file; "job" is an earlier job of ours, to be replaced by its id at the
    provider, "job-video" one to be replaced by its video.
    """

    at: str
    kind: str
    ref: str


class BodyConflictError(ValueError):
    """Two values want the same place in the body: a fault of the spec, which its examples bring to light."""


class Piece(Struct, frozen=True):
    """A value on its way into the body: its media and encodings by pointers relative to it."""

    value: JSON
    media: tuple[MediaLeaf, ...] = ()
    encode: tuple[str, ...] = ()


def list_of(pieces: Sequence[Piece]) -> Piece:
    """Pieces as one list."""
    return _around(
        [piece.value for piece in pieces], {f"/{index}": piece for index, piece in enumerate(pieces)}
    )


def _around(value: JSON, parts: dict[str, Piece]) -> Piece:
    """A value that holds these parts at these pointers."""
    moved = [_seen_from(under, part) for under, part in parts.items()]
    return Piece(
        value,
        tuple(leaf for part in moved for leaf in part.media),
        tuple(at for part in moved for at in part.encode),
    )


def _seen_from(under: str, piece: Piece) -> Piece:
    """The same piece with its pointers as seen from further up."""
    media = tuple(MediaLeaf(under + leaf.at, leaf.kind, leaf.ref) for leaf in piece.media)
    return Piece(piece.value, media, tuple(under + at for at in piece.encode))


def encode(wire: Wire, piece: Piece) -> Piece:
    """The piece as its wire writes it; JSON text waits until the media in it are delivered."""
    match wire.encode:
        case "json":
            return Piece(piece.value, piece.media, (*piece.encode, ""))
        case "string":
            return Piece(as_text(piece.value))
        case "seconds":
            seconds = as_number(piece.value)
            return Piece(piece.value if seconds is None else f"{seconds}s")
        case "star":
            return Piece(as_text(piece.value).replace("x", "*"))
    return piece


def fill(shape: JSON, piece: Piece) -> Piece | None:
    """The shape of `as` with the piece where "$" stands, and a member of a row or group where "$name" does.

    None where a "$name" has no value: that part of the shape is then left out.
    """
    if isinstance(shape, str) and shape.startswith("$"):
        return _member(piece, shape[1:])
    if isinstance(shape, dict):
        parts = {name: part for name, each in shape.items() if (part := fill(each, piece))}
        value: dict[str, JSON] = {name: part.value for name, part in parts.items()}
        return _around(value, {"/" + _escaped(name): part for name, part in parts.items()})
    if isinstance(shape, list):
        return list_of([part for each in shape if (part := fill(each, piece))])
    return Piece(shape)


def _member(piece: Piece, name: str) -> Piece | None:
    if not name:
        return piece
    if not isinstance(piece.value, dict) or name not in piece.value:
        return None
    under = "/" + _escaped(name)
    media = tuple(
        MediaLeaf(leaf.at.removeprefix(under), leaf.kind, leaf.ref)
        for leaf in piece.media
        if leaf.at == under or leaf.at.startswith(under + "/")
    )
    encode = tuple(at.removeprefix(under) for at in piece.encode if at == under or at.startswith(under + "/"))
    return Piece(piece.value[name], media, encode)


_NAME = re.compile(r'"([^"]*)"|([^."]+)')


def path_names(path: str) -> list[str]:
    """The names of a dotted path; one with a dot in it stands in quotes: input."lora.scale"."""
    return [quoted or bare for quoted, bare in _NAME.findall(path)]


def _leaves(tree: JSON, under: str = "") -> Iterator[str]:
    """The pointers of everything in a tree of tables."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield f"{under}/{_escaped(name)}"
            yield from _leaves(value, f"{under}/{_escaped(name)}")


class Body:
    """A body being built over constants, which a value sent to the same place replaces."""

    def __init__(self, constants: dict[str, JSON] | None = None) -> None:
        self.tree: dict[str, JSON] = constants or {}
        self.constants = set(_leaves(self.tree))
        self.media: list[MediaLeaf] = []
        self.encode: list[str] = []

    def put(self, wire: Wire, piece: Piece) -> None:
        """Puts a piece at a dotted path, or at the end of the list there ("content[]")."""
        *above, last = path_names(wire.at.removesuffix("[]"))
        table = self.tree
        for name in above:
            inner = table.setdefault(name, {})
            if not isinstance(inner, dict):
                raise BodyConflictError(f"{wire.at}: {name} is not a table")
            table = inner
        pointer = "".join("/" + _escaped(name) for name in (*above, last))
        if wire.at.endswith("[]"):
            inside = table.setdefault(last, [])
            if not isinstance(inside, list):
                raise BodyConflictError(f"{wire.at}: there is something else than a list")
            pointer = f"{pointer}/{len(inside)}"
            inside.append(piece.value)
        elif last in table and pointer not in self.constants:
            raise BodyConflictError(f"{wire.at} is sent twice")
        else:
            table[last] = piece.value
            self.constants.discard(pointer)
        placed = _seen_from(pointer, piece)
        self.media += placed.media
        self.encode += placed.encode


def pointer_names(pointer: str) -> list[str]:
    """The names along a JSON pointer."""
    return [_plain(name) for name in pointer.split("/")[1:]]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _plain(name: str) -> str:
    return name.replace("~1", "/").replace("~0", "~")
