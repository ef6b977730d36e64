"""The same questions to every wire: its states in order, its refusals in its own words, and every fault."""

import functools
import io
from collections.abc import Callable
from typing import Any, TypeAlias

import av
import httpx
import pytest

from providers.sandbox.app import WIRES as SERVED
from tests.providers.sandbox.running import SHORT, RunningSandbox, in_order
from tests.providers.sandbox.services import WIRES, Spoken, at
from tests.support import until

EACH = pytest.mark.parametrize("wire", list(WIRES.values()), ids=list(WIRES))
KEYED = [wire for wire in WIRES.values() if "bad_key" in wire.refusals]
OF_THEIR_OWN = {"replicate", "fal"}  # tested in files that are older than this table
JSON = {"content-type": "application/json"}
PLAIN, ODD, MODERATED, BROKEN = (
    "A paper boat",
    *(f"[fault: {name}]" for name in ("unknown_state", "moderation", "fail")),
)
Watch: TypeAlias = Callable[[Spoken, str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def watch(calm_sandbox: RunningSandbox) -> Watch:
    """What looks see of a job of each kind on each wire, from its start to its end; one job serves several tests."""

    seen: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def watched(wire: Spoken, prompt: str) -> list[dict[str, Any]]:
        of = wire.submit, prompt
        if of not in seen:
            seen[of] = wire.watched(calm_sandbox, wire.started(calm_sandbox, f"{prompt} {wire.submit}"))
        return seen[of]

    return watched


def accepted(sandbox: RunningSandbox, prompt: str) -> int:
    return int(sandbox.submissions()["by_prompt"].get(prompt, 0))


def _is_accepted(sandbox: RunningSandbox, prompt: str) -> bool | None:
    return accepted(sandbox, prompt) == 1 or None


def states(wire: Spoken, seen: list[dict[str, Any]]) -> list[Any]:
    """The states in order, without those that may come before the first."""
    return [each for each in in_order([at(each, wire.state) for each in seen]) if each not in wire.before]


def test_every_wire_that_is_served_is_questioned() -> None:
    assert {wire.name for wire in WIRES.values()} == set(SERVED) - OF_THEIR_OWN


@EACH
def test_a_job_queues_runs_and_ends_with_a_clip(
    calm_sandbox: RunningSandbox, watch: Watch, wire: Spoken
) -> None:
    seen = watch(wire, PLAIN)
    assert states(wire, seen) == in_order(list(wire.words[:3]))
    link = wire.link(calm_sandbox, wire.job_in(seen[-1]), seen[-1])
    clip = calm_sandbox.ask("GET", link, key=wire.output_needs_key)
    assert clip.headers["content-type"] == "video/mp4"
    with av.open(io.BytesIO(clip.content), "r") as video:
        assert video.duration
    if wire.output_needs_key:
        assert calm_sandbox.ask("GET", link, key=False).status_code in (401, 403)


@EACH
def test_an_output_can_be_gone_cut_short_or_something_else(
    calm_sandbox: RunningSandbox, watch: Watch, wire: Spoken
) -> None:
    last = watch(wire, PLAIN)[-1]
    link = wire.link(calm_sandbox, wire.job_in(last), last)
    link += "&fault=" if "?" in link else "?fault="
    assert calm_sandbox.ask("GET", f"{link}expired_output").text == "This file has expired."
    page = calm_sandbox.ask("GET", f"{link}wrong_type")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html")
    with pytest.raises(httpx.RemoteProtocolError):
        calm_sandbox.ask("GET", f"{link}truncated_output")


@EACH
def test_an_undocumented_state_is_shown_while_it_runs(watch: Watch, wire: Spoken) -> None:
    queued, _, succeeded, _, odd = wire.words
    assert states(wire, watch(wire, ODD)) == in_order([queued, odd, succeeded])


@EACH
@pytest.mark.parametrize(("prompt", "fault"), [(MODERATED, "moderation"), (BROKEN, "fail")])
def test_a_job_fails_with_the_services_own_reason(
    watch: Watch, wire: Spoken, prompt: str, fault: str
) -> None:
    last = watch(wire, prompt)[-1]
    place, start = wire.reasons[fault]
    assert str(at(last, place)).startswith(str(start)), last
    assert wire.output.startswith("/") or not at(last, wire.output)


@pytest.mark.parametrize("wire", KEYED, ids=lambda wire: wire.submit)
def test_without_a_key_nothing_is_ordered(sandbox: RunningSandbox, wire: Spoken) -> None:
    answer = wire.order(sandbox, f"No key {wire.submit}", key=False)
    status, place, start = wire.refusals["bad_key"]
    assert answer.status_code == status
    assert str(at(answer.json(), place)).startswith(str(start))
    assert accepted(sandbox, f"No key {wire.submit}") == 0


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
        wire.order(sandbox, f"[fault: stall] {wire.submit}", timeout=SHORT)
    for fault in ("drop_after", "stall"):
        prompt = f"[fault: {fault}] {wire.submit}"
        until(functools.partial(_is_accepted, sandbox, prompt), f"{prompt}: it is accepted")


@EACH
def test_a_job_without_end_can_be_looked_at_badly_and_canceled(sandbox: RunningSandbox, wire: Spoken) -> None:
    job_id = wire.started(sandbox, f"[fault: endless] [fault: html on look x1] {wire.submit}")
    assert wire.looked(sandbox, job_id).headers["content-type"] == "text/html"
    status = wire.refusals["error_before"][0]
    assert wire.looked(sandbox, job_id, headers={"x-sandbox-fault": "error_before"}).status_code == status
    assert at(wire.looked(sandbox, job_id).json(), wire.state) in (*wire.before, *wire.words[:2])
    if wire.cancel:
        method, path = wire.cancel
        assert sandbox.ask(method, f"/{wire.name}{path.format(id=job_id)}").is_success
        after = wire.looked(sandbox, job_id).json()
        assert at(after, wire.state) not in (*wire.before, *wire.words[:3])


@EACH
def test_a_job_that_nobody_ordered_is_not_found(sandbox: RunningSandbox, wire: Spoken) -> None:
    answer = wire.looked(sandbox, wire.stranger)
    status, place, start = wire.unknown_job
    assert answer.status_code == status
    assert str(at(answer.json(), place)).startswith(str(start))
