"""How a company's answers become ours, in one line of plain text made from its wire description."""

from collections.abc import Iterator

from providers.calls import Pointers
from providers.wire import Wire


def normalisation(wire: Wire) -> str:
    """The places of id, state, progress, video and error in its answers, and what its words for states mean here."""
    return f"{wire.display_name}: " + "; ".join(_parts(wire))


def _parts(wire: Wire) -> Iterator[str]:
    yield f"id at {_places(wire.submit.id)}"
    words = ", ".join(f"{theirs} = {ours}" for theirs, ours in wire.status.map.items() if theirs != ours)
    yield f"state at {_places(wire.status.state)}" + (f" ({words})" if words else "")
    if wire.status.progress:
        yield f"progress at {_places(wire.status.progress)} of {wire.status.full:g}"
    elif wire.status.progress_in_log:
        yield "progress read from the log"
    if wire.then:
        yield "the result by a call of its own"
    yield f"video at {_video(wire)}"
    if wire.cost:
        yield f"cost at {_places(wire.cost.at)}"
    yield f"error at {_places(wire.error.message)}"


def _video(wire: Wire) -> str:
    if wire.output.template:
        return f"{wire.output.template} of {_places(wire.output.each)}"
    inner = [pointer for pointer in _listed(wire.output.url) if pointer]
    each = [pointer for pointer in _listed(wire.output.each) if pointer]
    if not each:
        return _places(wire.output.url)
    return _places(tuple(each)) + (f" (there {' or '.join(inner)})" if inner else "")


def _places(pointers: Pointers) -> str:
    return " or ".join(pointer or "/" for pointer in _listed(pointers)) or "/"


def _listed(pointers: Pointers) -> tuple[str, ...]:
    return (pointers,) if isinstance(pointers, str) else tuple(pointers)
