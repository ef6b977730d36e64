"""Whether an order without a clear answer did arrive, where its provider can be asked for an id of ours."""

import asyncio
import logging

from providers.client.provider_client import Line
from providers.outcomes import Accepted
from tasks.job import Job
from tasks.parts import Parts

log = logging.getLogger("shotlist.jobs")


async def arrived(parts: Parts, line: Line | None, job: Job) -> Accepted | None:
    """What the provider says of it; None where it knows nothing, does not answer in time, or cannot be asked."""
    if line is None:
        return None
    try:
        async with asyncio.timeout(parts.pace.lookup_limit):
            found = await line.find(job.order, job_id=job.id)
    except TimeoutError:
        return None
    except Exception:
        log.exception("job %s: asking whether it arrived broke off inside Shotlist", job.id)
        return None
    return found if isinstance(found, Accepted) else None
