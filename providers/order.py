"""What is asked of a provider: the order as it was frozen into a job, and the media that go with it."""

from pathlib import Path

from msgspec import Struct

from models.payload import MediaLeaf
from models.spec.values import JSON


class Order(Struct, frozen=True):
    """A model's complete request as frozen at creation; JSON-storable.

    `body` still holds media references at the pointers of `media`; `encode` lists the pointers whose value
    becomes a JSON string once the media are delivered.
    """

    provider: str
    endpoint: str
    version: str
    mode: str
    body: dict[str, JSON]
    media: tuple[MediaLeaf, ...] = ()
    encode: tuple[str, ...] = ()


class LocalFile(Struct, frozen=True):
    """An uploaded file in our own store; `url` is the public, signed address under which we serve it, if we do."""

    path: Path
    name: str
    mime: str
    bytes: int
    url: str = ""


class Handle(Struct, frozen=True):
    """What stands for a media file in the request; valid until `expires_at` (Unix seconds, None: no end known)."""

    value: JSON
    expires_at: float | None = None


class NotDelivered(Struct, frozen=True):
    """A media file could not be handed to the provider; nothing was ordered.  `sentence` is for people."""

    sentence: str
    retryable: bool = True
