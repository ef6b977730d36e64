"""Where retries are decided: for every outcome, when it is tried again, what is counted, and how often at most.

The numbers are in `tasks.worker.timing`; this table names its fields.
"""

from typing import Final, Literal, TypeAlias

from msgspec import Struct

from tasks.worker.timing import WorkerTiming

Outcome: TypeAlias = Literal[
    "cannot submit yet",
    "file not uploaded",
    "file refused",
    "order refused",
    "told to wait",
    "not sent",
    "no clear answer",
    "provider silent",
    "not over yet",
    "poll unanswered",
    "no such job",
    "no file made",
    "bad file",
    "file not given",
    "not saved",
    "database away",
    "fault of ours",
]

Counted: TypeAlias = Literal["attempts", "bad answers", "provider", "nothing"]
"""Every try of the job; only answers that would end it if they came again and again; of all jobs of a provider."""


class Backoff(Struct, frozen=True):
    """Fields of `WorkerTiming`: the first wait, then doubled, up to the longest."""

    first: str
    longest: str


class Retry(Struct, frozen=True, kw_only=True):
    """What follows an outcome. Where a field names another, that is a field of `WorkerTiming`.

    Without `wait` there is no next try of its own: none at all, or a poll at the intervals of the provider's file.
    """

    wait: Backoff | None = None
    told_at_most: str | None = None
    """The wait that the provider asks for goes before, up to this."""
    counted: Counted = "nothing"
    believed_after: str | int | None = None
    """So many of them in a row settle it; None: none does, and the sweep ends what takes too long."""
    while_kept: bool = False
    """Tried at least for as long as the provider keeps its file."""


USUAL: Final = Backoff("retry_first", "retry_max")

RETRIES: Final[dict[Outcome, Retry]] = {
    # Before an order: nothing was sent. The sweep gives up what could not be sent for `queued_at_most`.
    "cannot submit yet": Retry(wait=USUAL, counted="attempts"),
    "file not uploaded": Retry(wait=USUAL, counted="bad answers", believed_after="upload_tries"),
    "file refused": Retry(believed_after=1),
    # What came of the one request of an order. It is sent again only where it surely did not arrive.
    "order refused": Retry(believed_after=1),
    "told to wait": Retry(wait=USUAL, told_at_most="longest_wait", counted="attempts"),
    "not sent": Retry(wait=USUAL, counted="attempts"),
    "no clear answer": Retry(believed_after=1),
    "provider silent": Retry(
        wait=Backoff("pause", "pause_max"), counted="provider", believed_after="pause_after"
    ),
    # Polls: the deadline of the job ends them.
    "not over yet": Retry(told_at_most="longest_poll_wait"),
    "poll unanswered": Retry(told_at_most="longest_poll_wait"),
    "no such job": Retry(
        told_at_most="longest_poll_wait", counted="bad answers", believed_after="gone_polls"
    ),
    # Saving: the video is paid for.
    "no file made": Retry(wait=USUAL, counted="bad answers", believed_after=1),
    "bad file": Retry(wait=USUAL, counted="bad answers", believed_after="save_tries_bad"),
    "file not given": Retry(wait=USUAL, counted="bad answers", believed_after="save_tries_bad"),
    "not saved": Retry(wait=USUAL, counted="attempts", believed_after="save_tries", while_kept=True),
    # Everywhere. Only a database that is away is waited for; a fault of ours is seldom mended by trying again.
    "database away": Retry(wait=Backoff("write_first", "write_max")),
    "fault of ours": Retry(wait=USUAL, believed_after="fault_tries"),
}


def next_wait(timing: WorkerTiming, outcome: Outcome, times: int, told: float | None = None) -> float:
    """Seconds until the next try after so many in vain (1 is the first); `told`: what the provider asks for."""
    asked = told_wait(timing, outcome, told)
    if asked is not None:
        return asked
    wait = RETRIES[outcome].wait
    if wait is None:
        raise ValueError(f"{outcome!r} is not tried again by itself")
    first, longest = _number(timing, wait.first), _number(timing, wait.longest)
    return min(longest, first * 2.0 ** min(times - 1, 20), told_wait(timing, outcome, longest) or longest)


def told_wait(timing: WorkerTiming, outcome: Outcome, told: float | None) -> float | None:
    """Of the seconds that a provider asks for, those that it gets; None: it asks for none, or has no say here."""
    at_most = RETRIES[outcome].told_at_most
    return None if told is None or at_most is None else min(told, _number(timing, at_most))


def pause_numbers(timing: WorkerTiming) -> tuple[int, float, float]:
    """After how many submissions in a row without an answer a provider is paused; the first pause; the longest."""
    silent = RETRIES["provider silent"]
    assert silent.wait is not None
    assert isinstance(silent.believed_after, str)
    after = _number(timing, silent.believed_after)
    return int(after), _number(timing, silent.wait.first), _number(timing, silent.wait.longest)


def is_believed(timing: WorkerTiming, outcome: Outcome, times: int, kept: float | None = None) -> bool:
    """Whether it is settled after so many of these; `kept`: seconds for which the provider keeps its file."""
    retry = RETRIES[outcome]
    match retry.believed_after:
        case None:
            return False
        case int(number):
            return times >= number
        case field:
            enough = _number(timing, field)
    if retry.while_kept and retry.wait is not None:
        enough = max(enough, (kept or 0.0) / _number(timing, retry.wait.longest))
    return times >= enough


def _number(timing: WorkerTiming, field: str) -> float:
    return float(getattr(timing, field))
