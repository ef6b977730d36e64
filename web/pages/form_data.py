"""What a posted form or a link says, before any spec has read it: names and texts, files already stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from litestar.datastructures import UploadFile
from msgspec import Struct

from models.spec.values import JSON, Values, as_text, is_absent
from tasks.context import AppContext
from tasks.storage.uploads import BadUpload
from web.errors import AnyRequest
from web.files import read_chunks

Pair = tuple[str, str]

# What the form carries for itself; the rest are fields.
OURS = frozenset(
    {"_csrf_token", "model", "choose", "nonce", "shown_estimate", "shown_free", "watch", "again", "q"}
    | {"_was", "_rows", "_add", "_remove"}
)


class Drawn(Struct, frozen=True):
    """How the form was drawn last; it travels with the form, so that what was edited can be told without JavaScript.

    `tried`: an order from this form was refused, so that every error is shown from then on. `kept`: what was typed
    for fields that the model of the form does not have, for the next model that does. `touched`: the fields that a
    person had set, should the model be gone when the form comes back; None: not told. `missing`: it was drawn without
    its model (`web.pages.missing_model`).
    """

    values: Values = {}
    tried: bool = False
    kept: tuple[Pair, ...] = ()
    touched: tuple[str, ...] | None = None
    missing: bool = False


class FormData(Struct, frozen=True):
    """One posted form. `model` is the one to draw, `drawn_model` the one that the pairs are about."""

    model: str
    drawn_model: str
    pairs: tuple[Pair, ...]
    drawn: Drawn
    was: str  # `drawn` as it came
    nonce: str
    shown_estimate: str | None  # None where no price was shown
    watch: tuple[str, ...]
    row_counts: dict[str, int]  # rows drawn of each rows field: an empty row has no pair that tells of it
    errors: dict[str, str]  # files that could not be taken, by field
    shown_free: bool = False  # it was drawn with the words that it costs nothing


def parse_form_data(pairs: Iterable[Pair], errors: dict[str, str] | None = None) -> FormData:
    """The pairs of a form in order, the buttons pressed in it carried out on them."""
    all_pairs = tuple(pairs)
    ours = {name: text for name, text in all_pairs if name in OURS}
    rows = [text for name, text in all_pairs if name == "_rows"]
    fields = tuple((name, text) for name, text in all_pairs if name not in OURS)
    if gone := ours.get("_remove"):
        fields, rows = remove(fields, gone), [row for row in rows if row != gone]
    counts: dict[str, int] = {}
    for row in [*rows, *([f"{ours['_add']}.new"] if ours.get("_add") else [])]:
        name = row.rpartition(".")[0]
        counts[name] = counts.get(name, 0) + 1
    return FormData(
        model=ours.get("choose") or ours.get("model", ""),
        drawn_model=ours.get("model", ""),
        pairs=fields,
        drawn=read_drawn(ours.get("_was", "")),
        was=ours.get("_was", ""),
        nonce=ours.get("nonce", ""),
        shown_estimate=ours.get("shown_estimate"),
        watch=tuple(ours.get("watch", "").split()),
        row_counts=counts,
        errors=errors or {},
        shown_free=bool(ours.get("shown_free")),
    )


async def read_form_data(request: AnyRequest, context: AppContext, owner: str) -> FormData:
    """The form of a request; files in it are stored, and stand in the pairs by their ids."""
    pairs: list[Pair] = []
    errors: dict[str, str] = {}
    for name, value in (await request.form()).multi_items():
        if not isinstance(value, UploadFile):
            pairs.append((name, "" if value is None else str(value)))
        elif value.filename:
            taken = await context.uploads.accept(owner, value.filename, read_chunks(value))
            if isinstance(taken, BadUpload):
                errors[name] = taken.sentence
            else:
                pairs.append((name, taken.id))
    return parse_form_data(pairs, errors)


def read_drawn(text: str) -> Drawn:
    """What came back of it; a form that was tampered with counts as never drawn."""
    try:
        return msgspec.json.decode(text, type=Drawn)
    except msgspec.DecodeError:
        return Drawn()


def typed_pairs(form: FormData) -> tuple[Pair, ...]:
    """What a person has put into the form, told without its model; what cannot be told counts as theirs."""
    touched = form.drawn.touched
    if touched is None:
        return (*form.drawn.kept, *form.pairs)
    theirs = {*touched, *_edited(form)}
    return (*form.drawn.kept, *(pair for pair in form.pairs if top(pair[0]) in theirs))


def _edited(form: FormData) -> Iterator[str]:
    """The fields with a text that was not drawn. Of several texts the last counts, but in a list."""
    drawn, now = set(loose_pairs(form.drawn.values)), dict[str, list[str]]()
    for name, text in form.pairs:
        now.setdefault(name, []).append(text.replace("\r\n", "\n"))
    for name, texts in now.items():
        telling = texts if isinstance(form.drawn.values.get(name), list) else texts[-1:]
        if any(text and (name, text) not in drawn for text in telling):
            yield top(name)


def loose_pairs(values: Values, prefix: str = "") -> Iterator[Pair]:
    """Values as a form posts them, whatever the kinds of their fields: what may be JSON or a group is given as both."""
    for name, value in values.items():
        at = prefix + name
        match value:
            case dict():
                yield from loose_pairs(value, f"{at}.")
                yield at, _json(value)
            case list() if all(isinstance(each, str) for each in value):
                yield from ((at, str(each)) for each in value)
            case list():
                for number, row in enumerate(value):
                    yield from loose_pairs(row, f"{at}.{number}.") if isinstance(row, dict) else ()
                yield at, _json(value)
            case _ if not is_absent(value):
                yield at, as_text(value)


def top(name: str) -> str:
    """The field that a control belongs to: `shots` of `shots.0.prompt`."""
    return name.partition(".")[0]


def _json(value: JSON) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def remove(pairs: tuple[Pair, ...], at: str) -> tuple[Pair, ...]:
    """Without the value `image`, the row `shots.1`, or the second file `images.1` of a list."""
    left = tuple((name, text) for name, text in pairs if name != at and not name.startswith(at + "."))
    name, _, number = at.rpartition(".")
    if len(left) < len(pairs) or not number.isdecimal():
        return left
    places = [place for place, (each, text) in enumerate(pairs) if each == name and text]
    gone = places[int(number)] if int(number) < len(places) else None
    return tuple(pair for place, pair in enumerate(pairs) if place != gone)
