"""Every company's way to stop a job, where it has one."""

import pytest
from msgspec import UNSET

from models.spec.values import JSON
from providers.client.requests import build, names_of
from providers.outcomes import CancelAsked, Canceled, CannotCancel, Operation
from tests.providers.conftest import LineTo
from tests.providers.descriptions import ALL, NAMES
from tests.providers.stub import Asked, Reply, stub

NONE = {"veo", "openai", "xai", "kling", "pixverse"}

CANCELS: list[tuple[str, str, str, str, object]] = [
    ("replicate", "m", "POST", "/v1/predictions/t1/cancel", UNSET),
    ("fal", "fal-ai/veo3.1/x", "PUT", "/fal-ai/veo3.1/requests/t1/cancel", UNSET),
    ("runway", "m", "DELETE", "/v1/tasks/t1", UNSET),
    ("luma", "m", "DELETE", "/dream-machine/v1/generations/t1", UNSET),
    ("seedance", "m", "DELETE", "/api/v3/contents/generations/tasks/t1", {}),
    ("wan", "m", "POST", "/api/v1/tasks/t1/cancel", UNSET),
    ("minimax", "MiniMax-H3", "DELETE", "/v2/video_generation/t1", UNSET),
    ("vidu", "m", "POST", "/ent/v2/tasks/t1/cancel", {}),
    ("comfyui", "m", "POST", "/queue", {"delete": ["t1"]}),
]


@pytest.mark.parametrize(("name", "endpoint", "method", "url", "body"), CANCELS)
def test_a_cancel_goes_where_the_company_wants_it(
    name: str, endpoint: str, method: str, url: str, body: object
) -> None:
    wire = ALL[name]
    assert wire.cancel
    request = build(wire, wire.cancel, names_of(Operation("t1", endpoint=endpoint, mode="t2v")))
    assert request
    assert (request.method, request.url, request.body) == (method, url, body)


def test_companies_without_a_way_are_told_apart() -> None:
    assert {name for name, wire in ALL.items() if wire.cancel is None} == NONE
    assert {row[0] for row in CANCELS} == set(NAMES) - NONE


@pytest.mark.parametrize(("endpoint", "stops"), [("MiniMax-Hailuo-2.3", False), ("MiniMax-H3", True)])
def test_minimax_stops_jobs_of_some_models_only(endpoint: str, stops: bool) -> None:
    wire = ALL["minimax"]
    assert wire.cancel
    assert (build(wire, wire.cancel, names_of(Operation("t1", endpoint=endpoint))) is not None) is stops


@pytest.mark.parametrize("name", sorted(NONE))
async def test_nothing_is_asked_where_nothing_can_be_stopped(line_to: LineTo, name: str) -> None:
    async with stub({}) as server:
        outcome = await line_to(ALL[name], server.origin).cancel(Operation("t1", endpoint="m", mode="t2v"))
    assert isinstance(outcome, CannotCancel)
    assert server.asked == []


@pytest.mark.parametrize(
    ("name", "route", "reply", "outcome"),
    [
        ("runway", "DELETE /v1/tasks/t1", Reply(204), CancelAsked()),
        ("luma", "DELETE /dream-machine/v1/generations/t1", Reply(204), CancelAsked()),
        ("seedance", "DELETE /api/v3/contents/generations/tasks/t1", Reply(200, {}), CancelAsked()),
        ("vidu", "POST /ent/v2/tasks/t1/cancel", Reply(200, {}), CancelAsked()),
        ("vidu", "POST /ent/v2/tasks/t1/cancel", Reply(409, {"code": "Conflict"}), CancelAsked()),
        ("wan", "POST /api/v1/tasks/t1/cancel", Reply(200, {"request_id": "r"}), CancelAsked()),
        ("wan", "POST /api/v1/tasks/t1/cancel", Reply(400, {"code": "X", "message": "it runs"}),
         CannotCancel("Wan (Model Studio) would not stop this job: it runs.")),
        ("seedance", "DELETE /api/v3/contents/generations/tasks/t1",
         Reply(403, {"error": {"code": "OperationDenied", "message": "it runs"}}),
         CannotCancel("Seedance (ModelArk) would not stop this job: it runs.")),
        ("replicate", "POST /v1/predictions/t1/cancel", Reply(200, {"status": "canceled"}), Canceled()),
    ],
)  # fmt: skip
async def test_what_a_company_makes_of_a_cancel(
    line_to: LineTo, name: str, route: str, reply: Reply, outcome: object
) -> None:
    async with stub({route: reply}) as server:
        line = line_to(ALL[name], server.origin)
        assert await line.cancel(Operation("t1", endpoint="m", mode="t2v")) == outcome


async def test_comfyui_takes_a_job_out_of_the_queue_and_stops_it_if_it_runs(line_to: LineTo) -> None:
    async with stub({"POST /queue": Reply(200), "POST /interrupt": Reply(200)}) as server:
        outcome = await line_to(ALL["comfyui"], server.origin).cancel(Operation("t1"))
    told: list[tuple[str, JSON]] = [(asked.path, _json(asked)) for asked in server.asked]
    assert outcome == CancelAsked()
    assert told == [("/queue", {"delete": ["t1"]}), ("/interrupt", {"prompt_id": "t1"})]


def _json(asked: Asked) -> JSON:
    document = asked.json
    assert isinstance(document, dict)
    return document
