"""The form as the page draws it: made from a model's spec and what was typed so far."""

from __future__ import annotations

import json
import secrets
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from models.form.autocorrect import autocorrect, touched_in
from models.form.encoding import read_form, to_pairs
from models.form.state import FormState, without_hidden
from models.form.validate import check_state
from models.pricing import estimate_state
from models.spec.schema import Spec
from models.spec.values import JSON, Facts, Values, is_absent, same
from providers.registry import ProviderSnapshot, ProviderSnapshots
from tasks.context import AppContext
from tasks.create_job import shown_price
from tasks.jobs.model import Job
from tasks.storage.uploads import Upload
from web.pages.field_errors import FieldError, field_errors, form_error
from web.pages.fields import FieldView, OptionView, Said, field_views
from web.pages.form_data import Drawn, FormData, Pair, top, typed_pairs
from web.pages.picker import ModelView, views


class Typed(Struct, frozen=True):
    """What a person has put into the form of one model: values, which of them they set, which one just now."""

    values: Values
    touched: frozenset[str] = frozenset()
    changed: str | None = None
    kept: tuple[Pair, ...] = ()
    row_counts: Mapping[str, int] = {}


class FormErrors(Struct, frozen=True):
    """Why the last order was not taken: sentences by field, "" for the whole form; or a price to agree to."""

    errors: Mapping[str, str] = {}
    notice: str = ""


class FormView(Struct, frozen=True, kw_only=True):
    """The whole form, ready to print."""

    nonce: str
    model: str
    was: str
    shown: str
    carried: tuple[Pair, ...]
    about: ModelView
    fields: tuple[FieldView, ...]
    advanced: tuple[FieldView, ...]
    advanced_open: bool
    error: str
    wrong: tuple[FieldError, ...]  # named at the run button
    tried: bool
    notice: str
    estimate: str
    href: str
    curl: str
    try_href: str
    missing: bool = False  # its model is not here: `web.pages.missing_model`
    kept: str = ""  # then, what is carried along without a control


def new_nonce() -> str:
    """Makes an order one order, however often it arrives."""
    return secrets.token_urlsafe(16)


def from_link(spec: Spec, pairs: Iterable[Pair]) -> Typed:
    """A link's query: what it names counts as set by a person."""
    values = read_form(spec, pairs)
    return Typed(values, frozenset(values))


def from_job(spec: Spec, job: Job) -> Typed:
    """An earlier job's settings, as far as the model still has them."""
    values = {name: value for name, value in job.values.items() if name in spec.form.by_name}
    return Typed(values, frozenset(values))


def from_posted(spec: Spec, form: FormData, facts: Facts) -> Typed:
    """A posted form of this model: what differs from how it was drawn is what was edited."""
    values = read_form(spec, form.pairs)
    was = form.drawn.values
    changed = [name for name in spec.form.by_name if not _equal(values.get(name), was.get(name))]
    emptied = [name for name, value in values.items() if value == ""] if not was else []
    return Typed(
        values=values,
        touched=frozenset(touched_in(spec, was, facts)).union(changed, emptied),
        changed=changed[0] if len(changed) == 1 else None,
        kept=form.drawn.kept,
        row_counts=form.row_counts,
    )


def switched(old: Spec | None, new: Spec, form: FormData, facts: Facts) -> Typed:
    """The same form for another model: what a person set stays where names match, the rest is kept for later."""
    pairs, names = set_pairs(old, form, facts), new.form.by_name
    values = read_form(new, (pair for pair in pairs if pair[0] != "mode" or pair[1] in new.modes))
    return Typed(values, frozenset(values), kept=tuple(pair for pair in pairs if top(pair[0]) not in names))


def set_pairs(old: Spec | None, form: FormData, facts: Facts) -> tuple[Pair, ...]:
    """What a person has set in a form of `old`, and what it kept for others; `old` may be gone."""
    if old is None:
        return typed_pairs(form)
    touched = from_posted(old, form, facts).touched
    return (*form.drawn.kept, *(pair for pair in form.pairs if top(pair[0]) in touched))


async def files_in(context: AppContext, owner: str, texts: Iterable[JSON]) -> dict[str, Upload]:
    """The owner's uploads among some values, at any depth."""
    refs = dict.fromkeys(ref for text in texts for ref in _strings(text) if ref.startswith("up_"))
    found = [await context.uploads.get(owner, ref) for ref in refs]
    return {upload.id: upload for upload in found if upload}


class Setting(Struct, frozen=True):
    """What the form stands in: where the server is, what was handed in, what was made before."""

    origin: str
    uploads: Mapping[str, Upload] = {}
    videos: tuple[OptionView, ...] = ()
    nonce: str = ""


def draw(
    providers: ProviderSnapshots,
    spec: Spec,
    typed: Typed,
    setting: Setting,
    *,
    tried: bool = False,
    refused: FormErrors | None = None,
) -> FormView:
    """Settle what was typed, check it, price it, and say it all; once an order was `tried`, every error shows."""
    refused = refused or FormErrors()
    facts = {name: upload.facts for name, upload in setting.uploads.items()}
    settled = autocorrect(spec, typed.values, touched=typed.touched, changed=typed.changed, facts=facts)
    errors = {**_errors(spec, settled.state, settled.values, tried), **refused.errors}
    said = Said(errors, settled.notes, setting.uploads, setting.videos, typed.row_counts)
    plain, advanced = field_views(settled.state, said)
    wrong = tuple(field_errors((*plain, *advanced)))
    cost = estimate_state(spec, settled.state)
    (about,) = views(providers, [spec])
    given = {name: value for name, value in settled.values.items() if name in typed.touched or name == "mode"}
    return FormView(
        nonce=setting.nonce or new_nonce(),
        model=spec.key,
        was=msgspec.json.encode(
            Drawn(settled.values, tried, typed.kept, touched=tuple(sorted(typed.touched)))
        ).decode(),
        shown=shown_price(cost),
        carried=tuple(_carried(spec, settled.values, {view.name for view in (*plain, *advanced)})),
        about=about,
        fields=plain,
        advanced=advanced,
        advanced_open=any(view.wrong or view.note for view in advanced),
        error=form_error(errors, wrong) or ("" if about.ready else _no_way(providers.get(spec.provider))),
        wrong=wrong if tried or refused.errors else (),
        tried=tried,
        notice=refused.notice,
        estimate=cost.text,
        href=link(spec, given),
        curl=curl(spec, given, setting.origin),
        try_href=link(spec, spec.examples[0].inputs if spec.examples else {}),
    )


def link(spec: Spec, values: Values) -> str:
    """The page with this form filled in."""
    return "/video?" + urlencode([("model", spec.key), *to_pairs(spec.form.fields, values)])


def curl(spec: Spec, values: Values, origin: str) -> str:
    """The same order as a command for a terminal."""
    body = shlex.quote(json.dumps({"model": spec.key, "values": values}, ensure_ascii=False))
    return f"curl {origin}/api/video/jobs \\\n  -H 'content-type: application/json' \\\n  -d {body}"


def _errors(spec: Spec, state: FormState, values: Values, every: bool) -> dict[str, str]:
    """Every error, or only those of what was typed: nobody likes to be told what they have not come to yet."""
    found = check_state(spec, state, without_hidden(state, values)).errors
    if every:
        return found
    return {path: words for path, words in found.items() if path and not is_absent(_at(values, path))}


def _at(value: JSON, path: str) -> JSON:
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _carried(spec: Spec, values: Values, drawn: Collection[str]) -> Iterator[Pair]:
    """What is not on the page but must come back: hidden fields' values, and a mode without a choice."""
    yield from to_pairs([field for field in spec.form.fields if field.name not in drawn], values)


def _no_way(provider: ProviderSnapshot) -> str:
    description = provider.description
    if description is None:
        return f"How to speak to {provider.name} is not described, so this model cannot run: choose another."
    key = f" or set {description.auth.env}" if description.auth else ""
    return f"There is no key for {provider.display_name} and no sandbox, so this model cannot run: choose another{key}."


def _equal(one: JSON, other: JSON) -> bool:
    return (is_absent(one) and is_absent(other)) or same(one, other)


def _strings(value: JSON) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from _strings(each)
        case dict():
            for each in value.values():
                yield from _strings(each)
