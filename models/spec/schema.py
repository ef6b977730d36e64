"""The structs of one model's TOML file: one here for each table there.

The texts under the keys are what docs/model-reference.md and models/schema.json say of them.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import ClassVar, Literal

from msgspec import Struct, field

from models.spec.conditions import Condition
from models.spec.expressions import Expression
from models.spec.fields import Field, FieldMapping, Form, Option, Rule, SelectField
from models.spec.values import JSON, MODE_LABELS


class Problem(Struct, frozen=True):
    """One thing wrong with a spec: the file, the place in it ("fields[2]"), the key, and what to do about it."""

    file: str
    place: str
    key: str
    sentence: str

    def __str__(self) -> str:
        where = ".".join(part for part in (self.place, self.key) if part)
        return f"{self.file}: {where}: {self.sentence}" if where else f"{self.file}: {self.sentence}"


class Capabilities(Struct, frozen=True):
    """What the model can do."""

    choices: ClassVar[dict[str, tuple[str, ...]]] = {"modes": tuple(MODE_LABELS)}

    modes: tuple[str, ...]
    """The ways in which it works, at least one; the first is the default."""
    audio: bool = False
    """Its videos have sound."""
    loop: bool = False
    """It can make a video that loops."""
    transparency: bool = False
    """Its videos can have an alpha channel."""


class Size(Struct, frozen=True):
    """The largest frame of its videos."""

    width: int
    """Pixels."""
    height: int
    """Pixels."""


class Constraints(Struct, frozen=True):
    """Facts for the API and for the linter; fields and rules decide."""

    max_duration_sec: int | float | None = None
    """The longest video in seconds; the field `duration` may not go beyond it."""
    fps: int | float | tuple[int | float, ...] | None = None
    """Frames a second, or a list of them."""
    max_file_size_mb: int | float | None = None
    """The largest input file in megabytes of 1,000,000 bytes."""
    output_formats: tuple[str, ...] = ()
    """Formats of the video, such as "mp4"."""
    aspect_ratios: tuple[str, ...] = ()
    """Ratios such as "16:9"; the same as the options of the field `aspect_ratio`, where there is one."""
    max_resolution: Size | None = None


class Timing(Struct, frozen=True):
    """How long a job usually takes, and after how long it is given up."""

    typical_sec: int = 120
    """Seconds that a job usually takes: for the picker and the progress bar."""
    deadline_sec: int = 1800
    """Seconds from the provider's acceptance after which a job counts as failed; a late video is still kept."""


class Rate(Struct, frozen=True):
    """US dollars a unit; the first rate that holds counts. Say one of `usd`, `low` and `high`, or `unknown`."""

    when: Condition | None = None
    """The rate counts only while this holds; without it, always."""
    usd: Decimal | None = None
    """The price of one unit, as text so that nothing is rounded."""
    low: Decimal | None = None
    """The lower end of a range; without `high` it reads "at least"."""
    high: Decimal | None = None
    """The upper end of a range."""
    unknown: bool = False
    """Nobody says the price of this choice."""


class Surcharge(Struct, frozen=True):
    """US dollars that come on top."""

    usd: Decimal
    """The amount, as text."""
    when: Condition | None = None
    """It is added only while this holds."""
    units: Expression | None = None
    """How many times it is added; without it, once."""


class Factor(Struct, frozen=True):
    """What the price is multiplied by, after surcharges."""

    by: Decimal
    """The factor, as text."""
    when: Condition | None = None
    """It counts only while this holds."""


class Price(Struct, frozen=True):
    """What a job costs: the first rate that holds times the units, then `add`, `times` and `min_usd`."""

    source: str
    """Who asks this price, or where it was looked for; needed for an unknown price too."""
    checked: date
    """The day on which somebody looked there."""
    per: str = "clip"
    """What a rate is for: "second" counts the field `duration`, "clip" is 1; any other word needs `units`."""
    units: Expression | None = None
    """How many units a job takes, where `per` does not say it."""
    rates: tuple[Rate, ...] = ()
    """Prices by choice, at least one; `{ unknown = true }` where nobody says it."""
    add: tuple[Surcharge, ...] = ()
    """Surcharges, each while its own condition holds."""
    times: tuple[Factor, ...] = ()
    """Factors, each while its own condition holds."""
    min_usd: Decimal | None = None
    """The least that a job costs, as text."""


class Derive(Struct, frozen=True, kw_only=True):
    """One value of the request looked up from several fields, which are then not sent themselves."""

    at: str
    """Where the value goes in the request: a path, as in a field's `wire`."""
    source: tuple[str, ...] = field(name="from")
    """The fields that it is made of."""
    table: tuple[tuple[JSON, ...], ...]
    """Rows of one value for each field of `from` and last the value to send; other combinations are refused."""
    when: Condition | None = None
    """It is sent only while this holds."""


class Example(Struct, frozen=True):
    """What somebody may fill in and the request it becomes; the linter holds the two against each other."""

    inputs: dict[str, JSON]
    """Values by field, as the API takes them; files as https addresses."""
    body: dict[str, JSON]
    """The whole body of the request; of a `workflow` only what the fields put in."""


class Spec(Struct, frozen=True, kw_only=True, dict=True):
    """One model at one provider. `key` is the file's name without `.toml`."""

    not_in_file: ClassVar[tuple[str, ...]] = ("key", "file")

    key: str
    file: str
    display_name: str
    """The model's name for people."""
    family: str
    """The group in the picker that it stands in."""
    provider: str
    """Who runs it: the name of a file in providers/, without ".toml"."""
    endpoint: str | dict[str, str]
    """The model's name in the provider's API, or a table with one for each mode."""
    source: str
    """Where the facts of this file come from."""
    checked: date
    """The day on which somebody looked there."""
    capabilities: Capabilities
    price: Price
    fields: tuple[Field, ...]
    """What the form asks for, in page order."""
    examples: tuple[Example, ...] = ()
    """At least one; the first is t2v where the model can do that."""
    version: str = ""
    """A version of the model to be pinned, where the provider wants one."""
    summary: str = ""
    """One sentence about it."""
    status: Literal["reviewed", "imported", "deprecated"] = "imported"
    """Read through by a person, made from a provider's document (the picker says so), or about to go."""
    wire: str = "*"
    """Where a field goes in the request unless it says otherwise; `*` stands for its name."""
    constraints: Constraints = Constraints()
    timing: Timing = Timing()
    rules: tuple[Rule, ...] = ()
    """What hangs on several fields. All rules whose `when` holds are in force."""
    request: dict[str, JSON] = {}
    """Constants of the request; a value sent to the same place replaces them."""
    workflow: str = ""
    """A ComfyUI graph in API format beside this file or in workflows/ there; it takes the place of `request`."""
    derive: tuple[Derive, ...] = ()
    """Values of the request that several fields make together."""

    @property
    def modes(self) -> tuple[str, ...]:
        """The first is the default."""
        return self.capabilities.modes

    def endpoint_for(self, mode: str) -> str:
        return self.endpoint if isinstance(self.endpoint, str) else self.endpoint[mode]

    @cached_property
    def form(self) -> Form:
        """Its fields after the implicit field `mode`."""
        options = tuple(Option(mode, MODE_LABELS[mode]) for mode in self.modes)
        mode = SelectField(name="mode", label="Mode", options=options, default=self.modes[0], required=True)
        return Form((mode, *self.fields), self.rules)

    def wire_of(self, each: Field) -> FieldMapping:
        """Where a field goes in the body."""
        return each.mapping or FieldMapping(self.wire.replace("*", each.name))
