"""What a template needs to draw one form field: every text, limit and choice ready to print.

The small words and drawings around a field: its limits, a file's measures, the shape of a ratio.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from models.form.encoding import to_text
from models.form.state import FieldState, FormState, OptionState
from models.spec.fields import Field, GroupField, MediaField, RowsField, SelectField, SwitchField
from models.spec.values import JSON, MODE_LABELS, as_text, same
from tasks.storage.uploads import MIMES, Upload
from web.pages.card_text import either, megabytes, number, seconds

RATIO = re.compile(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)")


def limit_words(state: FieldState) -> str:
    """What stands at the right of the label."""
    field = state.field
    parts = []
    if not state.required and field.kind not in ("switch", "seed", "select", "integer", "number"):
        parts.append("optional")
    if isinstance(field, MediaField):
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


SEGMENT_LETTERS = 38  # what fits in one row of segments at the form's width
OURS = "up_"  # how the id of a file that was handed in begins
HALF_LETTERS = 14  # and at half of it


class OptionView(Struct, frozen=True):
    """One choice; `shape` is the width and height of the small drawing of a ratio, in pixels."""

    value: str
    label: str
    chosen: bool = False
    allowed: bool = True
    why: str = ""
    shape: tuple[float, float] | None = None


class FileView(Struct, frozen=True):
    """One chosen file; `at` is where it is in the form, for its Remove button."""

    ref: str
    at: str
    name: str
    measures: str
    thumb: str = ""
    width: int | None = None
    height: int | None = None
    glyph: str = ""


class FieldView(Struct, frozen=True, kw_only=True):
    """One field as the template of its type draws it."""

    name: str  # in the posted form: "prompt", "shots.0.prompt"
    type: str
    label: str
    help: str = ""
    limit: str = ""
    placeholder: str = ""
    required: bool = False
    advanced: bool = False
    value: str = ""
    error: str = ""
    note: str = ""
    dropped: str = ""
    half: bool = False
    first: bool = False
    max_length: int | None = None
    min: int | float | None = None
    max: int | float | None = None
    step: int | float | None = None
    control: str = ""
    options: tuple[OptionView, ...] = ()
    accept: str = ""
    many: bool = False
    room: bool = True
    files: tuple[FileView, ...] = ()
    rows: tuple[tuple[FieldView, ...], ...] = ()
    fields: tuple[FieldView, ...] = ()

    @property
    def dashed(self) -> str:
        return self.name.replace(".", "-")

    @property
    def id(self) -> str:
        return f"f-{self.dashed}"

    @property
    def template(self) -> str:
        return f"fields/{self.type}.html"

    @property
    def described(self) -> str:
        """The ids of the texts that belong to the control, for aria-describedby."""
        parts = ("error", "note", "dropped", "help")
        return " ".join(f"{self.id}-{part}" for part in parts if getattr(self, part))

    @property
    def chosen(self) -> bool:
        return any(option.chosen for option in self.options)

    @property
    def wrong(self) -> bool:
        """Whether it or anything inside it has an error."""
        inside = (*self.fields, *(field for row in self.rows for field in row))
        return bool(self.error) or any(field.wrong for field in inside)


class Said(Struct, frozen=True):
    """What belongs beside the fields: errors and notes by the field's name, and the files that were handed in."""

    errors: Mapping[str, str] = {}
    notes: Mapping[str, str] = {}
    uploads: Mapping[str, Upload] = {}
    videos: tuple[OptionView, ...] = ()
    row_counts: Mapping[str, int] = {}


def field_views(state: FormState, said: Said) -> tuple[tuple[FieldView, ...], tuple[FieldView, ...]]:
    """The visible fields in page order, and those under Advanced; a lone mode is no choice and is left out."""
    views = _row(tuple(each for each in state.fields if not _lone_mode(each)), "", said)
    plain = tuple(view for view in views if not view.advanced)
    advanced = tuple(view for view in views if view.advanced)
    return _paired(plain), _paired(advanced)


def _lone_mode(state: FieldState) -> bool:
    return state.name == "mode" and len(state.options) == 1


def _row(states: tuple[FieldState, ...], prefix: str, said: Said) -> tuple[FieldView, ...]:
    views = [_view(each, prefix + each.name, said) for each in states if each.visible]
    first = next((view.name for view in views if view.type == "textarea"), None)
    return tuple(replace(view, first=not prefix and view.name == first) for view in views)


def _view(state: FieldState, name: str, said: Said) -> FieldView:
    field = state.field
    base = FieldView(
        name=name,
        type=field.kind,
        label=field.label,
        help=field.help,
        required=state.required,
        advanced=field.advanced,
        placeholder=state.placeholder,
        value=state.value if isinstance(state.value, str) else to_text(field, state.value),
        error=said.errors.get(name, ""),
        note=said.notes.get(name, ""),
        dropped=state.dropped or state.forbidden or "",
        max_length=state.max_length,
        min=state.min,
        max=state.max,
        step=state.step or (1 if field.kind in ("integer", "seed") else None),
        limit=limit_words(state),
    )
    match field:
        case SelectField():
            return _select(base, state)
        case SwitchField():
            return replace(base, half=len(field.label) <= HALF_LETTERS)
        case MediaField():
            return _media(base, state, said)
        case RowsField():
            blanks = max(0, said.row_counts.get(name, 0) - len(state.rows))
            states = (*state.rows, *[state.blank] * blanks)
            rows = tuple(_paired(_row(row, f"{name}.{at}.", said)) for at, row in enumerate(states))
            return replace(base, rows=rows, room=state.max_count is None or len(rows) < state.max_count)
        case GroupField():
            return replace(base, fields=_paired(_row(state.rows[0], f"{name}.", said)))
        case _ if field.kind == "job":
            options = tuple(replace(video, chosen=video.value == base.value) for video in said.videos)
            return replace(base, options=options)
        case _:
            return replace(base, half=field.kind in ("integer", "number", "seed"))


def _select(base: FieldView, state: FieldState) -> FieldView:
    """An option that only another mode offers is left out; one that another choice forbids is struck through."""
    field = state.field
    assert isinstance(field, SelectField)
    elsewhere = {as_text(each.value) for each in field.options if each.when and each.when.fields == ("mode",)}
    shown = [each for each in state.options if each.allowed or as_text(each.value) not in elsewhere]
    options = tuple(_option(field, each, state.value) for each in shown)
    letters = sum(len(option.label) for option in options)
    ratios = sum(option.shape is not None for option in options)
    if field.open:
        control = "open"
    elif 2 <= ratios >= len(options) - 1 and len(options) <= 6:
        control = "shapes"
    elif (field.name == "mode" and len(options) <= 3) or (len(options) <= 4 and letters <= SEGMENT_LETTERS):
        control = "segments"
    else:
        control = "list"
    half = control in ("list", "open") or (control == "segments" and letters <= HALF_LETTERS)
    return replace(base, options=options, control=control, half=half and field.name != "mode")


def _option(field: Field, state: OptionState, value: JSON) -> OptionView:
    return OptionView(
        value=state.value if isinstance(state.value, str) else to_text(field, state.value),
        label=MODE_LABELS.get(state.label, state.label) if field.name == "mode" else state.label,
        chosen=same(state.value, value),
        allowed=state.allowed,
        why=state.why,
        shape=ratio_shape(state.label),
    )


def _media(base: FieldView, state: FieldState, said: Said) -> FieldView:
    field = state.field
    assert isinstance(field, MediaField)
    accept = ",".join(MIMES.get(each, f".{each}") for each in field.accept)
    base = replace(base, accept=accept or {"file": ""}.get(field.media_kind, f"{field.media_kind}/*"))
    if not field.is_list:
        ref = base.value
        if not ref.startswith(OURS):
            return base
        return replace(base, files=(_file(ref, base.name, said.uploads.get(ref)),), value="")
    refs = state.value if isinstance(state.value, list) else []
    files = tuple(
        _file(str(ref), f"{base.name}.{at}", said.uploads.get(str(ref))) for at, ref in enumerate(refs)
    )
    room = state.max_count is None or len(files) < state.max_count
    return replace(base, files=files, value="", many=True, room=room)


def _file(ref: str, at: str, upload: Upload | None) -> FileView:
    if upload is None and ref.startswith(OURS):
        return FileView(ref=ref, at=at, name="A file that is gone", measures="choose it again", glyph="?")
    if upload is None:
        return FileView(ref=ref, at=at, name=ref, measures="by its address", glyph="link")
    return FileView(
        ref=ref,
        at=at,
        name=upload.name,
        measures=measures(upload),
        thumb=f"/video/uploads/{ref}" if upload.kind == "image" else "",
        width=upload.width,
        height=upload.height,
        glyph=upload.kind,
    )


def _paired(views: tuple[FieldView, ...]) -> tuple[FieldView, ...]:
    """Two narrow fields in a row share a line; one that stands alone takes the whole line."""
    done: list[FieldView] = []
    rest = list(views)
    while rest:
        here = rest.pop(0)
        pair = here.half and rest and rest[0].half
        done += [here, rest.pop(0)] if pair else [replace(here, half=False)]
    return tuple(done)
