"""A job's place in a queue that the provider lists as a whole, and its progress, told on a websocket; no I/O here."""

import re
from collections.abc import Generator
from typing import TypeAlias

from msgspec import UNSET

from models.spec.values import JSON
from providers.answer import Answer, wait_of
from providers.answers import Look, LookAnswer, Unanswered
from providers.calls import Listen, Queue
from providers.pointer import find, first, first_number, first_text
from providers.request import LISTEN, Request, build
from providers.template import Names, fill_path, fill_text
from providers.wire import Wire

InQueue: TypeAlias = Generator[Request, Answer, LookAnswer | None]


def in_queue(wire: Wire, names: Names) -> InQueue:
    """Where the job waits or how far it runs; None for a wire without such a list, or a job that is not in it.

    An unreadable list leaves the job as it was: without it, "not finished" would be taken for "unknown".
    """
    queue = wire.status.queue
    request = build(wire, queue, names) if queue else None
    if queue is None or request is None:
        return None
    answer = yield request
    if answer.status >= 300 or answer.body is UNSET:
        reason = f"{wire.display_name} answered {answer.status} when asked for its queue"
        return Unanswered(reason, wait_of(wire, answer))
    job = str(names["id"])
    if (place := _place(queue, answer.document, job)) is not None:
        return Look("queued", position=place)
    for entry in find(answer.document, queue.running):
        if first_text(entry, queue.id) == job:
            progress = (yield from _listening(queue.listen, entry, names)) if queue.listen else None
            return Look("processing", progress=progress)
    return None


def _place(queue: Queue, document: JSON, job: str) -> int | None:
    """1 for the next; the list itself need not be in order."""
    waiting = sorted(find(document, queue.waiting), key=lambda entry: first_number(entry, queue.order) or 0.0)
    places = (place for place, entry in enumerate(waiting, 1) if first_text(entry, queue.id) == job)
    return next(places, None)


def _listening(listen: Listen, entry: JSON, names: Names) -> Generator[Request, Answer, float | None]:
    url = fill_path(listen.path, names)
    if url is None:
        return None

    def fits(message: JSON) -> bool:
        return _fits(listen, message, names)

    answer = yield Request(method=LISTEN, url=url, patience=listen.seconds, enough=fits)
    told = [message for message in find(answer.document, "/*") if fits(message)]
    return _progress(listen, told[-1], entry) if told else None


def _fits(listen: Listen, message: JSON, names: Names) -> bool:
    """Whether this message tells of progress, and of this job's."""
    wanted = {pointer: fill_text(pattern, names) for pointer, pattern in listen.where.items()}
    return all(
        pattern is not None and re.search(pattern, first_text(message, pointer))
        for pointer, pattern in wanted.items()
    )


def _progress(listen: Listen, message: JSON, entry: JSON) -> float | None:
    members = first(entry, listen.of)
    if not isinstance(members, dict | list) or not members:
        return None
    done = 0.0
    for part in find(message, listen.each):
        value, full = first_number(part, listen.value), first_number(part, listen.full)
        done += min(value / full, 1.0) if value is not None and full else 0.0
    return min(done / len(members), 1.0)
