"""The price that was shown before an order, as a form carries it, and whether the price at the order is higher.

"1.40"          an upper bound of the whole
"0.50+"         a lower bound of the whole: "at least $0.50"
"0.14/second"   a price for each unit of what was not known yet; "0.05+/second" one that is open upwards
""              no figure: the price was not known
"""

from __future__ import annotations

import re
from decimal import Decimal

from msgspec import Struct

from models.pricing import Estimate, UnitPrice

_SHOWN = re.compile(r"(?P<usd>\d+(?:\.\d+)?)(?P<open>\+?)(?:/(?P<per>.+))?")


class _Figure(Struct, frozen=True):
    usd: Decimal
    is_open: bool
    per: str = ""


def shown_price(price: Estimate) -> str:
    """What a form carries as `shown_estimate`: the figure that binds most, "" where there is none."""
    if price.high is not None:
        return f"{price.high:f}"
    if price.unit is not None:
        return f"{_bound(price.unit):f}{'+' if price.unit.high is None else ''}/{price.unit.per}"
    return f"{price.low:f}+" if price.low else ""


def rose(shown: str, price: Estimate) -> bool:
    """Whether whoever orders must see the price first.

    A price that was never known cannot rise. One that was known and is not any more counts as risen, and so does one
    that was shown for each unit and is now known as a whole: nobody has seen that figure.
    """
    if shown == "":
        return False
    figure = _read(shown)
    if figure is None:
        return True
    if figure.per:
        return price.high is not None or price.unit is None or _unit_rose(figure, price.unit)
    if figure.is_open:
        return (price.low or price.high) is None or (price.low or Decimal(0)) > figure.usd
    return price.high is None or price.high > figure.usd


def _read(shown: str) -> _Figure | None:
    found = _SHOWN.fullmatch(shown)
    return _Figure(Decimal(found["usd"]), bool(found["open"]), found["per"] or "") if found else None


def _unit_rose(figure: _Figure, unit: UnitPrice) -> bool:
    if figure.per != unit.per or (unit.high is None and not figure.is_open):
        return True
    return (unit.low if figure.is_open else _bound(unit)) > figure.usd


def _bound(unit: UnitPrice) -> Decimal:
    """The upper bound, or the lower one of a price that is open upwards."""
    return unit.low if unit.high is None else unit.high
