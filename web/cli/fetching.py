"""A provider's schema document from the provider itself, for the commands that take an endpoint's name."""

from collections.abc import Mapping

from tasks.settings import SettingsError


def fetch(provider: str, endpoint: str, environ: Mapping[str, str]) -> bytes:
    """The provider's document of one endpoint; SettingsError with a sentence where it cannot be had."""
    import asyncio

    from providers.client.http import Clients
    from providers.schema_fetch import NoSchema, fetch_schema

    async def ask() -> bytes | NoSchema:
        async with Clients() as clients:
            return await fetch_schema(clients.direct, provider, endpoint, environ)

    answer = asyncio.run(ask())
    if isinstance(answer, NoSchema):
        raise SettingsError(answer.sentence)
    return answer
