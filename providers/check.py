"""What the types of a wire cannot say: patterns compile, pointers point, templates name only what they may."""

from collections.abc import Collection, Iterator
from typing import Final
from urllib.parse import urlsplit

from msgspec import UNSET

from models.spec.suggest import did_you_mean
from models.spec.values import JSON
from providers.calls import Call
from providers.check_places import Complaint, wrong_patterns, wrong_pointers
from providers.hooks.build import BUILDERS
from providers.hooks.sign import SIGNERS
from providers.hooks.verify import VERIFIERS
from providers.inputs import Upload, Way
from providers.names import ALWAYS, EACH, FILE, INLINE, KEY, PUBLIC, URL
from providers.request import every_path
from providers.template import FILTERS, PLACE, names_in
from providers.wire import Wire

OF_AN_ORDER: Final = frozenset({**ALWAYS, **PUBLIC})
OF_A_FILE: Final = frozenset({**ALWAYS, **FILE})


def complaints(wire: Wire) -> Iterator[Complaint]:
    """All that is wrong with a wire whose types are right."""
    yield from _base(wire)
    yield from _submit(wire)
    yield from _later_calls(wire)
    yield from _media(wire)
    yield from _hooks(wire)
    yield from wrong_patterns(wire)
    yield from wrong_pointers(wire)


def _base(wire: Wire) -> Iterator[Complaint]:
    parts = urlsplit(wire.base)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.path
        or parts.query
        or parts.username
    ):
        yield "", "base", 'must be an origin such as "https://api.example.com"; paths belong to the calls.'
    if wire.auth:
        if bool(wire.auth.header) == bool(wire.auth.query):
            yield "auth", "header", "give either header or query: one place for the key."
        yield from _names("auth", "value", wire.auth.value, KEY)
    yield from _names("", "headers", dict(wire.headers), EACH)


def _submit(wire: Wire) -> Iterator[Complaint]:
    submit, whole = wire.submit, "built" if wire.submit.build else "body"
    yield from _call("submit", submit, OF_AN_ORDER, content=whole)
    yield from _names("submit", "lookup", submit.lookup, {"idem"})
    if submit.body is UNSET or list(names_in(submit.body)).count(whole) != 1:
        yield "submit", "body", f'must place "{{{whole}}}" exactly once.'


def _later_calls(wire: Wire) -> Iterator[Complaint]:
    known = {*ALWAYS, "id"} | {f"link_{name}" for name in wire.submit.links} | set(wire.submit.keep)
    yield from _call("status", wire.status, known)
    if queue := wire.status.queue:
        yield from _call("status.queue", queue, known)
        if listen := queue.listen:
            yield from _names("status.queue.listen", "path", listen.path, known - EACH.keys())
            yield from _names("status.queue.listen", "where", dict(listen.where), known - EACH.keys())
    for number, call in enumerate((wire.cancel, *wire.cancel.also) if wire.cancel else ()):
        yield from _call(f"cancel.also[{number - 1}]" if number else "cancel", call, known)
    if wire.check:
        yield from _call("check", wire.check, set())
    if wire.webhook and wire.webhook.fetch:
        yield from _call("webhook.fetch", wire.webhook.fetch, set())
    known |= set(wire.status.keep)
    for number, call in enumerate(wire.then):
        yield from _call(f"then[{number}]", call, known)
        known |= set(call.keep)
    if wire.output.template and not wire.output.template.startswith("/"):
        yield "output", "template", 'must be a path that begins with "/".'


def _media(wire: Wire) -> Iterator[Complaint]:
    for kind in ("any", "image", "video", "audio", "file"):
        if way := getattr(wire.media, kind):
            yield from _way(f"media.{kind}", way)
    if wire.media.upload:
        yield from _upload("media.upload", wire.media.upload)


def _way(place: str, way: Way) -> Iterator[Complaint]:
    yield from _names(place, "url", None if way.url is UNSET else way.url, URL)
    yield from _names(place, "inline", None if way.inline is UNSET else way.inline, INLINE)
    if way.url is True:
        yield place, "url", "is a template, or false."
    if way.upload:
        yield from _upload(f"{place}.upload", way.upload)


def _upload(place: str, upload: Upload) -> Iterator[Complaint]:
    known = OF_A_FILE
    for number, call in enumerate(upload.calls):
        yield from _call(f"{place}.calls[{number}]", call, known, content="file")
        known |= set(call.keep)
    yield from _names(place, "handle", upload.handle, known - EACH.keys())  # it is no request


def _hooks(wire: Wire) -> Iterator[Complaint]:
    known: dict[str, Collection[str]] = {"sign": SIGNERS, "build": BUILDERS, "verify": VERIFIERS}
    keys = {"sign": ("auth", "sign"), "build": ("submit", "build"), "verify": ("webhook", "verify")}
    for what, name in wire.hooks.items():
        if name not in known[what]:
            yield *keys[what], f"there is no hook {name}{did_you_mean(name, sorted(known[what]))}."


def _call(place: str, call: Call, known: Collection[str], content: str = "") -> Iterator[Complaint]:
    for path in every_path(call.path):
        yield from _names(place, "path", path, known)
        if not path.startswith(("/", "https://", "{")):
            yield place, "path", 'must begin with "/", "https://" or a name such as "{link_status}".'
    yield from _names(place, "query", dict(call.query), known)
    yield from _names(place, "headers", dict(call.headers), known)
    if call.body is not UNSET:
        yield from _names(place, "body", call.body, {*known, content} - {""})
    mergeable = isinstance(call.body, dict | str)  # a lone {name} may stand for a table
    yield from _names(place, "merge", call.merge, {*known, "file"} if content == "file" else known)
    if call.merge and not mergeable:
        yield place, "merge", "needs a body that is a table."


def _names(place: str, key: str, template: JSON, known: Collection[str]) -> Iterator[Complaint]:
    for mention in names_in(template):
        name, _, by = mention.partition("|")
        if name not in known:
            yield place, key, f"{{{name}}} is not known here{did_you_mean(name, sorted(known))}."
        if by and by not in FILTERS:
            yield place, key, f"there is no filter {by}{did_you_mean(by, FILTERS)}."
    for text in _texts(template):
        if "{" in PLACE.sub("", text):
            yield place, key, f"{text!r} has a brace that is no {{name}}."


def _texts(template: JSON) -> Iterator[str]:
    if isinstance(template, str):
        yield template
    elif isinstance(template, list | dict):
        for item in template.values() if isinstance(template, dict) else template:
            yield from _texts(item)
