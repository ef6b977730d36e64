"""TOML text → tables, where everything that keeps a text from being read is the same kind of error."""

from __future__ import annotations

import tomllib
from typing import Any


class NotTomlError(tomllib.TOMLDecodeError):
    """What tomllib itself does not call an error of the text; the message is a clause."""

    def __init__(self, why: str) -> None:
        ValueError.__init__(self, why)


def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text, which may begin with a byte order mark. Raises `tomllib.TOMLDecodeError`."""
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError as error:
        raise NotTomlError("it is nested too deeply") from error
    except ValueError as error:  # Python reads no number of more than 4,300 digits
        raise NotTomlError("a number in it is too long") from error
