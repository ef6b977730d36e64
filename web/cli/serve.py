"""`shotlist serve | web | worker | sandbox`: the commands that run until they are stopped."""

import sqlite3
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tasks.settings import SettingsError, prepare_data_dir, read_environ, read_settings

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


SANDBOX_PORT = 8421


def add_to(commands: "_SubParsersAction[ArgumentParser]") -> None:
    serve = commands.add_parser("serve", help="run everything: page, worker, queue and sandbox")
    serve.set_defaults(run=run_serve)
    web = commands.add_parser("web", help="run a web server alone, on a Redis and a Postgres")
    web.set_defaults(run=run_web)
    worker = commands.add_parser("worker", help="run a worker alone, on a Redis and a Postgres")
    worker.set_defaults(run=run_worker)
    sandbox = commands.add_parser("sandbox", help="run the stand-in for all providers alone")
    sandbox.add_argument(
        "--port", type=int, default=SANDBOX_PORT, help=f"default {SANDBOX_PORT}; 0 takes a free one"
    )
    sandbox.add_argument("--speed", type=float, help="10 makes jobs ten times faster")
    sandbox.add_argument("--folder", type=Path, help="where its jobs and clips are kept")
    sandbox.set_defaults(run=run_sandbox)


def run_serve(_: "Namespace") -> int:
    from web.processes import serve

    run_to_end(lambda: serve(read_settings(read_environ())))


def run_web(_: "Namespace") -> int:
    from web.processes import serve_web

    run_to_end(lambda: serve_web(read_settings(read_environ())))


def run_worker(_: "Namespace") -> int:
    from web.processes import serve_worker

    run_to_end(lambda: serve_worker(read_settings(read_environ())))


def run_sandbox(arguments: "Namespace") -> int:
    run_to_end(lambda: _sandbox(arguments))


def run_to_end(work: Callable[[], None]) -> NoReturn:
    """Do the work of this process, then end it, with 1 where it failed: no thread that is left over may hold it."""
    from web.processes import leave

    code = 1
    try:
        work()
        code = 0
    except SettingsError as error:
        print(f"shotlist: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:  # nobody reads what is said any more
        pass
    except Exception:
        traceback.print_exc()
    leave(code)


def _sandbox(arguments: "Namespace") -> None:
    """Its own folder, for the one in use by a running server is that server's."""
    from providers.sandbox.server.process import PortInUseError, run

    settings = read_settings(read_environ())
    if not 0 <= arguments.port <= 65535:
        raise SettingsError(f"--port is {arguments.port}: give a whole number from 0 to 65535.")
    speed = settings.sandbox_speed if arguments.speed is None else arguments.speed
    if not 0.1 <= speed <= 1000:
        raise SettingsError(f"--speed is {speed:g}: give a number from 0.1 to 1000; 1 is the usual pace.")
    prepare_data_dir(settings)
    folder = arguments.folder or settings.data_dir / "sandbox-alone"
    try:
        run(folder, "127.0.0.1", arguments.port, speed=speed)
    except PortInUseError as error:
        raise SettingsError(f"{error} Choose another one with --port.") from error
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(
            f"The sandbox cannot use {folder} ({why}): choose another one with --folder."
        ) from error
