"""Starting: what is said when it works, and one sentence when it cannot."""

import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import Server, command, environ, free_port, until

pytestmark = pytest.mark.slow


@pytest.fixture
def server(embedded: Server) -> Server:
    return embedded


def refused(env: dict[str, str], name: str = "serve") -> str:
    """What a command that must not start says; it is one line, without a traceback."""
    ended = command(name, env=env)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr


def test_it_says_where_the_page_is_and_that_nothing_is_billed(server: Server) -> None:
    assert f"Shotlist is at {server.url}/video\n" in server.said()
    told = re.search(
        r"^Sandbox, without a key, nothing is billed: (.*) \(at (\S+)\)$", server.said(), re.MULTILINE
    )
    assert told
    assert {"fal", "replicate"} <= set(told[1].split(", "))
    assert told[2] == server.sandbox_url
    assert server.http.get("/video").status_code == 200
    assert server.http.get("/healthz").json() == {"status": "ok"}
    assert server.http.get("/readyz").json() == {"status": "ok", "database": "ok", "queue": "ok"}


def test_the_data_folder_is_for_its_owner_only(server: Server) -> None:
    assert os.stat(server.data_dir).st_mode & 0o077 == 0
    assert os.stat(server.data_dir / "secret").st_mode & 0o077 == 0


def test_a_key_makes_a_provider_real_and_is_not_told(start: Callable[..., Server]) -> None:
    server = start()
    assert "Real" not in server.said()
    server.kill_group()
    key = "r8_" + "k" * 37
    server.start(REPLICATE_API_TOKEN=key)
    assert "Real, billed to your key: replicate\n" in server.said()
    models = server.http.get("/api/video/models").json()["models"]
    sandboxed = {model["provider"]: model["sandbox"] for model in models}
    assert (sandboxed["replicate"], sandboxed["fal"]) == (False, True)
    assert key not in server.said()


def test_a_port_in_use_is_named_with_the_setting_to_change(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = refused(environ(tmp_path / "data", port))
    assert f"Port {port}" in told
    assert "SHOTLIST_PORT" in told


def test_a_data_folder_in_use_is_refused_and_left_alone(server: Server) -> None:
    told = refused(environ(server.data_dir, free_port()))
    assert str(server.data_dir) in told
    assert "SHOTLIST_DATA_DIR" in told
    assert str(server.running.pid) in told
    assert server.http.get("/readyz").status_code == 200


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    told = refused(environ(tmp_path / "file" / "data", free_port()))
    assert str(tmp_path / "file" / "data") in told
    assert "SHOTLIST_DATA_DIR" in told


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"HOST": "0.0.0.0"}, "SHOTLIST_HOST"),
        ({"HOST": "192.168.1.5"}, "SHOTLIST_HOST"),
        ({"HOST": "::"}, "SHOTLIST_HOST"),
        ({"PORT": "high"}, "SHOTLIST_PORT"),
        ({"PORT": "70000"}, "SHOTLIST_PORT"),
        ({"PROT": "8420"}, "SHOTLIST_PORT"),
        ({"DATABASE_URL": "mysql://x"}, "SHOTLIST_DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:////nowhere/at/all.db"}, "/nowhere/at/all.db"),
        ({"REDIS_URL": "http://x"}, "SHOTLIST_REDIS_URL"),
        ({"MODELS_DIR": "/nowhere"}, "SHOTLIST_MODELS_DIR"),
        ({"SANDBOX_SPEED": "fast"}, "SHOTLIST_SANDBOX_SPEED"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, settings: dict[str, str], named: str) -> None:
    assert named in refused(environ(tmp_path / "data", free_port(), **settings))


def test_a_database_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "shotlist.db").write_text("this is not a database" * 100)
    assert "shotlist.db" in refused(environ(tmp_path / "data", free_port()))


@pytest.mark.parametrize("name", ["web", "worker"])
def test_processes_apart_refuse_to_share_a_folder(tmp_path: Path, name: str) -> None:
    told = refused(environ(tmp_path / "data", free_port()), name)
    assert f"shotlist {name}" in told
    assert "SHOTLIST_REDIS_URL and SHOTLIST_DATABASE_URL" in told
    told = refused(environ(tmp_path / "data", free_port(), REDIS_URL="redis://127.0.0.1:1"), name)
    assert "set SHOTLIST_DATABASE_URL" in told


def test_a_broken_model_file_leaves_the_others_served_and_a_good_one_is_live_at_once(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    server = start(MODELS_DIR=str(mine))

    def keys() -> set[str]:
        return {model["key"] for model in server.http.get("/api/video/models").json()["models"]}

    ours = keys()
    assert len(ours) >= 6
    good = (Path(__file__).parents[2] / "models" / "ltx-2.toml").read_text()
    (mine / "broken.toml").write_text(good.replace("display_name", "display_nam"))
    (mine / "my-ltx.toml").write_text(good)
    until(lambda: True if "my-ltx" in keys() else None, "the new model is served")
    assert keys() == ours | {"my-ltx"}
    until(lambda: True if "broken.toml" in server.said() else None, "the log names the broken file")
    assert "display_name" in server.said()
    (mine / "my-ltx.toml").write_text("not TOML at all [")
    until(
        lambda: True if keys() and "my-ltx.toml: this is not valid TOML" in server.said() else None,
        "the log names the file that broke",
    )
    assert "my-ltx" in keys(), "the last good version keeps serving"
    job = server.order("my-ltx", prompt="From the last good version")
    assert server.wait(job)["status"] == "succeeded"
    (mine / "my-ltx.toml").unlink()
    until(lambda: True if keys() == ours else None, "a removed model is gone")
    assert server.http.get("/video").status_code == 200


def test_an_address_for_a_provider_that_is_not_here_is_named_at_the_start(
    start: Callable[..., Server],
) -> None:
    said = start(FALL_BASE_URL="https://queue.example.com", FAL_BASE_URL="https://queue.example.com").said()
    assert "no provider here has that name: SHOTLIST_FALL_BASE_URL\n" in said
