"""`shotlist serve`: web server and worker in one process, with the queue and the sandbox as its children.

`shotlist web` and `shotlist worker` run the two apart, on a Redis and a Postgres of the operator's own.
What is slow to import is imported only after the port is taken and the sandbox is on its way.
"""

import asyncio
import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, TypeAlias

from tasks.embedded import EmbeddedQueue, FolderLock
from tasks.private_files import keep_private
from tasks.settings import Settings, SettingsError, load_secret, prepare_data_dir
from web.logs import configure_logging
from web.sandbox import Sandbox
from web.stopping import run_together, stop_on_signals

if TYPE_CHECKING:
    from tasks.context import Parts

Dress: TypeAlias = Callable[["Parts"], "Parts"]
"""Gets the parts before anything uses them, and gives those to use: where tests let things go wrong."""

STEPS_END = 1.0
"""Seconds that a submission or a download under way gets when the server is told to stop."""


def as_they_are(parts: "Parts") -> "Parts":
    return parts


def serve(settings: Settings, dress: Dress = as_they_are) -> None:
    """Run everything until a signal; raise `SettingsError` with one sentence if it cannot start."""
    prepare(settings)
    with locked(settings), listening(settings) as listener:
        load_secret(settings)
        sandbox = Sandbox(settings)
        try:
            asyncio.run(_serve(settings, listener, sandbox, dress))
        finally:
            sandbox.end()


def serve_web(settings: Settings, dress: Dress = as_they_are) -> None:
    """Run a web server alone, beside workers elsewhere."""
    refuse_embedded(settings, "web")
    prepare(settings)
    with listening(settings) as listener:
        asyncio.run(_serve_web(settings, listener, dress))


def serve_worker(settings: Settings, dress: Dress = as_they_are) -> None:
    """Run a worker alone."""
    refuse_embedded(settings, "worker")
    prepare(settings)
    asyncio.run(_serve_worker(settings, dress))


def prepare(settings: Settings) -> None:
    """What comes first in every process that serves."""
    configure_logging()
    keep_private()
    prepare_data_dir(settings)


async def _serve(settings: Settings, listener: socket.socket, sandbox: Sandbox, dress: Dress) -> None:
    stop = stop_on_signals(sandbox.kill)
    from tasks.context import build_parts
    from tasks.worker.run import run_worker
    from tasks.worker.timing import Pace
    from web.app import create_app
    from web.server import WebServer

    async with AsyncExitStack() as stack:
        queue_url = settings.redis_url or await _start_queue(settings, stack)
        pace = Pace(shutdown=STEPS_END)
        built = await build_parts(settings, queue_url=queue_url, sandbox_url=sandbox.url, pace=pace)
        stack.push_async_callback(built.close)
        parts = dress(built)
        await sandbox.begin(stop)
        parts.lines.sandbox_url = sandbox.url
        web = WebServer(create_app(parts), listener, lambda: announce(parts))
        worker = run_worker(parts, stop, alone=owns_database(settings))
        await run_together(stop, web.run_until(stop), worker, sandbox.watch(parts.lines, stop))


async def _serve_web(settings: Settings, listener: socket.socket, dress: Dress) -> None:
    stop = stop_on_signals(lambda: None)
    from web.app import create_app
    from web.server import WebServer

    async with AsyncExitStack() as stack:
        parts = dress(await _connected(settings, stack))
        web = WebServer(create_app(parts), listener, lambda: announce(parts))
        await run_together(stop, web.run_until(stop))


async def _serve_worker(settings: Settings, dress: Dress) -> None:
    stop = stop_on_signals(lambda: None)
    from tasks.worker.run import run_worker

    async with AsyncExitStack() as stack:
        parts = dress(await _connected(settings, stack))
        print("A worker is at work. Ctrl-C ends it.", flush=True)
        await run_together(stop, run_worker(parts, stop))


async def _connected(settings: Settings, stack: AsyncExitStack) -> "Parts":
    """The parts of a process on a queue, a database and, where one is named, a sandbox of the operator's own."""
    from tasks.context import build_parts

    sandbox_url = settings.sandbox_url or None
    parts = await build_parts(settings, queue_url=settings.redis_url, sandbox_url=sandbox_url)
    stack.push_async_callback(parts.close)
    return parts


async def _start_queue(settings: Settings, stack: AsyncExitStack) -> str:
    queue = EmbeddedQueue(settings.data_dir)
    stack.push_async_callback(queue.stop)
    await queue.start()
    return queue.url


def owns_database(settings: Settings) -> bool:
    """Whether the lock on the data folder keeps every other worker from the database too."""
    path = settings.sqlite_path
    return path is not None and path.is_relative_to(settings.data_dir)


def announce(parts: "Parts") -> None:
    """Tell on standard output where the page is, and with which providers it is serious."""
    choices = {wire.name: parts.lines.choose(wire.name) for wire in parts.wires.all()}
    sandboxed = sorted(name for name, choice in choices.items() if choice and choice.sandbox)
    real = sorted(name for name, choice in choices.items() if choice and not choice.sandbox)
    lines = [f"Shotlist is at {parts.settings.address}/video"]
    if parts.settings.public_url:
        lines.append(
            f"Providers reach it at {parts.settings.public_url}: webhooks and files of orders, nothing else"
        )
    if strangers := unknown_origins(parts):
        lines.append(f"Not used, for no provider here has that name: {', '.join(strangers)}")
    if real:
        lines.append(f"Real, billed to your key: {', '.join(real)}")
    if sandboxed:
        lines.append(
            f"Sandbox, without a key, nothing is billed: {', '.join(sandboxed)} (at {parts.lines.sandbox_url})"
        )
    print(*lines, sep="\n", flush=True)


def unknown_origins(parts: "Parts") -> list[str]:
    """Addresses that were given for providers that are not here: a slip there sends orders to the real ones."""
    known = {wire.base_url_name for wire in parts.wires.all()}
    given = (name for name, text in parts.settings.environ.items() if text and _is_origin(name))
    return sorted(set(given) - known)


def _is_origin(name: str) -> bool:
    return name.startswith("SHOTLIST_") and name.endswith("_BASE_URL")


def refuse_embedded(settings: Settings, command: str) -> None:
    """Processes apart must share a queue and a database that are servers themselves."""
    missing = [name for name, url in (("SHOTLIST_REDIS_URL", settings.redis_url),) if not url]
    if settings.database_url.startswith("sqlite:"):
        missing.append("SHOTLIST_DATABASE_URL")
    if missing:
        raise SettingsError(
            f"shotlist {command} shares its queue and database with other processes, and those in a data folder "
            f"belong to one process only: set {' and '.join(missing)} (redis://… and postgres://…), "
            "or run shotlist serve."
        )


@contextmanager
def locked(settings: Settings) -> Iterator[None]:
    """The data folder is ours alone meanwhile."""
    lock = FolderLock(settings.data_dir)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """A socket that listens from now on: whoever comes before we are ready waits instead of being turned away."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY on what it accepts: 2 ms an answer on a kept connection, not 44.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
            listener.listen(2048)
        except OSError as error:
            raise SettingsError(_cannot_listen(settings, error)) from error
        yield listener


def _cannot_listen(settings: Settings, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            why = f"Port {settings.port} on {settings.host} is in use"
        case errno.EACCES:
            why = f"Port {settings.port} is for the system's own programs only"
        case _:
            return f"Shotlist cannot listen on {settings.host} port {settings.port} ({error.strerror})."
    return f"{why}: set SHOTLIST_PORT to another one, or end the program that uses it."
