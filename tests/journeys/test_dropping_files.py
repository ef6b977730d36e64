"""Files dropped into a running server: an unheard-of company and a model of it, without Python or restart."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tests.media_files import make_video
from tests.support import Server, until

WIRE = """
display_name = "Acme"
base = "{base}"
source = "made up for this test"
checked = 2026-11-22
[auth]
env = "ACME_KEY"
header = "Authorization"
value = "Acme {{key}}"
[submit]
path = "/videos/{{endpoint}}"
id = "/video"
[status]
path = "/videos/{{id}}"
state = "/stage"
map = {{ waiting = "queued", shooting = "processing", wrapped = "succeeded", lost = "failed" }}
[output]
url = "/reel"
[error]
message = "/why"
[poll]
first = 0.2
every = 0.2
max = 1
"""

MODEL = """
display_name = "Acme One"
family = "Acme"
provider = "acme"
endpoint = "one"
source = "made up for this test"
checked = 2026-11-22
[capabilities]
modes = ["t2v"]
[price]
rates = [{ usd = "0.10" }]
source = "made up for this test"
checked = 2026-11-22
[[fields]]
name = "prompt"
type = "textarea"
required = true
[[examples]]
inputs = { prompt = "A kite" }
body = { prompt = "A kite" }
"""


class Acme(BaseHTTPRequestHandler):
    """The invented company: a video is asked for, is shot for a moment, and lies on its server."""

    orders: ClassVar[list[tuple[str, str]]] = []
    looks: ClassVar[list[str]] = []
    video: ClassVar[bytes] = b""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.orders.append((str(self.headers["authorization"]), json.loads(body)["prompt"]))
        self._answer(json.dumps({"video": "f1"}).encode())

    def do_GET(self) -> None:
        if self.path == "/reel.mp4":
            self._answer(self.video, "video/mp4")
            return
        self.looks.append(self.path)
        wrapped = len(self.looks) > 2
        reel = f"http://{self.headers['host']}/reel.mp4"
        self._answer(
            json.dumps({"stage": "wrapped", "reel": reel} if wrapped else {"stage": "shooting"}).encode()
        )

    def _answer(self, content: bytes, kind: str = "application/json") -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[str]:
    Acme.orders.clear()
    Acme.looks.clear()
    Acme.video = make_video(tmp_path / "video.mp4", (96, 64), 2.0).read_bytes()
    with ThreadingHTTPServer(("127.0.0.1", 0), Acme) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_new_company_and_its_model_are_two_files_and_no_restart(
    start: Callable[..., Server], tmp_path: Path, acme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    models, wires = tmp_path / "models", tmp_path / "wires"
    models.mkdir()
    wires.mkdir()
    monkeypatch.setenv("ACME_KEY", "k-123")
    server = start(MODELS_DIR=str(models), PROVIDERS_DIR=str(wires), ACME_BASE_URL=acme)
    assert server.http.get("/api/video/models/acme-one").status_code == 404

    (wires / "acme.toml").write_text(WIRE.format(base="https://videos.acme.example"))
    (models / "acme-one.toml").write_text(MODEL)
    told = until(lambda: ready(server, "acme-one"), "the dropped files are live")
    assert (told["ready"], told["sandbox"]) == (True, False)
    job = server.wait(server.order("acme-one", prompt="A kite over the sea"))
    assert job["status"] == "succeeded", job
    assert Acme.orders == [("Acme k-123", "A kite over the sea")]
    assert (job["output"]["width"], job["output"]["height"]) == (96, 64)


def ready(server: Server, key: str) -> dict[str, object] | None:
    answer = server.http.get(f"/api/video/models/{key}")
    return answer.json() if answer.status_code == 200 and answer.json()["ready"] else None


def test_a_changed_a_broken_and_a_removed_model_are_noticed_without_a_restart(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    file = models / "mine.toml"
    text = MODEL.replace('"acme"', '"fal"')
    file.write_text(text)
    server = start(MODELS_DIR=str(models))
    assert server.http.get("/api/video/models/mine").json()["display_name"] == "Acme One"

    def name() -> str | None:
        answer = server.http.get("/api/video/models/mine")
        return str(answer.json()["display_name"]) if answer.status_code == 200 else None

    file.write_text(text.replace("Acme One", "Acme Two"))
    until(lambda: name() == "Acme Two" or None, "a change is live")
    file.write_text(text.replace("display_name", "dispaly_name"))
    page = until(lambda: named(server), "the page names the broken file")
    assert "display_name" in page
    assert name() == "Acme Two"  # its last good version keeps serving
    file.unlink()
    until(lambda: name() is None or None, "a removed model is gone")


def named(server: Server) -> str | None:
    page = server.http.get("/video").text
    return page if "mine.toml" in page else None
