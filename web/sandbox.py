"""The sandbox that goes with a server: where it is, started if it is ours to start, and started again if it dies."""

import asyncio
import logging
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tasks.settings import Settings, SettingsError
from web.children import Child

if TYPE_CHECKING:
    from providers.registry import Lines

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

    async def watch(self, lines: "Lines", stop: asyncio.Event) -> None:
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
            lines.sandbox_url = self.url

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
