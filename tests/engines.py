"""Real database and queue servers for tests: private, on free ports, in folders of their own, gone with the tests.

Where the programs are absent a test skips and says so; where CI is set it fails instead.
"""

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ClassVar, NoReturn

import httpx
import pytest

from tests.support import PATIENCE, free_port, until

_numbers = itertools.count(1)


def needed(name: str, package: str, folders: str = "") -> Path:
    """Where a program is: in the newest of the folders that Debian hides it in, or on the path."""
    hidden = sorted(Path("/").glob(f"{folders}/{name}")) if folders else []
    found = str(hidden[-1]) if hidden else shutil.which(name)
    if found is None:
        give_up(f"{name} is not installed: on Debian, apt install {package}")
    return Path(found)


def give_up(why: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


class Program:
    """A server as a child of the tests: it ends with them, however they end."""

    def __init__(self, name: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"shotlist-{name}-"))
        self.port = free_port()
        self.log = self.folder / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> subprocess.Popen[bytes]:
        assert self.process is not None
        return self.process

    def launch(self, *command: str) -> None:
        # Linux tells the child that its parent is gone as soon as the thread ends which started it.
        assert threading.current_thread() is threading.main_thread(), "start servers in the main thread"
        dies_too = ["setpriv", "--pdeathsig", "INT"] if sys.platform == "linux" else []
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*dies_too, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )

    def end(self, how: signal.Signals = signal.SIGINT) -> None:
        """Gone when this returns."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            self.process.send_signal(how)
        self.process.wait(PATIENCE)
        self.process = None

    def remove(self) -> None:
        self.end(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def listens(self) -> bool | None:
        assert self.running.poll() is None, f"it ended; its log:\n{self.log.read_text()}"
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE):
            return True
        return None


class Postgres(Program):
    """A cluster of databases; Postgres refuses to run as root, so root lends it the user `postgres`."""

    def __init__(self) -> None:
        self.bin = needed("initdb", "postgresql", "usr/lib/postgresql/*/bin").resolve().parent
        super().__init__("postgres")
        self.user = ""
        if os.geteuid() == 0:
            self.user = pwd.getpwnam("postgres").pw_name
            shutil.chown(self.folder, self.user)

    def prepare(self) -> None:
        self._run("initdb", "-D", "data", "-U", "shotlist", "-A", "trust", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": "200",
            "shared_buffers": "32MB",
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self.launch(*self._as("postgres"), "-D", "data", "-p", str(self.port), *settings)
        until(self._answers, "Postgres answers")

    def url(self, database: str) -> str:
        return f"postgres://shotlist@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of an empty database; a third of a second."""
        name = f"test{next(_numbers)}"
        self.sql(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop(self, url: str) -> None:
        self.sql(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def sql(self, statement: str) -> None:
        self.sql_in(self.url("postgres"), statement)

    def sql_in(self, url: str, statement: str) -> None:
        """In the database of this URL."""
        self._run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement)

    def _answers(self) -> bool | None:
        if self.listens() is None:
            return None
        answer = subprocess.run(
            [str(self.bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False
        )
        return True if answer.returncode == 0 else None

    def _as(self, name: str) -> list[str]:
        lent = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--init-groups"]
        lent += ["--pdeathsig", "INT"]  # a change of user forgets it
        return [*(lent if self.user else []), str(self.bin / name)]

    def _run(self, name: str, *arguments: str) -> None:
        ended = subprocess.run(
            [*self._as(name), *arguments], cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr


class Redis(Program):
    """A Redis that keeps nothing: hints may be lost at any time."""

    def __init__(self) -> None:
        self.binary = needed("redis-server", "redis-server")
        super().__init__("redis")

    def start(self) -> None:
        options = {"--port": str(self.port), "--bind": "127.0.0.1", "--save": "", "--appendonly": "no"}
        self.launch(
            str(self.binary), *(part for pair in options.items() for part in pair), "--databases", "512"
        )
        until(self.listens, "Redis answers")

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def new_database(self) -> str:
        """The URL of a database that no other test uses."""
        return f"redis://127.0.0.1:{self.port}/{next(_numbers) % 511 + 1}"

    def flush(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(b"FLUSHALL\r\n")
            assert connection.recv(100).startswith(b"+OK")


class Storage(Program):
    """moto's S3: one bucket; each `new_place` is a prefix of its own in it."""

    ENVIRON: ClassVar = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

    def __init__(self) -> None:
        super().__init__("storage")

    def start(self) -> None:
        self.launch(sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port))
        until(self.listens, "the storage answers")
        httpx.put(f"{self.endpoint}/shotlist-tests", trust_env=False, timeout=PATIENCE).raise_for_status()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def new_place(self) -> str:
        return f"s3://shotlist-tests/place{next(_numbers)}?endpoint={self.endpoint}"


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    server = Postgres()
    try:
        server.prepare()
        server.start()
        yield server
    finally:
        server.remove()


@contextmanager
def redis_server() -> Iterator[Redis]:
    server = Redis()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@contextmanager
def storage_server() -> Iterator[Storage]:
    server = Storage()
    try:
        server.start()
        yield server
    finally:
        server.remove()
