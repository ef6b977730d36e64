"""A provider that nobody has heard of: one TOML file dropped into a folder, no Python and no restart."""

import io
import os
from pathlib import Path

from models.payload import MediaLeaf
from providers.client.http import HTTPClients
from providers.client.provider_client import ProviderClient
from providers.description.catalogue import DescriptionCatalogue
from providers.outcomes import (
    Accepted,
    Canceled,
    Cost,
    Fetched,
    Handle,
    LocalFile,
    Operation,
    OutputFile,
    PollResult,
    Refused,
    Submission,
)
from providers.registry import Choice, ProviderRegistry
from providers.sandbox import SPOKEN
from providers.sandbox.app import WIRES
from tests.providers.descriptions import FOLDER
from tests.providers.stub import Asked, Reply, Routes, stub

NOVA = """
display_name = "Nova Pictures"
base    = "https://api.nova.example"
source  = "invented"
checked = 2026-11-22
auth    = { env = "NOVA_KEY", header = "X-Nova", value = "Nova {key}" }
ok      = { at = "/ok", equals = true, message = "/why" }

[submit]
path  = { "nova-xl*" = "/videos/large", "*" = "/videos" }
body  = { engine = "{endpoint}", order = "{body}" }
merge = { tell = "{webhook}" }
id    = "/video/number"
links = { look = "/video/look" }

[status]
path     = ["{link_look}", "/videos/{id}"]
state    = "/video/stage"
map      = { waiting = "queued", filming = "processing", done = "succeeded", cut = "canceled", spoilt = "failed" }
progress = "/video/percent"
full     = 100
position = "/video/line"
log      = "/video/says"

[output]
each   = "/video/reels/*"
url    = "/at"
size   = "/size"
format = "/type"
key    = "own-origin"

[cost]
at    = "/video/price"

[error]
message = "/why"
field   = "/about/*"

[error.classes]
moderation = ['(?i)not for children']
no_credit  = ['(?i)purse']

[cancel]
method = "POST"
path   = "/videos/{id}/cut"
state  = "/video/stage"

[webhook]
id = "/video/number"

[media.any.upload]
handle    = "reel:{number}"
max_bytes = 1000

[[media.any.upload.calls]]
method   = "PUT"
path     = "/shelf/{name}"
encoding = "raw"
body     = "{file}"
keep     = { number = "/video/number" }
"""


def video(**told: object) -> Reply:
    return Reply(200, {"ok": True, "video": {"number": 7, **told}})


def studio(stages: list[Reply]) -> Routes:
    def accept(asked: Asked) -> Reply:
        return video(stage="waiting", look=f"http://{asked.headers['host']}/videos/7?full=1")

    return {
        "POST /videos": accept,
        "POST /videos/large": Reply(
            200, {"ok": False, "why": "Your purse is empty", "about": ["order", "length"]}
        ),
        "GET /videos/7": lambda _: stages.pop(0),
        "POST /videos/7/cut": video(stage="cut"),
        "PUT /shelf/a.png": video(),
        "GET /reels/7.mp4": Reply(200, b"a video", {"content-type": "video/mp4"}),
    }


LEAF = MediaLeaf("/picture", "image", "up_1")
ORDER = Submission("nova-pictures", "nova-1", "", "i2v", {"prompt": "a boat", "picture": "up_1"}, (LEAF,))
REEL = {"at": "/reels/7.mp4", "size": "640x360", "type": "video/mp4"}
STAGES = [
    video(stage="waiting", line=3),
    video(stage="filming", percent=40, says="Scene two"),
    video(stage="done", reels=[REEL], price=0.25),
]
FILE = OutputFile("/reels/7.mp4", "video", 640, 360, format="mp4", keyed=True)


def test_a_dropped_file_is_a_provider_at_once(tmp_path: Path, clients: HTTPClients) -> None:
    environ: dict[str, str] = {}
    wires = DescriptionCatalogue([FOLDER, tmp_path])
    lines = ProviderRegistry(wires, clients, environ, sandbox_url=None)
    assert lines.choose("nova-pictures") is None
    (tmp_path / "nova-pictures.toml").write_text(NOVA)
    assert wires.refresh()
    assert not wires.problems
    assert lines.key_state("nova-pictures") == "missing"
    environ |= {"NOVA_KEY": "n-1", "SHOTLIST_NOVA_PICTURES_BASE_URL": "http://10.0.0.7"}
    assert lines.choose("nova-pictures") == Choice("http://10.0.0.7", sandbox=False)


def test_our_sandbox_plays_only_who_it_knows_and_an_operators_own_is_trusted(
    tmp_path: Path, clients: HTTPClients
) -> None:
    (tmp_path / "nova-pictures.toml").write_text(NOVA)
    wires = DescriptionCatalogue([FOLDER, tmp_path])
    ours = ProviderRegistry(wires, clients, {}, "http://127.0.0.1:1", spoken=SPOKEN)
    assert (ours.choose("fal"), ours.choose("nova-pictures")) == (Choice("", sandbox=True), None)
    assert ProviderRegistry(wires, clients, {}, "http://127.0.0.1:1").choose("nova-pictures") == Choice(
        "", sandbox=True
    )
    assert set(SPOKEN) == set(WIRES)


def line_of(folder: Path, clients: HTTPClients, origin: str) -> ProviderClient:
    """The line to a provider whose file was dropped into a folder that is already being read."""
    wires = DescriptionCatalogue([folder])
    (folder / "nova-pictures.toml").write_text(NOVA)
    wires.refresh()
    line = ProviderRegistry(wires, clients, {"NOVA_KEY": "n-1"}, None).client(
        "nova-pictures", origin, sandbox=False
    )
    assert line
    return line


async def test_it_runs_a_job_from_the_picture_to_the_video(tmp_path: Path, clients: HTTPClients) -> None:
    path = tmp_path / "up_1"
    path.write_bytes(b"png")
    async with stub(studio(list(STAGES))) as server:
        line = line_of(tmp_path, clients, server.origin)
        handle = await line.upload_media(LEAF, LocalFile(path, "a.png", "image/png", 3), ORDER)
        assert handle == Handle("reel:7")
        answer = await line.submit(
            ORDER, {LEAF.at: handle.value}, job_id="j1", webhook="https://me.example/h"
        )
        assert isinstance(answer, Accepted)
        assert answer.operation == Operation("7", {"look": "/videos/7?full=1"}, "nova-1", "", "i2v")
        looks = [await line.poll(answer.operation) for _ in STAGES]
        content = io.BytesIO()
        assert await line.fetch(FILE, content, 100) == Fetched("video/mp4", 7)
        assert content.getvalue() == b"a video"
        assert await line.cancel(answer.operation) == Canceled()
    cost = Cost("0.25", "USD", "Nova Pictures's answer")
    assert looks == [
        PollResult("queued", position=3),
        PollResult("processing", progress=0.4, log="Scene two"),
        PollResult("succeeded", progress=1.0, outputs=(FILE,), cost=cost, billing="billed"),
    ]
    assert {asked.headers["x-nova"] for asked in server.asked} == {"Nova n-1"}
    sent = {
        "engine": "nova-1",
        "order": {"prompt": "a boat", "picture": "reel:7"},
        "tell": "https://me.example/h",
    }
    assert server.asked[1].json == sent


async def test_its_refusals_are_understood(tmp_path: Path, clients: HTTPClients) -> None:
    order = Submission("nova-pictures", "nova-xl-2", "", "t2v", {"prompt": "x"})
    async with stub(studio([])) as server:
        refused = await line_of(tmp_path, clients, server.origin).submit(order, {}, job_id="j2")
    assert isinstance(refused, Refused)
    assert (refused.error.kind, refused.error.field) == ("no_credit", "length")
    assert refused.error.sentence.startswith(
        "The account at Nova Pictures has no credit left: Your purse is empty."
    )


async def test_a_changed_file_serves_the_next_job_and_a_broken_one_the_last_good(
    tmp_path: Path, clients: HTTPClients
) -> None:
    path = tmp_path / "nova-pictures.toml"
    path.write_text(NOVA)
    wires = DescriptionCatalogue([tmp_path])
    lines = ProviderRegistry(wires, clients, {}, "http://127.0.0.1:1")
    path.write_text(NOVA.replace('"Nova Pictures"', '"Nova Videos"').replace("[submit]", "[submt]"))
    os.utime(path, ns=(1, 1))
    assert wires.refresh()
    assert [problem.key for problem in wires.problems] == ["submt"]
    line = lines.client("nova-pictures", "", sandbox=True)
    assert line
    assert line.description.display_name == "Nova Pictures's sandbox"
