"""What a job will cost, as far as it can be known before it runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

from models.condition import Condition, Scope
from models.expression import ANYTHING, Range, exactly, times
from models.fields import Form, Group, Integer, Media, Number, Rows, Select
from models.force import in_force
from models.spec import Price, Rate, Spec
from models.values import Facts, Values, as_number

UNKNOWN = "price unknown"
_ONE = exactly(Decimal(1))


class Estimate(Struct, frozen=True):
    """US dollars; None is "not known". `text` is for people: "about $1.40", "$0.40–0.80", "price unknown"."""

    low: Decimal | None
    high: Decimal | None
    currency: str
    text: str
    source: str
    checked: date


def estimate(spec: Spec, values: Values, facts: Facts) -> Estimate:
    """For values as they are now, checked or not."""
    price, scope = spec.price, in_force(spec.form, values, facts).scope
    total = _total(price, scope, spec.form)
    low = None if total is None else _cents(total.low)
    high = None if total is None or total.high.is_infinite() else _cents(total.high)
    return Estimate(low, high, "USD", _estimate_text(low, high), price.source, price.checked)


def _total(price: Price, scope: Scope, form: Form) -> Range | None:
    """None where nothing is known of it."""
    rate = _rate(price, scope)
    if rate is None:
        return None
    total = times(rate, _units(price, scope, form))
    for surcharge in price.add:
        units = surcharge.units.value(scope, _Bounds(form)) if surcharge.units else _ONE
        added = times(exactly(surcharge.usd), units)
        total = _when(surcharge.when, scope, total, Range(total.low + added.low, total.high + added.high))
    for factor in price.times:
        total = _when(factor.when, scope, total, times(total, exactly(factor.by)))
    least = price.min_usd or Decimal(0)
    return Range(max(total.low, least), max(total.high, least))


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
            return Range(min(each.low for each in found), max(each.high for each in found))
    return None


def _asked(rate: Rate) -> Range | None:
    if rate.unknown:
        return None
    if rate.usd is not None:
        return exactly(rate.usd)
    return Range(rate.low or Decimal(0), ANYTHING.high if rate.high is None else rate.high)


def _units(price: Price, scope: Scope, form: Form) -> Range:
    if price.units is not None:
        return price.units.value(scope, _Bounds(form))
    if price.per != "second":
        return _ONE
    seconds = as_number(scope.value("duration"))
    return _Bounds(form)("duration", "") if seconds is None else exactly(seconds)


def _when(condition: Condition | None, scope: Scope, before: Range, after: Range) -> Range:
    """After where the condition holds, before where it does not, and both where that is not known."""
    match True if condition is None else condition.holds(scope):
        case True:
            return after
        case False:
            return before
    return Range(min(before.low, after.low), max(before.high, after.high))


class _Bounds:
    """What an unknown number can be: within the limits of its field, or among the numbers of its options."""

    def __init__(self, form: Form) -> None:
        self.form = form

    def __call__(self, name: str, part: str) -> Range:
        field = self.form.by_name.get(name)
        if isinstance(field, Rows | Group) and part:
            return _Bounds(field.form)(part, "")
        if isinstance(field, Select):
            numbers = [number for option in field.options if (number := as_number(option.value)) is not None]
            return Range(min(numbers), max(numbers)) if numbers else ANYTHING
        if isinstance(field, Integer | Number):
            return _range(field.min, field.max)
        if isinstance(field, Media) and (limit := getattr(field.limit, part, None)):
            return _range(limit.min, limit.max)
        return ANYTHING


def _range(low: int | float | None, high: int | float | None) -> Range:
    return Range(
        ANYTHING.low if low is None else Decimal(str(low)),
        ANYTHING.high if high is None else Decimal(str(high)),
    )


def _cents(amount: Decimal) -> Decimal:
    """Rounded to cents, and below a dime to tenths of a cent."""
    step = Decimal("0.01") if amount >= Decimal("0.1") else Decimal("0.001")
    return amount.quantize(step, ROUND_HALF_UP)


def _estimate_text(low: Decimal | None, high: Decimal | None) -> str:
    if low is None:
        return UNKNOWN
    if high is None:
        return f"at least ${money(low)}" if low else UNKNOWN
    return f"about ${money(low)}" if low == high else f"${money(low)}–{money(high)}"


def money(amount: Decimal) -> str:
    """1.40, 0.05, 0.017: cents, and more only where there is more."""
    cents = amount.quantize(Decimal("0.01"))
    return str(cents) if cents == amount else str(amount.normalize())


def typical_price(spec: Spec) -> str:
    """For the picker: "$0.28 a second", "$0.05–0.15 a second", "from $0.05 a clip", "price unknown"."""
    asked = list(_prices(spec.price))
    if not asked:
        return UNKNOWN
    low, high = min(asked), max(asked)
    if any(rate.low is not None and rate.high is None for rate in spec.price.rates):
        return f"from ${money(low)} a {spec.price.per}"
    amount = f"${money(low)}" if low == high else f"${money(low)}–{money(high)}"
    return f"{amount} a {spec.price.per}"


def _prices(price: Price) -> Iterator[Decimal]:
    for rate in price.rates:
        yield from (each for each in (rate.usd, rate.low, rate.high) if each is not None)
