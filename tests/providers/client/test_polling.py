"""Looks on the pure interpreter: states, progress, logs, and what is no answer."""

import logging

import pytest

from providers.description.schema import ProviderDescription
from providers.outcomes import Operation, PollResult, Unanswered
from tests.providers.asking import PREDICTION, QUEUED, TASK, look, seen
from tests.providers.descriptions import ALL, FAL, NUMBERS, REPLICATE


@pytest.mark.parametrize(
    ("wire", "operation", "status", "body", "state"),
    [
        (REPLICATE, PREDICTION, 200, {"status": "starting"}, "queued"),
        (REPLICATE, PREDICTION, 200, {"status": "processing"}, "processing"),
        (REPLICATE, PREDICTION, 200, {"status": "canceled"}, "canceled"),
        (REPLICATE, PREDICTION, 200, {"status": "aborted"}, "canceled"),
        (REPLICATE, PREDICTION, 200, {"status": "failed", "error": "x"}, "failed"),
        (REPLICATE, PREDICTION, 200, {"status": "dreaming"}, "processing"),
        (REPLICATE, PREDICTION, 200, {}, "processing"),
        (FAL, QUEUED, 202, {"status": "IN_QUEUE", "queue_position": 3}, "queued"),
        (FAL, QUEUED, 202, {"status": "IN_PROGRESS", "logs": None}, "processing"),
        (FAL, QUEUED, 200, {"status": "COMPLETED", "error": "x", "error_type": "y"}, "failed"),
        (NUMBERS, TASK, 200, {"code": 0, "data": {"status": 1}}, "queued"),
        (NUMBERS, TASK, 202, b"", "processing"),
        (NUMBERS, TASK, 200, {"code": 0, "data": {"status": 2, "why": "UserCancelled"}}, "canceled"),
        (NUMBERS, TASK, 200, {"code": 0, "data": {"status": 3, "safe": False}}, "failed"),
        (NUMBERS, TASK, 200, {"code": 0, "data": {"status": 3, "filtered": 1}}, "failed"),
    ],
)
def test_states_are_normalised(
    wire: ProviderDescription, operation: Operation, status: int, body: object, state: str
) -> None:
    assert seen(wire, operation, (status, body)).state == state


def test_an_unknown_state_is_processing_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert seen(REPLICATE, PREDICTION, (200, {"status": "succeeded-ish"})).state == "processing"
    assert [record.message for record in caplog.records] == [
        "replicate: unknown state 'succeeded-ish' is taken for processing; add it to status.map"
    ]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"oops"),
        (401, {"detail": "no"}),
        (429, b""),
        (302, b""),
        (200, b"<html>"),
        (200, b'{"stat'),
        (200, []),
    ],
)
def test_an_error_instead_of_a_status_leaves_the_job_as_it_was(status: int, body: object) -> None:
    outcome, _ = look(REPLICATE, PREDICTION, (status, body))
    assert isinstance(outcome, Unanswered)
    assert not outcome.gone


def test_an_envelope_that_refuses_is_no_status_unless_it_names_the_content_rules() -> None:
    assert isinstance(look(NUMBERS, TASK, (200, {"code": 1303, "message": "too fast"}))[0], Unanswered)
    failed = seen(NUMBERS, TASK, (200, {"code": 1301, "message": "content"}))
    assert failed.error
    assert (failed.state, failed.error.kind, failed.billing) == ("failed", "moderation", "billed")


def test_a_404_says_gone_and_after_a_cancel_what_the_wire_says() -> None:
    assert look(NUMBERS, TASK, (404, b""))[0] == Unanswered("Acme does not know this job any more", gone=True)
    assert seen(NUMBERS, TASK, (404, b""), cancel_sent=True) == PollResult("canceled", billing="unknown")
    outcome, _ = look(REPLICATE, PREDICTION, (404, b""), cancel_sent=True)
    assert isinstance(outcome, Unanswered)


TQDM = "Running\n  0%|          | 0/21\r 42%|####2     | 21/50 [00:40<00:55]\n"


@pytest.mark.parametrize(
    ("logs", "progress", "line"),
    [
        (TQDM, 0.42, "42%|####2     | 21/50 [00:40<00:55]"),
        (TQDM + "Encoding\n\n", 0.42, "Encoding"),
        (f"{TQDM}{chr(10) * 200_000}Encoding", 0.42, "Encoding"),
        ("100% sure", None, "100% sure"),
        ("", None, None),
        (None, None, None),
        ("x" * 1000, None, "x" * 200),
    ],
)
def test_replicates_progress_is_read_from_the_log(
    logs: str | None, progress: float | None, line: str | None
) -> None:
    outcome = seen(REPLICATE, PREDICTION, (200, {"status": "processing", "logs": logs}))
    assert (outcome.progress, outcome.log) == (progress, line)


def test_progress_in_percent_becomes_a_fraction_within_its_bounds() -> None:
    for percent, fraction in [(30, 0.3), ("55", 0.55), (250, 1.0), (-1, 0.0), ("nan", None), (None, None)]:
        outcome = seen(NUMBERS, TASK, (200, {"code": 0, "data": {"status": 2, "percent": percent}}))
        assert outcome.progress == fraction


def test_numbers_too_large_to_keep_are_left_out() -> None:
    for position, kept in [(0, 0), (999_999_999, 999_999_999), (1e30, None), (-1, None), ("nan", None)]:
        assert seen(FAL, QUEUED, (202, {"status": "IN_QUEUE", "queue_position": position})).position == kept
    hint = {"openai-poll-after-ms": "9" * 400}
    assert seen(ALL["openai"], TASK, (200, {"status": "queued"}, hint)).retry_after == float("inf")


@pytest.mark.parametrize(
    "body",
    [
        b'{"status": "processing", "is_changed": [NaN], "limit": -Infinity}',
        b'{"status": "processing", "prompt": "half a smile \\ud83d"}',
        b'{"status": "processing", "prompt": "\xff\xfe"}',
        b'\xef\xbb\xbf{"status": "processing"}',
    ],
)
def test_what_servers_write_beside_json_hides_no_state(body: bytes) -> None:
    assert seen(REPLICATE, PREDICTION, (200, body)).state == "processing"


@pytest.mark.parametrize("body", [b'{"status": NaN', b'{"a":' * 200_000, b"[" * 10**6, b"1" * 5000, b"1e999"])
def test_what_is_no_json_at_all_leaves_the_job_as_it_was(body: bytes) -> None:
    assert isinstance(look(REPLICATE, PREDICTION, (200, body))[0], Unanswered)


def test_fals_queue_position_and_last_log_line_are_shown() -> None:
    assert seen(FAL, QUEUED, (202, {"status": "IN_QUEUE", "queue_position": 3})).position == 3
    logs = [{"message": "first"}, {"message": "last\n"}]
    assert seen(FAL, QUEUED, (202, {"status": "IN_PROGRESS", "logs": logs})).log == "last"
