"""The tables of a provider's TOML file that say how media files get to it."""

from typing import TypeAlias

from msgspec import UNSET, Struct, UnsetType

from models.spec.values import JSON
from providers.calls import Call, Pointers

# Media kinds are "image", "video", "audio" and "file".
Template: TypeAlias = JSON | UnsetType


class Upload(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a file is handed over before the order."""

    calls: tuple[Call, ...]
    """The calls, in order; `{file}` is the file's content."""
    handle: JSON
    """A template of what then stands for the file in the request."""
    max_bytes: int
    """The largest file."""
    expires: Pointers = ()
    """When the handle ends, in the last answer: ISO 8601 or Unix seconds."""
    ttl: int | None = None
    """Seconds for which the handle lasts, where the answer does not say it."""


class Way(Struct, frozen=True, forbid_unknown_fields=True):
    """How one kind of media goes along.

    A file goes inside the request if it fits there, else by `upload`, else by our own public address.
    """

    url: Template = "{url}"
    """A template for an https address; false: the company takes none, so we fetch the file and hand it over."""
    inline: Template = UNSET
    """A template for a file inside the request."""
    inline_max_bytes: int = 0
    """The largest file that goes inside the request, before it is encoded."""
    upload: Upload | None = None

    @property
    def takes_urls(self) -> bool:
        """Whether the company fetches files itself."""
        return self.url is not False


class Media(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How files get to the company, by kind."""

    any: Way = Way()
    """For every kind that has no table of its own."""
    image: Way | None = None
    """For pictures."""
    video: Way | None = None
    """For clips."""
    audio: Way | None = None
    """For sounds."""
    file: Way | None = None
    """For other files."""
    upload: Upload | None = None
    """For kinds without an upload of their own."""

    def way(self, kind: str) -> Way:
        """The way for "image", "video", "audio" or "file"."""
        return {"image": self.image, "video": self.video, "audio": self.audio, "file": self.file}.get(
            kind
        ) or self.any

    def upload_for(self, kind: str) -> Upload | None:
        """The upload for a kind, if there is one."""
        return self.way(kind).upload or self.upload
