"""The entry of one integration in the page's analysis, made from the model's file and its provider's."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.spec import Spec


def integration(spec: "Spec", providers: Path) -> str:
    """A title and six indented lines, to be appended with a time."""
    from models.summary import summary, title
    from providers.read import read_wire
    from providers.summary import normalisation
    from providers.wire import Wire

    wire = read_wire(providers / f"{spec.provider}.toml")
    answers = normalisation(wire) if isinstance(wire, Wire) else f"{spec.provider}'s wire is not here"
    return "\n  ".join([title(spec), *summary(spec, answers).splitlines()])
