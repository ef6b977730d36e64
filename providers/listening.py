"""Listening to a websocket for a moment: what it says is only ever a hint, and its silence is no fault."""

import asyncio
from contextlib import suppress

import aiohttp
import msgspec

from models.spec.values import JSON
from providers.answer import Answer
from providers.clients import Clients
from providers.request import Request

LARGEST_MESSAGE = 1_000_000  # bytes


async def listen(clients: Clients, request: Request, url: str) -> Answer:
    """The JSON messages that come while the request is patient, up to one that is enough, as an answer's body."""
    heard: list[JSON] = []
    with suppress(aiohttp.ClientError, OSError, TimeoutError):
        async with (
            asyncio.timeout(request.patience),
            clients.session() as session,
            session.ws_connect(url, max_msg_size=LARGEST_MESSAGE) as socket,
        ):
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    continue
                with suppress(msgspec.DecodeError, RecursionError):
                    heard.append(msgspec.json.decode(message.data))
                if heard and request.enough and request.enough(heard[-1]):
                    break
    return Answer(200, {}, heard)
