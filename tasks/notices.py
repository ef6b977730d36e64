"""What a provider's own message does to a job: it brings the next look forward, and may tell an id that was lost.

What the message claims beside that is never believed: the look finds out.
"""

from providers.answers import Operation
from tasks.answers import Cadence
from tasks.job import Job
from tasks.parts import Parts


async def find_job(parts: Parts, provider: str, job_id: str | None, operation: str | None) -> Job | None:
    """The job that a message is about: the one named in its address, else the one with the provider's id."""
    if job_id is not None:
        job = await parts.jobs.find(job_id)
        return job if job is not None and job.provider == provider else None
    return await parts.jobs.of_operation(provider, operation) if operation else None


async def heard(parts: Parts, job: Job, operation: str | None) -> None:
    """Look now, at a job that is looked at; record the id of one whose order got no clear answer."""
    line = parts.lines.line(*job.line_key)
    if (
        job.operation is None
        and operation
        and line is not None
        and job.state in ("submitting", "unconfirmed")
    ):
        known = Operation(operation, {}, job.order.endpoint, job.order.version, job.order.mode)
        poll = line.wire.poll
        await parts.jobs.answers.accepted(job.id, known, Cadence(0.0, poll.every, poll.max))
    await parts.jobs.look_now(job.id)
