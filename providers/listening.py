"""Listening to a websocket for a moment: what it says is only ever a hint, and its silence is no fault."""

import asyncio
from contextlib import suppress

import aiohttp
import msgspec

from models.values import JSON
from providers.answer import Answer
from providers.clients import Clients

LARGEST_MESSAGE = 1_000_000  # bytes


async def listen(clients: Clients, url: str, seconds: float) -> Answer:
    """The JSON messages that come within `seconds`, oldest first, as the body of an answer."""
    heard: list[JSON] = []
    with suppress(aiohttp.ClientError, OSError, TimeoutError):
        async with (
            asyncio.timeout(seconds),
            clients.session() as session,
            session.ws_connect(url, max_msg_size=LARGEST_MESSAGE) as socket,
        ):
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    with suppress(msgspec.DecodeError):
                        heard.append(msgspec.json.decode(message.data))
    return Answer(200, {}, heard)
