"""`shotlist serve`: web server and worker in one process, with the queue and the sandbox as its children.

`shotlist web` and `shotlist worker` run the two apart, on a Redis and a Postgres of the operator's own.
What is slow to import is imported only after the port is taken and the sandbox is on its way.

How a server ends: on the first signal in good order and in time, on the second at once.

The sandbox that goes with a server: where it is, started if it is ours to start, and started again if it dies.

A program that the server starts beside itself: in its process group, but out of reach of a terminal's Ctrl-C.
"""

import asyncio
import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from types import FrameType
from typing import IO, TYPE_CHECKING, Any, NoReturn, Protocol
from urllib.parse import urlsplit

from providers.child_process import start_child
from tasks.embedded import EmbeddedQueue, FolderLock
from tasks.private_files import keep_private
from tasks.settings import Settings, SettingsError, load_secret, prepare_data_dir
from web.server import configure_logging, web_server

if TYPE_CHECKING:
    from providers.registry import ProviderRegistry
    from tasks.context import AppContext
    from tasks.worker.timing import WorkerTiming


LAST_SECONDS = 2.4
"""After the first signal everything has this long to end by itself; a Ctrl-C takes 3 s at most."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stop_on_signals(last_act: Callable[[], None], last_seconds: float = LAST_SECONDS) -> asyncio.Event:
    """An event that SIGINT, SIGTERM and SIGHUP set. To be called inside the event loop, before uvicorn runs.

    If the process is still there `last_seconds` later (a thread that decodes a video cannot be interrupted), or at
    a second signal, it does `last_act` and is gone: every row and file of ours survives that by design.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    signalled = threading.Event()

    def gone() -> None:
        last_act()
        os._exit(0)

    def wait_and_go() -> None:
        time.sleep(last_seconds)
        gone()

    def on_signal(_: int, __: FrameType | None) -> None:
        if signalled.is_set():
            gone()
        signalled.set()
        threading.Thread(target=wait_and_go, daemon=True).start()
        loop.call_soon_threadsafe(stop.set)

    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves it
            signal.signal(number, on_signal)
    return stop


def leave(code: int = 0) -> NoReturn:
    """End this process, in which everything of ours is closed already.

    Python's own way waits for threads that nobody ended, for ever if need be. It also takes apart every module first,
    which costs a busy machine more than a second of the three, and `stop_on_signals` cannot cut it short.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # whoever read it is gone
            stream.flush()
    os._exit(code)


async def run_together(stop: asyncio.Event, *parts: Coroutine[Any, Any, None]) -> None:
    """Run the parts of a server side by side. When one ends, or `stop` is set, all are to end.

    Each part ends by itself once `stop` is set. What one of them raised is raised here, after all have ended.
    """
    running = [asyncio.create_task(part) for part in parts]
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({*running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    await stopping
    ended = await asyncio.gather(*running, return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, BaseException):
            raise outcome


CHILD_GRACE = 0.8
"""Seconds that a child gets between being asked to end and being ended."""


class Child:
    """One of our modules, run in a process of its own that ends with this one; where there is no Linux, by itself.

    What it prints is kept for `said`; it is to be little.
    """

    def __init__(self, module: str, args: Sequence[str]) -> None:
        self.process = start_child(
            [sys.executable, "-m", module, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        self._said = b""
        os.set_blocking(self._output.fileno(), False)

    @property
    def _output(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    def said(self) -> str:
        """All that it has printed until now."""
        with suppress(OSError, ValueError):  # nothing new; closed
            while more := os.read(self._output.fileno(), 65536):
                self._said += more
        return self._said.decode(errors="replace").strip()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        """Ask it to end and wait until it is gone, `GRACE` seconds at most; then it is made to."""
        if self.alive:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(CHILD_GRACE)
        self.kill()

    def kill(self) -> None:
        if self.alive:
            self.process.kill()
            self.process.wait()
        self._output.close()


log = logging.getLogger("shotlist.sandbox")

WATCH_SECONDS = 0.5
LONGEST_PAUSE = 30.0
START_SECONDS = 30.0
LISTENS = "The sandbox listens at "  # as it says itself
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Sandbox:
    """One sandbox for the life of a server. `url` is where it is, or will be in a moment."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.child: Child | None = None
        self.url = settings.sandbox_url
        if not settings.sandbox_url:
            self._start(free_port(settings.port + 1))
        elif ours_to_start(settings.sandbox_url):
            self._start(urlsplit(settings.sandbox_url).port or 80)

    async def begin(self, stop: asyncio.Event) -> None:
        """Return when it listens, at `stop`, or after `START_SECONDS`; `SettingsError` where ours cannot start."""
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while self.child is not None and not self.child.said().startswith(LISTENS):
            if not self.child.alive:
                self._start_elsewhere()
            elif asyncio.get_running_loop().time() > deadline:
                log.warning("The sandbox is slow to start; it is waited for no longer.")
                return
            if await _set_within(stop, 0.01):
                return

    def _start_elsewhere(self) -> None:
        """It ended before it listened: its port may have been taken meanwhile, anything else stays as it is."""
        assert self.child is not None
        why = self.child.said() or f"It ended with exit code {self.child.process.returncode}."
        self.child.end()
        wanted = urlsplit(self.url).port or 0
        port = free_port(wanted)
        if self.settings.sandbox_url or port == wanted:
            raise SettingsError(
                f"The sandbox does not start, so Shotlist does not either. {why} Remove what is in its way, or set "
                "SHOTLIST_SANDBOX_URL to one that runs elsewhere."
            )
        self._start(port)

    async def watch(self, registry: "ProviderRegistry", stop: asyncio.Event) -> None:
        """Until `stop`: a sandbox of ours that died is started again, on another port if need be."""
        pause = WATCH_SECONDS
        while not await _set_within(stop, pause):
            if self.child is None or self.child.alive:
                pause = WATCH_SECONDS
                continue
            log.warning("The sandbox ended by itself and is started again.")
            pause = min(2 * pause, LONGEST_PAUSE)
            wanted = urlsplit(self.url).port or 0
            self.child.end()
            self._start(wanted if self.settings.sandbox_url else free_port(wanted))
            registry.sandbox_url = self.url

    def end(self) -> None:
        if self.child is not None:
            self.child.end()

    def kill(self) -> None:
        if self.child is not None:
            self.child.kill()

    def _start(self, port: int) -> None:
        if not self.settings.sandbox_url:
            self.url = f"http://127.0.0.1:{port}"
        folder = self.settings.data_dir / "sandbox"
        speed = str(self.settings.sandbox_speed)
        arguments = ["--folder", str(folder), "--port", str(port), "--speed", speed, "--die-with-parent"]
        try:
            self.child = Child("providers.sandbox", arguments)
        except OSError as error:
            raise SettingsError(f"The sandbox cannot be started ({error.strerror}).") from error


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


def ours_to_start(url: str) -> bool:
    """Whether a sandbox that the operator named is on this machine and nobody answers there."""
    parts = urlsplit(url)
    if parts.hostname not in LOOPBACK:
        return False
    try:
        socket.create_connection((parts.hostname, parts.port or 80), timeout=1).close()
    except OSError:
        return True
    return False


def free_port(wanted: int) -> int:
    """`wanted` if nobody listens there (the next start then finds it again), else any free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                probe.listen()
            except (OSError, OverflowError):
                continue
            return int(probe.getsockname()[1])
    raise SettingsError(
        "There is no free port on 127.0.0.1: end some program that uses one, and start again."
    )


STEPS_END = 1.0
"""Seconds that a submission or a download under way gets when the server is told to stop."""


class ContextBuilder(Protocol):
    """Makes what a process works with, as `tasks.context.build_context` does; the process closes it."""

    def __call__(
        self,
        settings: Settings,
        *,
        queue_url: str,
        sandbox_url: str | None,
        timing: "WorkerTiming | None" = None,
    ) -> Awaitable["AppContext"]: ...


async def build_late(
    settings: Settings, *, queue_url: str, sandbox_url: str | None, timing: "WorkerTiming | None" = None
) -> "AppContext":
    """`build_context`, imported only now."""
    from tasks.context import build_context

    return await build_context(settings, queue_url=queue_url, sandbox_url=sandbox_url, timing=timing)


def serve(settings: Settings, build: ContextBuilder = build_late) -> None:
    """Run everything until a signal; raise `SettingsError` with one sentence if it cannot start."""
    prepare(settings)
    with locked(settings), listening(settings) as listener:
        load_secret(settings)
        sandbox = Sandbox(settings)
        try:
            asyncio.run(_serve(settings, listener, sandbox, build))
        finally:
            sandbox.end()


def serve_web(settings: Settings, build: ContextBuilder = build_late) -> None:
    """Run a web server alone, beside workers elsewhere."""
    refuse_embedded(settings, "web")
    prepare(settings)
    with listening(settings) as listener:
        asyncio.run(_serve_web(settings, listener, build))


def serve_worker(settings: Settings, build: ContextBuilder = build_late) -> None:
    """Run a worker alone."""
    refuse_embedded(settings, "worker")
    prepare(settings)
    asyncio.run(_serve_worker(settings, build))


def prepare(settings: Settings) -> None:
    """What comes first in every process that serves."""
    configure_logging()
    keep_private()
    prepare_data_dir(settings)


async def _serve(
    settings: Settings, listener: socket.socket, sandbox: Sandbox, build: ContextBuilder
) -> None:
    stop = stop_on_signals(sandbox.kill)
    from tasks.worker.run import run_worker
    from tasks.worker.timing import WorkerTiming
    from web.app import create_app

    async with AsyncExitStack() as stack:
        queue_url = settings.redis_url or await _start_queue(settings, stack)
        timing = WorkerTiming(shutdown=STEPS_END)
        parts = await build(settings, queue_url=queue_url, sandbox_url=sandbox.url, timing=timing)
        stack.push_async_callback(parts.close)
        await sandbox.begin(stop)
        parts.registry.sandbox_url = sandbox.url
        web = web_server(create_app(parts), listener, lambda: announce(parts))
        worker = run_worker(parts, stop, alone=owns_database(settings))
        await run_together(stop, web.run_until(stop), worker, sandbox.watch(parts.registry, stop))


async def _serve_web(settings: Settings, listener: socket.socket, build: ContextBuilder) -> None:
    stop = stop_on_signals(lambda: None)
    from web.app import create_app

    async with AsyncExitStack() as stack:
        parts = await _connected(settings, build, stack)
        web = web_server(create_app(parts), listener, lambda: announce(parts))
        await run_together(stop, web.run_until(stop))


async def _serve_worker(settings: Settings, build: ContextBuilder) -> None:
    stop = stop_on_signals(lambda: None)
    from tasks.worker.run import run_worker

    async with AsyncExitStack() as stack:
        parts = await _connected(settings, build, stack)
        print("A worker is at work. Ctrl-C ends it.", flush=True)
        await run_together(stop, run_worker(parts, stop))


async def _connected(settings: Settings, build: ContextBuilder, stack: AsyncExitStack) -> "AppContext":
    """The context of a process on a queue, a database and, where one is named, a sandbox of the operator's own."""
    sandbox_url = settings.sandbox_url or None
    context = await build(settings, queue_url=settings.redis_url, sandbox_url=sandbox_url)
    stack.push_async_callback(context.close)
    return context


async def _start_queue(settings: Settings, stack: AsyncExitStack) -> str:
    queue = EmbeddedQueue(settings.data_dir)
    stack.push_async_callback(queue.stop)
    await queue.start()
    return queue.url


def owns_database(settings: Settings) -> bool:
    """Whether the lock on the data folder keeps every other worker from the database too."""
    path = settings.sqlite_path
    return path is not None and path.is_relative_to(settings.data_dir)


def announce(context: "AppContext") -> None:
    """Tell on standard output where the page is, and with which providers it is serious."""
    providers = context.registry.snapshots().all()
    sandboxed = sorted(each.name for each in providers if each.sandbox)
    real = sorted(each.name for each in providers if each.real)
    lines = [f"Shotlist is at {context.settings.address}/video"]
    if context.settings.public_url:
        lines.append(
            f"Providers reach it at {context.settings.public_url}: webhooks and files of orders, nothing else"
        )
    if strangers := unknown_origins(context):
        lines.append(f"Not used, for no provider here has that name: {', '.join(strangers)}")
    if real:
        lines.append(f"Real, billed to your key: {', '.join(real)}")
    if sandboxed:
        lines.append(
            f"Sandbox, without a key, nothing is billed: {', '.join(sandboxed)} (at {context.registry.sandbox_url})"
        )
    print(*lines, sep="\n", flush=True)


def unknown_origins(context: "AppContext") -> list[str]:
    """Addresses that were given for providers that are not here: a slip there sends orders to the real ones."""
    known = {description.base_url_name for description in context.descriptions.all()}
    given = (name for name, text in context.settings.environ.items() if text and _is_origin(name))
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
