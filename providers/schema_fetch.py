"""Fetches what a provider says about one endpoint's inputs: its schema document, as it answers it."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import httpx
from msgspec import Struct

# No real document is near this size.
MAX_BYTES: Final = 8_000_000


class NoSchema(Struct, frozen=True):
    """Why there is none, and what to do about it."""

    sentence: str


class _Place(Struct, frozen=True):
    """Where a company publishes its documents. `key` names the environment variable of its key, which it needs or, if
    `optional`, only counts by.
    """

    company: str
    origin: str
    path: str
    key: str
    header: str
    optional: bool
    base_url: str


# https://replicate.com/docs/reference/http#models.get · https://fal.ai/docs/platform-apis/v1/models
_PLACES: Final = {
    "replicate": _Place(
        company="Replicate",
        origin="https://api.replicate.com",
        path="/v1/models/{endpoint}",
        key="REPLICATE_API_TOKEN",
        header="Bearer {key}",
        optional=False,
        base_url="SHOTLIST_REPLICATE_BASE_URL",
    ),
    "fal": _Place(
        company="fal",
        origin="https://api.fal.ai",
        path="/v1/models?endpoint_id={endpoint}&expand=openapi-3.0",
        key="FAL_KEY",
        header="Key {key}",
        optional=True,
        base_url="SHOTLIST_FAL_BASE_URL",
    ),
}

PROVIDERS: Final = tuple(_PLACES)


async def fetch_schema(
    client: httpx.AsyncClient, provider: str, endpoint: str, environ: Mapping[str, str]
) -> bytes | NoSchema:
    """The document of one endpoint ("owner/name"), unread; or why it could not be had. Raises nothing."""
    place = _PLACES.get(provider)
    if place is None:
        known = " and ".join(PROVIDERS)
        return NoSchema(f"{provider} publishes no schema documents that we know of; {known} do. Give a file.")
    key = environ.get(place.key, "").strip()
    if not key and not place.optional:
        return NoSchema(
            f"{place.company} tells its schemas only to those with a key: set {place.key}, "
            "or save the document yourself and give the file."
        )
    origin = environ.get(place.base_url, "").strip().rstrip("/") or place.origin
    url = origin + place.path.format(endpoint=quote(endpoint, safe="/"))
    headers = {"authorization": place.header.format(key=key)} if key else {}
    try:
        return await _read(client, url, headers, place.company, endpoint)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = str(error) or type(error).__name__
        return NoSchema(
            f"{place.company} could not be reached ({why}): check the network, or give a file that holds the document."
        )


async def _read(
    client: httpx.AsyncClient, url: str, headers: dict[str, str], company: str, endpoint: str
) -> bytes | NoSchema:
    body = b""
    async with client.stream("GET", url, headers=headers) as response:
        if response.status_code != httpx.codes.OK:
            return NoSchema(_refusal(response.status_code, company, endpoint))
        async for part in response.aiter_bytes():
            body += part
            if len(body) > MAX_BYTES:
                return NoSchema(
                    f"{company} answered with more than {MAX_BYTES:,} bytes: that is no schema document."
                )
    return body


def _refusal(status: int, company: str, endpoint: str) -> str:
    match status:
        case 401 | 403:
            return f"{company} refused the key ({status}): check it."
        case 404:
            return f"{company} knows no {endpoint} (404): check the name, which is written owner/name."
        case 429:
            return f"{company} wants fewer requests (429): wait a minute and try again."
        case _:
            return f"{company} answered {status} instead of a document of {endpoint}: try again later, or give a file."
