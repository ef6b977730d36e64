"""Data URIs: a file written into a text."""

from base64 import b64decode
from binascii import Error as NotBase64


def read_data_uri(text: str) -> tuple[str, bytes] | None:
    """Media type and content of "data:image/png;base64,…"; None for anything else and for an empty file."""
    head, _, data = text.partition(";base64,")
    if not head.startswith("data:"):
        return None
    try:
        content = b64decode(data, validate=True)
    except NotBase64:
        return None
    return (head.removeprefix("data:"), content) if content else None
