"""The order of properties: as the document gives it, and where it gives none, as a person would fill them in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.importing.resolve import Resolver, Table
    from models.importing.shape import Member

# What a person looks for first. A property not named here comes after them, in the document's order.
_FIRST = (
    "prompt", "text", "negative_prompt", "start_image", "first_frame", "image", "end_image", "last_frame", "images",
    "video", "videos", "audio", "duration", "seconds", "aspect_ratio", "resolution", "size",
)  # fmt: skip


def in_order(resolver: Resolver, table: Table, members: list[Member], place: str) -> tuple[Member, ...]:
    """By fal's list of names, by Replicate's x-order, else required ones and the usual ones first."""
    listed = table.get("x-fal-order-properties", table.get("x-order-properties"))
    if isinstance(listed, list):
        ranks: dict[str, object] = {str(name): rank for rank, name in reversed(list(enumerate(listed)))}
    else:
        ranks = {name: raw["x-order"] for name, raw in table["properties"].items() if _has_order(raw)}
    complete = len(ranks) >= len(members) and all(member.name in ranks for member in members)
    numbers = [ranks.get(member.name) for member in members]
    if complete and all(isinstance(number, int) for number in numbers) and len(set(numbers)) == len(numbers):
        return tuple(sorted(members, key=lambda member: ranks[member.name]))  # type: ignore[arg-type, return-value]
    if not place and len(members) > 1:
        resolver.note("", _what_is_wrong(ranks, complete) + ": required and usual fields come first")
    return tuple(sorted(members, key=_usual_rank))


def _has_order(raw: object) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("x-order"), int)


def _what_is_wrong(ranks: dict[str, object], complete: bool) -> str:
    if not ranks:
        return "The document gives no order of the properties"
    return (
        "Two properties have the same place in the order"
        if complete
        else "Only some properties have a place in the order"
    )


def _usual_rank(member: Member) -> tuple[bool, int]:
    name = member.name.lower().removesuffix("_url").removesuffix("_urls")
    files = ("start_", "first_", "end_", "last_")
    rank = next(
        (
            rank
            for rank, usual in enumerate(_FIRST)
            if name == usual or (name.startswith(usual) and usual.startswith(files))
        ),
        len(_FIRST),
    )
    return (not member.required and rank > 1, rank)
