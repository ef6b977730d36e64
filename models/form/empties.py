"""Absent, empty and the default: the one place that says which of the three a value is, and what each comes to.

- Absent (not given, or null): the default in force is used, shown and sent.
- Empty (""): somebody took out what stood there. It never becomes the default. A text stays empty, and is sent so
  where it has a default: were it left out, the provider would put in its own. Where it has none it is left out. What
  cannot be empty, such as a number, is refused where a default would take its place.
- A prompt's default, where the video is made of words alone, is shown and never used: what to make a person must say.
"""

from __future__ import annotations

import unicodedata

from models.spec.conditions import Scope
from models.spec.fields import Field, Form, SelectField, TextareaField, TextField
from models.spec.values import JSON, is_absent

PROMPT = "prompt"
TEXT_DRIVEN = ("t2v",)
"""The modes in which nothing but the prompt says what the video shows."""


def in_effect(field: Field, value: JSON, default: JSON) -> JSON:
    """What counts for rules, price and request: the value, the default for an absent one, or an emptied text."""
    if not is_absent(value):
        return value
    if is_absent(default):
        return None
    return value if stays_empty(field, value) else default


def stays_empty(field: Field, value: JSON) -> bool:
    """Whether a value is a text that was emptied: it is one of its own, and is sent as it is."""
    return value == "" and _can_be_empty(field)


def is_refused_empty(field: Field, value: JSON, default: JSON) -> bool:
    """Whether a default would be sent in place of what was emptied."""
    return value == "" and not _can_be_empty(field) and not is_absent(default)


def has_default(form: Form, field: Field) -> bool:
    """One of its own, or one that a rule may give."""
    return not is_absent(field.default) or any(
        not is_absent(rule.default.get(field.name)) for rule in form.rules
    )


def is_placeholder(field: Field, scope: Scope) -> bool:
    """Whether a default of this field is only shown, in grey; `scope` is that of its form."""
    return _is_prompt(field) and scope.outer is None and scope.value("mode") in TEXT_DRIVEN


def is_placeholder_in(field: Field, modes: tuple[str, ...]) -> bool:
    """The same for a model whatever its form says now: in any of these modes."""
    return _is_prompt(field) and not is_absent(field.default) and any(mode in TEXT_DRIVEN for mode in modes)


def _is_prompt(field: Field) -> bool:
    return field.name == PROMPT and isinstance(field, TextField | TextareaField)


def _can_be_empty(field: Field) -> bool:
    if isinstance(field, SelectField):
        return any(option.value == "" for option in field.options)
    return isinstance(field, TextField | TextareaField)


def is_blank(value: JSON) -> bool:
    """Whether a value says nothing: absent, or a text in which nothing can be seen."""
    return is_absent(value) or (isinstance(value, str) and not any(map(_is_seen, value)))


_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""Controls, spaces, and format characters: zero-width spaces and joiners, the byte order mark, marks of direction."""

_IGNORED = (
    (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2065, 0x2065), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""What Unicode's Default_Ignorable_Code_Point has outside those categories: joiners, fillers, variation selectors."""

_EMPTY_BY_DESIGN = frozenset("\u2800\U0001d159")
"""Symbols drawn as nothing: the Braille pattern without dots, and the note without a head."""


def _is_seen(letter: str) -> bool:
    if unicodedata.category(letter) in _UNSEEN or letter in _EMPTY_BY_DESIGN:
        return False
    return not any(low <= ord(letter) <= high for low, high in _IGNORED)
