"""How a job whose submission got no clear answer is found: by the provider's message, by a person, or by our id.

What is said of the job beside its id is never believed: a poll finds out. After a day it is final.
"""

import asyncio
import logging
from typing import ClassVar

from msgspec import Struct

from providers.client.provider_client import ProviderClient
from providers.outcomes import Accepted, Operation, Unanswered
from tasks.context import AppContext
from tasks.jobs.model import Job
from tasks.jobs.repository import Cadence

LONGEST_ID = 200  # characters


class NotFound(Struct, frozen=True):
    """A sentence for people; nothing was changed."""

    code: ClassVar[str] = "not_found_there"
    sentence: str


async def find_job(
    context: AppContext, provider: str, job_id: str | None, operation: str | None
) -> Job | None:
    """The job that a message is about: the one named in its address, else the one with the provider's id."""
    if job_id is not None:
        job = await context.jobs.get_any(job_id)
        return job if job is not None and job.provider == provider else None
    return await context.jobs.get_any_by_operation(provider, operation) if operation else None


async def record_webhook(context: AppContext, job: Job, operation: str | None) -> bool:
    """A message from the provider: look now; record the id of one whose order got no clear answer, or none yet.

    False, and nothing changes, where the message is about another job: most signatures do not cover the address.
    """
    if operation and await _is_anothers(context, job, operation):
        return False
    client = context.registry.client(*job.line_key)
    waits = job.state == "submitting" or job.findable(context.jobs.clock())
    if client is not None and operation and job.operation is None and waits:
        await _take_up(context, client, job, _operation(job, operation))
    await context.jobs.poll_now(job.id)
    return True


async def record_job_id(
    context: AppContext, owner: str, job_id: str, operation: str
) -> Job | NotFound | None:
    """A person gives the provider's id of their unconfirmed job: it is asked for, and the job goes on from there.

    None: the owner has no such job. The same id again changes nothing.
    """
    job, name = await context.jobs.get(owner, job_id), operation.strip()
    if job is None or job.provider_job_id == name:
        return job
    client = context.registry.client(*job.line_key)
    if not job.findable(context.jobs.clock()):
        return NotFound("Only a job that is not confirmed can be found by its id, within a day of its order.")
    if client is None:
        return NotFound(f"{job.provider} is not set up here just now. Nothing was changed: try again later.")
    company = client.description.display_name
    if not name or len(name) > LONGEST_ID or not name.isprintable() or " " in name:
        return NotFound(f"Give the id that {company} shows for this job, such as it stands in its own list.")
    if await _is_anothers(context, job, name):
        return NotFound(f"Another job here is {company}'s {name} already. Nothing was changed.")
    asked = _operation(job, name)
    look = await client.poll(asked)
    if isinstance(look, Unanswered):
        return NotFound(
            f"{company} knows no job {name} of this model. Nothing was changed: copy the id once more."
            if look.gone
            else f"{company} could not be asked ({look.reason}). Nothing was changed: try again in a minute."
        )
    await _take_up(context, client, job, asked)
    return await context.jobs.get(owner, job_id)


async def _is_anothers(context: AppContext, job: Job, operation: str) -> bool:
    if job.provider_job_id == operation:
        return False
    other = await context.jobs.get_any_by_operation(job.provider, operation, ended=True)
    return other is not None and other.id != job.id


def _operation(job: Job, name: str) -> Operation:
    return Operation(name, {}, job.order.endpoint, job.order.version, job.order.mode)


async def _take_up(context: AppContext, client: ProviderClient, job: Job, operation: Operation) -> None:
    poll = client.description.poll
    await context.jobs.outcomes.accepted(job.id, operation, Cadence(0.0, poll.every, poll.max))


log = logging.getLogger("shotlist.jobs")


async def find_submission(context: AppContext, client: ProviderClient | None, job: Job) -> Accepted | None:
    """What the provider says of it; None where it knows nothing, does not answer in time, or cannot be asked."""
    if client is None:
        return None
    try:
        async with asyncio.timeout(context.timing.lookup_limit):
            found = await client.find(job.order, job_id=job.id)
    except TimeoutError:
        return None
    except Exception:
        log.exception("job %s: asking whether it arrived broke off inside Shotlist", job.id)
        return None
    return found if isinstance(found, Accepted) else None
