"""Callbacks that come twice, or in the wrong order, wherever a wire tells both the start and the end."""

from typing import Any

import pytest

from providers.sandbox.webhook_sender import LATE
from tests.providers.sandbox.inbox import Inbox
from tests.providers.sandbox.running import RunningSandbox
from tests.providers.sandbox.services import KLING, LUMA, SEEDANCE, VIDU, Spoken, at

TOLD = pytest.mark.parametrize(
    ("wire", "place"),
    [(LUMA, "state"), (SEEDANCE, "status"), (VIDU, "state"), (KLING, "task_status")],
    ids=["luma", "seedance", "vidu", "kling"],
)


def ordered(sandbox: RunningSandbox, inbox: Inbox, wire: Spoken, prompt: str) -> str:
    """The id of a job whose start and end the inbox is to be told."""
    body = wire.body(prompt) | {"callback_url": inbox.url}
    answer = sandbox.ask("POST", f"/{wire.name}{wire.submit}", json=body)
    assert answer.is_success
    return str(at(answer.json(), wire.id))


def heard(inbox: Inbox, place: str, times: int = 1) -> list[Any]:
    return [at(inbox.next().document, place) for _ in range(times)]


@TOLD
@pytest.mark.parametrize(("prompt", "times"), [("Told", 1), ("[fault: duplicate_webhook]", 2)])
def test_the_start_and_the_end_are_told_and_a_letter_can_come_twice(
    calm_sandbox: RunningSandbox, inbox: Inbox, wire: Spoken, place: str, prompt: str, times: int
) -> None:
    job_id = ordered(calm_sandbox, inbox, wire, prompt)
    wire.until(calm_sandbox, job_id, wire.words[1])
    assert heard(inbox, place, times) == [wire.words[1]] * times
    assert inbox.letters.empty()
    wire.watched(calm_sandbox, job_id)
    assert heard(inbox, place, times) == [wire.words[2]] * times


@TOLD
def test_the_start_can_be_told_after_the_end(
    calm_sandbox: RunningSandbox, inbox: Inbox, wire: Spoken, place: str
) -> None:
    wire.watched(calm_sandbox, ordered(calm_sandbox, inbox, wire, "[fault: reordered_webhook]"))
    assert heard(inbox, place) == [wire.words[2]]
    assert inbox.letters.empty()
    calm_sandbox.move(LATE)
    assert heard(inbox, place) == [wire.words[1]]


def test_a_letter_of_a_deleted_job_is_not_sent(calm_sandbox: RunningSandbox, inbox: Inbox) -> None:
    deleted = ordered(calm_sandbox, inbox, LUMA, "[fault: endless]")
    LUMA.until(calm_sandbox, deleted, "dreaming")
    assert heard(inbox, "state") == ["dreaming"]
    calm_sandbox.ask("DELETE", f"/luma{LUMA.look.format(id=deleted)}")
    LUMA.watched(calm_sandbox, ordered(calm_sandbox, inbox, LUMA, "Next"))
    assert sorted(heard(inbox, "state", 2)) == ["completed", "dreaming"]
    assert inbox.letters.empty()
