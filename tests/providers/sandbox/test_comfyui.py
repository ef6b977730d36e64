"""What only ComfyUI has: graphs that are refused by node or taken in part, files by name, and what is in a history."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.providers.sandbox.comfy import finished, history, running, submit
from tests.providers.sandbox.graphs import image_graph, node, text_graph
from tests.providers.sandbox.pictures import clip_size, picture
from tests.providers.sandbox.running import RunningSandbox
from tests.providers.sandbox.services import COMFYUI, at


def test_history_is_empty_until_the_end_and_then_names_the_file(calm_sandbox: RunningSandbox) -> None:
    extra = {"extra_pnginfo": {"workflow": {"id": "wf-1"}}}
    made = submit(calm_sandbox, text_graph("A kite"), client_id="c", extra_data=extra).json()
    prompt_id = made["prompt_id"]
    assert history(calm_sandbox, prompt_id) == {}
    record = finished(calm_sandbox, prompt_id)
    number, own_id, graph, told, outputs = record["prompt"]
    assert (number, own_id, graph, outputs) == (made["number"], prompt_id, text_graph("A kite"), ["9"])
    assert told["client_id"] == "c"
    assert set(told) == {"client_id", "create_time", "extra_pnginfo"}
    file = {"filename": "t2v_00001_.mp4", "subfolder": "video", "type": "output"}
    assert record["outputs"] == {"9": {"images": [file], "animated": [True]}}
    assert [kind for kind, _ in record["status"]["messages"]] == [
        "execution_start",
        "execution_cached",
        "execution_success",
    ]
    clip = calm_sandbox.ask("GET", "/comfyui/view", params=file)
    assert (clip.headers["content-type"], clip_size(clip.content)) == ("video/mp4", (320, 180))
    assert clip.headers["content-disposition"] == 'filename="t2v_00001_.mp4"'


def test_the_answers_have_the_members_of_the_recorded_ones(sandbox: RunningSandbox, facts: Path) -> None:
    recorded = {
        each["label"]: each for each in json.loads((facts / "wire/comfyui-recorded.json").read_text())
    }
    good, bad = COMFYUI.started(sandbox, "Alike"), COMFYUI.started(sandbox, "[fault: fail] Alike")
    for label, ours in [("history success", good), ("exec error: not an image: history", bad)]:
        (theirs,) = recorded[label]["body"].values()
        mine = finished(sandbox, ours)
        assert set(mine) == set(theirs)
        assert set(mine["status"]) == set(theirs["status"])
        assert [kind for kind, _ in mine["status"]["messages"]] == [
            kind for kind, _ in theirs["status"]["messages"]
        ]
        assert set(mine["status"]["messages"][-1][1]) == set(theirs["status"]["messages"][-1][1])
    assert set(COMFYUI.looked(sandbox, good).json()) <= set(recorded["job success"]["body"])
    stuck = running(sandbox, "Seen")
    (row,) = sandbox.ask("GET", "/comfyui/queue").json()["queue_running"]
    assert [type(each) for each in row] == [
        type(each) for each in recorded["queue while running"]["body"]["queue_running"][0]
    ]
    sandbox.ask("POST", "/comfyui/interrupt", json={"prompt_id": stuck})


@pytest.mark.parametrize(
    ("change", "node_id", "kind"),
    [
        ({"8": node("CreateVideo", images=["7", 0])}, "8", "required_input_missing"),
        ({"8": node("CreateVideo", images=["77", 0], fps=12)}, "8", "exception_during_inner_validation"),
        ({"2": node("EmptyImage", width=99999, height=2, batch_size=1)}, "2", "value_bigger_than_max"),
        ({"2": node("EmptyImage", width=0, height=2, batch_size=1)}, "2", "value_smaller_than_min"),
        ({"3": node("ImageAddNoise", image=["2", 0], seed="abc", strength=0)}, "3", "invalid_input_type"),
        ({"9": node("SaveVideo", video=["8", 0], format="mp4", codec="vp8")}, "9", "value_not_in_list"),
        ({"3": node("LoadImage", image="absent.png")}, "3", "custom_validation_failed"),
    ],
)
def test_a_graph_that_cannot_run_names_its_nodes(
    sandbox: RunningSandbox, change: dict[str, Any], node_id: str, kind: str
) -> None:
    answer = submit(sandbox, text_graph("x") | change)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "prompt_outputs_failed_validation")
    found = answer.json()["node_errors"][node_id]
    assert ([each["type"] for each in found["errors"]], found["dependent_outputs"]) == ([kind], ["9"])


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({}, 400, "no_prompt"),
        ([], 400, "no_prompt"),
        ({"prompt": {}}, 400, "prompt_no_outputs"),
        ({"prompt": {"1": node("EmptyImage")}}, 400, "prompt_no_outputs"),
        ({"prompt": {"1": node("AcmeVideoSampler")}}, 400, "missing_node_type"),
        ({"prompt": {"1": {"inputs": {}}}}, 400, "missing_node_type"),
        ({"prompt": text_graph("x"), "prompt_id": "job-17"}, 400, "invalid_prompt_id"),
        ({"prompt": text_graph("x"), "prompt_id": str(uuid4()).upper()}, 400, "invalid_prompt_id"),
        ({"prompt": {"nodes": [], "links": []}}, 500, None),
    ],
)
def test_a_submission_is_refused_by_kind(
    sandbox: RunningSandbox, body: Any, status: int, kind: str | None
) -> None:
    answer = sandbox.ask("POST", "/comfyui/prompt", json=body)
    assert answer.status_code == status
    if kind:
        assert (answer.json()["error"]["type"], answer.json()["node_errors"]) == (kind, {})


def test_a_graph_is_taken_although_one_of_its_outputs_is_bad(sandbox: RunningSandbox) -> None:
    graph = text_graph("In part") | {"20": node("SaveVideo", video=["8", 0], format="mp4", codec="bad")}
    answer = submit(sandbox, graph)
    assert (answer.status_code, list(answer.json()["node_errors"])) == (200, ["20"])
    assert list(finished(sandbox, answer.json()["prompt_id"])["outputs"]) == ["9"]


def test_equal_graphs_share_a_file_and_a_prefix_keeps_them_apart(sandbox: RunningSandbox) -> None:
    first, second = (COMFYUI.started(sandbox, "Shared") for _ in range(2))
    files = [finished(sandbox, each)["outputs"]["9"] for each in (first, second)]
    assert files[0] == files[1]
    cached = finished(sandbox, second)["status"]["messages"][1][1]["nodes"]
    assert cached == list(text_graph("x"))
    own = submit(sandbox, text_graph("Shared", filename_prefix="video/own")).json()["prompt_id"]
    assert finished(sandbox, own)["outputs"]["9"]["images"][0]["filename"] == "own_00001_.mp4"


def test_uploads_keep_their_names_apart(sandbox: RunningSandbox) -> None:
    def up(data: bytes, name: str = "kite.png", **form: str) -> httpx.Response:
        return sandbox.ask("POST", "/comfyui/upload/image", data=form, files={"image": (name, data)})

    first, same, other = up(b"one"), up(b"one"), up(b"two")
    assert [each.json()["name"] for each in (first, same, other)] == ["kite.png", "kite.png", "kite (1).png"]
    assert up(b"three", overwrite="true").json()["name"] == "kite.png"
    assert up(b"in", "in.png", subfolder="job-1").json() == {
        "name": "in.png",
        "subfolder": "job-1",
        "type": "input",
    }
    assert up(b"x", subfolder="../../x").status_code == 400
    assert up(b"x", type="nope").status_code == 500
    assert sandbox.ask("POST", "/comfyui/upload/image", files={"other": b"x"}).status_code == 400
    seen = sandbox.ask("GET", "/comfyui/view?filename=in.png&subfolder=job-1&type=input")
    assert seen.content == b"in"


@pytest.mark.parametrize("spelling", ["sub/a.png", "sub/a.png [input]"])
def test_an_uploaded_picture_starts_the_clip(sandbox: RunningSandbox, spelling: str) -> None:
    form: dict[str, Any] = {"data": {"subfolder": "sub"}, "files": {"image": ("a.png", picture(64, 36))}}
    sandbox.ask("POST", "/comfyui/upload/image", **form)
    answer = submit(sandbox, image_graph(spelling))
    assert answer.status_code == 200, answer.text
    assert finished(sandbox, answer.json()["prompt_id"])["status"]["completed"]


def test_a_file_that_is_no_picture_fails_when_it_is_loaded(sandbox: RunningSandbox) -> None:
    sandbox.ask("POST", "/comfyui/upload/image", files={"image": ("text.png", b"text")})
    record = finished(sandbox, submit(sandbox, image_graph("text.png")).json()["prompt_id"])
    told = record["status"]["messages"][-1][1]
    assert (told["node_type"], told["exception_type"]) == ("LoadImage", "PIL.UnidentifiedImageError")
    assert told["exception_message"].endswith("\n")


def test_an_odd_size_fails_where_it_is_saved(sandbox: RunningSandbox) -> None:
    graph = text_graph("Odd") | {"2": node("EmptyImage", width=321, height=180, batch_size=24)}
    told = finished(sandbox, submit(sandbox, graph).json()["prompt_id"])["status"]["messages"][-1][1]
    assert (told["node_id"], told["exception_type"]) == ("9", "av.error.ExternalError")


def test_every_output_is_listed_with_the_bytes_to_it(sandbox: RunningSandbox) -> None:
    graph = text_graph("Many") | {
        "20": node("PreviewImage", images=["7", 0]),
        "21": node("SaveImage", images=["7", 0], filename_prefix="tone"),
        "22": node("VHS_VideoCombine", images=["7", 0], frame_rate=12, filename_prefix="vhs"),
    }
    outputs = finished(sandbox, submit(sandbox, graph).json()["prompt_id"])["outputs"]
    assert set(outputs) == {"9", "20", "21", "22"}
    assert at(outputs, "20.images.0.type") == "temp"
    for place, kind in [
        ("20.images.0", "image/png"),
        ("21.images.0", "image/png"),
        ("22.gifs.0", "video/mp4"),
    ]:
        file = at(outputs, place)
        assert sandbox.ask("GET", "/comfyui/view", params=file).headers["content-type"] == kind
    partial = submit(sandbox, graph, partial_execution_targets=["9"]).json()["prompt_id"]
    assert list(finished(sandbox, partial)["outputs"]) == ["9"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("filename=nope.mp4", 404),
        ("", 404),
        ("filename=../x.mp4", 400),
        ("filename=x.mp4&type=nope", 400),
        ("filename=x.mp4&subfolder=../..", 403),
    ],
)
def test_a_view_of_nothing_has_its_status(sandbox: RunningSandbox, query: str, status: int) -> None:
    answer = sandbox.ask("GET", f"/comfyui/view?{query}")
    assert (answer.status_code, answer.content) == (status, b"")


def test_pages_of_other_sites_are_refused(sandbox: RunningSandbox) -> None:
    for header in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert sandbox.ask("GET", "/comfyui/queue", headers=header).status_code == 403
    assert sandbox.ask("GET", "/comfyui/queue", headers={"origin": sandbox.url}).status_code == 200


def test_the_rest_of_the_server_answers(sandbox: RunningSandbox) -> None:
    assert sandbox.ask("GET", "/comfyui/system_stats").json()["system"]["comfyui_version"] == "0.28.1"
    assert sandbox.ask("GET", "/comfyui/api/features").json()["max_upload_size"] == 104857600
    assert sandbox.ask("GET", "/comfyui/models").json()
    assert sandbox.ask("GET", "/comfyui/object_info/SaveVideo").json()["SaveVideo"]["output_node"] is True
    assert sandbox.ask("GET", "/comfyui/object_info/AcmeSampler").json() == {}
    assert sandbox.ask("POST", "/comfyui/free", json={"free_memory": True}).status_code == 200
    assert sandbox.ask("GET", "/comfyui/jobs").status_code >= 400
