"""Where providers report by themselves.

POST /api/video/webhook/{provider}/{job_id}   about one job, the address that was registered with its order
POST /api/video/webhook/{provider}            about any job of ours, for providers that know one address an account

A message that is not surely the provider's is answered 401 and changes nothing. A good one wakes its job, nothing more.
"""

import logging
from typing import Any

from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from providers.webhook_signatures import Challenged, Heard, Unheard
from tasks.context import AppContext
from tasks.reconcile import find_job, record_webhook
from web.errors import RequestRefused

log = logging.getLogger("shotlist.webhooks")

MAX_MESSAGE = 1_000_000  # bytes


class Noted(Struct, frozen=True):
    noted: bool = True


@post(
    "/api/video/webhook/{provider:str}/{job_id:str}",
    status_code=200,
    request_max_body_size=MAX_MESSAGE,
    include_in_schema=False,
)
async def about_a_job(
    request: Request[Any, Any, Any],
    context: NamedDependency[AppContext],
    provider: FromPath[str],
    job_id: FromPath[str],
) -> Any:
    return await _hear(request, context, provider, job_id)


@post(
    "/api/video/webhook/{provider:str}",
    status_code=200,
    request_max_body_size=MAX_MESSAGE,
    include_in_schema=False,
)
async def about_any_job(
    request: Request[Any, Any, Any], context: NamedDependency[AppContext], provider: FromPath[str]
) -> Any:
    return await _hear(request, context, provider, None)


async def _hear(
    request: Request[Any, Any, Any], context: AppContext, provider: str, job_id: str | None
) -> Any:
    job = await find_job(context, provider, job_id, None) if job_id else None
    choice = context.registry.choose(provider) if job_id is None else None
    client = context.registry.client(*job.line_key) if job else None
    if choice is not None:
        client = context.registry.client(provider, choice.origin, choice.sandbox)
    if client is None:
        raise _unauthorized()
    hearing = await context.webhooks.hear(
        client,
        job_id,
        token=request.query_params.get("token", ""),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.body(),
    )
    match hearing:
        case Unheard(why):
            log.warning("a message in the name of %s was not believed: %s", client.description.name, why)
            raise _unauthorized()
        case Challenged(reply):
            return reply
        case Heard(operation):
            job = job or await find_job(context, provider, None, operation)
            if job is not None and not await record_webhook(context, job, operation):
                log.warning("a message of %s came to the address of another job", client.description.name)
                raise _unauthorized()
            return Noted()


def _unauthorized() -> RequestRefused:
    """The same answer whatever is wrong, so that nobody learns here which jobs exist."""
    return RequestRefused(
        401, "not_verified", "This message could not be verified as the provider's. Nothing was changed."
    )


routes: list[ControllerRouterHandler] = [about_a_job, about_any_job]
