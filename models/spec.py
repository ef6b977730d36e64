"""The struct of one model's TOML file. `DESIGN` of the grammar: one table here for each table there."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Literal

from msgspec import Struct, field

from models.condition import Condition
from models.expression import Expression
from models.fields import Field, Form, Option, Select, Wire
from models.modes import MODE_LABELS
from models.rule import Rule
from models.values import JSON


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
    modes: tuple[str, ...]
    audio: bool = False
    loop: bool = False
    transparency: bool = False


class Size(Struct, frozen=True):
    width: int
    height: int


class Constraints(Struct, frozen=True):
    """Facts for display and for the linter; fields and rules decide."""

    max_duration_sec: int | float | None = None
    fps: int | float | tuple[int | float, ...] | None = None
    max_file_size_mb: int | float | None = None
    output_formats: tuple[str, ...] = ()
    aspect_ratios: tuple[str, ...] = ()
    max_resolution: Size | None = None


class Timing(Struct, frozen=True):
    """Seconds: how long a job usually takes, and after how long we give up."""

    typical_sec: int = 120
    deadline_sec: int = 1800


class Rate(Struct, frozen=True):
    """US dollars a unit: one price, a range (either end may be open), or honestly unknown."""

    when: Condition | None = None
    usd: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    unknown: bool = False


class Surcharge(Struct, frozen=True):
    """US dollars added while `when` holds, once or for each of `units`."""

    usd: Decimal
    when: Condition | None = None
    units: Expression | None = None


class Factor(Struct, frozen=True):
    """What the price is multiplied by while `when` holds."""

    by: Decimal
    when: Condition | None = None


class Price(Struct, frozen=True):
    """First rate whose `when` holds, times `units` (of "second": the field `duration`; of "clip": 1).

    Then `add`, then `times`, then at least `min_usd`. `source` and `checked` say who asks that price, and when.
    """

    source: str
    checked: date
    per: str = "clip"
    units: Expression | None = None
    rates: tuple[Rate, ...] = ()
    add: tuple[Surcharge, ...] = ()
    times: tuple[Factor, ...] = ()
    min_usd: Decimal | None = None


class Derive(Struct, frozen=True, kw_only=True):
    """Form fields that are not sent themselves → one wire value. Each row of `table` ends with that value."""

    at: str
    source: tuple[str, ...] = field(name="from")
    table: tuple[tuple[JSON, ...], ...]
    when: Condition | None = None


class Example(Struct, frozen=True):
    """Inputs and the body they must map to; media stand in it as they are in the inputs."""

    inputs: dict[str, JSON]
    body: dict[str, JSON]


class Spec(Struct, frozen=True, kw_only=True, dict=True):
    """One model at one provider. `key` is the file's name without `.toml`."""

    key: str
    file: str
    display_name: str
    family: str
    provider: str
    endpoint: str | dict[str, str]
    source: str
    checked: date
    capabilities: Capabilities
    price: Price
    fields: tuple[Field, ...]
    examples: tuple[Example, ...] = ()
    version: str = ""
    summary: str = ""
    status: Literal["reviewed", "imported", "deprecated"] = "imported"
    wire: str = "*"
    constraints: Constraints = Constraints()
    timing: Timing = Timing()
    rules: tuple[Rule, ...] = ()
    request: dict[str, JSON] = {}
    workflow: str = ""  # a ComfyUI graph beside the spec: it is read into `request`
    derive: tuple[Derive, ...] = ()

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
        mode = Select(name="mode", label="Mode", options=options, default=self.modes[0], required=True)
        return Form((mode, *self.fields), self.rules)

    def wire_of(self, each: Field) -> Wire:
        """Where a field goes in the body."""
        return each.wire or Wire(self.wire.replace("*", each.name))
