"""The form of a model that is not here: it keeps what was typed, says so, and cannot order.

A model's file may be removed or renamed while its form is open, and a link or an earlier job may name one that is gone.
No other model takes its place by itself: that would be billed though nobody chose it. What was typed goes along, in
the form and in its address, until a person chooses a model, or until the file is there again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

import msgspec

from models.spec.suggest import did_you_mean_sentence
from tasks.context import AppContext
from tasks.storage.uploads import Upload
from web.pages.fields import OURS, FieldView
from web.pages.form import FormView, Setting, new_nonce
from web.pages.form_data import Drawn, Pair, top
from web.pages.picker import ModelView

TEXTS = ("textarea", "text")
SHORT = 40  # letters of a value that is told and not drawn


def draw_missing(
    context: AppContext, key: str, pairs: tuple[Pair, ...], setting: Setting, why: str
) -> FormView:
    """`pairs`: what a person has set, to be drawn where it is text, else carried along; `why` opens the sentence."""
    kinds = _kinds(context)
    # Posted names come in any order; fields that change places with every edit cannot be typed into.
    pairs = tuple(sorted(pairs, key=lambda pair: (pair[0] != "prompt", pair[0])))
    drawn = [pair for pair in pairs if _is_text(pair, pairs, kinds)]
    if not any(name == "prompt" for name, _ in drawn):
        drawn.insert(0, ("prompt", ""))
    rest = [pair for pair in pairs if pair not in drawn]
    # A link may name anything: only what is a field of some model becomes a control of the page.
    known = tuple(pair for pair in rest if top(pair[0]) in kinds)
    unknown = tuple(pair for pair in rest if top(pair[0]) not in kinds)
    return FormView(
        nonce=setting.nonce or new_nonce(),
        model=key,
        was=msgspec.json.encode(Drawn(kept=unknown, missing=True)).decode(),
        shown="",
        carried=known,
        about=_nothing_of(key),
        fields=tuple(_field(name, text, kinds) for name, text in drawn),
        advanced=(),
        advanced_open=False,
        error=f"{why} {_what_now(context, key)}",
        wrong=(),
        tried=False,
        notice="",
        estimate="",
        href="/video?" + urlencode([("model", key), *(pair for pair in pairs if pair[1])]),
        curl="",
        try_href="",
        missing=True,
        kept=_told(rest, setting.uploads),
    )


def _what_now(context: AppContext, key: str) -> str:
    hint = did_you_mean_sentence(key, (spec.key for spec in context.catalogue.all()))
    return (
        "Nothing was ordered, and what you typed is kept: choose another model above, which takes over whatever it "
        f"has a field for.{hint}"
    )


def _kinds(context: AppContext) -> dict[str, set[str]]:
    """By name, the kinds of all fields that the models of the catalogue have."""
    kinds: dict[str, set[str]] = {"prompt": {"textarea"}, "mode": {"select"}}
    for spec in context.catalogue.all():
        for field in spec.form.fields:
            kinds.setdefault(field.name, set()).add(field.kind)
    return kinds


def _is_text(pair: Pair, pairs: tuple[Pair, ...], kinds: Mapping[str, set[str]]) -> bool:
    name, text = pair
    once = sum(each == name for each, _ in pairs) == 1
    return once and not kinds.get(name, set()).isdisjoint(TEXTS) and not text.startswith(OURS)


def _field(name: str, text: str, kinds: Mapping[str, set[str]]) -> FieldView:
    kind = "textarea" if "textarea" in kinds[name] else "text"
    return FieldView(name=name, type=kind, label=_label(name), value=text, first=name == "prompt")


def _told(pairs: Iterable[Pair], uploads: Mapping[str, Upload]) -> str:
    """What is kept without a control: "Duration 10, Image harbour.png"."""
    return ", ".join(f"{_label(name)} {_short(text, uploads)}" for name, text in pairs if text)


def _short(text: str, uploads: Mapping[str, Upload]) -> str:
    upload = uploads.get(text)
    words = upload.name if upload else "a file" if text.startswith(OURS) else " ".join(text.split())
    return words if len(words) <= SHORT else f"{words[:SHORT]}…"


def _label(name: str) -> str:
    return name.replace("_", " ").replace(".", " ").capitalize()


def _nothing_of(key: str) -> ModelView:
    return ModelView(
        key=key,
        name=key,
        provider="not here",
        price="",
        usual="",
        modes="",
        ready=False,
        why_not="it is not here",
        sandbox=False,
        billed=False,
        tagged=False,
        imported=False,
    )
