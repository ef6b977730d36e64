"""The programs that go with a server: out of reach of Ctrl-C, ended in time, started again where they died."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from providers.client.http import HTTPClients
from providers.description.catalogue import DescriptionCatalogue
from providers.registry import ProviderRegistry
from tasks.settings import prepare_data_dir, read_settings
from tests.support import PATIENCE, environ, free_port, until
from web.processes import Child, Sandbox, ours_to_start
from web.processes import free_port as free_port_near


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def child(starts_processes: None, port: int, tmp_path: Path) -> Iterator[Child]:
    """A server of files that answers by now."""
    started = Child("http.server", [str(port), "--bind", "127.0.0.1", "--directory", str(tmp_path)])
    until(lambda: listing(port), "it answers")
    yield started
    started.kill()


def listing(port: int) -> bool | None:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", trust_env=False, timeout=PATIENCE).is_success
    except httpx.TransportError:
        return None


def test_ctrl_c_does_not_reach_a_child(child: Child, port: int) -> None:
    os.kill(child.process.pid, signal.SIGINT)
    assert listing(port), "it goes on as before"
    assert child.alive
    child.end()
    assert not child.alive


def test_ctrl_c_still_reaches_us(child: Child) -> None:
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_child_that_does_not_want_to_end_is_made_to(child: Child) -> None:
    os.kill(child.process.pid, signal.SIGSTOP)
    stopped = psutil.Process(child.process.pid)
    until(lambda: stopped.status() == psutil.STATUS_STOPPED or None, "it does not even hear of its end")
    child.end()
    assert not child.alive
    assert child.process.returncode == -signal.SIGKILL


def test_ending_twice_is_no_error(child: Child) -> None:
    child.end()
    child.end()
    child.kill()


def test_the_wanted_port_is_taken_if_it_is_free() -> None:
    port = free_port()
    assert free_port_near(port) == port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert free_port_near(port) != port
    assert 0 < free_port_near(65536) < 65536


def test_only_a_silent_address_on_this_machine_is_ours_to_start_at() -> None:
    port = free_port()
    assert ours_to_start(f"http://127.0.0.1:{port}")
    assert ours_to_start(f"http://localhost:{port}")
    assert not ours_to_start("http://sandbox.example.org:8421")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert not ours_to_start(f"http://127.0.0.1:{port}")


def start(tmp_path: Path, **settings: str) -> Sandbox:
    read = read_settings(environ(tmp_path / "data", free_port(), **settings))
    prepare_data_dir(read)
    return Sandbox(read)


def answers(url: str) -> bool | None:
    try:
        return (
            httpx.get(f"{url}/_sandbox/health", trust_env=False, timeout=PATIENCE).status_code == 200 or None
        )
    except httpx.TransportError:
        return None


@pytest.mark.slow
def test_a_sandbox_named_on_this_machine_is_started_there(tmp_path: Path) -> None:
    port = free_port()
    sandbox = start(tmp_path, SANDBOX_URL=f"http://127.0.0.1:{port}")
    try:
        until(lambda: answers(f"http://127.0.0.1:{port}"), "the sandbox answers where it was told to be")
        assert sandbox.url == f"http://127.0.0.1:{port}"
    finally:
        sandbox.end()
    assert answers(f"http://127.0.0.1:{port}") is None


@pytest.mark.slow
def test_a_sandbox_that_answers_already_is_used_and_left_alone(tmp_path: Path) -> None:
    first = start(tmp_path / "a")
    try:
        until(lambda: answers(first.url), "the first sandbox answers")
        second = start(tmp_path / "b", SANDBOX_URL=first.url)
        assert (second.child, second.url) == (None, first.url)
        second.end()
        second.kill()
        assert answers(first.url)
    finally:
        first.end()


@pytest.mark.slow
async def test_a_sandbox_that_died_is_started_elsewhere_if_its_port_is_taken(tmp_path: Path) -> None:
    sandbox, stop = start(tmp_path), asyncio.Event()
    async with HTTPClients() as clients:
        lines = ProviderRegistry(DescriptionCatalogue(()), clients, {}, sandbox.url)
        watching = asyncio.create_task(sandbox.watch(lines, stop))
        try:
            before = sandbox.url
            await asyncio.to_thread(until, lambda: answers(before), "the sandbox answers")
            sandbox.kill()
            with socket.socket() as taken:
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                taken.bind(("127.0.0.1", int(before.rpartition(":")[2])))
                taken.listen()
                moved = lambda: lines.sandbox_url if lines.sandbox_url != before else None  # noqa: E731
                url = await asyncio.to_thread(until, moved, "the sandbox is elsewhere")
                await asyncio.to_thread(until, lambda: answers(str(url)), "it answers there")
        finally:
            stop.set()
            await watching
            sandbox.end()
