"""Every company's success, as its facts show it: the files with all that is told of them, and what it cost."""

import pytest

from models.spec.values import JSON
from providers.client.requests import Request
from providers.outcomes import Cost, Operation, OutputFile, PollResult, Unanswered
from tests.providers.asking import look, seen
from tests.providers.descriptions import ALL, NAMES

URL = "https://cdn.example/v.mp4"
VEO = "https://generativelanguage.googleapis.com/v1beta/files/abc123:download?alt=media"
COMFY_EMPTY: JSON = {"queue_running": [], "queue_pending": []}
COMFY_DONE: JSON = {
    "t1": {
        "outputs": {
            "9": {"images": [{"filename": "t2v_00001_.mp4", "subfolder": "video", "type": "output"}],
                  "animated": [True]},
            "20": {"images": [{"filename": "ComfyUI_temp_1_.png", "subfolder": "", "type": "temp"}]},
            "21": {"gifs": [{"filename": "a b&c.webm", "subfolder": "", "type": "output"}]},
            "23": {"images": [{"filename": "tone_00001_.png", "subfolder": "", "type": "output"}]},
        },
        "status": {"status_str": "success", "completed": True, "messages": [["execution_success", {}]]},
    }
}  # fmt: skip

# wire · endpoint · answers in turn → files, cost
RESULTS: list[tuple[str, str, list[tuple[int, object]], tuple[OutputFile, ...], Cost | None]] = [
    ("runway", "gen4.5", [(200, {"status": "SUCCEEDED", "output": [URL], "cost": {"credits": 60}})],
     (OutputFile(URL),), Cost("0.6", "USD", "Runway's answer")),
    ("luma", "ray-2", [(200, {"state": "completed", "assets": {"video": URL, "image": "https://e/i.png"},
                           "request": {"generation_type": "video", "duration": "5s", "resolution": "720p"}})],
     (OutputFile(URL, duration=5.0),), None),
    ("veo", "m", [(200, {"done": True, "response": {"generateVideoResponse": {
        "generatedSamples": [{"video": {"uri": VEO}}], "raiMediaFilteredCount": 0}}})],
     (OutputFile("/v1beta/files/abc123:download?alt=media", keyed=True),), None),
    ("openai", "sora-2", [(200, {"id": "t1", "status": "completed", "size": "1280x720", "seconds": "4"})],
     (OutputFile("/v1/videos/t1/content", width=1280, height=720, duration=4.0, keyed=True),), None),
    ("xai", "m", [(200, {"status": "done", "video": {"url": URL, "duration": 6, "respect_moderation": True},
                         "usage": {"cost_in_usd_ticks": 500000000}, "progress": 100, "error": None})],
     (OutputFile(URL, duration=6.0),), Cost("0.05", "USD", "xAI's answer")),
    ("seedance", "m", [(200, {"status": "succeeded", "error": None, "content": {"video_url": URL}, "duration": 5,
                              "usage": {"completion_tokens": 108900}, "framespersecond": 24})],
     (OutputFile(URL, duration=5.0),), None),
    ("wan", "m", [(200, {"output": {"task_status": "SUCCEEDED", "video_url": URL},
                         "usage": {"duration": 5, "output_video_duration": 5, "size": "1280*720", "fps": 30}})],
     (OutputFile(URL, width=1280, height=720, duration=5.0),), None),
    ("minimax", "MiniMax-H3", [(200, {"task": {"status": "succeeded", "content": {"url": URL}, "duration": 5}})],
     (OutputFile(URL, duration=5.0),), None),
    ("minimax", "MiniMax-Hailuo-2.3",
     [(200, {"task_id": "t1", "status": "Success", "file_id": "123", "video_width": 1366, "video_height": 768,
             "base_resp": {"status_code": 0, "status_msg": "success"}}),
      (200, {"file": {"file_id": "123", "bytes": 9, "download_url": URL}, "base_resp": {"status_code": 0}})],
     (OutputFile(URL, width=1366, height=768),), None),
    ("kling", "m", [(200, {"code": 0, "data": {"task_status": "succeed", "final_unit_deduction": "1",
        "task_result": {"videos": [{"id": "v1", "url": URL, "duration": "5.0"}]}}})],
     (OutputFile(URL, duration=5.0),), Cost("1", "units", "Kling's answer")),
    ("pixverse", "m", [(200, {"ErrCode": 0, "ErrMsg": "Success", "Resp": {
        "status": 1, "url": URL, "outputWidth": 1280, "outputHeight": 720, "seed": 7, "has_audio": False}})],
     (OutputFile(URL, width=1280, height=720),), None),
    ("vidu", "m", [(200, {"id": "t1", "state": "success", "err_code": "", "credits": 4, "creations": [
        {"id": "c", "url": URL, "cover_url": "https://e/c.png"}]})],
     (OutputFile(URL),), Cost("4", "credits", "Vidu's answer")),
    ("comfyui", "m", [(200, COMFY_EMPTY), (200, COMFY_DONE)],
     (OutputFile("/view?filename=t2v_00001_.mp4&subfolder=video&type=output", keyed=True),
      OutputFile("/view?filename=a%20b%26c.webm&subfolder=&type=output", keyed=True)), None),
]  # fmt: skip


def test_no_wire_is_without_a_result() -> None:
    assert {row[0] for row in RESULTS} | {"replicate", "fal"} == set(NAMES)  # those two: test_results.py


@pytest.mark.parametrize(("name", "endpoint", "answers", "files", "cost"), RESULTS)
def test_a_success_has_its_files_and_its_cost(
    name: str,
    endpoint: str,
    answers: list[tuple[int, object]],
    files: tuple[OutputFile, ...],
    cost: Cost | None,
) -> None:
    found = seen(ALL[name], Operation("t1", endpoint=endpoint, mode="t2v"), *answers)
    assert (found.state, found.progress, found.outputs, found.cost) == ("succeeded", 1.0, files, cost)
    assert found.billing == ("not_billed" if name == "comfyui" else "billed")


@pytest.mark.parametrize(("name", "endpoint", "answers"), [row[:3] for row in RESULTS])
def test_a_success_whose_file_is_missing_is_none(
    name: str, endpoint: str, answers: list[tuple[int, object]]
) -> None:
    if name == "openai":  # its content has one address, always
        return
    without = [(status, _without_files(body)) for status, body in answers]
    outcome, _ = look(ALL[name], Operation("t1", endpoint=endpoint, mode="t2v"), *without)
    assert isinstance(outcome, PollResult)
    assert outcome.error
    assert (outcome.state, outcome.error.kind) == ("failed", "bad_output")


def _without_files(body: object) -> object:
    if isinstance(body, dict):
        return {key: _without_files(value) for key, value in body.items()}
    if isinstance(body, list):
        return [_without_files(value) for value in body]
    return "" if body in (URL, VEO, "t2v_00001_.mp4", "a b&c.webm") else body


def urls(asked: list[Request]) -> list[str]:
    return [request.url for request in asked]


def test_minimax_needs_its_third_step_only_in_version_one() -> None:
    [second] = [row for row in RESULTS if row[1] == "MiniMax-H3"]
    [first] = [row for row in RESULTS if row[1] == "MiniMax-Hailuo-2.3"]
    _, asked = look(ALL["minimax"], Operation("t1", endpoint="MiniMax-H3"), *second[2])
    assert urls(asked) == ["/v2/query/video_generation/t1"]
    _, asked = look(ALL["minimax"], Operation("t1", endpoint="MiniMax-Hailuo-2.3"), *first[2])
    assert urls(asked) == ["/v1/query/video_generation?task_id=t1", "/v1/files/retrieve?file_id=123"]


def test_minimax_success_without_a_file_id_is_not_believed() -> None:
    outcome, _ = look(
        ALL["minimax"],
        Operation("t1", endpoint="MiniMax-Hailuo-2.3"),
        (200, {"status": "Success", "base_resp": {"status_code": 0}}),
    )
    assert isinstance(outcome, Unanswered)


def test_klings_status_goes_where_the_order_went() -> None:
    answer = (200, {"code": 0, "data": {"task_status": "submitted"}})
    for mode, path in [("t2v", "text2video"), ("i2v", "image2video"), ("flf2v", "image2video")]:
        _, asked = look(ALL["kling"], Operation("t1", endpoint="kling-v2-6", mode=mode), answer)
        assert urls(asked) == [f"/v1/videos/{path}/t1"]


def test_comfyui_is_asked_for_its_queue_first_then_for_its_history() -> None:
    _, asked = look(ALL["comfyui"], Operation("t1"), (200, COMFY_EMPTY), (200, COMFY_DONE))
    assert urls(asked) == ["/queue", "/history/t1"]


def test_every_company_is_asked_at_the_address_of_its_facts() -> None:
    asked = {}
    for name, wire in ALL.items():
        if name in ("comfyui", "minimax", "fal"):
            continue
        _, requests = look(wire, Operation("t1", endpoint="m", mode="t2v"), (500, b""))
        asked[name] = (requests[0].method, requests[0].url)
    assert asked == {
        "kling": ("GET", "/v1/videos/text2video/t1"),
        "luma": ("GET", "/dream-machine/v1/generations/t1"),
        "openai": ("GET", "/v1/videos/t1"),
        "pixverse": ("GET", "/openapi/v2/video/result/t1"),
        "replicate": ("GET", "/v1/predictions/t1"),
        "runway": ("GET", "/v1/tasks/t1"),
        "seedance": ("GET", "/api/v3/contents/generations/tasks/t1"),
        "veo": ("GET", "/v1beta/t1"),
        "vidu": ("GET", "/ent/v2/tasks/t1/creations"),
        "wan": ("GET", "/api/v1/tasks/t1"),
        "xai": ("GET", "/v1/videos/t1"),
    }
