"""The small words and drawings around a field: its limits, a file's measures, the shape of a ratio."""

from __future__ import annotations

import re

from models.form.state import FieldState
from models.spec.fields import Media
from tasks.storage.uploads import Upload
from web.words import either, megabytes, number, seconds

RATIO = re.compile(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)")


def limit_words(state: FieldState) -> str:
    """What stands at the right of the label."""
    field = state.field
    parts = []
    if not state.required and field.kind not in ("switch", "seed", "select", "integer", "number"):
        parts.append("optional")
    if isinstance(field, Media):
        if state.max_count and field.is_list:
            parts.append(f"up to {state.max_count}")
        formats = either([each.upper() for each in state.accept])
        size = f"up to {number(state.max_mb)} MB" if state.max_mb else ""
        parts.append(", ".join(part for part in (formats, size) if part))
    elif field.kind == "rows" and state.max_count:
        parts.append(f"up to {state.max_count}")
    elif field.kind == "text" and state.max_length:
        parts.append(f"up to {state.max_length} letters")
    elif field.kind in ("integer", "number"):
        parts.append(_span(state))
    return " · ".join(part for part in parts if part)


def _span(state: FieldState) -> str:
    unit = getattr(state.field, "unit", "")
    unit = f" {unit}" if unit else ""
    low, high = number(state.min), number(state.max)
    match low, high:
        case "", "":
            return unit.strip()
        case _, "":
            return f"at least {low}{unit}"
        case "", _:
            return f"up to {high}{unit}"
        case _:
            return f"{low}–{high}{unit}"


def measures(upload: Upload) -> str:
    """ "1920 × 1080 · 5 s · 0.8 MB" """
    size = f"{upload.width} × {upload.height}" if upload.width and upload.height else ""
    length = seconds(upload.seconds) if upload.seconds else ""
    return " · ".join(part for part in (size, length, megabytes(upload.bytes)) if part)


def ratio_shape(label: str) -> tuple[float, float] | None:
    """The small drawing of "16:9": its longer side is 20 pixels, its shorter at least 7."""
    found = RATIO.fullmatch(label.strip())
    if not found:
        return None
    width, height = float(found[1]), float(found[2])
    scale = 20 / max(width, height, 0.001)
    return max(7.0, round(width * scale, 1)), max(7.0, round(height * scale, 1))
