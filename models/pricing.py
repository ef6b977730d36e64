"""What a job will cost, as far as it can be known before it runs.

What is billed by the length, size or number of something that is not chosen yet, or of which nobody knows the facts
(a file given by URL), has no price yet but a price for each unit, and says that: "$0.14 a second of your video".
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

from models.form.messages import listed
from models.form.rules import Evaluation, evaluate
from models.form.state import FormState
from models.spec.conditions import Condition, Scope
from models.spec.expressions import ANYTHING, COUNT, Range, exactly, references, times
from models.spec.fields import (
    Field,
    Form,
    GroupField,
    IntegerField,
    MediaField,
    NumberField,
    RowsField,
    SelectField,
)
from models.spec.schema import Price, Rate, Spec
from models.spec.values import FACTS, JSON, UNCHOSEN, Facts, Values, as_number, is_absent, is_unchosen

UNKNOWN = "price unknown"
_ONE = exactly(Decimal(1))


class UnitPrice(Struct, frozen=True):
    """US dollars for one unit; without `high` it is open upwards. `of` is what is counted, where that is an input."""

    low: Decimal
    high: Decimal | None
    per: str
    of: str = ""  # "your video"

    @property
    def text(self) -> str:
        """ "$0.28 a second", "$0.05–0.15 a second of your video", "from $0.05 a clip", "up to $0.10 a minute"."""
        of = f" of {self.of}" if self.of else ""
        return f"{self._amount} {'an' if self.per[:1] in 'aeio' else 'a'} {self.per}{of}"

    @property
    def _amount(self) -> str:
        if self.high is None:
            return f"from ${money(self.low)}"
        if self.low == self.high:
            return f"${money(self.low)}"
        return f"${money(self.low)}–{money(self.high)}" if self.low else f"up to ${money(self.high)}"


class Estimate(Struct, frozen=True):
    """US dollars; None is "not known", which also a bound of zero is where money is asked for each unit.

    `text` is for people: "about $1.40", "$0.40–0.80", "at most $0.40", "price unknown". `unit` is there where what is
    counted is not known; `text` then begins with it: "$0.14 a second of your video ($0.42–1.40)".
    """

    low: Decimal | None
    high: Decimal | None
    currency: str
    text: str
    source: str
    checked: date
    unit: UnitPrice | None = None


def estimate(spec: Spec, values: Values, facts: Facts) -> Estimate:
    """For values as they are now, checked or not."""
    return _estimate(spec, evaluate(spec.form, values, facts))


def estimate_state(spec: Spec, state: FormState) -> Estimate:
    """The same for a form that was worked out already."""
    return _estimate(spec, state.evaluation)


def _estimate(spec: Spec, evaluation: Evaluation) -> Estimate:
    price, seen = spec.price, _foreseen(spec.form, evaluation)
    rate = _rate(price, seen.scope)
    if rate is None:
        return Estimate(None, None, "USD", UNKNOWN, price.source, price.checked)
    paid = rate.high > 0
    units = _units(price, seen, paid=paid)
    total = _total(price, seen, times(rate, units))
    low = None if total.low == 0 < total.high else _cents(total.low)
    high = None if total.high.is_infinite() else _cents(total.high)
    unit = _unit_price(price, seen, rate) if paid and _says_unit(price, seen, units) else None
    return Estimate(low, high, "USD", _estimate_text(low, high, unit), price.source, price.checked, unit)


def unit_price(spec: Spec, values: Values, facts: Facts) -> UnitPrice | None:
    """What one unit costs for these values, however many there will be; None where nobody knows it."""
    seen = _foreseen(spec.form, evaluate(spec.form, values, facts))
    rate = _rate(spec.price, seen.scope)
    return None if rate is None else _unit_price(spec.price, seen, rate)


class _Seen(Struct, frozen=True):
    """What the order will be priced by, as far as it can be foreseen."""

    form: Form
    scope: Scope
    visible: frozenset[str]

    def awaiting(self, fields: Collection[Field]) -> _Seen:
        """The same with a choice still to be made for each of these fields that is shown and has no value."""
        values = self.scope.values
        empty = [each for each in fields if each.name in self.visible and is_absent(values.get(each.name))]
        choices = {field.name: choice for field in empty if (choice := _choice(field)) is not None}
        return _Seen(
            self.form, Scope({**values, **choices}, self.scope.facts, self.scope.outer), self.visible
        )


def _foreseen(form: Form, evaluation: Evaluation) -> _Seen:
    """A required field that is still empty will have a value by the time of the order."""
    required = {name for rule in evaluation.rules for name in rule.require}
    needed = [field for field in form.fields if field.required or field.name in required]
    return _Seen(form, evaluation.scope, evaluation.visible).awaiting(needed)


def _choice(field: Field) -> JSON:
    """A value of which nothing is known yet; None for what no price is counted by."""
    match field:
        case GroupField():
            return dict.fromkeys((each.name for each in field.fields), UNCHOSEN)
        case RowsField():
            return [dict.fromkeys((each.name for each in field.fields), UNCHOSEN)]
        case MediaField():
            return [UNCHOSEN] if field.is_list else UNCHOSEN
        case IntegerField() | NumberField() | SelectField():
            return UNCHOSEN
    return None


def _total(price: Price, seen: _Seen, total: Range) -> Range:
    """With what is added, multiplied, and asked at least."""
    for surcharge in price.add:
        units = surcharge.units.value(seen.scope, _Bounds(seen.form)) if surcharge.units else _ONE
        added = times(exactly(surcharge.usd), units)
        after = Range(total.low + added.low, total.high + added.high)
        total = _when(surcharge.when, seen.scope, total, after)
    total = _multiplied(price, seen.scope, total)
    least = price.min_usd or Decimal(0)
    return Range(max(total.low, least), max(total.high, least))


def _multiplied(price: Price, scope: Scope, amount: Range) -> Range:
    for factor in price.times:
        amount = _when(factor.when, scope, amount, times(amount, exactly(factor.by)))
    return amount


def _rate(price: Price, scope: Scope) -> Range | None:
    """The first rate that surely holds, widened by those before it that may hold."""
    found: list[Range] = []
    for rate in price.rates:
        held = True if rate.when is None else rate.when.holds(scope)
        if held is False:
            continue
        asked = _asked(rate)
        if asked is None:
            return None
        found.append(asked)
        if held:
            return _around(found)
    return None


def _asked(rate: Rate) -> Range | None:
    if rate.unknown:
        return None
    if rate.usd is not None:
        return exactly(rate.usd)
    return Range(rate.low or Decimal(0), ANYTHING.high if rate.high is None else rate.high)


def _around(ranges: Collection[Range]) -> Range:
    return Range(min(each.low for each in ranges), max(each.high for each in ranges))


def _unit_price(price: Price, seen: _Seen, rate: Range) -> UnitPrice | None:
    return _unit(price, seen.form, _multiplied(price, seen.scope, rate))


def _unit(price: Price, form: Form, asked: Range) -> UnitPrice | None:
    """None where even of one unit nothing is known."""
    of = _counted_input(price, form)
    if asked.high.is_infinite():
        return UnitPrice(_exact(asked.low), None, price.per, of) if asked.low else None
    return UnitPrice(_exact(asked.low), _exact(asked.high), price.per, of)


def _counted_input(price: Price, form: Form) -> str:
    """ "your video" or "your video or audio", where the units are measured on files alone; else ""."""
    measured = _measured(price, form)
    facts = {fact for _field, fact in measured}
    return (
        f"your {listed(dict.fromkeys(field.kind for field, _ in measured))}"
        if facts and facts <= {*FACTS}
        else ""
    )


def _measured(price: Price, form: Form) -> list[tuple[MediaField, str]]:
    """The files that the units are counted by, with the fact of each ("" where they are only numbered)."""
    named = references(price.units.tree) if price.units else []
    files = [(field, fact) for name, fact in named if isinstance(field := form.by_name.get(name), MediaField)]
    return files if len(files) == len(named) else []


def _says_unit(price: Price, seen: _Seen, units: Range) -> bool:
    """Where the number of units is not known, unless the form names all that it can be, such as the duration "auto"."""
    if units.known:
        return False
    if units.low == 0 or units.high.is_infinite() or _measured(price, seen.form):
        return True
    duration = seen.scope.value("duration")
    return price.units is None and (is_absent(duration) or is_unchosen(duration))


def _units(price: Price, seen: _Seen, *, paid: bool) -> Range:
    """Nobody bills no units at all: then what they are counted by is still to be chosen."""
    units = _counted(price, seen)
    if paid and units.high <= 0 and price.units is not None:
        named = [field for name in price.units.fields if (field := seen.form.by_name.get(name))]
        units = _counted(price, seen.awaiting(named))
    if paid and units.high <= 0:
        return ANYTHING
    return Range(max(units.low, Decimal(0)), units.high)


def _counted(price: Price, seen: _Seen) -> Range:
    bounds = _Bounds(seen.form)
    if price.units is not None:
        return price.units.value(seen.scope, bounds)
    if price.per != "second":
        return _ONE
    seconds = as_number(seen.scope.value("duration"))
    return bounds("duration", "") if seconds is None or seconds <= 0 else exactly(seconds)


def _when(condition: Condition | None, scope: Scope, before: Range, after: Range) -> Range:
    """After where the condition holds, before where it does not, and both where that is not known."""
    match True if condition is None else condition.holds(scope):
        case True:
            return after
        case False:
            return before
    return _around([before, after])


class _Bounds:
    """What an unknown number can be: within the limits of its field, or among the numbers of its options."""

    def __init__(self, form: Form) -> None:
        self.form = form

    def __call__(self, name: str, part: str) -> Range:
        field = self.form.by_name.get(name)
        if part == COUNT:
            return _how_many(field)
        if isinstance(field, RowsField | GroupField) and part:
            return _Bounds(field.form)(part, "")
        if isinstance(field, SelectField):
            numbers = [number for option in field.options if (number := as_number(option.value)) is not None]
            lengths = [number for number in numbers if number >= 0]  # -1 stands for "as you like"
            return Range(min(lengths), max(lengths)) if lengths else ANYTHING
        if isinstance(field, IntegerField | NumberField):
            return _range(field.min, field.max)
        if isinstance(field, MediaField) and (limit := getattr(field.limit, part, None)):
            return _range(limit.min, limit.max)
        return ANYTHING


def _how_many(field: Field | None) -> Range:
    """How many files or rows will be chosen where one at least will be."""
    if not (isinstance(field, RowsField) or (isinstance(field, MediaField) and field.is_list)):
        return _ONE
    count = field.limit.count
    return _range(max(1, count.min or 1) if count else 1, count.max if count else None)


def _range(low: int | float | None, high: int | float | None) -> Range:
    return Range(
        ANYTHING.low if low is None else Decimal(str(low)),
        ANYTHING.high if high is None else Decimal(str(high)),
    )


def _cents(amount: Decimal) -> Decimal:
    """Rounded to cents, below a dime to tenths of a cent; what is less than that keeps its first digit."""
    step = Decimal("0.01") if amount >= Decimal("0.1") else Decimal("0.001")
    rounded = amount.quantize(step, ROUND_HALF_UP)
    return amount.quantize(Decimal(1).scaleb(amount.adjusted())) if amount and not rounded else rounded


def _exact(amount: Decimal) -> Decimal:
    """As it is asked, without the tail that a product leaves."""
    rounded = amount.quantize(Decimal("0.000001"), ROUND_HALF_UP)
    return rounded if rounded and rounded != amount else amount


def _estimate_text(low: Decimal | None, high: Decimal | None, unit: UnitPrice | None) -> str:
    if unit is None:
        return _total_text(low, high) or UNKNOWN
    total = _total_text(low, high)
    return f"{unit.text} ({total})" if total else unit.text


def _total_text(low: Decimal | None, high: Decimal | None) -> str:
    """Empty where nothing is known."""
    if high is None:
        return f"at least ${money(low)}" if low else ""
    if low is None:
        return f"at most ${money(high)}"
    return f"about ${money(low)}" if low == high else f"${money(low)}–{money(high)}"


def money(amount: Decimal) -> str:
    """1.40, 0.05, 0.017: cents, and more only where there is more."""
    cents = amount.quantize(Decimal("0.01"))
    return str(cents) if cents == amount else f"{amount.normalize():f}"


def typical_price(spec: Spec) -> str:
    """For the picker: "$0.28 a second", "$0.05–0.15 a second of your video", "from $0.05 a clip", "price unknown"."""
    asked = [each for rate in spec.price.rates if (each := _asked(rate)) is not None]
    unit = _unit(spec.price, spec.form, _around(asked)) if asked else None
    return unit.text if unit else UNKNOWN
