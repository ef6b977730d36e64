"""The tables of a provider's TOML file that say how media files get to it."""

from typing import TypeAlias

from msgspec import UNSET, Struct, UnsetType

from models.values import JSON
from providers.calls import Call, Pointers

# Media kinds are "image", "video", "audio" and "file".
Template: TypeAlias = JSON | UnsetType


class Upload(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Calls that hand a file over, in order; `{file}` is its content.  `handle` stands for it in the request.

    The handle lasts until the time at `expires` in the last answer (ISO 8601 or Unix seconds), or for `ttl` seconds.
    """

    calls: tuple[Call, ...]
    handle: JSON
    max_bytes: int
    expires: Pointers = ()
    ttl: int | None = None


class Way(Struct, frozen=True, forbid_unknown_fields=True):
    """How one kind of media goes along: templates of what stands in the request.

    `url` of an https reference; false where the company takes none: then we fetch it and hand the file over.
    `inline` of a file of at most `inline_max_bytes` (before encoding), with `{data_uri}`, `{base64}`, `{mime}`;
    a larger one, or all without `inline`, is uploaded where there is a way, or given by our own public address.
    """

    url: Template = "{url}"
    inline: Template = UNSET
    inline_max_bytes: int = 0
    upload: Upload | None = None

    @property
    def takes_urls(self) -> bool:
        """Whether the company fetches files itself."""
        return self.url is not False


class Media(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How media are delivered, by kind; kinds without a table go as `any`.  `upload` serves ways without their own."""

    any: Way = Way()
    image: Way | None = None
    video: Way | None = None
    audio: Way | None = None
    file: Way | None = None
    upload: Upload | None = None

    def way(self, kind: str) -> Way:
        """The way for "image", "video", "audio" or "file"."""
        return {"image": self.image, "video": self.video, "audio": self.audio, "file": self.file}.get(
            kind
        ) or self.any

    def upload_for(self, kind: str) -> Upload | None:
        """The upload for a kind, if there is one."""
        return self.way(kind).upload or self.upload
