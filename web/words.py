"""Figures in words, as the page prints them: sizes, lengths, clocks, ordinals and money."""

from collections.abc import Sequence

CURRENCIES = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "¥"}


def number(value: int | float | None) -> str:
    """5, 2.5; "" for nothing."""
    if value is None:
        return ""
    return str(int(value)) if float(value).is_integer() else f"{value:g}"


def seconds(value: float) -> str:
    """A film's length: "5 s", "5.4 s", "1:05 min"."""
    if value >= 60:
        return f"{clock(value)} min"
    shown = round(value, 1)
    return f"{number(shown)} s"


def megabytes(size: int) -> str:
    """A file's size in units of 1,000: "0.8 MB", "340 kB"."""
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{max(1, round(size / 1000))} kB"


def clock(value: float) -> str:
    """Passed time: "0:07", "12:30", "1:02:03"."""
    whole = max(0, int(value))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def about(value: float) -> str:
    """A usual time, roundly: "40 s", "about 3 min"."""
    if value < 90:
        return f"about {round(value / 10) * 10 or 5} s"
    return f"about {round(value / 60)} min"


def ordinal(value: int) -> str:
    """1st, 2nd, 3rd, 11th."""
    ending = "th" if 10 < value % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


def listed(words: Sequence[str]) -> str:
    """ "Replicate, Runway and fal" """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def either(words: Sequence[str]) -> str:
    """ "JPEG, PNG or WEBP" """
    return " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def amount(value: str, currency: str) -> str:
    """ "$1.40": at least two decimals, more only where they say something."""
    whole, _, cents = value.partition(".")
    shown = f"{whole}.{cents.rstrip('0').ljust(2, '0')}"
    sign = CURRENCIES.get(currency)
    return f"{sign}{shown}" if sign else f"{shown} {currency}"
