"""Callbacks that come twice, or in the wrong order, wherever a wire tells both the start and the end."""

from typing import Any

import pytest

from tests.sandbox.inbox import Inbox
from tests.sandbox.running import RunningSandbox
from tests.sandbox.wires import KLING, LUMA, SEEDANCE, VIDU, Spoken, at

TOLD = pytest.mark.parametrize(
    ("wire", "place"),
    [(LUMA, "state"), (SEEDANCE, "status"), (VIDU, "state"), (KLING, "task_status")],
    ids=["luma", "seedance", "vidu", "kling"],
)


def heard(
    sandbox: RunningSandbox, inbox: Inbox, wire: Spoken, place: str, prompt: str, times: int
) -> list[Any]:
    body = wire.body(prompt) | {"callback_url": inbox.url}
    answer = sandbox.ask("POST", f"/{wire.name}{wire.submit}", json=body)
    assert answer.is_success
    return [at(inbox.next().document, place) for _ in range(times)]


@TOLD
def test_the_start_and_the_end_are_told(
    sandbox: RunningSandbox, inbox: Inbox, wire: Spoken, place: str
) -> None:
    assert heard(sandbox, inbox, wire, place, "Told", 2) == list(wire.words[1:3])


@TOLD
def test_a_letter_can_come_twice(sandbox: RunningSandbox, inbox: Inbox, wire: Spoken, place: str) -> None:
    told = heard(sandbox, inbox, wire, place, "[fault: duplicate_webhook]", 4)
    assert told == [wire.words[1]] * 2 + [wire.words[2]] * 2


@TOLD
def test_the_start_can_be_told_after_the_end(
    sandbox: RunningSandbox, inbox: Inbox, wire: Spoken, place: str
) -> None:
    told = heard(sandbox, inbox, wire, place, "[fault: reordered_webhook]", 2)
    assert told == [wire.words[2], wire.words[1]]


def test_a_letter_of_a_deleted_job_is_not_sent(sandbox: RunningSandbox, inbox: Inbox) -> None:
    body = LUMA.body("[fault: endless]") | {"callback_url": inbox.url}
    made = sandbox.ask("POST", f"/luma{LUMA.submit}", json=body).json()
    assert inbox.next().document["state"] == "dreaming"
    sandbox.ask("DELETE", f"/luma{LUMA.look.format(id=made['id'])}")
    heard(sandbox, inbox, LUMA, "state", "Next", 2)
    assert inbox.letters.empty()
