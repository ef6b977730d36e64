"""The parts of a wire's checking that need no names: patterns compile, and pointers point."""

import re
from collections.abc import Iterator
from typing import TypeAlias

from providers.calls import Call, Pointers
from providers.wire import Wire

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


def wrong_patterns(wire: Wire) -> Iterator[Complaint]:
    """Regular expressions that are none, or lack the group that is wanted."""
    for place, key, pattern in _patterns(wire):
        try:
            compiled = re.compile(pattern)
        except re.error as problem:
            yield place, key, f"{pattern!r} is not a regular expression: {problem}."
            continue
        if pattern and key in ("wait", "progress_in_log") and compiled.groups < 1:
            yield place, key, "needs a group around the number."


def _patterns(wire: Wire) -> Iterator[Complaint]:
    error, status = wire.error, wire.status
    yield from (("error", f"classes.{kind}", one) for kind, all_ in error.classes.items() for one in all_)
    yield from (("error", "refusals", one) for one in error.refusals)
    yield from (("error", "hide", one) for one in error.hide)
    yield from (("error", "unbilled", one) for one in error.unbilled)
    yield from [("error", "wait", error.wait), ("status", "progress_in_log", status.progress_in_log)]
    yield from (("status", "gone", one) for one in status.gone)
    yield from ((f"status.rules[{at}]", "match", rule.match) for at, rule in enumerate(status.rules))
    yield from ((f"then[{at}]", "pending", call.pending) for at, call in enumerate(wire.then))
    yield from ((f"then[{at}]", "canceled", call.canceled) for at, call in enumerate(wire.then))
    yield from (("output", "where", one) for one in wire.output.where.values())
    listen = status.queue.listen if status.queue else None
    yield from (("status.queue.listen", "where", one) for one in (listen.where.values() if listen else ()))


def wrong_pointers(wire: Wire) -> Iterator[Complaint]:
    """Pointers that do not begin with "/"."""
    for place, key, pointers in _pointers(wire):
        for pointer in (pointers,) if isinstance(pointers, str) else pointers:
            if pointer and not pointer.startswith("/"):
                yield place, key, f'{pointer!r} is no pointer: it must begin with "/".'


def _pointers(wire: Wire) -> Iterator[tuple[str, str, Pointers]]:
    tables = {
        "submit": wire.submit,
        "status": wire.status,
        "status.queue": wire.status.queue,
        "output": wire.output,
        "error": wire.error,
        "ok": wire.ok,
        "cost": wire.cost,
        "cancel": wire.cancel,
        "webhook": wire.webhook,
    }
    for place, table in tables.items():
        yield from ((place, key, getattr(table, key)) for key in POINTERS[place] if table)
    for place, call in _calls(wire):
        yield from ((place, f"keep.{name}", pointers) for name, pointers in call.keep.items())
    yield from (("submit", f"links.{name}", pointers) for name, pointers in wire.submit.links.items())
    yield from ((f"status.rules[{at}]", "at", rule.at) for at, rule in enumerate(wire.status.rules))
    yield from ((f"then[{at}]", "unless", call.unless) for at, call in enumerate(wire.then))


def _calls(wire: Wire) -> Iterator[tuple[str, Call]]:
    yield from [("submit", wire.submit), ("status", wire.status)]
    yield from ((f"then[{at}]", call) for at, call in enumerate(wire.then))
    uploads = {"media.upload": wire.media.upload}
    for kind in ("any", "image", "video", "audio", "file"):
        way = getattr(wire.media, kind)
        uploads[f"media.{kind}.upload"] = way.upload if way else None
    for place, upload in uploads.items():
        yield from ((f"{place}.calls[{at}]", call) for at, call in enumerate(upload.calls if upload else ()))
