"""Data URIs (RFC 2397): a small file written out in an address."""

import binascii
from base64 import b64decode
from urllib.parse import unquote_to_bytes


def read_data_uri(uri: str) -> tuple[str, bytes] | None:
    """The media type and the bytes of `uri`, or None where it is no data URI or cannot be read."""
    scheme, _, rest = uri.partition(":")
    head, comma, data = rest.partition(",")
    if scheme.lower() != "data" or not comma:
        return None
    mime, *options = head.split(";")
    raw = unquote_to_bytes(data)
    if "base64" not in options:
        return mime, raw
    try:
        return mime, b64decode(raw, validate=True)
    except binascii.Error:
        return None
