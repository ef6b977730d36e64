"""The sandbox as an ASGI app: a prefix for each provider, faults on demand, and `/_sandbox`, which reports.

What the sandbox tells about itself: what was ordered, and how it can be asked to misbehave.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from providers.hosts import LOOPBACK_NAMES, headers_by_name
from providers.sandbox.faults import (
    BEFORE,
    TABLE,
    Fault,
    UnknownFaultError,
    asked_by,
    instead,
    marks_in,
    spoiled,
    struck,
)
from providers.sandbox.inputs import Inputs, json_object
from providers.sandbox.server.access import refusal
from providers.sandbox.server.asgi import (
    UNREAD,
    FileAnswer,
    Receive,
    Reply,
    Request,
    Scope,
    Send,
    TooLargeError,
    json_answer,
    read_request,
    send_reply,
    text_answer,
)
from providers.sandbox.service import Call, Route, Sandbox, Wire
from providers.sandbox.services import (
    fal,
    kling,
    luma,
    minimax,
    openai,
    pixverse,
    replicate,
    runway,
    seedance,
    veo,
    vidu,
    wan,
    xai,
)
from providers.sandbox.services.comfyui import routes as comfyui
from providers.sandbox.store import Store
from providers.sandbox.timeline import Clock, billed, iso
from providers.sandbox.video.clips import Clips, RenderError
from providers.sandbox.webhook_sender import Courier, account_of, standard_secret

INTRODUCTION = """The Shotlist sandbox stands in for video services.
Nothing here is a real generation, and nothing costs money.

Any key is accepted. Point a client at one of these addresses in place of the real one:
"""
HOW_TO_ASK = """
Faults on demand, three ways to ask:

  ?fault=NAME in the address, or the header X-Sandbox-Fault: NAME    for this very request (and the job it starts)
  [fault: NAME] in the prompt                                        for the submission, or the job it starts
  [fault: NAME on look x2] in the prompt                             for the first two looks; also: on cancel, on output

Several may stand in one prompt; those for the same place strike one after the other.
"""
REPORTS = """
  {root}/_sandbox/submissions    what was accepted, by prompt, and what it would have been billed
  {root}/_sandbox/webhooks/NAME  POST {{"url": "http://…"}} with Authorization: Bearer KEY: where a wire sends the
                                 webhooks of that key which a request cannot name; tells the secret that signs them
  {root}/_sandbox/clock          POST {{"held": true}}: jobs stand still; {{"move": 0.5}}: so many seconds pass at once
  {root}/_sandbox/health         whether the sandbox answers
"""


def describe(wires: Mapping[str, Wire], root: str) -> str:
    """A page of plain text for people."""
    served = "".join(f"  {root}/{wire.name:<12} {wire.stands_for}\n" for wire in wires.values())
    faults = "".join(f"  {fault.name:<18} {fault.says}\n" for fault in TABLE)
    return f"{INTRODUCTION}\n{served}{REPORTS.format(root=root)}{HOW_TO_ASK}\n{faults}"


def submissions(store: Store) -> dict[str, Any]:
    """What was accepted. `attempts` also counts submissions that were refused; `billed` leaves out what is free."""
    jobs = store.all_jobs()
    attempts: Counter[str] = Counter()
    for key, count in store.attempts("submit:").items():
        attempts[key.partition(":")[2]] += count
    listed = [
        {
            "provider": job.provider,
            "id": job.id,
            "prompt": job.prompt,
            "endpoint": job.facts.endpoint,
            "at": iso(job.created_at),
            "billed": billed(job),
        }
        for job in jobs
    ]
    return {
        "total": len(jobs),
        "billed": sum(billed(job) for job in jobs),
        "by_prompt": Counter(job.prompt for job in jobs),
        "attempts": attempts,
        "submissions": listed,
    }


MODULES = (
    replicate,
    fal,
    runway,
    luma,
    veo,
    openai,
    xai,
    seedance,
    wan,
    minimax,
    kling,
    pixverse,
    vidu,
    comfyui,
)
WIRES: dict[str, Wire] = {module.WIRE.name: module.WIRE for module in MODULES}
TIDY_SECONDS = 3600.0
DAY = 86_400.0


def create_sandbox(
    folder: Path, *, speed: float = 1.0, names: frozenset[str] = frozenset(LOOPBACK_NAMES)
) -> "App":
    """The app that keeps its jobs, files and clips in `folder`; `speed` 10 makes jobs ten times faster.

    `names` are those by which it may be called.
    """
    inputs = Inputs(folder)
    clips = Clips(folder, inputs)
    parts = Sandbox(store=Store(folder), clips=clips, inputs=inputs, clock=Clock(), speed=speed)
    return App(parts, names)


class App:
    """An ASGI application. Its lifespan runs the courier; without one everything but webhooks works."""

    def __init__(self, sandbox: Sandbox, names: frozenset[str]) -> None:
        self.sandbox = sandbox
        self._names = names
        self._courier = Courier(sandbox, WIRES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, or lives through the server's lifespan."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._hold(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        tasks = [asyncio.ensure_future(self._courier.run()), asyncio.ensure_future(self._tidy())]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.sandbox.clips.close()
        self.sandbox.store.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _tidy(self) -> None:
        while True:
            self.sandbox.inputs.forget_old()
            await asyncio.sleep(TIDY_SECONDS)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if refused := refusal(headers_by_name(scope["headers"]), self._names):
            await send_reply(refused, UNREAD, scope, receive, send)
            return
        name = str(scope["path"]).partition("/")[2].partition("/")[0]
        try:
            request = await read_request(scope, receive, f"/{name}")
            reply = await self._reply(name, request)
        except TooLargeError:
            request, reply = UNREAD, text_answer(413, "The sandbox takes at most 128 MB in one request.")
        await send_reply(reply, request, scope, receive, send)

    async def _hold(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A websocket: its path is told to the wire without the prefix."""
        name, _, path = scope["path"].removeprefix("/").partition("/")
        wire = WIRES.get(name)
        refused = refusal(headers_by_name(scope["headers"]), self._names)
        if refused or wire is None or wire.socket is None:
            await send({"type": "websocket.close"})
            return
        await wire.socket(self.sandbox, {**scope, "path": f"/{path}"}, receive, send)

    async def _reply(self, name: str, request: Request) -> Reply:
        if name == "_sandbox":
            return self._report(request)
        wire = WIRES.get(name)
        if wire is None:
            return text_answer(
                404, f"The sandbox has no {request.root}/{name}. See {request.root}/_sandbox\n"
            )
        try:
            return await self._speak(wire, request)
        except UnknownFaultError as unknown:
            return json_answer(400, {"detail": str(unknown)})
        except RenderError as failed:
            print(f"The sandbox could not render a clip: {failed}", file=sys.stderr)
            return wire.refusal("error")

    def _report(self, request: Request) -> Reply:
        match request.path.strip("/").split("/"):
            case [""]:
                return text_answer(200, describe(WIRES, request.root))
            case ["health"]:
                return json_answer(200, {"ok": True, "speed": self.sandbox.speed})
            case ["submissions"]:
                return json_answer(200, submissions(self.sandbox.store))
            case ["clock"] if request.method == "POST":
                return self._set_clock(request)
            case ["webhooks", name] if name in WIRES and request.method == "POST":
                return self._register(name, request)
            case ["inputs", name] if path := self.sandbox.inputs.path(name):
                return FileAnswer(path, "application/octet-stream")
            case _:
                return text_answer(404, f"There is nothing here. See {request.root}/_sandbox\n")

    def _set_clock(self, request: Request) -> Reply:
        """Lets a client look at a state for as long as it likes, and then goes on."""
        clock, asked = self.sandbox.clock, json_object(request) or {}
        held, seconds = asked.get("held", clock.held), asked.get("move", 0)
        if not isinstance(held, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= DAY:
            return json_answer(
                422, {"detail": 'The body is {"held": true}, {"held": false} or {"move": 0.5}.'}
            )
        if held != clock.held:
            (clock.hold if held else clock.let_go)()
        clock.move(seconds)
        self._courier.wake()
        return json_answer(200, {"held": clock.held, "now": iso(clock())})

    def _register(self, name: str, request: Request) -> Reply:
        """Stands in for the page where an account says where all its webhooks go, and reads what signs them."""
        if not (key := request.headers.get("authorization", "")):
            said = "Say whose webhooks these are: Authorization: Bearer KEY, with the key that orders."
            return json_answer(401, {"detail": said})
        address = (json_object(request) or {}).get("url")
        if not isinstance(address, str):
            return json_answer(422, {"detail": 'The body is {"url": "http://…"}, or {"url": ""} for none.'})
        store = self.sandbox.store
        account = account_of(store, key)
        store.put(f"webhook:{name}:{account}", address)
        return json_answer(200, {"url": address, "secret": standard_secret(store, account)})

    async def _speak(self, wire: Wire, request: Request) -> Reply:
        method = "GET" if request.method == "HEAD" else request.method
        found = _find(wire, method, request.path)
        if found is None:
            return wire.refusal("not_found")
        route, at = found
        if not route.open and (denial := wire.denied(request)):
            return denial
        refuse = route.refusal or wire.refusal
        given = route.read(request) if request.body else None
        if given is None and route.kind == "submit":
            return refuse("unreadable")
        call = Call(self.sandbox, wire.name, request, at, given=given or {}, prompt=wire.prompt(given))
        call = msgspec.structs.replace(call, job=wire.find(call))
        fault = self._fault(call, route)
        if fault and fault.when == BEFORE:
            return instead(fault, refuse)
        reply = await route.answer(msgspec.structs.replace(call, fault=fault.name if fault else ""))
        if route.kind in ("submit", "cancel"):
            self._courier.wake()
        return spoiled(reply, fault, refuse) if fault else reply

    def _fault(self, call: Call, route: Route) -> Fault | None:
        """The fault that the request asks for itself, or else the job's prompt, as often as it says."""
        asked = asked_by(call.request.query, call.request.headers)
        if route.kind == "submit":
            prompt = key = call.prompt
        elif job := call.job:
            prompt, key = job.prompt, job.id
        else:
            return asked
        marks = [mark for mark in marks_in(prompt) if mark.place == route.kind]
        if not marks and route.kind != "submit":
            return asked
        before = self.sandbox.store.attempt(f"{route.kind}:{call.provider}:{key}", time.time())
        return asked or struck(marks, before)


def _find(wire: Wire, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    for route in wire.routes:
        if route.method == method and (found := route.path.fullmatch(path)):
            return route, found.groupdict()
    return None
