"""Models for tests: every kind of field, at every place of a form, so that it alone is wrong in a link's form."""

from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import tomlkit
from msgspec import Struct

from models.spec.fields import KINDS, MediaField, MediaListField

PLACES = ("top", "advanced", "rows", "group")
NAMES = ("Ada", "Kai", "Noor", "Oda", "Pia")
LETTERS = {"fields": [{"name": "letter", "type": "text", "required": True}]}
CHECKED = date(2026, 11, 22)
NOT_PUBLIC = "http://example.com/kite"


class Case(Struct, frozen=True):
    """A field named `it` by its keys, and what a link gives it to be wrong; a rule may see to that alone."""

    field: dict[str, Any]
    given: dict[str, str] = {}
    rule: dict[str, Any] = {}

    @property
    def rules(self) -> list[dict[str, Any]]:
        return [{"when": {"first": "wrong"}, **self.rule}] if self.rule else []


def required(kind: str, **keys: Any) -> Case:
    return Case({"type": kind, **keys}, rule={"require": ["it"]})


def cases() -> dict[str, Case]:
    """Every kind, and where one is drawn in several ways each of them."""
    media = {kind: struct for kind, struct in KINDS.items() if issubclass(struct, MediaField)}
    lists = [kind for kind, struct in media.items() if issubclass(struct, MediaListField)]
    plain = [kind for kind in KINDS if kind not in ("select", "switch", "rows", "group")]
    return {
        **{kind: required(kind) for kind in plain},
        "select": required("select", options=NAMES),
        "select_segments": required("select", options=NAMES[:2]),
        "select_shapes": required("select", options=["16:9", "9:16"]),
        "select_open": required("select", options=NAMES, open=True),
        "switch": Case({"type": "switch"}, rule={"exactly_one_of": ["first", "it"]}),
        "rows": required("rows", **LETTERS),
        "rows_full": Case(
            {"type": "rows", "max_count": 1, **LETTERS}, {"it.0.letter": "A", "it.1.letter": "B"}
        ),
        "group": required("group", **LETTERS),
        **{
            f"{kind}_address": Case({"type": kind}, {"it": NOT_PUBLIC}) for kind in media if kind not in lists
        },
        **{f"{kind}_full": Case({"type": kind, "max_count": 1}, {"it": NOT_PUBLIC}) for kind in lists},
    }


CASES = cases()


def cases_at(place: str) -> list[str]:
    """Every kind everywhere; the several ways of drawing one are tried in rows."""
    return [name for name in CASES if place == "rows" or name in KINDS]


def key(place: str, name: str) -> str:
    return f"wrong-{place}-{name.replace('_', '-')}"


def link(place: str, name: str) -> str:
    """The form in which only the field `it` is wrong: of rows in the second row, the first of which is right."""
    prefix = {"rows": "shots.1.", "group": "camera."}.get(place, "")
    pairs = {"model": key(place, name), f"{prefix}first": "wrong"}
    if place == "rows":
        pairs["shots.0.first"] = "right"
    return "/video?" + urlencode(pairs | {prefix + at: text for at, text in CASES[name].given.items()})


def write_models(folder: Path) -> Path:
    """One file for each case at each place, and one whose provider nobody knows."""
    folder.mkdir()
    for place in PLACES:
        for name in cases_at(place):
            (folder / f"{key(place, name)}.toml").write_text(tomlkit.dumps(_model(place, CASES[name])))
    (folder / "nobodys.toml").write_text(
        tomlkit.dumps({**_model("top", CASES["text"]), "provider": "nobody"})
    )
    return folder


def _model(place: str, case: Case) -> dict[str, Any]:
    long = [{"name": f"text_{number}", "type": "textarea", "help": "Words. " * 40} for number in range(8)]
    first = {"name": "first", "type": "text"}
    field = {"name": "it", "label": "It", **case.field}
    inside = {"fields": [first, field], "rules": case.rules}
    placed = {
        "top": field,
        "advanced": {**field, "advanced": True},
        "rows": {"name": "shots", "type": "rows", "label": "Shot", "advanced": True, **inside},
        "group": {"name": "camera", "type": "group", "label": "Camera", **inside},
    }[place]
    return {
        "display_name": "One is wrong",
        "family": "Tests",
        "provider": "replicate",
        "endpoint": "tests/wrong",
        "source": "made up for the tests of the page",
        "checked": CHECKED,
        "capabilities": {"modes": ["t2v"]},
        "fields": [first, *long[:4], placed, *long[4:]],
        "rules": case.rules if place in ("top", "advanced") else [],
        "price": {"rates": [{"unknown": True}], "source": "nobody asks a price", "checked": CHECKED},
    }
