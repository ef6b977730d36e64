"""What a job will cost: per second, per clip, by formula, with surcharges, as a range, or honestly unknown."""

# ruff: noqa: E501 — tables of cases are wide
from decimal import Decimal
from typing import Any

import pytest

from models.pricing import UnitPrice, estimate, typical_price
from models.spec.schema import Spec
from models.spec.values import MediaFacts
from tests.models.building import spec_of

FIELDS = """
  { name = "duration", type = "select", options = [5, 10, "auto"], default = 5 },
  { name = "resolution", type = "select", options = ["720p", "1080p", "4k"], default = "720p" },
  { name = "audio", type = "switch", default = false },
  { name = "width", type = "integer", min = 256, max = 1024, default = 1024 },
  { name = "video", type = "video", min_seconds = 2, max_seconds = 10 },
  { name = "song", type = "audio" },
  { name = "images", type = "images", max_count = 5 },
  { name = "frames", type = "integer", min = 8, max = 240 },
  { name = "speech", type = "audio", max_seconds = 30, required = true },
  { name = "stills", type = "images", min_count = 2, max_count = 3, required = true },
  { name = "hidden", type = "integer", default = 100, show_if = { mode = "i2v" } },
  { name = "shots", type = "rows", fields = [{ name = "seconds", type = "integer", min = 1, max = 4 }] },
"""
FILES = {"clip": MediaFacts("video", 40.0, 1280, 720, 8.0)}
LINKED = "https://example.com/a.mp4"
BY_RESOLUTION = '[{ when = { resolution = "1080p" }, usd = "0.20" }, { when = { resolution = "4k" }, unknown = true }, { usd = "0.10" }]'


def priced(price: str, fields: str = FIELDS) -> Spec:
    rest = f'[capabilities]\nmodes = ["t2v", "i2v"]\n[price]\nsource = "list"\nchecked = 2026-11-22\n{price}'
    return spec_of(fields, rest=rest)


@pytest.mark.parametrize(
    ("price", "values", "text"),
    [
        ('per = "second"\nrates = [{ usd = "0.28" }]', {}, "about $1.40"),
        ('per = "second"\nrates = [{ usd = "0.28" }]', {"duration": 10}, "about $2.80"),
        ('per = "second"\nrates = [{ usd = "0.28" }]', {"duration": "auto"}, "$1.40–2.80"),
        ('rates = [{ usd = "0.28" }]', {"duration": 10}, "about $0.28"),
        ('rates = [{ low = "0.40", high = "0.80" }]', {}, "$0.40–0.80"),
        ('rates = [{ low = "0.40" }]', {}, "at least $0.40"),
        ('rates = [{ high = "0.40" }]', {}, "at most $0.40"),
        ("rates = [{ unknown = true }]", {}, "price unknown"),
        ('rates = [{ usd = "0.0042" }]', {}, "about $0.004"),
        ('rates = [{ usd = "0.00042" }]', {}, "about $0.0004"),
        ('rates = [{ usd = "0.0000004" }]', {}, "about $0.0000004"),
        ('rates = [{ usd = "0" }]', {}, "about $0.00"),
        ('rates = [{ when = { audio = true }, usd = "0" }, { usd = "1" }]', {"audio": True}, "about $0.00"),
        (f'per = "second"\nrates = {BY_RESOLUTION}', {}, "about $0.50"),
        (f'per = "second"\nrates = {BY_RESOLUTION}', {"resolution": "1080p"}, "about $1.00"),
        (f'per = "second"\nrates = {BY_RESOLUTION}', {"resolution": "4k"}, "price unknown"),
        ('rates = [{ usd = "1" }]\nadd = [{ when = { audio = true }, usd = "0.25" }]', {}, "about $1.00"),
        ('rates = [{ usd = "1" }]\nadd = [{ when = { audio = true }, usd = "0.25" }]', {"audio": True}, "about $1.25"),
        ('rates = [{ usd = "1" }]\nadd = [{ usd = "0.04", units = "max(count(images) - 2, 0)" }]', {"images": ["a", "b", "c"]}, "about $1.04"),
        ('rates = [{ usd = "1" }]\ntimes = [{ when = { audio = false }, by = "0.25" }]', {}, "about $0.25"),
        ('rates = [{ usd = "1" }]\nmin_usd = "2.50"', {}, "about $2.50"),
        ('per = "million tokens"\nunits = "width * 576 * 24 * duration / 1024 / 1000000"\nrates = [{ usd = "2.50" }]', {}, "about $0.17"),
        ('per = "second"\nunits = "ceil(video.seconds) + duration"\nrates = [{ usd = "0.10" }]', {"video": "clip"}, "about $1.30"),
        ('per = "second"\nunits = "ceil(video.seconds) + duration"\nrates = [{ usd = "0.10" }]', {"video": LINKED}, "$0.70–1.50"),
        ('per = "second"\nunits = "song.seconds"\nrates = [{ usd = "0.10" }]\nmin_usd = "0.50"', {"song": LINKED}, "$0.10 a second of your audio (at least $0.50)"),
        ('per = "second"\nunits = "song.seconds"\nrates = [{ usd = "0.10" }]', {"song": LINKED}, "$0.10 a second of your audio"),
        ('per = "second"\nunits = "song.seconds"\nrates = [{ usd = "0.10" }]', {}, "$0.10 a second of your audio"),
        ('per = "second"\nunits = "song.seconds"\nrates = [{ low = "0.10" }]', {}, "from $0.10 a second of your audio"),
        ('per = "second"\nunits = "song.seconds"\nrates = [{ high = "0.10" }]', {}, "up to $0.10 a second of your audio"),
        ('per = "second"\nunits = "song.seconds"\nrates = [{ usd = "0.10" }]\ntimes = [{ when = { audio = false }, by = "0.5" }]', {}, "$0.05 a second of your audio"),
        ('per = "second"\nunits = "song.seconds"\nrates = [{ usd = "0.10" }]\nadd = [{ usd = "0.25" }]', {}, "$0.10 a second of your audio (at least $0.25)"),
        ('per = "second"\nunits = "video.seconds"\nrates = [{ usd = "0.10" }]', {}, "$0.10 a second of your video ($0.20–1.00)"),
        ('per = "second"\nunits = "video.seconds"\nrates = [{ usd = "0.10" }]', {"video": "clip"}, "about $0.80"),
        ('per = "minute"\nunits = "max(video.seconds, song.seconds) / 60"\nrates = [{ usd = "0.60" }]', {}, "$0.60 a minute of your video or audio (at least $0.02)"),
        ('per = "second"\nunits = "max(video.seconds, song.seconds)"\nrates = [{ usd = "0.10" }]', {"video": "clip"}, "about $0.80"),
        ('per = "second"\nunits = "speech.seconds"\nrates = [{ usd = "0.10" }]', {}, "$0.10 a second of your audio (at most $3.00)"),
        ('per = "second"\nunits = "duration + speech.seconds"\nrates = [{ usd = "0.10" }]', {}, "$0.50–3.50"),
        ('per = "image"\nunits = "count(images)"\nrates = [{ usd = "0.10" }]', {}, "$0.10 an image ($0.10–0.50)"),
        ('per = "image"\nunits = "count(images)"\nrates = [{ usd = "0.10" }]', {"images": ["a", "b"]}, "about $0.20"),
        ('per = "frame"\nunits = "frames"\nrates = [{ usd = "0.01" }]', {}, "$0.08–2.40"),
        ('rates = [{ usd = "1" }]\nadd = [{ when = { speech = { seconds = { min = 10 } } }, usd = "1" }]', {}, "$1.00–2.00"),
        ('rates = [{ when = { speech = { set = true } }, usd = "2" }, { usd = "1" }]', {}, "about $2.00"),
        ('rates = [{ usd = "1" }]\nadd = [{ usd = "0.04", units = "count(stills)" }]', {}, "$1.08–1.12"),
        ('rates = [{ usd = "1" }]\nadd = [{ usd = "0.1", units = "sum(stills.megabytes)" }]', {}, "at least $1.00"),
        ('rates = [{ when = { video = { seconds = { max = 5 } } }, usd = "1" }, { usd = "2" }]', {"video": "clip"}, "about $2.00"),
        ('rates = [{ when = { video = { seconds = { max = 5 } } }, usd = "1" }, { usd = "2" }]', {"video": LINKED}, "$1.00–2.00"),
        ('rates = [{ usd = "1" }]\nadd = [{ when = { video = { width = { min = 1920 } } }, usd = "1" }]', {"video": LINKED}, "$1.00–2.00"),
        ('rates = [{ usd = "1" }]\ntimes = [{ when = { video = { width = { min = 1920 } } }, by = "0.5" }]', {"video": LINKED}, "$0.50–1.00"),
        ('per = "unit"\nunits = "hidden"\nrates = [{ usd = "1" }]', {"mode": "t2v"}, "$1.00 a unit"),
        ('per = "unit"\nunits = "hidden"\nrates = [{ usd = "1" }]', {"mode": "i2v"}, "about $100.00"),
        ('per = "second"\nunits = "sum(shots.seconds)"\nrates = [{ usd = "1" }]', {"shots": [{"seconds": 2}, {"seconds": "auto"}]}, "$3.00–6.00"),
        ('per = "second"\nunits = "sum(shots.seconds)"\nrates = [{ usd = "1" }]', {}, "$1.00 a second (at least $1.00)"),
        ('rates = [{ when = { audio = true }, usd = "1" }]', {}, "price unknown"),
    ],
)  # fmt: skip
def test_an_estimate_follows_the_fields(price: str, values: Any, text: str) -> None:
    assert estimate(priced(price), values, FILES).text == text


@pytest.mark.parametrize(
    ("fields", "values", "text"),
    [
        ('{ name = "duration", type = "integer", min = 3, max = 10 }', {}, "$0.28 a second ($0.84–2.80)"),
        ('{ name = "duration", type = "integer", required = true }', {}, "$0.28 a second"),
        ('{ name = "duration", type = "integer", required = true }', {"duration": 5}, "about $1.40"),
        ('{ name = "duration", type = "integer" }', {"duration": 0}, "$0.28 a second"),
        ('{ name = "duration", type = "select", options = [-1, 4, 12], default = -1 }', {}, "$1.12–3.36"),
    ],
)
def test_without_a_length_a_price_by_the_second_says_what_a_second_costs(
    fields: str, values: Any, text: str
) -> None:
    assert estimate(priced('per = "second"\nrates = [{ usd = "0.28" }]', fields), values, {}).text == text


def test_what_one_unit_costs_is_an_amount_for_programs_too() -> None:
    found = estimate(
        priced('per = "second"\nunits = "song.seconds"\nrates = [{ low = "0.1", high = "0.2" }]'), {}, {}
    )
    assert (found.low, found.high) == (None, None)
    assert found.unit == UnitPrice(Decimal("0.1"), Decimal("0.2"), "second", "your audio")


def test_a_bound_of_zero_is_none_where_money_is_asked() -> None:
    found = estimate(
        priced('per = "second"\nunits = "speech.seconds"\nrates = [{ usd = "0.1" }]'), {"speech": LINKED}, {}
    )
    assert (found.low, found.high) == (None, Decimal("3.00"))
    free = estimate(priced('per = "second"\nunits = "speech.seconds"\nrates = [{ usd = "0" }]'), {}, {})
    assert (free.low, free.high, free.text) == (Decimal(0), Decimal(0), "about $0.00")


def test_an_estimate_says_its_amounts_and_who_asks_them() -> None:
    found = estimate(priced('rates = [{ low = "0.40", high = "0.80" }]'), {}, {})
    assert (found.low, found.high, found.currency) == (Decimal("0.40"), Decimal("0.80"), "USD")
    assert (found.source, str(found.checked)) == ("list", "2026-11-22")


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ('per = "second"\nrates = [{ usd = "0.28" }]', "$0.28 a second"),
        ('per = "second"\nrates = [{ usd = "0.15" }, { usd = "0.05" }]', "$0.05–0.15 a second"),
        ('rates = [{ low = "0.4", high = "0.8" }, { unknown = true }]', "$0.40–0.80 a clip"),
        ('rates = [{ low = "0.05" }]', "from $0.05 a clip"),
        ('per = "million tokens"\nunits = "1"\nrates = [{ usd = "2.5" }]', "$2.50 a million tokens"),
        ('per = "second"\nrates = [{ usd = "0.017" }]', "$0.017 a second"),
        (
            'per = "second"\nunits = "video.seconds"\nrates = [{ usd = "0.14" }]',
            "$0.14 a second of your video",
        ),
        (
            'per = "second"\nunits = "max(video.seconds, song.seconds)"\nrates = [{ usd = "0.14" }]',
            "$0.14 a second of your video or audio",
        ),
        ('per = "second"\nunits = "duration + video.seconds"\nrates = [{ usd = "0.14" }]', "$0.14 a second"),
        (
            'per = "second"\nunits = "video.seconds"\nrates = [{ low = "0.14" }]',
            "from $0.14 a second of your video",
        ),
        ('per = "image"\nunits = "count(images)"\nrates = [{ usd = "0.0000004" }]', "$0.0000004 an image"),
        ('rates = [{ high = "0.40" }]', "up to $0.40 a clip"),
        ('rates = [{ usd = "0" }]', "$0.00 a clip"),
        ("rates = [{ unknown = true }]", "price unknown"),
    ],
)
def test_the_picker_shows_a_typical_price(price: str, text: str) -> None:
    assert typical_price(priced(price)) == text
