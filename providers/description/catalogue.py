"""All provider descriptions of some folders, read again when a file changes, and what one says in a sentence."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from models.spec.watched_folder import WatchedFolder
from providers.description.loader import read_description
from providers.description.schema import Pointers, ProviderDescription


class DescriptionCatalogue(WatchedFolder[ProviderDescription]):
    """The descriptions of `folders`, by name."""

    def __init__(self, folders: Sequence[Path]) -> None:
        super().__init__(folders, read_description, lambda description: description.name)

    def display_name(self, name: str) -> str:
        """What people call this provider; its name where it is not described just now."""
        description = self.get(name)
        return description.display_name if description else name


def normalisation(description: ProviderDescription) -> str:
    """The places of id, state, progress, video and error in its answers, and what its words for states mean here."""
    return f"{description.display_name}: " + "; ".join(_parts(description))


def _parts(description: ProviderDescription) -> Iterator[str]:
    yield f"id at {_places(description.submit.id)}"
    words = ", ".join(
        f"{theirs} = {ours}" for theirs, ours in description.status.map.items() if theirs != ours
    )
    yield f"state at {_places(description.status.state)}" + (f" ({words})" if words else "")
    if description.status.progress:
        yield f"progress at {_places(description.status.progress)} of {description.status.full:g}"
    elif description.status.progress_in_log:
        yield "progress read from the log"
    if description.then:
        yield "the result by a call of its own"
    yield f"video at {_video(description)}"
    if description.cost:
        yield f"cost at {_places(description.cost.at)}"
    yield f"error at {_places(description.error.message)}"


def _video(description: ProviderDescription) -> str:
    if description.output.template:
        return f"{description.output.template} of {_places(description.output.each)}"
    inner = [pointer for pointer in _listed(description.output.url) if pointer]
    each = [pointer for pointer in _listed(description.output.each) if pointer]
    if not each:
        return _places(description.output.url)
    return _places(tuple(each)) + (f" (there {' or '.join(inner)})" if inner else "")


def _places(pointers: Pointers) -> str:
    return " or ".join(pointer or "/" for pointer in _listed(pointers)) or "/"


def _listed(pointers: Pointers) -> tuple[str, ...]:
    return (pointers,) if isinstance(pointers, str) else tuple(pointers)
