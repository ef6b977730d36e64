"""The same questions to every wire: its states in order, its refusals in its own words, and every fault."""

import io

import av
import httpx
import pytest

from providers.sandbox.app import WIRES as SERVED
from tests.sandbox.running import RunningSandbox, in_order
from tests.sandbox.wires import WIRES, Spoken, at

EACH = pytest.mark.parametrize("wire", list(WIRES.values()), ids=list(WIRES))
OF_THEIR_OWN = {"replicate", "fal"}  # tested in files that are older than this table


def accepted(sandbox: RunningSandbox, prompt: str) -> int:
    return int(sandbox.submissions()["by_prompt"].get(prompt, 0))


def test_every_wire_that_is_served_is_questioned() -> None:
    assert {wire.name for wire in WIRES.values()} == set(SERVED) - OF_THEIR_OWN


@EACH
def test_a_job_queues_runs_and_ends_with_a_clip(calm_sandbox: RunningSandbox, wire: Spoken) -> None:
    job_id = wire.started(calm_sandbox, f"A paper boat on {wire.submit}")
    seen = wire.watched(calm_sandbox, job_id)
    queued, running, succeeded, *_ = wire.words
    states = in_order([at(each, wire.state) for each in seen])
    assert [each for each in states if each not in wire.before] == in_order([queued, running, succeeded])
    link = wire.link(calm_sandbox, job_id, seen[-1])
    clip = calm_sandbox.ask("GET", link, key=wire.output_needs_key)
    assert clip.headers["content-type"] == "video/mp4"
    with av.open(io.BytesIO(clip.content), "r") as video:
        assert video.duration
    if wire.output_needs_key:
        assert calm_sandbox.ask("GET", link, key=False).status_code in (401, 403)


@pytest.mark.parametrize(
    "wire", [wire for wire in WIRES.values() if "bad_key" in wire.refusals], ids=lambda wire: wire.submit
)
def test_without_a_key_nothing_is_ordered(sandbox: RunningSandbox, wire: Spoken) -> None:
    answer = wire.order(sandbox, f"No key on {wire.submit}", key=False)
    status, place, start = wire.refusals["bad_key"]
    assert answer.status_code == status
    assert str(at(answer.json(), place)).startswith(str(start))
    assert accepted(sandbox, f"No key on {wire.submit}") == 0


@EACH
def test_a_refusal_speaks_the_services_own_words(sandbox: RunningSandbox, wire: Spoken) -> None:
    for fault, (status, place, start) in wire.refusals.items():
        if fault == "unreadable":
            continue
        prompt = f"[fault: {fault} x1] {wire.submit}"
        answer = wire.order(sandbox, prompt)
        assert (fault, answer.status_code) == (fault, status)
        said = at(answer.json(), place) if place else answer.text
        assert str(said).startswith(str(start)), (fault, answer.text)
        assert accepted(sandbox, prompt) == 0


@EACH
def test_a_submission_that_is_no_json_is_refused(sandbox: RunningSandbox, wire: Spoken) -> None:
    answer = sandbox.ask("POST", f"/{wire.name}{wire.submit}", content=b"{", headers=JSON)
    assert answer.status_code == wire.refusals["unreadable" if "unreadable" in wire.refusals else "refuse"][0]


JSON = {"content-type": "application/json"}


@EACH
def test_an_accepted_submission_can_be_answered_badly(sandbox: RunningSandbox, wire: Spoken) -> None:
    status = wire.refusals["error_before"][0]
    for fault in ("error_after", "malformed", "html"):
        prompt = f"[fault: {fault}] {wire.submit}"
        answer = wire.order(sandbox, prompt)
        assert answer.status_code == (status if fault == "error_after" else 200)
        assert accepted(sandbox, prompt) == 1
        if fault != "error_after":
            with pytest.raises(ValueError, match=r".+"):
                answer.json()


@EACH
def test_a_submission_can_be_accepted_and_never_answered(sandbox: RunningSandbox, wire: Spoken) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        wire.order(sandbox, f"[fault: drop_after] {wire.submit}")
    with pytest.raises(httpx.ReadTimeout):
        wire.order(sandbox, f"[fault: stall] {wire.submit}", timeout=0.4)
    for fault in ("drop_after", "stall"):
        assert accepted(sandbox, f"[fault: {fault}] {wire.submit}") == 1


@EACH
def test_a_job_fails_with_the_services_own_reason(sandbox: RunningSandbox, wire: Spoken) -> None:
    for fault, (place, start) in wire.reasons.items():
        last = wire.watched(sandbox, wire.started(sandbox, f"[fault: {fault}] {wire.submit}"))[-1]
        assert str(at(last, place)).startswith(str(start)), (fault, last)
        assert not at(last, wire.output)


@EACH
def test_an_undocumented_state_is_shown_while_it_runs(calm_sandbox: RunningSandbox, wire: Spoken) -> None:
    seen = wire.watched(calm_sandbox, wire.started(calm_sandbox, f"[fault: unknown_state] {wire.submit}"))
    states = [at(each, wire.state) for each in seen if at(each, wire.state) not in wire.before]
    assert in_order(states) == in_order([wire.words[0], wire.words[4], wire.words[2]])


@EACH
def test_a_job_without_end_can_be_looked_at_badly_and_canceled(sandbox: RunningSandbox, wire: Spoken) -> None:
    job_id = wire.started(sandbox, f"[fault: endless] [fault: html on look x1] {wire.submit}")
    assert wire.looked(sandbox, job_id).headers["content-type"] == "text/html"
    assert wire.looked(sandbox, job_id, params={"fault": "error_before"}).status_code >= 400 or (
        wire.refusals["error_before"][0] == 200
    )
    assert at(wire.looked(sandbox, job_id).json(), wire.state) in (*wire.before, *wire.words[:2])
    if wire.cancel:
        method, path = wire.cancel
        answer = sandbox.ask(method, f"/{wire.name}{path.format(id=job_id)}")
        assert answer.is_success
        assert at(wire.state_after(sandbox, job_id), wire.state) not in (*wire.before, *wire.words[:3])


@EACH
def test_an_output_can_be_gone_cut_short_or_something_else(sandbox: RunningSandbox, wire: Spoken) -> None:
    job_id = wire.started(sandbox, f"A boat to be lost on {wire.submit}")
    link = wire.link(sandbox, job_id, wire.watched(sandbox, job_id)[-1])
    link += "&fault=" if "?" in link else "?fault="
    assert sandbox.ask("GET", f"{link}expired_output").text == "This file has expired."
    page = sandbox.ask("GET", f"{link}wrong_type")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html")
    with pytest.raises(httpx.RemoteProtocolError):
        sandbox.ask("GET", f"{link}truncated_output")


@EACH
def test_a_job_that_nobody_ordered_is_not_found(sandbox: RunningSandbox, wire: Spoken) -> None:
    answer = wire.looked(sandbox, wire.stranger)
    status, place, start = wire.unknown_job
    assert answer.status_code == status
    assert str(at(answer.json(), place)).startswith(str(start))
