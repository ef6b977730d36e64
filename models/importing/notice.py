"""What an importer noticed: a repair, a guess, or a fact that a spec cannot hold."""

from __future__ import annotations

from msgspec import Struct


class Notice(Struct, frozen=True):
    """One warning about a document; `field` is a property's path ("shots[].prompt"), "" for the whole."""

    field: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.field}: {self.sentence}" if self.field else self.sentence
