"""Data URIs in file fields become uploads at the door, so that further in there are only ids and addresses."""

import base64
import binascii
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from urllib.parse import unquote_to_bytes

import msgspec

from models.spec.fields import Field, Group, Media, Rows
from models.spec.values import JSON, Values
from tasks.storage.uploads import BadUpload, Uploads

Take = Callable[[str, str], Awaitable[JSON]]


class Taken(msgspec.Struct, frozen=True):
    """The values with an upload's id for each data URI, and a sentence by field for each that was no good."""

    values: Values
    errors: dict[str, str]


async def take_data_uris(uploads: Uploads, owner: str, fields: Sequence[Field], values: Values) -> Taken:
    """Store the data URIs of all file fields, also inside rows and groups; everything else stays as it is."""
    errors: dict[str, str] = {}

    async def take(name: str, uri: str) -> JSON:
        accepted = await _accept(uploads, owner, uri)
        if isinstance(accepted, BadUpload):
            errors[name] = accepted.sentence
            return None
        return accepted

    return Taken(await _walk(fields, values, "", take), errors)


def decode(uri: str) -> tuple[str, bytes] | None:
    """The media type and the bytes of a data URI (RFC 2397), or None where it cannot be read."""
    head, comma, data = uri[len("data:") :].partition(",")
    if not comma:
        return None
    mime, *options = head.split(";")
    raw = unquote_to_bytes(data)
    if "base64" not in options:
        return mime, raw
    try:
        return mime, base64.b64decode(raw, validate=True)
    except binascii.Error:
        return None


async def _accept(uploads: Uploads, owner: str, uri: str) -> str | BadUpload:
    decoded = decode(uri)
    if decoded is None:
        return BadUpload(
            "This data URI cannot be read: write data:image/png;base64, and then the file in base64."
        )
    mime, content = decoded
    accepted = await uploads.accept(owner, f"the {mime.partition('/')[0] or 'file'}", _once(content))
    return accepted if isinstance(accepted, BadUpload) else accepted.id


async def _walk(fields: Sequence[Field], values: Values, prefix: str, take: Take) -> Values:
    by_name = {field.name: field for field in fields}
    return {name: await _one(by_name.get(name), value, prefix + name, take) for name, value in values.items()}


async def _one(field: Field | None, value: JSON, name: str, take: Take) -> JSON:
    match field, value:
        case Media(), str() if value[:5].lower() == "data:":
            return await take(name, value)
        case Media(), list():
            return [await _one(field, item, name, take) for item in value]
        case Rows(), list():
            return [
                await _walk(field.fields, row, f"{name}.{number}.", take) if isinstance(row, dict) else row
                for number, row in enumerate(value)
            ]
        case Group(), dict():
            return await _walk(field.fields, value, f"{name}.", take)
        case _:
            return value


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
