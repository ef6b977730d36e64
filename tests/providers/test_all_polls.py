"""Every company's status documents, as its facts show them: state, progress, position, log, class of error."""

import pytest

from models.spec.values import JSON
from providers.outcomes import Operation, PollResult, Unanswered
from tests.providers.asking import look, seen
from tests.providers.descriptions import ALL, NAMES

MODELS = {"minimax": "MiniMax-Hailuo-2.3", "fal": "fal-ai/veo3.1/image-to-video"}


def job(name: str, endpoint: str = "") -> Operation:
    return Operation("t1", endpoint=endpoint or MODELS.get(name, "m"), mode="t2v")


def comfy(status: str, *messages: JSON) -> JSON:
    return {
        "t1": {
            "outputs": {},
            "status": {"status_str": status, "completed": False, "messages": list(messages)},
        }
    }


EMPTY: JSON = {"queue_running": [], "queue_pending": []}
QUEUE: JSON = {
    "queue_running": [[28, "c6b0", {"1": {}, "2": {}}, {}, ["9"]]],
    "queue_pending": [[-31, "61c1", {}, {}, []], [30, "t1", {}, {}, []], [29, "722d", {}, {}, []]],
}
NODES: JSON = {"1": {}, "2": {}, "3": {}, "4": {}}
RUNNING: JSON = {"queue_running": [[1, "t1", NODES, {}, ["9"]]], "queue_pending": []}
DONE: JSON = {"value": 1.0, "max": 1.0, "state": "finished"}
HALF: JSON = {"value": 12, "max": 24, "state": "running"}
PART: JSON = {"type": "progress_state", "data": {"prompt_id": "t1", "nodes": {"2": DONE, "6": HALF}}}
OTHERS: JSON = {"type": "progress_state", "data": {"prompt_id": "t2", "nodes": {"2": {"value": 9, "max": 1}}}}
SOCKET: JSON = [{"type": "status", "data": {}}, {"type": "executing", "data": {"node": "6"}}, PART, OTHERS]

# wire · answers in turn → state, progress, position
GOING: list[tuple[str, list[tuple[int, object]], str, float | None, int | None]] = [
    ("runway", [(200, {"id": "t1", "createdAt": "2026", "status": "PENDING"})], "queued", None, None),
    ("runway", [(200, {"status": "THROTTLED"})], "queued", None, None),
    ("runway", [(200, {"status": "RUNNING", "progress": 0.5})], "processing", 0.5, None),
    ("runway", [(200, {"status": "CANCELLED"})], "canceled", None, None),
    ("luma", [(200, {"id": "t1", "state": "queued"})], "queued", None, None),
    ("luma", [(200, {"id": "t1", "state": "dreaming", "assets": None})], "processing", None, None),
    ("veo", [(200, {"name": "models/m/operations/t1"})], "processing", None, None),
    ("veo", [(200, {"name": "x", "done": False, "metadata": {}})], "processing", None, None),
    ("openai", [(200, {"id": "t1", "status": "queued", "progress": 0, "error": None})], "queued", 0.0, None),
    ("openai", [(200, {"id": "t1", "status": "in_progress", "progress": 50})], "processing", 0.5, None),
    ("openai", [(200, {"id": "t1", "status": "cancelled"})], "canceled", None, None),
    ("xai", [(202, b"")], "processing", None, None),
    ("xai", [(202, {"status": "pending", "progress": 30})], "processing", 0.3, None),
    ("seedance", [(200, {"id": "t1", "status": "queued", "error": None})], "queued", None, None),
    ("seedance", [(200, {"id": "t1", "status": "running", "content": None})], "processing", None, None),
    ("seedance", [(200, {"id": "t1", "status": "cancelled"})], "canceled", None, None),
    ("wan", [(200, {"output": {"task_status": "PENDING"}})], "queued", None, None),
    ("wan", [(200, {"output": {"task_status": "SUSPENDED"}})], "queued", None, None),
    ("wan", [(200, {"output": {"task_status": "RUNNING"}})], "processing", None, None),
    ("wan", [(200, {"output": {"task_status": "CANCELED"}})], "canceled", None, None),
    ("minimax", [(200, {"status": "Preparing", "base_resp": {"status_code": 0}})], "queued", None, None),
    ("minimax", [(200, {"status": "Queueing", "base_resp": {"status_code": 0}})], "queued", None, None),
    ("minimax", [(200, {"status": "Processing", "base_resp": {"status_code": 0}})], "processing", None, None),
    ("minimax", [(200, {"task": {"status": "queued"}})], "queued", None, None),
    ("minimax", [(200, {"task": {"status": "running"}})], "processing", None, None),
    ("minimax", [(200, {"task": {"status": "cancelled"}})], "canceled", None, None),
    ("kling", [(200, {"code": 0, "data": {"task_status": "submitted"}})], "queued", None, None),
    ("kling", [(200, {"code": 0, "data": {"task_status": "processing"}})], "processing", None, None),
    ("pixverse", [(200, {"ErrCode": 0, "Resp": {"status": 2}})], "queued", None, None),
    ("pixverse", [(200, {"ErrCode": 0, "Resp": {"status": 3}})], "processing", None, None),
    ("pixverse", [(200, {"ErrCode": 0, "Resp": {"status": 5}})], "processing", None, None),
    ("pixverse", [(200, {"ErrCode": 0, "Resp": {"status": 6}})], "canceled", None, None),
    ("vidu", [(200, {"id": "t1", "state": "created"})], "queued", None, None),
    ("vidu", [(200, {"id": "t1", "state": "queueing"})], "queued", None, None),
    ("vidu", [(200, {"id": "t1", "state": "processing", "err_code": ""})], "processing", None, None),
    ("vidu", [(200, {"id": "t1", "state": "failed", "err_code": "UserCancelled"})], "canceled", None, None),
    ("comfyui", [(200, QUEUE)], "queued", None, 3),
    ("comfyui", [(200, RUNNING), (200, SOCKET)], "processing", 0.375, None),
    ("comfyui", [(200, RUNNING), (200, [])], "processing", None, None),
    ("comfyui", [(200, EMPTY), (200, comfy("error", ["execution_interrupted", {"node_id": "6"}]))],
     "canceled", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answers", "state", "progress", "position"), GOING)
def test_a_job_that_goes_on_or_was_canceled(
    name: str,
    answers: list[tuple[int, object]],
    state: str,
    progress: float | None,
    position: int | None,
) -> None:
    found = seen(ALL[name], job(name), *answers)
    assert (found.state, found.progress, found.position) == (state, progress, position)
    assert not found.outputs


UNKNOWN: list[tuple[str, list[tuple[int, object]]]] = [
    ("replicate", [(200, {"status": "dreaming"})]),
    ("fal", [(200, {"status": "WEIRD"})]),
    ("runway", [(200, {"status": "DREAMING"})]),
    ("luma", [(200, {"state": "sleeping"})]),
    ("veo", [(200, {"done": "perhaps"})]),
    ("openai", [(200, {"status": "thinking"})]),
    ("xai", [(200, {"status": "thinking"})]),
    ("seedance", [(200, {"status": "thinking"})]),
    ("wan", [(200, {"output": {"task_status": "THINKING"}})]),
    ("minimax", [(200, {"status": "Thinking", "base_resp": {"status_code": 0}})]),
    ("kling", [(200, {"code": 0, "data": {"task_status": "thinking"}})]),
    ("pixverse", [(200, {"ErrCode": 0, "Resp": {"status": 42}})]),
    ("vidu", [(200, {"state": "thinking"})]),
    ("comfyui", [(200, EMPTY), (200, comfy("thinking"))]),
]


@pytest.mark.parametrize(("name", "answers"), UNKNOWN)
def test_an_unknown_state_is_processing_and_never_success(
    name: str, answers: list[tuple[int, object]]
) -> None:
    assert seen(ALL[name], job(name), *answers).state == "processing"


def test_no_wire_is_without_its_looks() -> None:
    assert {row[0] for row in GOING} | {"replicate", "fal"} == set(NAMES)  # those two: test_looks.py
    assert {row[0] for row in UNKNOWN} == set(NAMES)
    assert {row[0] for row in FAILED} | {"replicate", "fal"} == set(NAMES)


RAI_TOLD: JSON = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["We could not show people."]}
RAI: JSON = {"done": True, "response": {"generateVideoResponse": RAI_TOLD}}
BROKEN: JSON = ["execution_error", {"node_type": "LoadImage", "exception_type": "PIL.UnidentifiedImageError",
    "exception_message": "cannot identify image file '/home/me/comfy/input/text.png'\n"}]  # fmt: skip
NO_MEMORY: JSON = ["execution_error", {"exception_type": "RuntimeError",
    "exception_message": "[enforce fail at alloc_cpu.cpp:117] can't allocate memory"}]  # fmt: skip

# wire · answers in turn → class, the company's words
FAILED: list[tuple[str, list[tuple[int, object]], str, str]] = [
    ("runway", [(200, {"status": "FAILED", "failure": "no", "failureCode": "SAFETY.INPUT.TEXT"})], "moderation", "no"),
    ("runway", [(200, {"status": "FAILED", "failure": "no", "failureCode": "INPUT_PREPROCESSING.SAFETY.TEXT"})],
     "moderation", "no"),
    ("runway", [(200, {"status": "FAILED", "failure": "no", "failureCode": "ASSET.INVALID"})], "invalid_input", "no"),
    ("runway", [(200, {"status": "FAILED", "failure": "no", "failureCode": "INTERNAL.BAD_OUTPUT.CODE01"})],
     "provider_down", "no"),
    ("runway", [(200, {"status": "FAILED"})], "unknown", ""),
    ("luma", [(200, {"state": "failed", "failure_reason": "Blocked by moderation"})], "moderation",
     "Blocked by moderation"),
    ("veo", [(200, RAI)], "moderation", "We could not show people."),
    ("veo", [(200, {"done": True, "response": RAI_TOLD})], "moderation", "We could not show people."),
    ("veo", [(200, {"done": True, "response": {"generateVideoResponse": {"raiMediaFilteredReasons": ["no"]}}})],
     "moderation", "no"),
    ("veo", [(200, {"done": True, "response": {"raiMediaFilteredReasons": ["no"], "videos": []}})], "moderation", "no"),
    ("veo", [(200, {"done": True, "error": {"code": 8, "message": "busy", "status": "RESOURCE_EXHAUSTED"}})],
     "rate_limited", "busy"),
    ("veo", [(200, {"done": True, "error": {"code": 13, "message": "oops"}})], "unknown", "oops"),
    ("veo", [(200, {"done": True, "response": {}})], "bad_output", "there is no file in its answer"),
    ("openai", [(200, {"status": "failed", "error": {"code": "moderation_blocked", "message": "no"}})], "moderation",
     "no"),
    ("xai", [(200, {"status": "done", "video": {"url": "", "respect_moderation": False}})], "moderation", ""),
    ("xai", [(200, {"status": "failed", "error": {"code": "c", "message": "no"}})], "unknown", "no"),
    ("xai", [(200, {"status": "expired"})], "expired", ""),
    ("seedance", [(200, {"status": "failed", "error": {"code": "OutputSensitiveContentDetected", "message": "n"}})],
     "moderation", "n"),
    ("seedance", [(200, {"status": "expired", "error": None})], "timeout", ""),
    ("wan", [(200, {"output": {"task_status": "FAILED", "code": "DataInspectionFailed", "message": "no"}})],
     "moderation", "no"),
    ("wan", [(200, {"output": {"task_status": "FAILED", "code": "InternalError.Algo", "message": "no"}})],
     "provider_down", "no"),
    ("minimax", [(200, {"status": "Fail", "base_resp": {"status_code": 1027, "status_msg": "output sensitive"}})],
     "moderation", "output sensitive"),
    ("minimax", [(200, {"status": "Failed", "base_resp": {"status_code": 0, "status_msg": "success"}})], "unknown", ""),
    ("minimax", [(200, {"task": {"status": "failed", "error": {"code": "1026", "message": "sensitive"}}})],
     "moderation", "sensitive"),
    ("minimax", [(200, {"task": {"status": "expired"}})], "timeout", ""),
    ("kling", [(200, {"code": 0, "message": "SUCCEED", "data": {
        "task_status": "failed", "task_status_msg": "Failure to pass the risk control system"}})],
     "moderation", "Failure to pass the risk control system"),
    ("kling", [(200, {"code": 0, "message": "SUCCEED", "data": {"task_status": "failed"}})], "unknown", ""),
    ("pixverse", [(200, {"ErrCode": 0, "ErrMsg": "Success", "Resp": {"status": 7}})], "moderation", ""),
    ("pixverse", [(200, {"ErrCode": 0, "ErrMsg": "Success", "Resp": {"status": 8}})], "unknown", ""),
    ("vidu", [(200, {"state": "failed", "err_code": "CreationPolicyViolation"})], "moderation",
     "CreationPolicyViolation"),
    ("vidu", [(200, {"state": "failed", "err_code": "CreditInsufficient"})], "no_credit", "CreditInsufficient"),
    ("comfyui", [(200, EMPTY), (200, comfy("error", ["execution_start", {}], BROKEN))], "unknown",
     "cannot identify image file '…'"),
    ("comfyui", [(200, EMPTY), (200, comfy("error", NO_MEMORY))], "provider_down",
     "[enforce fail at alloc_cpu.cpp:117] can't allocate memory"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answers", "kind", "words"), FAILED)
def test_a_failure_has_its_class_and_the_companys_words(
    name: str, answers: list[tuple[int, object]], kind: str, words: str
) -> None:
    found = seen(ALL[name], job(name), *answers)
    assert found.error
    assert (found.state, found.error.kind, found.error.message) == ("failed", kind, words)
    assert found.billing == ("not_billed" if name == "comfyui" else "unknown")


AUDIO = "We had a problem with the audio, so no video was made. You have not been charged for this attempt. Try again."


@pytest.mark.parametrize("nested", [True, False])
def test_veo_says_itself_that_its_filter_costs_nothing(nested: bool) -> None:
    told: JSON = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [AUDIO]}
    body: JSON = {
        "name": "x",
        "done": True,
        "response": {"generateVideoResponse": told} if nested else told,
    }
    found = seen(ALL["veo"], job("veo"), (200, body))
    assert (found.state, found.billing) == ("failed", "not_billed")
    assert found.error
    assert found.error.sentence == (
        f'Google Veo refused this under its content rules. Google Veo says: "{AUDIO}" It was not billed. '
        "Change the prompt or the files and run it again."
    )


@pytest.mark.parametrize(
    "words", ["You will be charged all the same", "This was charged", "You have been charged"]
)
def test_other_words_of_veo_leave_the_bill_open(words: str) -> None:
    told: JSON = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [words]}
    found = seen(ALL["veo"], job("veo"), (200, {"done": True, "response": told}))
    assert found.billing == "unknown"


def test_a_video_of_veo_beside_one_that_was_filtered_is_a_success() -> None:
    sample: JSON = {
        "video": {"uri": "https://generativelanguage.googleapis.com/v1beta/files/a:download?alt=media"}
    }
    both: JSON = {
        "raiMediaFilteredCount": 1,
        "generateVideoResponse": {"generatedSamples": [sample], "raiMediaFilteredCount": 1},
    }
    found = seen(ALL["veo"], job("veo"), (200, {"done": True, "response": both}))
    assert found.state == "succeeded"


@pytest.mark.parametrize(
    ("ticks", "billing", "amount"),
    [(500_000_000, "billed", "0.05"), (0, "not_billed", "0"), (None, "unknown", None)],
)
def test_xai_tells_what_a_moderated_video_cost(ticks: int | None, billing: str, amount: str | None) -> None:
    body = {
        "status": "done",
        "video": {"url": "", "respect_moderation": False},
        "usage": {"cost_in_usd_ticks": ticks},
    }
    found = seen(ALL["xai"], job("xai"), (200, body))
    assert found.error
    assert (found.billing, found.error.billing) == (billing, billing)
    assert (found.cost.amount if found.cost else None) == amount


def test_credits_that_are_only_an_estimate_say_nothing_of_a_failure() -> None:
    found = seen(
        ALL["vidu"],
        job("vidu"),
        (200, {"state": "failed", "err_code": "CreationPolicyViolation", "credits": 4}),
    )
    assert (found.billing, found.cost) == ("unknown", None)


GONE: list[tuple[str, list[tuple[int, object]], bool]] = [
    ("runway", [(404, {"error": "not found"})], True),
    ("luma", [(404, {"detail": "not found"})], True),
    ("seedance", [(404, {"error": {"code": "NotFound", "message": "x"}})], True),
    ("minimax", [(500, {"type": "error", "error": {"type": "server_error", "message": "record not found (1000)"}})],
     True),
    ("wan", [(200, {"output": {"task_status": "UNKNOWN"}})], False),
    ("comfyui", [(200, EMPTY), (200, {})], True),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answers", "canceled"), GONE)
def test_an_unknown_job_is_gone_and_after_our_cancel_canceled_where_that_is_sure(
    name: str, answers: list[tuple[int, object]], canceled: bool
) -> None:
    outcome, _ = look(ALL[name], job(name), *answers)
    assert isinstance(outcome, Unanswered)
    assert outcome.gone
    after, _ = look(ALL[name], job(name), *answers, cancel_sent=True)
    assert isinstance(after, PollResult) == canceled


@pytest.mark.parametrize(
    ("name", "status", "body"),
    [
        ("minimax", 200, {"status": "", "base_resp": {"status_code": 1002, "status_msg": "too fast"}}),
        ("minimax", 200, {"base_resp": {"status_code": 1004, "status_msg": "no key"}}),
        ("kling", 429, {"code": 1302, "message": "too fast"}),
        ("kling", 200, {"code": 5000, "message": "internal", "data": {"task_status": ""}}),
        ("pixverse", 200, {"ErrCode": 10003, "ErrMsg": "no", "Resp": None}),
        ("wan", 429, {"code": "Throttling", "message": "slow"}),
        ("veo", 503, {"error": {"status": "UNAVAILABLE"}}),
        ("comfyui", 500, b"500 Internal Server Error"),
        ("comfyui", 200, b"<html>"),
    ],
)
def test_a_look_that_meets_an_outage_is_no_verdict(name: str, status: int, body: object) -> None:
    outcome, _ = look(ALL[name], job(name), (status, body))
    assert isinstance(outcome, Unanswered)
    assert not outcome.gone


def test_openais_hint_is_followed_but_never_more_often_than_the_wire_says() -> None:
    for hint, wait in [("1000", 4.0), ("9000", 9.0), ("soon", None)]:
        steps = (200, {"status": "queued"}, {"openai-poll-after-ms": hint})
        outcome, _ = look(ALL["openai"], job("openai"), steps)
        assert isinstance(outcome, PollResult)
        assert outcome.retry_after == wait
