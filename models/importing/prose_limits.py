"""Sentences about one field → limits that its schema does not state."""

from __future__ import annotations

import math
import re

from models.importing.form_inputs import Table
from models.importing.mentions import _FILES

_NUMBER = r"(\d[\d,]*(?:\.\d+)?)"


def limits_in(field: Table, sentence: str) -> Table | None:
    """The limits that the sentence adds; empty where the field has them all already, None where it states none."""
    kind = field["type"]
    if kind in ("text", "textarea"):
        found = _lengths(sentence)
    elif kind in ("integer", "number"):
        found = _range(field, sentence)
    elif kind in _FILES or kind == "rows":
        found = {
            **(_counts(sentence) if kind == "rows" or kind.endswith("s") else {}),
            **_measures(kind, sentence),
        }
    else:
        found = {}
    if not found:
        return None
    return {
        key: limit
        for key, limit in found.items()
        if not _is_stated(field, key) or (key == "min" and "step" in found)
    }


def _lengths(sentence: str) -> Table:
    most = re.search(
        rf"(?:max(?:imum)?|up to|at most|less than|within|limit(?:ed to| of)?)\D{{0,20}}?{_NUMBER} ?char|"
        rf"{_NUMBER} char\w* (?:max|or less|limit)",
        sentence,
        re.I,
    )
    least = re.search(rf"min(?:imum)?(?: length)?:? {_NUMBER} ?char|at least {_NUMBER} char", sentence, re.I)
    between = re.search(rf"between {_NUMBER} and {_NUMBER} char", sentence, re.I)
    if between:
        return {"min_length": _whole(between[1]), "max_length": _whole(between[2])}
    found: Table = {"min_length": _first(least)} if least else {}
    return {**found, "max_length": _first(most)} if most else found


def _range(field: Table, sentence: str) -> Table:
    found: Table = {}
    between = re.search(
        r"(?:must|should) be (?:between|from) (-?[\d.]+\d|\d) (?:and|to|-) (-?[\d.]*\d)", sentence, re.I
    )
    if between:
        found = {"min": _plain(between[1]), "max": _plain(between[2])}
    least = re.search(
        rf"(?:must be )?at least {_NUMBER}|minimum(?: value)?(?: is|:) {_NUMBER}", sentence, re.I
    )
    if least and not found:
        found = {"min": _plain(next(part for part in least.groups() if part))}
    step = _step(sentence)
    if step:
        every, rest = step
        low = found.get("min", field.get("min"))
        start = rest if low is None else rest + math.ceil((low - rest) / every) * every
        found |= {"min": start, "step": every} if start else {"step": every}
    return found


def _step(sentence: str) -> tuple[int, int] | None:
    """ "multiple of 12 plus 6" → (12, 6); "4k+1" → (4, 1); "divisible by 16" → (16, 0)."""
    told = re.search(
        r"multiples? of (\d+)(?: plus (\d+))?|divis[ia]ble by (\d+)|\b(\d+) ?\*? ?[kn] ?\+ ?(\d+)",
        sentence,
        re.I,
    )
    if not told:
        return None
    every = told[1] or told[3] or told[4]
    return (int(every), int(told[2] or told[5] or 0)) if int(every) else None


_THINGS = (
    r"(?:\w+ ){0,2}(?:images?|videos?|audios?|files?|elements?|shots?|frames?|voices?|items?|references?|clips?|tags?|"
    r"prompts?|entries)"
)


def _counts(sentence: str) -> Table:
    if re.search(r"\btotal (\(|references|images)|without|\bwith video|varies|'\w+'", sentence, re.I):
        return {}
    most = re.search(
        rf"(?:max(?:imum)?(?: of)?|up to|at most|limit of)\s*(\d+)(?: {_THINGS}|[,)])", sentence, re.I
    )
    least = re.search(rf"at least (one|two|\d+) {_THINGS}", sentence, re.I)
    between = re.search(rf"\b(\d+)\s*[-–]\s*(\d+) {_THINGS}", sentence, re.I)
    if between:
        return {"count": {"min": int(between[1]), "max": int(between[2])}}
    span: Table = {}
    if least:
        span["min"] = {"one": 1, "two": 2}.get(least[1].lower()) or int(least[1])
    if most:
        span["max"] = int(most[1])
    return {"count": span} if span else {}


def _measures(kind: str, sentence: str) -> Table:
    """Sizes, shapes and lengths of files."""
    found: Table = {}
    size = re.search(rf"{_NUMBER} ?MB", sentence, re.I)
    if size:
        found["megabytes"] = {"max": _plain(size[1])}
    if not kind.startswith("audio"):
        found |= _pixels(sentence)
        ratio = re.search(
            r"aspect ratios? (?:between |from )?([\d.]+):([\d.]+) (?:to|and|-) ([\d.]+):([\d.]+)",
            sentence,
            re.I,
        )
        plain = re.search(r"between ([\d.]+) and ([\d.]+) aspect ratio", sentence, re.I)
        if ratio:
            low, high = (
                float(ratio[1]) / float(ratio[2]),
                float(ratio[3].rstrip(".")) / float(ratio[4].rstrip(".")),
            )
            found["ratio"] = {"min": round(low, 3), "max": round(high, 3)}
        elif plain:
            found["ratio"] = {"min": _plain(plain[1]), "max": _plain(plain[2])}
    if kind.startswith(("video", "audio")):
        found |= _seconds(sentence)
    return found


def _pixels(sentence: str) -> Table:
    between = re.search(
        r"(\d{3,5}) ?(?:px)? ?[-–] ?(\d{3,5}) ?px|dimensions must be between (\d{3,5}) and (\d{3,5})",
        sentence,
        re.I,
    )
    if between:
        low, high = (int(each) for each in between.groups() if each)
        return {"width": {"min": low, "max": high}, "height": {"min": low, "max": high}}
    least = re.search(r"(?:min(?:imum)?|>=|≥|at least) ?(\d{3,5}) ?px", sentence, re.I)
    return {"width": {"min": int(least[1])}, "height": {"min": int(least[1])}} if least else {}


def _seconds(sentence: str) -> Table:
    if re.search(r"depend|total|combined|longer than|~|≈|approx", sentence, re.I):
        return {}
    between = re.search(r"\b([\d.]+) ?s? ?(?:[-–]|to|and) ?([\d.]+) ?(?:s\b|sec)", sentence, re.I)
    if between:
        return {"seconds": {"min": _plain(between[1]), "max": _plain(between[2])}}
    most = re.search(
        r"(?:max(?:imum)?|less than|up to|at most|not exceed|≤)[^.;\d]{0,24}([\d.]*\d) ?(?:s\b|sec)|"
        r"max(?:imum)? duration:? ([\d.]*\d)",
        sentence,
        re.I,
    )
    return {"seconds": {"max": _plain(most[1] or most[2])}} if most else {}


_KEYS = {
    "megabytes": (None, "max_mb"), "width": ("min_width", "max_width"), "height": ("min_height", "max_height"),
    "ratio": ("min_ratio", "max_ratio"), "seconds": ("min_seconds", "max_seconds"), "count": ("min_count", "max_count"),
}  # fmt: skip


def _is_stated(field: Table, key: str) -> bool:
    """Whether the schema itself already limits this, whatever the prose says besides."""
    keys = _KEYS.get(key, (key,))
    return any(name in field for name in keys if name)


def _first(found: re.Match[str]) -> int:
    return _whole(next(part for part in found.groups() if part))


def _whole(text: str) -> int:
    return int(float(text.replace(",", "")))


def _plain(text: str) -> int | float:
    number = float(text.rstrip(".").replace(",", ""))
    return int(number) if number.is_integer() else number
