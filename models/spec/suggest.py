"""The nearest known name to one that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like this one, if any is at all alike."""
    by_lower = {each.lower(): each for each in known}
    found = get_close_matches(name.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean_sentence(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """The sentence after one that says that a name is not known, with a space before it; `otherwise` without one."""
    found = nearest(name, known)
    return f" Did you mean {found}?" if found else otherwise


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about a name that is not known."""
    names = list(known)
    found = nearest(name, names)
    return f"; did you mean {found}?" if found else f" (known: {', '.join(names)})"
