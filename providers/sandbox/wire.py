"""What every wire of the sandbox is made of: routes, the call that a route answers, and the letters it sends."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from msgspec import Struct, structs

from providers.sandbox.asgi import Answer, Receive, Reply, Request, Scope, Send
from providers.sandbox.clips import Clips
from providers.sandbox.clock import Clock
from providers.sandbox.inputs import Inputs
from providers.sandbox.reading import json_object, prompt_in
from providers.sandbox.store import Job, Store


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
