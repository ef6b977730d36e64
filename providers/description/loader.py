"""TOML → Wire, strictly: a mistake is told by file, place, key and the nearest name that would be right.

What the types of a wire cannot say: patterns compile, pointers point, templates name only what they may.

The parts of a wire's checking that need no names: patterns compile, and pointers point.
"""

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias, get_args, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET

from models.spec.loader import parse_toml
from models.spec.schema import Problem
from models.spec.suggest import did_you_mean
from models.spec.values import JSON
from providers.client.requests import every_path
from providers.description.schema import Call, DeliveryWay, Pointers, ProviderDescription, UploadCall
from providers.description.templates import (
    ALWAYS,
    EACH,
    FILE,
    FILTERS,
    INLINE,
    KEY,
    PLACE,
    PUBLIC,
    URL,
    names_in,
)
from providers.hooks import BUILDERS, SIGNERS
from providers.outcomes import Billing, ErrorKind, State
from providers.webhook_signatures import VERIFIERS

Complaint: TypeAlias = tuple[str, str, str]  # place, key, sentence

POINTERS = {
    "submit": ("id", "warning"),
    "status": ("state", "progress", "position", "log"),
    "status.queue": ("waiting", "running", "id", "order"),
    "output": ("each", "url", "width", "height", "size", "duration", "format"),
    "error": ("code", "message", "field", "wait_at"),
    "ok": ("at", "message"),
    "cost": ("at",),
    "cancel": ("state",),
    "webhook": ("id", "keys", "challenge"),
}


def wrong_patterns(description: ProviderDescription) -> Iterator[Complaint]:
    """Regular expressions that are none, or lack the group that is wanted."""
    for place, key, pattern in _patterns(description):
        try:
            compiled = re.compile(pattern)
        except re.error as problem:
            yield place, key, f"{pattern!r} is not a regular expression: {problem}."
            continue
        if pattern and key in ("wait", "progress_in_log") and compiled.groups < 1:
            yield place, key, "needs a group around the number."


def _patterns(description: ProviderDescription) -> Iterator[Complaint]:
    error, status = description.error, description.status
    yield from (("error", f"classes.{kind}", one) for kind, all_ in error.classes.items() for one in all_)
    yield from (("error", "refusals", one) for one in error.refusals)
    yield from (("error", "hide", one) for one in error.hide)
    yield from (("error", "unbilled", one) for one in error.unbilled)
    yield from [("error", "wait", error.wait), ("status", "progress_in_log", status.progress_in_log)]
    yield from (("status", "gone", one) for one in status.gone)
    yield from ((f"status.rules[{at}]", "match", rule.match) for at, rule in enumerate(status.rules))
    yield from ((f"then[{at}]", "pending", call.pending) for at, call in enumerate(description.then))
    yield from ((f"then[{at}]", "canceled", call.canceled) for at, call in enumerate(description.then))
    yield from (("output", "where", one) for one in description.output.where.values())
    listen = status.queue.listen if status.queue else None
    yield from (("status.queue.listen", "where", one) for one in (listen.where.values() if listen else ()))


def wrong_pointers(description: ProviderDescription) -> Iterator[Complaint]:
    """Pointers that do not begin with "/"."""
    for place, key, pointers in _pointers(description):
        for pointer in (pointers,) if isinstance(pointers, str) else pointers:
            if pointer and not pointer.startswith("/"):
                yield place, key, f'{pointer!r} is no pointer: it must begin with "/".'


def _pointers(description: ProviderDescription) -> Iterator[tuple[str, str, Pointers]]:
    tables = {
        "submit": description.submit,
        "status": description.status,
        "status.queue": description.status.queue,
        "output": description.output,
        "error": description.error,
        "ok": description.ok,
        "cost": description.cost,
        "cancel": description.cancel,
        "webhook": description.webhook,
    }
    for place, table in tables.items():
        yield from ((place, key, getattr(table, key)) for key in POINTERS[place] if table)
    for place, call in _calls(description):
        yield from ((place, f"keep.{name}", pointers) for name, pointers in call.keep.items())
    yield from (("submit", f"links.{name}", pointers) for name, pointers in description.submit.links.items())
    yield from ((f"status.rules[{at}]", "at", rule.at) for at, rule in enumerate(description.status.rules))
    yield from ((f"then[{at}]", "unless", call.unless) for at, call in enumerate(description.then))


def _calls(description: ProviderDescription) -> Iterator[tuple[str, Call]]:
    yield from [("submit", description.submit), ("status", description.status)]
    yield from ((f"then[{at}]", call) for at, call in enumerate(description.then))
    uploads = {"media.upload": description.media.upload}
    for kind in ("any", "image", "video", "audio", "file"):
        way = getattr(description.media, kind)
        uploads[f"media.{kind}.upload"] = way.upload if way else None
    for place, upload in uploads.items():
        yield from ((f"{place}.calls[{at}]", call) for at, call in enumerate(upload.calls if upload else ()))


OF_AN_ORDER: Final = frozenset({**ALWAYS, **PUBLIC})
OF_A_FILE: Final = frozenset({**ALWAYS, **FILE})


def complaints(description: ProviderDescription) -> Iterator[Complaint]:
    """All that is wrong with a wire whose types are right."""
    yield from _base(description)
    yield from _submit(description)
    yield from _later_calls(description)
    yield from _media(description)
    yield from _hooks(description)
    yield from wrong_patterns(description)
    yield from wrong_pointers(description)


def _base(description: ProviderDescription) -> Iterator[Complaint]:
    parts = urlsplit(description.base)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.path
        or parts.query
        or parts.username
    ):
        yield "", "base", 'must be an origin such as "https://api.example.com"; paths belong to the calls.'
    if description.auth:
        if bool(description.auth.header) == bool(description.auth.query):
            yield "auth", "header", "give either header or query: one place for the key."
        yield from _names("auth", "value", description.auth.value, KEY)
    yield from _names("", "headers", dict(description.headers), EACH)


def _submit(description: ProviderDescription) -> Iterator[Complaint]:
    submit, whole = description.submit, "built" if description.submit.build else "body"
    yield from _call("submit", submit, OF_AN_ORDER, content=whole)
    yield from _names("submit", "lookup", submit.lookup, {"idem"})
    if submit.body is UNSET or list(names_in(submit.body)).count(whole) != 1:
        yield "submit", "body", f'must place "{{{whole}}}" exactly once.'


def _later_calls(description: ProviderDescription) -> Iterator[Complaint]:
    known = (
        {*ALWAYS, "id"} | {f"link_{name}" for name in description.submit.links} | set(description.submit.keep)
    )
    yield from _call("status", description.status, known)
    if queue := description.status.queue:
        yield from _call("status.queue", queue, known)
        if listen := queue.listen:
            yield from _names("status.queue.listen", "path", listen.path, known - EACH.keys())
            yield from _names("status.queue.listen", "where", dict(listen.where), known - EACH.keys())
    for number, call in enumerate(
        (description.cancel, *description.cancel.also) if description.cancel else ()
    ):
        yield from _call(f"cancel.also[{number - 1}]" if number else "cancel", call, known)
    if description.check:
        yield from _call("check", description.check, set())
    if description.webhook and description.webhook.fetch:
        yield from _call("webhook.fetch", description.webhook.fetch, set())
    known |= set(description.status.keep)
    for number, call in enumerate(description.then):
        yield from _call(f"then[{number}]", call, known)
        known |= set(call.keep)
    if description.output.template and not description.output.template.startswith("/"):
        yield "output", "template", 'must be a path that begins with "/".'


def _media(description: ProviderDescription) -> Iterator[Complaint]:
    for kind in ("any", "image", "video", "audio", "file"):
        if way := getattr(description.media, kind):
            yield from _way(f"media.{kind}", way)
    if description.media.upload:
        yield from _upload("media.upload", description.media.upload)


def _way(place: str, way: DeliveryWay) -> Iterator[Complaint]:
    yield from _names(place, "url", None if way.url is UNSET else way.url, URL)
    yield from _names(place, "inline", None if way.inline is UNSET else way.inline, INLINE)
    if way.url is True:
        yield place, "url", "is a template, or false."
    if way.upload:
        yield from _upload(f"{place}.upload", way.upload)


def _upload(place: str, upload: UploadCall) -> Iterator[Complaint]:
    known = OF_A_FILE
    for number, call in enumerate(upload.calls):
        yield from _call(f"{place}.calls[{number}]", call, known, content="file")
        known |= set(call.keep)
    yield from _names(place, "handle", upload.handle, known - EACH.keys())  # it is no request


def _hooks(description: ProviderDescription) -> Iterator[Complaint]:
    known: dict[str, Collection[str]] = {"sign": SIGNERS, "build": BUILDERS, "verify": VERIFIERS}
    keys = {"sign": ("auth", "sign"), "build": ("submit", "build"), "verify": ("webhook", "verify")}
    for what, name in description.hooks.items():
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


def read_description(path: Path) -> ProviderDescription | tuple[Problem, ...]:
    """The wire of one file, named as the file, or what keeps it from being read."""
    try:
        document = parse_toml(path.read_text(encoding="utf-8"))
    except OSError as error:
        return (Problem(path.name, "", "", f"cannot be read: {error.strerror}."),)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return (Problem(path.name, "", "", f"is not TOML: {error}."),)
    return to_description(path.name, document)


def to_description(file: str, document: dict[str, Any]) -> ProviderDescription | tuple[Problem, ...]:
    """The wire of a parsed file, or what is wrong with it."""
    if "name" in document:
        return (Problem(file, "", "name", "is the name of the file; take it out."),)
    try:
        wire = msgspec.convert({**document, "name": file.removesuffix(".toml")}, ProviderDescription)
    except msgspec.ValidationError as error:
        return (_explain(file, document, str(error)),)
    wrong = tuple(Problem(file, place, key, sentence) for place, key, sentence in complaints(wire))
    return wrong or wire


def _explain(file: str, document: dict[str, Any], message: str) -> Problem:
    """msgspec's one-line message as a Problem."""
    what, _, where = message.partition(" - at ")
    path = re.search(r"\$(.*?)`", where)
    place = path[1].lstrip(".") if path else ""
    if unknown := re.search(r"unknown field `(.+)`", what):
        return Problem(file, place, unknown[1], f"unknown key{did_you_mean(unknown[1], _fields_at(place))}.")
    if missing := re.search(r"missing required field `(.+)`", what):
        return Problem(file, place, missing[1], "is required.")
    outer, _, key = place.replace("[...]", "").rpartition(".")
    if wrong := re.search(r"Invalid enum value '(.+)'", what):
        key = _key_of(document, place, wrong[1]) if place.endswith("[...]") else key
        return Problem(
            file, outer, key, f"{wrong[1]!r} is not known here{did_you_mean(wrong[1], _choices())}."
        )
    return Problem(file, outer, key, f"{what[0].lower()}{what[1:]}.")


def _choices() -> Iterable[str]:
    return sorted({*get_args(State), *get_args(ErrorKind), *get_args(Billing)})


def _key_of(document: dict[str, Any], place: str, value: str) -> str:
    """msgspec does not say under which key of a table a wrong value stands: look for it."""
    table: Any = document
    for part in place.removesuffix("[...]").split("."):
        table = table[part]
    return next((f"{part}.{key}" for key, found in table.items() if found == value), part)


def _fields_at(place: str) -> tuple[str, ...]:
    """The names a table at this place may hold."""
    kind: Any = ProviderDescription
    for part in re.findall(r"[a-z_]+", place):
        kind = _struct_in(get_type_hints(kind)[part])
    return tuple(name for name in kind.__struct_fields__ if name != "name")


def _struct_in(hint: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint
    return next((found for part in get_args(hint) if (found := _struct_in(part))), None)
