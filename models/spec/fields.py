"""The kinds of form field, one struct each; struct tag, template and the `type` in TOML share one name.

The texts under the keys are what docs/model-reference.md and models/schema.json say of them.

Limits and rules: what a rule of a spec can put in force over fields.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import ClassVar, Literal

from msgspec import Struct, field
from msgspec.structs import force_setattr

from models.spec.conditions import Condition, Span
from models.spec.expressions import Expression
from models.spec.values import JSON, as_text


class Limit(Struct, frozen=True):
    """Bounds that a value must keep: numbers, text lengths, counts of a list, facts of files."""

    min: int | float | None = None
    """The least number."""
    max: int | float | None = None
    """The greatest number."""
    step: int | float | None = None
    """The number goes in steps of so much, counted from `min`."""
    min_length: int | None = None
    """The fewest characters of a text."""
    max_length: int | None = None
    """The most characters of a text."""
    count: Span | None = None
    """How many files or rows are given."""
    width: Span | None = None
    """Pixels of a picture or clip from left to right."""
    height: Span | None = None
    """Pixels of a picture or clip from top to bottom."""
    ratio: Span | None = None
    """Width divided by height."""
    pixels: Span | None = None
    """Width times height."""
    seconds: Span | None = None
    """How long a clip or sound is."""
    megabytes: Span | None = None
    """The size of a file, a megabyte being 1,000,000 bytes."""


def span(low: int | float | None, high: int | float | None) -> Span | None:
    """A span, or None where neither end is given."""
    return None if low is None and high is None else Span(low, high)


class Rule(Struct, frozen=True):
    """Effects that are in force while a condition holds; at least one."""

    when: Condition | None = None
    """The condition; without it the rule is always in force."""
    require: tuple[str, ...] = ()
    """These fields must be filled in."""
    only: dict[str, tuple[JSON, ...]] = {}
    """Of a field, only these values may be chosen."""
    forbid: dict[str, JSON] | tuple[str, ...] = ()
    """A list of fields that must stay empty, or a table of values (one or a list) that a field may not have."""
    default: dict[str, JSON] = {}
    """Another default of a field; of several rules the last counts."""
    limit: dict[str, Limit] = {}
    """Bounds of a field that narrow its own."""
    drop: tuple[str, ...] = ()
    """These fields are shown but not sent."""
    exactly_one_of: tuple[str, ...] = ()
    """Of these fields exactly one must be filled in."""
    total: Expression | None = None
    """What must keep `equals`, `min` or `max`."""
    equals: Expression | None = None
    """What `total` must be."""
    min: int | float | None = None
    """The least that `total` may be."""
    max: int | float | None = None
    """The most that `total` may be."""
    message: str = ""
    """The sentence that is shown where the rule refuses or moves a value; without it, one is made."""


def on_steps(number: float, start: float | None, step: float) -> tuple[Decimal, Decimal]:
    """The nearest numbers on the steps that count from `start`, below (or equal) and above."""
    first, each, exact = (Decimal(str(part)) for part in (start or 0, step, number))
    below = first + (exact - first) // each * each
    return below, below + each


class FieldMapping(Struct, frozen=True):
    """Where a value goes in the request; a lone text is `at`."""

    at: str
    """A dotted path; "content[]" appends to a list, a name with a dot in it stands in quotes."""
    shape: JSON = field(default=None, name="as")
    """A shape around it: "$" is the value itself, of rows and groups "$name" the value of one member."""
    encode: Literal["json", "string", "seconds", "star"] | None = None
    """How it is written: string ("5"), seconds ("5s"), star ("1280*720"), or json (a text that holds JSON)."""

    shorthand: ClassVar[str] = "at"


class Option(Struct, frozen=True):
    """One choice of a select; a lone value is `value`."""

    value: JSON
    """What is sent, with its exact JSON type: 5, "5" and "5s" are three things."""
    label: str = ""
    """What the page calls it; without it, the value and the field's unit."""
    when: Condition | None = None
    """It is offered only while this holds."""

    shorthand: ClassVar[str] = "value"


class Field(Struct, frozen=True, kw_only=True, tag_field="type", dict=True):
    """What every kind of field has."""

    name: str
    """Its name in conditions, in the API and in the request: letters, digits and _."""
    label: str = ""
    """What the page calls it; without it, its name in plain words."""
    help: str = ""
    """A hint beside it."""
    required: bool = False
    """It must be filled in while it is shown."""
    default: JSON = None
    """What counts and is sent while nothing is given; without it, nothing is."""
    advanced: bool = False
    """It stands under "Advanced"."""
    show_if: Condition | None = None
    """It is shown only while this holds; to rules, price and request a hidden field is absent."""
    mapping: FieldMapping | None = field(default=None, name="wire")
    """Where it goes in the request, where that is not what the file's own `wire` says."""

    def __post_init__(self) -> None:
        if not self.label:
            force_setattr(self, "label", self.name.replace("_", " ").capitalize())

    @property
    def kind(self) -> str:
        """Which kind of field it is."""
        return str(self.__struct_config__.tag)

    @cached_property
    def limit(self) -> Limit:
        """The limits that its own keys state."""
        return Limit()


class _TextField(Field, frozen=True, kw_only=True):
    placeholder: str = ""
    """An example that stands in it while it is empty."""
    min_length: int | None = None
    """The fewest characters."""
    max_length: int | None = None
    """The most characters."""

    @cached_property
    def limit(self) -> Limit:
        return Limit(min_length=self.min_length, max_length=self.max_length)


class TextField(_TextField, frozen=True, kw_only=True, tag="text"):
    """One line of text."""


class TextareaField(_TextField, frozen=True, kw_only=True, tag="textarea"):
    """Several lines of text."""


class _Numeric(Field, frozen=True, kw_only=True):
    unit: str = ""
    """What stands after the number, such as "s"."""
    placeholder: str = ""
    """A number that stands in it while it is empty."""


class IntegerField(_Numeric, frozen=True, kw_only=True, tag="integer"):
    """A whole number."""

    min: int | None = None
    """The least number."""
    max: int | None = None
    """The greatest number."""
    step: int | None = None
    """It goes in steps that count from `min`: min = 1 and step = 4 give 1, 5, 9."""

    @cached_property
    def limit(self) -> Limit:
        return Limit(min=self.min, max=self.max, step=self.step)


class NumberField(_Numeric, frozen=True, kw_only=True, tag="number"):
    """A number, whole or not."""

    min: int | float | None = None
    """The least number."""
    max: int | float | None = None
    """The greatest number."""
    step: int | float | None = None
    """It goes in steps that count from `min`."""

    @cached_property
    def limit(self) -> Limit:
        return Limit(min=self.min, max=self.max, step=self.step)


class SeedField(Field, frozen=True, kw_only=True, tag="seed"):
    """A whole number that makes a result repeatable; left empty, the provider draws one."""

    min: int | None = None
    """The least number."""
    max: int | None = None
    """The greatest number."""

    @cached_property
    def limit(self) -> Limit:
        return Limit(min=self.min, max=self.max)


class SelectField(Field, frozen=True, kw_only=True, tag="select"):
    """One of some options."""

    options: tuple[Option, ...]
    """The choices in page order: values, or tables of `value`, `label` and `when`."""
    open: bool = False
    """Other values of the same JSON type are let in too."""
    unit: str = ""
    """What stands after options that are not text, such as "s"."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for option in self.options:
            if not option.label:
                unit = f" {self.unit}" if self.unit and not isinstance(option.value, str) else ""
                force_setattr(option, "label", as_text(option.value) + unit)


class SwitchField(Field, frozen=True, kw_only=True, tag="switch"):
    """On or off."""


class MediaField(Field, frozen=True, kw_only=True):
    """What every file field has. A file given by its address has no known facts, and breaks no limit."""

    accept: tuple[str, ...] = ()
    """The formats that are taken, such as "jpeg" or "mp4"; without it, all that can be read."""
    max_mb: int | float | None = None
    """The largest file in megabytes of 1,000,000 bytes."""
    min_width: int | None = None
    """Pixels."""
    max_width: int | None = None
    """Pixels."""
    min_height: int | None = None
    """Pixels."""
    max_height: int | None = None
    """Pixels."""
    min_ratio: int | float | None = None
    """Width divided by height."""
    max_ratio: int | float | None = None
    """Width divided by height."""
    min_seconds: int | float | None = None
    """The shortest clip or sound."""
    max_seconds: int | float | None = None
    """The longest clip or sound."""

    @property
    def media_kind(self) -> str:
        """image, video, audio or file: what one of its files must be."""
        return self.kind.removesuffix("s")

    @property
    def is_list(self) -> bool:
        return isinstance(self, MediaListField)

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


class ImageField(MediaField, frozen=True, kw_only=True, tag="image"):
    """One picture."""


class VideoField(MediaField, frozen=True, kw_only=True, tag="video"):
    """One clip."""


class AudioField(MediaField, frozen=True, kw_only=True, tag="audio"):
    """One sound."""


class FileField(MediaField, frozen=True, kw_only=True, tag="file"):
    """One file of any other kind."""


class MediaListField(MediaField, frozen=True, kw_only=True):
    """Several files. Its value is a list."""

    min_count: int | None = None
    """The fewest files."""
    max_count: int | None = None
    """The most files."""


class ImagesField(MediaListField, frozen=True, kw_only=True, tag="images"):
    """Several pictures."""


class VideosField(MediaListField, frozen=True, kw_only=True, tag="videos"):
    """Several clips."""


class AudiosField(MediaListField, frozen=True, kw_only=True, tag="audios"):
    """Several sounds."""


class FilesField(MediaListField, frozen=True, kw_only=True, tag="files"):
    """Several files of any other kind."""


class Form(Struct, frozen=True, dict=True):
    """Some fields and the rules over them: a whole spec, one row of rows, or a group."""

    fields: tuple[Field, ...]
    rules: tuple[Rule, ...] = ()

    @cached_property
    def by_name(self) -> dict[str, Field]:
        return {each.name: each for each in self.fields}


class _NestedField(Field, frozen=True, kw_only=True):
    fields: tuple[Field, ...]
    """What it is made of; their own `wire` is a path inside it."""
    rules: tuple[Rule, ...] = ()
    """Rules over these fields; conditions see the fields around it too."""

    @cached_property
    def form(self) -> Form:
        return Form(self.fields, self.rules)


class RowsField(_NestedField, frozen=True, kw_only=True, tag="rows"):
    """A list of small groups: shots, key frames, elements. Its value is a list of tables."""

    min_count: int | None = None
    """The fewest rows."""
    max_count: int | None = None
    """The most rows."""

    @cached_property
    def limit(self) -> Limit:
        return Limit(count=span(self.min_count, self.max_count))


class GroupField(_NestedField, frozen=True, kw_only=True, tag="group"):
    """Fields that belong together. Its value is a table, absent while none of its members has a value."""


class JsonField(Field, frozen=True, kw_only=True, tag="json"):
    """Any JSON: the way out for what no other kind can say."""


class JobField(Field, frozen=True, kw_only=True, tag="job"):
    """An earlier job, to extend or remix."""

    models: tuple[str, ...] = ()
    """Keys of the models whose jobs it is meant for: said to people and programs, not checked."""
    send: Literal["id", "video"] = "id"
    """What is sent: the job's id at the provider, or its video as a file."""


KINDS: dict[str, type[Field]] = {
    str(kind.__struct_config__.tag): kind
    for kind in (
        TextField, TextareaField, IntegerField, NumberField, SelectField, SwitchField, SeedField,
        ImageField, VideoField, AudioField, FileField, ImagesField, VideosField, AudiosField, FilesField,
        RowsField, GroupField, JsonField, JobField,
    )
}  # fmt: skip
