"""When an order is one that was placed already: a request that is sent again, and a button that is pressed twice.

A request that is sent again carries its key again (the nonce of a form, the Idempotency-Key of a program) and gets the
same job, however late it comes. Two presses of one button may carry two keys, because the answer to the first draws
the form with a fresh one. So a second rule holds for orders from the page, and only for them:

    A press is a repeat, and gets the job of the press before it, if it asks for exactly the same, with the same
    button of the same owner, and arrives less than a second after the press before it arrived, or after that one's
    answer was ready.

- The same button is the form, in whichever tab, or *Try again* of one card.
- Exactly the same is the same model at the same place (the sandbox is another) with the same checked values: a default
  that was written out changes nothing, another file or seed does. A seed that was left empty stays empty: the provider
  draws one for each job.
- The time is this server's. The answer counts as well as the arrival because a slow one invites another press; what
  the network adds to either is not known here. A repeat starts the second anew, so that hammering orders once.
- A press after the job was canceled or deleted is no repeat: the person has seen it and wants another.

It is decided in the transaction that inserts the job, by a row for each button and wish that a repeat may not take
(`Jobs.create`): so it holds between any number of processes, and of two presses that arrive together the second waits
for the first to be committed.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress

import msgspec

from models.spec.values import JSON
from tasks.context import AppContext
from tasks.errors import DatabaseAway
from tasks.jobs.model import Job
from tasks.jobs.repository import IdempotencyKey, Press
from tasks.storage.uploads import Uploads

REPEAT_SECONDS = 1.0
SLOW_ANSWER = 0.1  # seconds; an answer that is ready sooner is as good as the arrival


def digest(*parts: JSON) -> str:
    """Of the JSON, whose keys are sorted: the same wish has the same digest, however it was written."""
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()


def press_for(job: Job, button: str, arrived: float) -> Press:
    """`button` tells the buttons of one owner apart; `arrived` is when its request did, in Unix seconds."""
    wish = (job.model, job.sandbox, job.origin, job.values)
    return Press(digest("press", job.owner, button, *wish), arrived, REPEAT_SECONDS)


async def first_job(
    context: AppContext, job_id: str, press: Press, key: IdempotencyKey | None, owner: str
) -> Job | None:
    """The job that this press is a repeat for; None where its person has done away with it since.

    The key of the repeat belongs to that job from now on: if this answer is lost too, its request may be sent again.
    """
    job = await context.jobs.get(owner, job_id)
    if job is None or job.cancel_requested_at is not None:
        await context.jobs.forget_press(press, job_id)
        return None
    with suppress(DatabaseAway):  # the job is there: nothing may look like a refusal now
        await context.jobs.note_repeat(job, press, key)
    return job


async def note_answer(context: AppContext, job: Job, press: Press) -> None:
    """The job is placed and its answer ready; a press that follows a slow one is counted from here."""
    if context.jobs.clock() - press.at > SLOW_ANSWER:
        with suppress(DatabaseAway):
            await context.jobs.move_press(press, job.id, context.jobs.clock())


async def is_same_but_files(uploads: Uploads, new: Job, old: Job) -> bool:
    """Whether two orders differ at most in the ids of uploads that hold the same bytes.

    A browser without JavaScript hands its files in with every post of the form, and each time they get new ids.
    """
    if new.model != old.model:
        return False
    pairs = list(_differing(new.values, old.values))
    if not pairs or not all(_are_uploads(*pair) for pair in pairs):
        return not pairs
    return all([await uploads.same(new.owner, str(one), str(other)) for one, other in dict.fromkeys(pairs)])


def _differing(one: JSON, other: JSON) -> Iterator[tuple[JSON, JSON]]:
    """The plain values in which two values differ, or the whole where their shapes do."""
    match one, other:
        case dict(), dict() if one.keys() == other.keys():
            for name, value in one.items():
                yield from _differing(value, other[name])
        case list(), list() if len(one) == len(other):
            for value, its in zip(one, other, strict=True):
                yield from _differing(value, its)
        case _ if type(one) is not type(other) or one != other:
            yield one, other


def _are_uploads(one: JSON, other: JSON) -> bool:
    return all(isinstance(each, str) and each.startswith("up_") for each in (one, other))
