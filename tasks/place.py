"""A storage URL, taken apart: s3://bucket/prefix?endpoint=https://…&region=…"""

from urllib.parse import parse_qs, urlsplit

import msgspec


class Place(msgspec.Struct, frozen=True):
    """What a storage URL says. `prefix` has no slash at its ends; "" endpoint is Amazon's own."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""


def read_place(url: str) -> Place:
    """Raise ValueError with a clause that says what is wrong."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.hostname:
        raise ValueError("it must be s3://bucket/prefix")
    if "@" in parts.netloc or parts.port is not None:
        raise ValueError(
            "keys go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the server into ?endpoint="
        )
    given = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    for name in given:
        if name not in ("endpoint", "region"):
            raise ValueError(f"{name} is not known; endpoint and region are")
    endpoint = given.get("endpoint", [""])[0].rstrip("/")
    if endpoint and not endpoint.startswith(("https://", "http://")):
        raise ValueError("the endpoint must start with https://")
    return Place(parts.netloc, parts.path.strip("/"), endpoint, given.get("region", [""])[0])
