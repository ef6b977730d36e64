"""A start that fails ends: with one sentence, a code of its own, nothing left running, and the next start works."""

import fcntl
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from msgspec import Struct

from tasks.database.migrations import STEPS
from tests.engines import Postgres, Redis
from tests.support import CHECKOUT, Server, command, environ, free_port, until

SECONDS = 60


class Ended(Struct, frozen=True):
    code: int
    out: str
    err: str


@contextmanager
def started(
    arguments: list[str], env: dict[str, str], limit: int | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """A process group of its own, nothing of which outlasts the block."""

    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=CHECKOUT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
        text=True,
        start_new_session=True,
        preexec_fn=limited,
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def group(leader: int) -> list[psutil.Process]:
    """The living processes of a group."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def fails(env: dict[str, str], *arguments: str, limit: int | None = None, script: str = "") -> Ended:
    """What a start says that must fail: it ends by itself, and its children with it."""
    run = ["-c", script] if script else ["-m", "web.cli", *(arguments or ("serve",))]
    with started(run, env, limit) as process:
        out, err = process.communicate(timeout=SECONDS)
        until(lambda: None if group(process.pid) else True, "its children are gone")
        assert process.returncode not in (0, None)
        return Ended(process.returncode, out, err)


def sentence(ended: Ended) -> str:
    """The one line that a failed start says beside its log."""
    assert ended.code == 1, ended
    assert ended.out == "", ended
    assert "Traceback" not in ended.err
    said = [line for line in ended.err.splitlines() if line.startswith("shotlist: ")]
    rest = [line for line in ended.err.splitlines() if line not in said and not _is_log(line)]
    assert (len(said), rest) == (1, []), ended.err
    return said[0]


def _is_log(line: str) -> bool:
    return " WARNING shotlist" in line or " INFO shotlist" in line


def is_free(data_dir: Path, port: int) -> None:
    """Neither the lock nor the port is held any more."""
    if (data_dir / "lock").is_file():
        with (data_dir / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))


def database(data: Path) -> sqlite3.Connection:
    data.mkdir(exist_ok=True)
    return sqlite3.connect(data / "shotlist.db")


def made_by_a_newer_version(data: Path) -> Path:
    with database(data) as file:
        file.execute("CREATE TABLE schema_version (version BIGINT NOT NULL)")
        file.execute("INSERT INTO schema_version VALUES (999)")
    file.close()
    return data / "shotlist.db"


def of_another_program(data: Path) -> Path:
    """The first step of the tables cannot be done."""
    with database(data) as file:
        file.execute("CREATE TABLE job (id INTEGER)")
    file.close()
    return data / "shotlist.db"


def without_a_table(data: Path) -> Path:
    with database(data) as file:
        file.execute("CREATE TABLE schema_version (version BIGINT NOT NULL)")
        file.execute("INSERT INTO schema_version VALUES (?)", (len(STEPS),))
    file.close()
    return data / "shotlist.db"


def damaged(data: Path) -> Path:
    """Its first page is whole, and what follows is not."""
    with database(data) as file:
        file.execute("PRAGMA page_size = 512")
        for number in range(40):
            file.execute(f"CREATE TABLE t{number} (a TEXT)")
    file.close()
    path = data / "shotlist.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:512] + b"\xff" * (len(whole) - 512))
    return path


def no_database(data: Path) -> Path:
    data.mkdir(exist_ok=True)
    (data / "shotlist.db").write_bytes(b"this is not a database" * 100)
    return data / "shotlist.db"


def folder(name: str) -> Callable[[Path], Path]:
    def make(data: Path) -> Path:
        (data / name).mkdir(parents=True)
        return data / name

    return make


def file(name: str, content: bytes = b"in the way") -> Callable[[Path], Path]:
    def make(data: Path) -> Path:
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(content)
        return data / name

    return make


IN_THE_WAY: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a database that is none": (no_database, "shotlist.db"),
    "a folder for a database": (folder("shotlist.db"), "shotlist.db"),
    "a database of a newer version": (made_by_a_newer_version, "newer version of Shotlist"),
    "a database of another program": (of_another_program, "table job already exists"),
    "a database that lacks a table": (without_a_table, "no such table: provider_key"),
    "a damaged database": (damaged, "The database"),
    "an empty secret": (file("secret", b""), "is empty"),
    "a folder for a secret": (folder("secret"), "is not a file"),
    "a folder for a lock": (folder("lock"), "cannot be locked"),
    "a file for the queue": (file("queue"), "The embedded queue cannot use"),
    "a folder for the queue's log": (folder("queue/valkey.log"), "The embedded queue cannot use"),
    "a file for the sandbox": (file("sandbox"), "The sandbox does not start"),
    "a sandbox that is none": (file("sandbox/sandbox.sqlite3", b"none" * 500), "file is not a database"),
}


@pytest.mark.parametrize(("make", "said"), IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_what_is_in_the_way_in_the_data_folder_ends_the_start_and_once_it_is_gone_the_next_works(
    tmp_path: Path, make: Callable[[Path], Path], said: str
) -> None:
    with ExitStack() as stack:
        server = Server(tmp_path / "data")
        stack.callback(server.http.close)
        wrong = make(server.data_dir)
        env = environ(server.data_dir, server.port)
        assert said in sentence(fails(env))
        is_free(server.data_dir, server.port)
        for left in (wrong, *wrong.parent.glob(f"{wrong.name}-*")):
            left.rename(tmp_path / left.name)
        stack.enter_context(server)
        assert server.http.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PORT": "high"}, "SHOTLIST_PORT"),
        ({"SECRET": "short"}, "SHOTLIST_SECRET"),
        ({"PUBLIC_URL": "https://user:word@example.com"}, "SHOTLIST_PUBLIC_URL"),
        ({"PUBLIC_URL": "https:///path"}, "SHOTLIST_PUBLIC_URL"),
        ({"MODELS_DIR": "/" + "a" * 300}, "cannot be read (File name too long)"),
        ({"PROVIDERS_DIR": "/dev/null"}, "not a folder"),
        ({"DATA_DIR": "/dev/null/data"}, "cannot be written"),
        ({"DATABASE_URL": "sqlite:////nowhere/at/all.db"}, "/nowhere/at/all.db"),
        ({"DATABASE_URL": "postgres://nobody@127.0.0.1:1/x"}, "Postgres"),
        ({"REDIS_URL": "redis://127.0.0.1/0?max_connections=some"}, "SHOTLIST_REDIS_URL"),
        ({"STORAGE_URL": "s3://bucket?endpoint=http://127.0.0.1:1"}, "storage"),
    ],
)
def test_a_setting_that_cannot_be_used_ends_the_start(
    tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    port = free_port()
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    env = {**environ(tmp_path / "data", port, **settings), **keys}
    assert said in sentence(fails(env))
    is_free(tmp_path / "data", port)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_a_models_folder_that_may_not_be_read_ends_the_start(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir(mode=0)
    env = environ(tmp_path / "data", free_port(), MODELS_DIR=str(tmp_path / "models"))
    assert "Permission denied" in sentence(fails(env))


@pytest.mark.parametrize("limit", [0, 1024, 8 * 1024, 64 * 1024])
def test_a_disk_without_room_ends_the_start_and_leaves_nothing_half_made(tmp_path: Path, limit: int) -> None:
    with ExitStack() as stack:
        server = Server(tmp_path / "data")
        stack.callback(server.http.close)
        ended = fails(environ(server.data_dir, server.port), limit=limit)
        sentence(ended)
        is_free(server.data_dir, server.port)
        assert [path for path in server.data_dir.glob("secret") if path.stat().st_size < 32] == []
        stack.enter_context(server)
        assert server.http.get("/readyz").status_code == 200


def test_a_port_or_a_folder_in_use_ends_the_start_and_leaves_the_other_alone(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        taken = environ(tmp_path / "other", server.port)
        assert f"Port {server.port}" in sentence(fails(taken))
        locked = environ(server.data_dir, free_port())
        assert str(server.running.pid) in sentence(fails(locked))
        assert server.http.get("/readyz").status_code == 200
        assert len(server.group()) >= 3


BUG = """
from tasks.settings import read_environ, read_settings
from web.cli.serve import run_to_end
from web.processes import serve

async def build(settings, **facts):
    raise ZeroDivisionError("a bug of ours")

run_to_end(lambda: serve(read_settings(read_environ()), build))
"""


def test_a_bug_ends_the_start_too_and_is_told_as_one(tmp_path: Path) -> None:
    port = free_port()
    ended = fails(environ(tmp_path / "data", port), script=BUG)
    assert (ended.code, ended.out) == (1, "")
    assert "ZeroDivisionError: a bug of ours" in ended.err
    is_free(tmp_path / "data", port)


HELD = """
import threading, time
from web.cli.serve import run_to_end

def work():
    threading.Thread(target=time.sleep, args=(3600,)).start()
    raise ValueError("while a thread goes on")

run_to_end(work)
"""


def test_a_thread_that_nobody_ended_does_not_hold_the_process(tmp_path: Path) -> None:
    ended = fails(environ(tmp_path / "data", free_port()), script=HELD)
    assert (ended.code, "while a thread goes on" in ended.err) == (1, True)


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_process_apart_ends_where_it_cannot_start(
    tmp_path: Path, name: str, postgres: Postgres, redis: Redis
) -> None:
    url, port = postgres.new_database(), free_port()
    good = {"DATABASE_URL": url, "REDIS_URL": redis.new_database()}
    wrong: list[tuple[dict[str, str], str]] = [
        ({"DATABASE_URL": "postgres://nobody@127.0.0.1:1/x"}, "Postgres"),
        ({"DATABASE_URL": url + "-that-is-not-there"}, "Postgres"),
        ({"SECRET": "short"}, "SHOTLIST_SECRET"),
        ({"DATA_DIR": "/dev/null/data"}, "cannot be written"),
    ]
    for settings, said in wrong:
        assert said in sentence(fails(environ(tmp_path / "data", port, **{**good, **settings}), name))
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data" / "secret").unlink(missing_ok=True)
    (tmp_path / "data" / "secret").touch()
    assert "is empty" in sentence(fails(environ(tmp_path / "data", port, **good), name))
    (tmp_path / "data" / "secret").unlink()
    postgres.sql_in(url, "CREATE TABLE job (id TEXT)")
    assert 'relation "job" already exists' in sentence(fails(environ(tmp_path / "data", port, **good), name))
    postgres.sql_in(url, "DROP TABLE job")
    postgres.sql_in(
        url, "CREATE TABLE schema_version (version BIGINT); INSERT INTO schema_version VALUES (999)"
    )
    assert "newer version" in sentence(fails(environ(tmp_path / "data", port, **good), name))
    postgres.sql_in(url, "DROP TABLE schema_version")
    is_free(tmp_path / "data", port)
    with started(["-m", "web.cli", name], environ(tmp_path / "data", port, **good)) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(("Shotlist is at", "A worker is at work"))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SECONDS)
    postgres.drop(url)


def test_a_web_server_alone_ends_where_its_port_is_taken(
    tmp_path: Path, postgres: Postgres, redis: Redis
) -> None:
    url = postgres.new_database()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        env = environ(tmp_path / "data", port, DATABASE_URL=url, REDIS_URL=redis.new_database())
        assert f"Port {port}" in sentence(fails(env, "web"))
    postgres.drop(url)


def test_a_sandbox_alone_ends_where_it_cannot_start(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    env = environ(data, port)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = str(taken.getsockname()[1])
        assert busy in sentence(fails(env, "sandbox", "--port", busy))
    (data / "sandbox-alone").write_text("in the way")
    assert "cannot use" in sentence(fails(env, "sandbox", "--port", str(port)))
    (data / "sandbox-alone").unlink()
    file("sandbox-alone/sandbox.sqlite3", b"none" * 500)(data)
    assert "file is not a database" in sentence(fails(env, "sandbox", "--port", str(port)))
    is_free(data, port)
    (data / "sandbox-alone" / "sandbox.sqlite3").unlink()
    with started(["-m", "web.cli", "sandbox", "--port", str(port)], env) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("The sandbox listens at")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SECONDS)


def test_a_command_that_ends_by_itself_is_none_of_these(tmp_path: Path) -> None:
    assert command("providers", env=environ(tmp_path / "data", free_port())).returncode == 0
