"""The two entries of one integration, made from the model's file and its provider's."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.spec.schema import Spec
    from web.cli.log_history import History


def addition(spec: "Spec", path: Path, history: "History", why: str) -> str:
    """The guide's entry: every file that the model brought, with its lines, its modes and its price."""
    from models.pricing import typical_price

    wire = f"providers/{spec.provider}.toml"
    files = [f"models/{path.name}", *([f"models/{spec.workflow}"] if spec.workflow else [])]
    files += [] if history.has(wire) or not (history.root / wire).is_file() else [wire]
    counted = ", ".join(f"{file}, {_lines(history.root / file)} lines" for file in files)
    told = f"{counted}; {', '.join(spec.modes)}; {typical_price(spec)}"
    return " ".join(f"Added the model {spec.key} / {why} / {told}".split())


def _lines(path: Path) -> int:
    return sum(1 for line in path.read_text(encoding="utf-8").splitlines() if line.strip())


def integration(spec: "Spec", providers: Path) -> str:
    """A title and six indented lines, to be appended with a time."""
    from models.describe import summary, title
    from providers.description.catalogue import normalisation
    from providers.description.loader import read_wire
    from providers.description.schema import Wire

    wire = read_wire(providers / f"{spec.provider}.toml")
    answers = normalisation(wire) if isinstance(wire, Wire) else f"{spec.provider}'s wire is not here"
    return "\n  ".join([" ".join(title(spec).split()), *summary(spec, answers).splitlines()])
