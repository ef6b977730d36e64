"""ComfyUI's queue: what waits, runs, runs again, is interrupted, and is gone without a trace."""

from uuid import uuid4

from tests.providers.sandbox.comfy import finished, history, running, submit
from tests.providers.sandbox.graphs import text_graph
from tests.providers.sandbox.running import RunningSandbox
from tests.providers.sandbox.services import COMFYUI
from tests.support import until


def test_an_id_runs_again_and_history_shows_what_ended_last(calm_sandbox: RunningSandbox) -> None:
    prompt_id = str(uuid4())
    first = submit(calm_sandbox, text_graph("First"), prompt_id=prompt_id).json()
    finished(calm_sandbox, prompt_id)
    again = submit(calm_sandbox, text_graph("Second"), prompt_id=prompt_id).json()
    assert again["number"] > first["number"]
    assert finished(calm_sandbox, prompt_id)["prompt"][0] == first["number"]

    def later() -> bool | None:
        calm_sandbox.tick()
        return finished(calm_sandbox, prompt_id)["prompt"][0] == again["number"] or None

    until(later, "history shows the second run")
    assert calm_sandbox.submissions()["by_prompt"]["Second"] == 1


def test_what_waits_is_in_the_queue_and_deleted_without_a_trace(calm_sandbox: RunningSandbox) -> None:
    job_id = COMFYUI.started(calm_sandbox, "[fault: endless] Waits")
    rows = calm_sandbox.ask("GET", "/comfyui/queue").json()["queue_pending"]
    assert [row[1] for row in rows] == [job_id]
    assert calm_sandbox.ask("GET", "/comfyui/prompt").json()["exec_info"]["queue_remaining"] >= 1
    answer = calm_sandbox.ask("POST", "/comfyui/queue", json={"delete": [job_id, "unknown"]})
    assert (answer.status_code, answer.content) == (200, b"")
    assert history(calm_sandbox, job_id) == {}
    assert COMFYUI.looked(calm_sandbox, job_id).status_code == 404


def test_the_front_of_the_queue_has_a_number_below_zero(calm_sandbox: RunningSandbox) -> None:
    ids = [submit(calm_sandbox, text_graph(f"Row {each}"), front=each == 2).json() for each in range(3)]
    assert ids[2]["number"] < 0 < ids[1]["number"]
    calm_sandbox.ask("POST", "/comfyui/queue", json={"clear": True})
    assert calm_sandbox.ask("GET", "/comfyui/queue").json()["queue_pending"] == []


def test_an_interrupt_is_always_200_and_ends_only_what_it_names(sandbox: RunningSandbox) -> None:
    job_id = running(sandbox, "Interrupted")
    for body in ({"prompt_id": str(uuid4())}, {"prompt_id": job_id}):
        assert COMFYUI.looked(sandbox, job_id).json()["status"] == "in_progress"
        answer = sandbox.ask("POST", "/comfyui/interrupt", json=body)
        assert (answer.status_code, answer.content) == (200, b"")
    record = finished(sandbox, job_id)
    kind, told = record["status"]["messages"][-1]
    assert (kind, record["outputs"], record["status"]["status_str"]) == ("execution_interrupted", {}, "error")
    assert told["node_type"] == "ColorTransfer"
    assert COMFYUI.looked(sandbox, job_id).json()["status"] == "cancelled"
    anything = running(sandbox, "Whatever runs")
    sandbox.ask("POST", "/comfyui/interrupt")
    assert COMFYUI.looked(sandbox, anything).json()["status"] == "cancelled"


def test_an_interrupt_can_be_ignored(calm_sandbox: RunningSandbox) -> None:
    job_id = COMFYUI.started(calm_sandbox, "[fault: ignored_cancel] Deaf")
    COMFYUI.until(calm_sandbox, job_id, "in_progress")
    assert calm_sandbox.ask("POST", f"/comfyui/api/jobs/{job_id}/cancel").json() == {"cancelled": True}
    assert finished(calm_sandbox, job_id)["status"]["status_str"] == "success"


def test_jobs_are_listed_by_status_and_canceled_by_id(sandbox: RunningSandbox) -> None:
    done = COMFYUI.started(sandbox, "Listed")
    finished(sandbox, done)
    listed = sandbox.ask("GET", "/comfyui/api/jobs?status=completed").json()
    assert done in [each["id"] for each in listed["jobs"]]
    assert sandbox.ask("GET", "/comfyui/api/jobs?status=done").status_code == 400
    assert sandbox.ask("POST", f"/comfyui/api/jobs/{done}/cancel").json() == {"cancelled": False}
    wrong = sandbox.ask("POST", "/comfyui/api/jobs/cancel", json={"job_ids": ["x"]})
    assert (wrong.status_code, wrong.json()["invalid_ids"]) == (400, ["x"])
    stuck = running(sandbox, "To be canceled")
    both = {"job_ids": [stuck, str(uuid4())]}
    assert sandbox.ask("POST", "/comfyui/api/jobs/cancel", json=both).json() == {"cancelled": True}
    assert done in sandbox.ask("GET", "/comfyui/history").json()
    sandbox.ask("POST", "/comfyui/history", json={"delete": [done]})
    assert history(sandbox, done) == {}
