"""What a provider's document says now against what a spec says: added, removed, changed, and what each means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from models.importing import in_mode
from models.importing.compare import Change, Edit, compared, fixed, kind_of
from models.importing.draft import Drafted
from models.importing.places import Property, Sent, constants, properties, sent
from models.spec import Spec


def drift(
    spec: Spec, drafted: Drafted, endpoint: str, left_out: frozenset[str] = frozenset()
) -> tuple[Change, ...]:
    """All differences from a document of one of the spec's endpoints. `left_out` are properties that the spec leaves
    out on purpose. A limit that only the spec states (from prose, or the company's own pages) is no difference.
    """
    if drafted.document.schema is None or not drafted.described:
        return (
            Change(
                "removed", endpoint, "The provider's document has no input schema: nothing can be compared."
            ),
        )
    modes = [mode for mode in spec.modes if spec.endpoint_for(mode) == endpoint]
    stated = {
        each.path: each for each in properties(drafted.members, drafted.document.wire.removesuffix("*"))
    }
    filled: dict[str, list[Sent]] = {}
    for each in sent(spec, modes):
        filled.setdefault(each.path, []).append(each)
    values = {path: [value] for path, value in constants(spec.request)}
    derived = [each for each in spec.derive if any(in_mode.may_hold(each.when, mode) for mode in modes)]
    values |= {each.at: [row[-1] for row in each.table] for each in derived}
    known = {*filled, *values}
    changes = [*_removed(known, stated), *_added(known, stated, left_out)]
    for path, place in stated.items():
        changes += compared(place, filled.get(path, []))
        changes += fixed(place, values.get(path, []))
    return tuple(change for index, change in enumerate(changes) if change not in changes[:index])


def _removed(known: set[str], stated: Mapping[str, Property]) -> Iterator[Change]:
    """Places that the spec fills and the document does not know, unless they lie in what may hold anything."""
    for path in sorted(known):
        above = path
        while above and above not in stated:
            above = above.removesuffix("[]") if above.endswith("[]") else above.rpartition(".")[0]
        if above != path and not (above and _holds_anything(stated[above])) and not _below(path, known):
            yield Change(
                "removed",
                path.removesuffix("[]"),
                "The document does not know it: it is ignored or refused. Take it out.",
            )


def _holds_anything(place: Property) -> bool:
    shapes = (place.shape, *place.shape.variants)
    return any(shape.type in ("any", "object") and not shape.members for shape in shapes)


def _below(path: str, known: set[str]) -> bool:
    """Whether the spec fills places inside this one."""
    return any(other.startswith((path + ".", path + "[]")) for other in known)


def _added(known: set[str], stated: Mapping[str, Property], left_out: frozenset[str]) -> Iterator[Change]:
    for path, place in stated.items():
        parent, _, name = path.rpartition(".")
        if (
            path.endswith("[]")
            or path in known
            or _below(path, known)
            or name in left_out
            or place.shape.secret
        ):
            continue
        around = parent.removesuffix("[]")
        if around in stated and not _below(around, known - {around + "[]"}):
            continue  # nothing inside that table is filled by the spec: the table itself is told, or sent whole
        if not place.required and (
            place.shape.deprecated or len(place.shape.enum) == 1 or f"{parent}.url" in known
        ):
            continue  # what goes out of use, has one value only, or stands beside a file's address is no choice
        if place.required and not place.shape.has_default:
            sentence = f"The provider requires it ({kind_of(place)}): without it every request is refused. Add a field."
        else:
            sentence = f"The provider offers it too ({kind_of(place)}). Requests work without it."
        yield Change("added", path, sentence)


def safe_edits(spec: Spec, changes: Mapping[str, Sequence[Change]]) -> tuple[Edit, ...]:
    """The edits that break nothing at any endpoint of the spec, by endpoint with what changed there. A field that
    several endpoints share is edited only if all of them are known and allow it.
    """
    edits = {
        endpoint: [edit for change in found for edit in change.edits] for endpoint, found in changes.items()
    }
    sent_at = {
        endpoint: _places_sent(spec, endpoint)
        for endpoint in {spec.endpoint_for(mode) for mode in spec.modes}
    }
    safe: list[Edit] = []
    for edit in (each for found in edits.values() for each in found):
        sharing = [endpoint for endpoint, places in sent_at.items() if edit.at in places]
        if edit not in safe and all(edit in edits.get(endpoint, ()) for endpoint in sharing):
            safe.append(edit)
    return tuple(safe)


def _places_sent(spec: Spec, endpoint: str) -> set[tuple[str | int, ...]]:
    modes = [mode for mode in spec.modes if spec.endpoint_for(mode) == endpoint]
    return {each.at for each in sent(spec, modes)}
