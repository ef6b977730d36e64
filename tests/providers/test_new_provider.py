"""A provider that nobody has heard of: one TOML file dropped into a folder, no Python and no restart."""

import io
import os
from pathlib import Path

from models.payload import MediaLeaf
from providers.answers import Accepted, Canceled, Cost, Fetched, Look, Operation, OutputFile, Refused
from providers.clients import Clients
from providers.lines import Choice, Lines
from providers.order import Handle, LocalFile, Order
from providers.wires import Wires
from tests.providers.stub import Asked, Reply, Routes, stub
from tests.providers.wires import FOLDER

NOVA = """
display_name = "Nova Pictures"
base    = "https://api.nova.example"
source  = "invented"
checked = 2026-11-22
auth    = { env = "NOVA_KEY", header = "X-Nova", value = "Nova {key}" }
ok      = { at = "/ok", equals = true, message = "/why" }

[submit]
path  = { "nova-xl*" = "/films/large", "*" = "/films" }
body  = { engine = "{endpoint}", order = "{body}" }
merge = { tell = "{webhook}" }
id    = "/film/number"
links = { look = "/film/look" }

[status]
path     = ["{link_look}", "/films/{id}"]
state    = "/film/stage"
map      = { waiting = "queued", filming = "processing", done = "succeeded", cut = "canceled", spoilt = "failed" }
progress = "/film/percent"
full     = 100
position = "/film/line"
log      = "/film/says"

[output]
each   = "/film/reels/*"
url    = "/at"
size   = "/size"
format = "/type"
key    = "own-origin"

[cost]
at    = "/film/price"

[error]
message = "/why"
field   = "/about/*"

[error.classes]
moderation = ['(?i)not for children']
no_credit  = ['(?i)purse']

[cancel]
method = "POST"
path   = "/films/{id}/cut"
state  = "/film/stage"

[webhook]
id = "/film/number"

[media.any.upload]
handle    = "reel:{number}"
max_bytes = 1000

[[media.any.upload.calls]]
method   = "PUT"
path     = "/shelf/{name}"
encoding = "raw"
body     = "{file}"
keep     = { number = "/film/number" }
"""


def film(**told: object) -> Reply:
    return Reply(200, {"ok": True, "film": {"number": 7, **told}})


def studio(stages: list[Reply]) -> Routes:
    def accept(asked: Asked) -> Reply:
        return film(stage="waiting", look=f"http://{asked.headers['host']}/films/7?full=1")

    return {
        "POST /films": accept,
        "POST /films/large": Reply(
            200, {"ok": False, "why": "Your purse is empty", "about": ["order", "length"]}
        ),
        "GET /films/7": lambda _: stages.pop(0),
        "POST /films/7/cut": film(stage="cut"),
        "PUT /shelf/a.png": film(),
        "GET /reels/7.mp4": Reply(200, b"a film", {"content-type": "video/mp4"}),
    }


async def test_a_dropped_file_is_a_provider_that_runs_a_job(tmp_path: Path, clients: Clients) -> None:
    environ: dict[str, str] = {}
    wires = Wires([FOLDER, tmp_path])
    lines = Lines(wires, clients, environ, sandbox_url=None)
    assert lines.choose("nova-pictures") is None

    (tmp_path / "nova-pictures.toml").write_text(NOVA)
    assert wires.refresh()
    assert not wires.problems
    assert lines.key_state("nova-pictures") == "missing"

    reel = {"at": "/reels/7.mp4", "size": "640x360", "type": "video/mp4"}
    stages = [
        film(stage="waiting", line=3),
        film(stage="filming", percent=40, says="Scene two"),
        film(stage="done", reels=[reel], price=0.25),
    ]
    async with stub(studio(stages)) as server:
        environ |= {"NOVA_KEY": "n-1", "SHOTLIST_NOVA_PICTURES_BASE_URL": server.origin}
        choice = lines.choose("nova-pictures")
        assert choice == Choice(server.origin, sandbox=False)
        line = lines.line("nova-pictures", choice.origin, choice.sandbox)
        assert line

        leaf = MediaLeaf("/picture", "image", "up_1")
        order = Order("nova-pictures", "nova-1", "", "i2v", {"prompt": "a boat", "picture": "up_1"}, (leaf,))
        path = tmp_path / "up_1"
        path.write_bytes(b"png")
        handle = await line.deliver(leaf, LocalFile(path, "a.png", "image/png", 3), order)
        assert handle == Handle("reel:7")
        answer = await line.submit(
            order, {"/picture": handle.value}, job_id="j1", webhook="https://me.example/h"
        )
        assert isinstance(answer, Accepted)
        looks = [await line.look(answer.operation) for _ in range(3)]
        [_, _, found] = looks
        assert isinstance(found, Look)
        content = io.BytesIO()
        assert await line.fetch(found.outputs[0], content, 100) == Fetched("video/mp4", 6)
        assert await line.cancel(answer.operation) == Canceled()
        refused = await line.submit(
            Order("nova-pictures", "nova-xl-2", "", "t2v", {"prompt": "x"}), {}, job_id="j2"
        )

    assert looks == [
        Look("queued", position=3),
        Look("processing", progress=0.4, log="Scene two"),
        Look(
            "succeeded",
            progress=1.0,
            outputs=(OutputFile("/reels/7.mp4", "video", 640, 360, format="mp4", keyed=True),),
            cost=Cost("0.25", "USD", "Nova Pictures's answer"),
            billing="billed",
        ),
    ]
    assert answer.operation == Operation("7", {"look": "/films/7?full=1"}, "nova-1", "", "i2v")
    assert content.getvalue() == b"a film"
    assert isinstance(refused, Refused)
    assert (refused.error.kind, refused.error.field) == ("no_credit", "length")
    assert {asked.headers["x-nova"] for asked in server.asked} == {"Nova n-1"}
    assert server.asked[1].json == {
        "engine": "nova-1",
        "order": {"prompt": "a boat", "picture": "reel:7"},
        "tell": "https://me.example/h",
    }


async def test_a_changed_file_serves_the_next_job_and_a_broken_one_the_last_good(
    tmp_path: Path, clients: Clients
) -> None:
    path = tmp_path / "nova-pictures.toml"
    path.write_text(NOVA)
    wires = Wires([tmp_path])
    lines = Lines(wires, clients, {}, "http://127.0.0.1:1")
    path.write_text(NOVA.replace('"Nova Pictures"', '"Nova Films"').replace("[submit]", "[submt]"))
    os.utime(path, ns=(1, 1))
    assert wires.refresh()
    assert [problem.key for problem in wires.problems] == ["submt"]
    line = lines.line("nova-pictures", "", sandbox=True)
    assert line
    assert line.wire.display_name == "Nova Pictures's sandbox"
