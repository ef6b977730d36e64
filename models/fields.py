"""The kinds of form field, one struct each; struct tag, template and the `type` in TOML share one name."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, Literal

from msgspec import Struct, field
from msgspec.structs import force_setattr

from models.condition import Condition
from models.rule import Limit, Rule, span
from models.values import JSON, as_text


class Wire(Struct, frozen=True):
    """Where a value goes in the request: `at` a dotted path ("content[]" appends), `as` a shape around it.

    In `as`, "$" is the value itself and, for rows and groups, "$name" the value of one member.
    `encode`: string ("5"), seconds ("5s"), star ("1280*720"), or json (a text holding JSON).
    """

    at: str
    shape: JSON = field(default=None, name="as")
    encode: Literal["json", "string", "seconds", "star"] | None = None

    shorthand: ClassVar[str] = "at"


class Option(Struct, frozen=True):
    """One choice of a select; offered only while `when` holds."""

    value: JSON
    label: str = ""
    when: Condition | None = None

    shorthand: ClassVar[str] = "value"


class Field(Struct, frozen=True, kw_only=True, tag_field="type", dict=True):
    """What every kind of field has."""

    name: str
    label: str = ""
    help: str = ""
    required: bool = False
    default: JSON = None
    advanced: bool = False
    show_if: Condition | None = None
    wire: Wire | None = None

    def __post_init__(self) -> None:
        if not self.label:
            force_setattr(self, "label", self.name.replace("_", " ").capitalize())

    @property
    def kind(self) -> str:
        return str(self.__struct_config__.tag)

    @cached_property
    def limit(self) -> Limit:
        """The limits that its own keys state."""
        return Limit()


class _Text(Field, frozen=True, kw_only=True):
    placeholder: str = ""
    min_length: int | None = None
    max_length: int | None = None

    @cached_property
    def limit(self) -> Limit:
        return Limit(min_length=self.min_length, max_length=self.max_length)


class Text(_Text, frozen=True, kw_only=True, tag="text"):
    """One line of text."""


class Textarea(_Text, frozen=True, kw_only=True, tag="textarea"):
    """Several lines of text."""


class Integer(Field, frozen=True, kw_only=True, tag="integer"):
    """A whole number; `step` counts from `min` (so min = 1, step = 4 gives 4k + 1)."""

    min: int | None = None
    max: int | None = None
    step: int | None = None
    unit: str = ""
    placeholder: str = ""

    @cached_property
    def limit(self) -> Limit:
        return Limit(min=self.min, max=self.max, step=self.step)


class Number(Field, frozen=True, kw_only=True, tag="number"):
    """A number, whole or not."""

    min: int | float | None = None
    max: int | float | None = None
    step: int | float | None = None
    unit: str = ""
    placeholder: str = ""

    @cached_property
    def limit(self) -> Limit:
        return Limit(min=self.min, max=self.max, step=self.step)


class Seed(Field, frozen=True, kw_only=True, tag="seed"):
    """A whole number that makes a result repeatable; left empty, the provider draws one."""

    min: int | None = None
    max: int | None = None

    @cached_property
    def limit(self) -> Limit:
        return Limit(min=self.min, max=self.max)


class Select(Field, frozen=True, kw_only=True, tag="select"):
    """One of some options, each with its exact JSON type; `open` lets other values in too."""

    options: tuple[Option, ...]
    open: bool = False
    unit: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        for option in self.options:
            if not option.label:
                unit = f" {self.unit}" if self.unit and not isinstance(option.value, str) else ""
                force_setattr(option, "label", as_text(option.value) + unit)


class Switch(Field, frozen=True, kw_only=True, tag="switch"):
    """On or off."""


class Media(Field, frozen=True, kw_only=True):
    """What every file field has: megabytes of 1,000,000 bytes, pixels, width / height, seconds."""

    accept: tuple[str, ...] = ()
    max_mb: int | float | None = None
    min_width: int | None = None
    max_width: int | None = None
    min_height: int | None = None
    max_height: int | None = None
    min_ratio: int | float | None = None
    max_ratio: int | float | None = None
    min_seconds: int | float | None = None
    max_seconds: int | float | None = None

    @property
    def media_kind(self) -> str:
        """image, video, audio or file: what one of its files must be."""
        return self.kind.removesuffix("s")

    @property
    def is_list(self) -> bool:
        return isinstance(self, MediaList)

    @cached_property
    def limit(self) -> Limit:
        return Limit(
            width=span(self.min_width, self.max_width),
            height=span(self.min_height, self.max_height),
            ratio=span(self.min_ratio, self.max_ratio),
            seconds=span(self.min_seconds, self.max_seconds),
            megabytes=span(None, self.max_mb),
            count=span(getattr(self, "min_count", None), getattr(self, "max_count", None)),
        )


class Image(Media, frozen=True, kw_only=True, tag="image"):
    """One picture."""


class Video(Media, frozen=True, kw_only=True, tag="video"):
    """One clip."""


class Audio(Media, frozen=True, kw_only=True, tag="audio"):
    """One sound."""


class File(Media, frozen=True, kw_only=True, tag="file"):
    """One file of any other kind."""


class MediaList(Media, frozen=True, kw_only=True):
    min_count: int | None = None
    max_count: int | None = None


class Images(MediaList, frozen=True, kw_only=True, tag="images"):
    """Several pictures."""


class Videos(MediaList, frozen=True, kw_only=True, tag="videos"):
    """Several clips."""


class Audios(MediaList, frozen=True, kw_only=True, tag="audios"):
    """Several sounds."""


class Files(MediaList, frozen=True, kw_only=True, tag="files"):
    """Several files of any other kind."""


class Form(Struct, frozen=True, dict=True):
    """Some fields and the rules over them: a whole spec, one row of rows, or a group."""

    fields: tuple[Field, ...]
    rules: tuple[Rule, ...] = ()

    @cached_property
    def by_name(self) -> dict[str, Field]:
        return {each.name: each for each in self.fields}


class _Nested(Field, frozen=True, kw_only=True):
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...] = ()

    @cached_property
    def form(self) -> Form:
        return Form(self.fields, self.rules)


class Rows(_Nested, frozen=True, kw_only=True, tag="rows"):
    """A list of small groups: shots, key frames, elements. Its value is a list of tables."""

    min_count: int | None = None
    max_count: int | None = None

    @cached_property
    def limit(self) -> Limit:
        return Limit(count=span(self.min_count, self.max_count))


class Group(_Nested, frozen=True, kw_only=True, tag="group"):
    """Fields that belong together. Its value is a table, absent while none of its members has a value."""


class Json(Field, frozen=True, kw_only=True, tag="json"):
    """Any JSON: the way out for what no other kind can say."""


class Job(Field, frozen=True, kw_only=True, tag="job"):
    """An earlier job, to extend or remix. Sent is its id at the provider, or its video's address."""

    models: tuple[str, ...] = ()
    send: Literal["id", "video"] = "id"


KINDS: dict[str, type[Field]] = {
    str(kind.__struct_config__.tag): kind
    for kind in (
        Text, Textarea, Integer, Number, Select, Switch, Seed,
        Image, Video, Audio, File, Images, Videos, Audios, Files,
        Rows, Group, Json, Job,
    )
}  # fmt: skip
