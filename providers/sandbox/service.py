"""What every wire of the sandbox is made of: routes, the call that a route answers, and the letters it sends.

Looks at a submission's fields as the services do: what is missing, unknown, of a wrong type, or no option.

Files that come as a part of a form, kept for the jobs that name them.

The finished clip as it is downloaded, with the faults that an output can have.
"""

import re
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeAlias, TypeVar
from uuid import uuid4

from msgspec import Struct, structs

from providers.sandbox.inputs import Inputs, json_object, prompt_in
from providers.sandbox.server.asgi import (
    Answer,
    FileAnswer,
    Receive,
    Reply,
    Request,
    Scope,
    Send,
    read_form,
    text_answer,
)
from providers.sandbox.store import Job, Store, StoredFile, Trouble
from providers.sandbox.timeline import Clock, moment
from providers.sandbox.video.clips import Clips


class Sandbox(Struct, frozen=True):
    """The parts that all wires use. `speed` 10 makes jobs ten times faster, and `clock` tells where they stand; `keys`
    are those that sign callbacks, by job, and are never written down; `sockets` tells by a client's id which of its
    websockets is the one that counts."""

    store: Store
    clips: Clips
    inputs: Inputs
    clock: Clock
    speed: float = 1.0
    keys: dict[str, str] = {}
    sockets: dict[str, object] = {}


class Call(Struct, frozen=True):
    """A request on its way to the function that answers it; `at` holds the parts of its path, `fault` a name or "".

    `job` is the one that the request names; `given` and `prompt` are what a submission says.
    """

    sandbox: Sandbox
    provider: str
    request: Request
    at: Mapping[str, str]
    fault: str = ""
    job: Job | None = None
    given: dict[str, Any] = {}
    prompt: str = ""

    def again(self) -> "Call":
        """The same call with its job as it is now."""
        job = self.sandbox.store.job(self.provider, self.job.id) if self.job else None
        return structs.replace(self, job=job)


Function: TypeAlias = Callable[[Call], Awaitable[Reply]]
Reader: TypeAlias = Callable[[Request], dict[str, Any] | None]
Socket: TypeAlias = Callable[[Sandbox, Scope, Receive, Send], Awaitable[None]]
T = TypeVar("T")


class Route(Struct, frozen=True):
    """`kind` is submit, look, cancel, output or other; an `open` route needs no key; `read` reads a submission,
    and `refusal` speaks in place of the wire's own."""

    method: str
    path: re.Pattern[str]
    answer: Function
    kind: str
    open: bool
    read: Reader
    refusal: Callable[[str], Answer] | None = None


class Letter(Struct, frozen=True):
    """A signed webhook, ready to be posted."""

    body: bytes
    headers: Mapping[str, str]


def by_path(call: Call) -> Job | None:
    """The job that the `{id}` of the path names."""
    return call.sandbox.store.job(call.provider, call.at.get("id", ""))


class Wire(Struct, frozen=True):
    """One provider: the hosts that its prefix stands for, its routes, and its own words for a refusal.

    `denied` looks at the key; `refusal` answers a fault by name; `letter` writes a webhook for an event of a job,
    which are "start" and "completed"; `find` tells which job a request is about, `prompt` what a submission asks for;
    `socket` lives through a websocket.
    """

    name: str
    stands_for: str
    routes: tuple[Route, ...]
    denied: Callable[[Request], Answer | None]
    refusal: Callable[[str], Answer]
    letter: Callable[[Sandbox, Job, str], Awaitable[Letter]] | None = None
    find: Callable[[Call], Job | None] = by_path
    prompt: Callable[[Any], str] = prompt_in
    socket: Socket | None = None


def keyed(
    header: str, scheme: str, refusal: Callable[[str], Answer], *, also: str = ""
) -> Callable[[Request], Answer | None]:
    """A check that any key in `header` after the word `scheme` passes, or one in the query parameter `also`."""
    pattern = re.compile(rf"{scheme} \S+" if scheme else r"\S+")

    def denied(request: Request) -> Answer | None:
        good = pattern.fullmatch(request.headers.get(header, "")) or (also and request.query.get(also))
        return None if good else refusal("bad_key")

    return denied


def row(rows: Mapping[str, T], fault: str) -> T:
    """The row of a table of refusals that a fault means; what has none of its own is an error of the service."""
    if fault in ("unreadable", "blocked") and fault not in rows:
        fault = "refuse"
    if fault == "busy" and fault not in rows:
        fault = "rate_limit"
    return rows.get(fault) or rows["error"]


def route(
    method: str,
    path: str,
    answer: Function,
    kind: str = "other",
    *,
    open: bool | None = None,  # noqa: A002
    read: Reader = json_object,
    refusal: Callable[[str], Answer] | None = None,
) -> Route:
    """A route; `{id}` in its path is one part of an address, `{id:path}` may hold slashes. An output is open to all
    unless it is said not to be."""
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path.replace(".", r"\."))
    pattern = re.sub(r"\{(\w+):path\}", r"(?P<\1>.+?)", pattern)
    return Route(
        method, re.compile(pattern), answer, kind, kind == "output" if open is None else open, read, refusal
    )


NUMBER = (int, float)
Rule: TypeAlias = type | tuple[type, ...] | frozenset[Any]
Rules: TypeAlias = Mapping[str, Rule]


def one_of(*options: Any) -> frozenset[Any]:
    """A rule that takes these values and no others."""
    return frozenset(options)


def trouble_in(
    given: Mapping[str, Any],
    rules: Rules,
    needs: Collection[str] = (),
    *,
    strict: bool = False,
) -> Trouble | None:
    """The first thing wrong with `given`: what `needs` names is not there, or a member breaks its rule.

    Kinds are missing, unknown (only where the service is strict), type and option. An explicit null is absent.
    """
    for name in needs:
        if given.get(name) in (None, "", [], {}):
            return Trouble(name, "missing", f"{name} is required")
    for name, value in given.items():
        rule = rules.get(name)
        if rule is None:
            if strict:
                return Trouble(name, "unknown", f"Unrecognized field: {name}")
        elif value is not None and (trouble := _broken(name, value, rule)):
            return trouble
    return None


def _broken(name: str, value: Any, rule: Rule) -> Trouble | None:
    if isinstance(rule, frozenset):
        fits = isinstance(value, str | int | float) and value in rule and not isinstance(value, bool)
        said = f"{name} must be one of {', '.join(sorted(map(str, rule)))}"
        return None if fits else Trouble(name, "option", said)
    kinds = rule if isinstance(rule, tuple) else (rule,)
    if isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool)):
        return None
    return Trouble(name, "type", f"{name} must be of type {' or '.join(kind.__name__ for kind in kinds)}")


def keep_part(call: Call, name: str, file_id: str = "", *, also: Collection[str] = ()) -> StoredFile | None:
    """Keeps the file in the part `name`; None when the form lacks it, or one of the parts in `also`."""
    parts = read_form(call.request.headers.get("content-type", ""), call.request.body)
    named = {part.name: part for part in parts}
    if name not in named or not set(also) <= set(named):
        return None
    part = named[name]
    return keep_bytes(call, part.data, part.filename, part.content_type, file_id)


def keep_bytes(call: Call, data: bytes, name: str, content_type: str = "", file_id: str = "") -> StoredFile:
    """Keeps `data` as an uploaded file of the wire; an id is made when none is given."""
    file = StoredFile(
        id=file_id or uuid4().hex,
        provider=call.provider,
        name=Path(name).name or "file",
        content_type=content_type or "application/octet-stream",
        stored=call.sandbox.inputs.keep(data),
        bytes=len(data),
        created_at=time.time(),
    )
    call.sandbox.store.add_file(file)
    return file


def upload_link(call: Call, file: StoredFile) -> str:
    """Where an uploaded file can be read."""
    return f"{call.request.base}/files/{file.id}/{file.name}"


async def send_upload(call: Call) -> Reply:
    """GET files/{id}/{name}; needs no key."""
    file = call.sandbox.store.file(call.at["id"])
    path = call.sandbox.inputs.path(file.stored) if file else None
    return (
        FileAnswer(path, file.content_type) if file and path else text_answer(404, "There is no such file.")
    )


UPLOAD_ROUTE = route("GET", "/files/{id}/{name}", send_upload, open=True)


SLOW_PAUSE = 0.5


def clip_link(base: str, job: Job) -> str:
    """The address of a job's clip, below the address of its wire."""
    return f"{base}/output/{job.id}.mp4"


async def send_clip(call: Call) -> Reply:
    """The job's clip, or what a fault leaves of it; open to all, like the services' own file hosts."""
    job = call.job
    if job is None or moment(job, call.sandbox.clock()).phase != "succeeded":
        return text_answer(404, "There is no such file.")
    faults = {call.fault, *job.facts.faults}
    if "expired_output" in faults:
        return text_answer(404, "This file has expired.")
    if "wrong_type" in faults:
        return text_answer(
            200, "<!doctype html><title>Sign in</title><p>Sign in to see this file.", "text/html"
        )
    clip = await call.sandbox.clips.ready(job)
    if "damaged_output" in faults:
        return Answer(200, clip.path.read_bytes()[: clip.bytes // 2], {"content-type": "video/mp4"})
    stop = clip.bytes // 2 if "truncated_output" in faults else None
    return FileAnswer(clip.path, "video/mp4", stop, pause=SLOW_PAUSE if "slow_download" in faults else 0.0)


CLIP_ROUTE = route("GET", "/output/{id}.mp4", send_clip, "output")
